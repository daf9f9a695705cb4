//! Jobs as their owners see them.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use stampede_domain::id::{JobId, OwnerId};
use stampede_domain::job::{Counts, Status};
use stampede_domain::settings::Settings;

use crate::rows::{at, number, parsed, some_number};
use crate::zips::ZipState;
use crate::{Database, Fault, Millis};

/// A job.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JobView {
    /// Its identifier.
    pub id: JobId,
    /// The stamp chosen, as it was named.
    pub stamp: Option<String>,
    /// How pictures are stamped.
    pub settings: Settings,
    /// When it was made.
    pub created: Millis,
    /// When its last item came to its end.
    pub finished: Option<Millis>,
    /// How its items stand.
    pub counts: Counts,
    /// Where it stands.
    pub status: Status,
    /// Its ZIP.
    pub zip: ZipState,
}

/// The last job of a page, behind which the next begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobCursor {
    /// When it was made.
    pub created: Millis,
    /// Its identifier.
    pub id: JobId,
}

pub(crate) const NO_CURSOR: &str = "the cursor is not one that a page gave";

const COLUMNS: &str =
    "id, stamp, settings, created, finished, queued, processing, done, failed, cancelled, zip";

impl Database {
    /// An owner's job.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn job(&self, owner: OwnerId, id: JobId) -> Result<Option<JobView>, Fault> {
        let find = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM jobs WHERE id = $1 AND owner = $2"
        )));
        let row = find.bind(id.to_string()).bind(owner.to_string()).fetch_optional(&self.reads).await?;
        row.as_ref().map(view).transpose()
    }

    /// A page of an owner's jobs, the newest first.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn list_jobs(
        &self,
        owner: OwnerId,
        behind: Option<JobCursor>,
        most: u32,
    ) -> Result<Vec<JobView>, Fault> {
        let find = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM jobs WHERE owner = $1 AND (created, id) < ($2, $3) \
             ORDER BY created DESC, id DESC LIMIT $4"
        )));
        let (created, id) =
            behind.map_or((i64::MAX, String::new()), |cursor| (at(cursor.created), cursor.id.to_string()));
        let find = find.bind(owner.to_string()).bind(created).bind(id).bind(i64::from(most));
        find.fetch_all(&self.reads).await?.iter().map(view).collect()
    }
}

pub(crate) fn counts(row: &AnyRow) -> Result<Counts, Fault> {
    Ok(Counts {
        queued: number(row, "queued")?,
        processing: number(row, "processing")?,
        done: number(row, "done")?,
        failed: number(row, "failed")?,
        cancelled: number(row, "cancelled")?,
    })
}

fn view(row: &AnyRow) -> Result<JobView, Fault> {
    let counts = counts(row)?;
    Ok(JobView {
        id: parsed(row, "id")?,
        stamp: row.try_get("stamp")?,
        settings: serde_json::from_str(&row.try_get::<String, _>("settings")?)?,
        created: number(row, "created")?,
        finished: some_number(row, "finished")?,
        counts,
        status: counts.status(),
        zip: serde_json::from_str(&row.try_get::<String, _>("zip")?)?,
    })
}

impl JobCursor {
    /// Behind a job.
    pub fn behind(job: &JobView) -> Self {
        Self { created: job.created, id: job.id }
    }
}

impl fmt::Display for JobCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.created, self.id)
    }
}

impl FromStr for JobCursor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (created, id) = text.split_once('-').ok_or(NO_CURSOR)?;
        Ok(Self { created: created.parse().map_err(|_| NO_CURSOR)?, id: id.parse().map_err(|_| NO_CURSOR)? })
    }
}
