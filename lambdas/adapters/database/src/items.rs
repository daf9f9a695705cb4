//! A job's items.

use serde::Serialize;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use stampede_domain::id::{JobId, OwnerId, PictureId};
use stampede_domain::item::State;

use crate::rows::{number, parsed, some_number};
use crate::{Database, Fault, Millis};

/// One picture of a job.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ItemView {
    /// Its number, from 0.
    pub number: u32,
    /// The picture.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub picture: PictureId,
    /// The name it was uploaded under.
    pub name: String,
    /// Which attempt it is in, from 1.
    pub attempt: u32,
    /// Where it stands.
    #[serde(flatten)]
    pub state: State,
    /// When it was queued, for this attempt.
    pub queued: Millis,
    /// When a stamper began.
    pub started: Option<Millis>,
    /// When it came to its end.
    pub finished: Option<Millis>,
}

impl Database {
    /// A page of the items of an owner's job, in order, from number `from` on.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn items(
        &self,
        owner: OwnerId,
        job: JobId,
        from: u32,
        most: u32,
    ) -> Result<Vec<ItemView>, Fault> {
        let find = "SELECT number, picture, name, attempt, items.state, items.reason, output, \
             items.queued, started, items.finished FROM items JOIN jobs ON jobs.id = items.job \
             WHERE items.job = $1 AND jobs.owner = $2 AND number >= $3 ORDER BY number LIMIT $4";
        let find = sqlx::query(find).bind(job.to_string()).bind(owner.to_string());
        let rows = find.bind(i64::from(from)).bind(i64::from(most)).fetch_all(&self.reads).await?;
        rows.iter().map(view).collect()
    }
}

/// A number of an item or of an attempt.
pub(crate) fn small(row: &AnyRow, column: &str) -> Result<u32, Fault> {
    u32::try_from(number(row, column)?).map_err(Fault::foreign)
}

pub(crate) fn state(row: &AnyRow) -> Result<State, Fault> {
    Ok(match row.try_get::<String, _>("state")?.as_str() {
        "queued" => State::Queued,
        "processing" => State::Processing,
        "done" => State::Done(serde_json::from_str(&row.try_get::<String, _>("output")?)?),
        "failed" => State::Failed { reason: row.try_get("reason")? },
        "cancelled" => State::Cancelled,
        other => return Err(Fault::foreign(format!("an item that is {other}"))),
    })
}

fn view(row: &AnyRow) -> Result<ItemView, Fault> {
    Ok(ItemView {
        number: small(row, "number")?,
        picture: parsed(row, "picture")?,
        name: row.try_get("name")?,
        attempt: small(row, "attempt")?,
        state: state(row)?,
        queued: number(row, "queued")?,
        started: some_number(row, "started")?,
        finished: some_number(row, "finished")?,
    })
}
