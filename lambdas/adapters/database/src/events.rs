//! What changed for an owner, numbered: a client that lost its connection asks for what it missed.

use serde::{Deserialize, Serialize};
use sqlx::{Any, Row as _, Transaction};
use stampede_domain::id::{JobId, OwnerId};
use stampede_domain::item::State;
use stampede_domain::job::Counts;

use crate::rows::{at, number};
use crate::zips::ZipState;
use crate::{Database, Fault, Millis};

/// A change of a job, as its owner is told it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Change {
    /// Whose job it is.
    #[serde(skip, default = "nobody")]
    pub owner: OwnerId,
    /// Its number among the owner's changes, from 1, without gaps.
    pub sequence: u64,
    /// The job.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub job: JobId,
    /// Items that changed, and how they now stand.
    pub items: Vec<ChangedItem>,
    /// How all items now stand.
    pub counts: Counts,
    /// The job's ZIP.
    pub zip: ZipState,
}

/// An item that changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangedItem {
    /// Its number in the job, from 0.
    pub number: u32,
    /// Its attempt, from 1.
    pub attempt: u32,
    /// Where it stands.
    #[serde(flatten)]
    pub state: State,
}

/// What changed since.
#[derive(Clone, Debug, PartialEq)]
pub struct Since {
    /// The changes, in order.
    pub changes: Vec<Change>,
    /// The number of the owner's last change.
    pub latest: u64,
    /// Whether these are the first behind the one asked for, without a gap; else some are forgotten, or the
    /// one asked for never was, and the client must look at its jobs anew.
    pub complete: bool,
}

fn nobody() -> OwnerId {
    OwnerId::from_bytes([0; 16])
}

/// Numbers a change and keeps it.
pub(crate) async fn keep(
    writing: &mut Transaction<'static, Any>,
    mut change: Change,
    now: Millis,
) -> Result<Change, Fault> {
    let next = "INSERT INTO owners (id, sequence) VALUES ($1, 1) \
         ON CONFLICT (id) DO UPDATE SET sequence = owners.sequence + 1 RETURNING sequence";
    let row = sqlx::query(next).bind(change.owner.to_string()).fetch_one(&mut **writing).await?;
    change.sequence = number(&row, "sequence")?;
    let keep = "INSERT INTO events (owner, sequence, data, created) VALUES ($1, $2, $3, $4)";
    let keep = sqlx::query(keep).bind(change.owner.to_string()).bind(at(change.sequence));
    keep.bind(serde_json::to_string(&change)?).bind(at(now)).execute(&mut **writing).await?;
    Ok(change)
}

impl Database {
    /// An owner's changes behind number `sequence`, at most so many.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn since(&self, owner: OwnerId, sequence: u64, most: u32) -> Result<Since, Fault> {
        let latest = "SELECT sequence FROM owners WHERE id = $1";
        let latest = sqlx::query(latest).bind(owner.to_string()).fetch_optional(&self.reads).await?;
        let latest = latest.map_or(Ok(0), |row| number(&row, "sequence"))?;
        let find = "SELECT data FROM events WHERE owner = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";
        let find = sqlx::query(find).bind(owner.to_string()).bind(at(sequence)).bind(i64::from(most));
        let mut changes = Vec::new();
        for row in find.fetch_all(&self.reads).await? {
            let change: Change = serde_json::from_str(&row.try_get::<String, _>("data")?)?;
            changes.push(Change { owner, ..change });
        }
        let first = changes.first().map_or(latest + 1, |change| change.sequence);
        // A client that knows of more saw a database that this one is not, or is no longer.
        let complete = sequence <= latest && first <= sequence.saturating_add(1);
        Ok(Since { complete, latest, changes })
    }
}
