//! A job's ZIP: asked for, made by a stamper, handed out.

use serde::{Deserialize, Serialize};
use sqlx::{Any, Row as _, Transaction};
use stampede_domain::callback::{ZipEvent, ZipReport};
use stampede_domain::id::{JobId, OwnerId};
use stampede_domain::job::Status;
use stampede_domain::message::{VERSION, Zip};
use stampede_domain::trace::Cause;

use crate::events::{Change, keep};
use crate::outbox::{LEASE, Outgoing, put};
use crate::report::Held;
use crate::rows::at;
use crate::{Database, Fault, Millis};

/// Where a job's ZIP stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum ZipState {
    /// Nobody asked for it, or the job changed since.
    #[default]
    None,
    /// It is being made.
    Pending {
        /// Files in it so far.
        entries: u64,
        /// Where it is to lie in the store.
        key: String,
    },
    /// It lies in the store.
    Ready {
        /// Where.
        key: String,
        /// Its length.
        bytes: u64,
    },
    /// It could not be made.
    Failed {
        /// Why.
        reason: String,
    },
}

/// What became of asking for a ZIP.
#[derive(Clone, Debug, PartialEq)]
pub enum ZipRequest {
    /// There is no such job.
    Missing,
    /// Items are still open.
    Unfinished,
    /// Not one item is done.
    Empty,
    /// It is there, or being made.
    Known(ZipState),
    /// It is to be made; the message is to be sent.
    New(Change, Outgoing),
}

impl Database {
    /// Asks for a job's ZIP, to be made of what the manifest in the store lists.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn request_zip(
        &self,
        owner: OwnerId,
        job: JobId,
        manifest: String,
        output: String,
        cause: Cause,
        now: Millis,
    ) -> Result<ZipRequest, Fault> {
        let mut writing = self.begin().await?;
        let Some(held) = self.hold(&mut writing, job, Some(owner)).await? else {
            return Ok(ZipRequest::Missing);
        };
        match (&held.zip, held.counts.status(), held.counts.done) {
            (ZipState::Pending { .. } | ZipState::Ready { .. }, ..) => {
                return Ok(ZipRequest::Known(held.zip));
            }
            (_, Status::Queued | Status::Running, _) => return Ok(ZipRequest::Unfinished),
            (_, _, 0) => return Ok(ZipRequest::Empty),
            _ => {}
        }
        let attempt = held.zip_attempt.saturating_add(1);
        let zip = ZipState::Pending { entries: 0, key: output.clone() };
        let message = Zip {
            version: VERSION,
            job,
            attempt,
            owner,
            manifest,
            output: output.clone(),
            request: cause.request,
            traceparent: cause.traceparent,
        };
        let outgoing = Outgoing::of_zip(message);
        put(&mut writing, std::slice::from_ref(&outgoing), now, now + LEASE).await?;
        let note = "INSERT INTO zips (job, attempt, key) VALUES ($1, $2, $3)";
        let note = sqlx::query(note).bind(job.to_string()).bind(i64::from(attempt)).bind(output);
        note.execute(&mut *writing).await?;
        let change = set(&mut writing, job, &held, attempt, zip, now).await?;
        writing.commit().await?;
        Ok(ZipRequest::New(change, outgoing))
    }

    /// Takes a report on a ZIP in; what it changes. A report on an older ZIP, or on one whose job changed
    /// since, changes nothing, and progress never undoes an end. A ZIP that was given up as lost may be
    /// finished after all.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn report_zip(&self, report: &ZipReport, now: Millis) -> Result<Option<Change>, Fault> {
        let mut writing = self.begin().await?;
        let Some(held) = self.hold(&mut writing, report.job, None).await? else { return Ok(None) };
        if report.attempt != held.zip_attempt {
            return Ok(None);
        }
        let zip = match (&held.zip, &report.event) {
            (ZipState::Pending { entries: before, key }, ZipEvent::Progress { entries })
                if entries > before =>
            {
                ZipState::Pending { entries: *entries, key: key.clone() }
            }
            (ZipState::Pending { .. }, ZipEvent::Failed { reason }) => {
                ZipState::Failed { reason: reason.clone() }
            }
            (ZipState::Pending { .. } | ZipState::Failed { .. }, ZipEvent::Finished { bytes }) => {
                let Some(key) = key_of(&mut writing, report).await? else { return Ok(None) };
                ZipState::Ready { key, bytes: *bytes }
            }
            _ => return Ok(None),
        };
        let change = set(&mut writing, report.job, &held, held.zip_attempt, zip, now).await?;
        writing.commit().await?;
        Ok(Some(change))
    }

    /// Makes a job's ZIPs void, whatever comes later of them; gives where they lie, or are to lie.
    pub(crate) async fn void_zips(&self, job: JobId, now: Millis) -> Result<Vec<String>, Fault> {
        let mut writing = self.begin().await?;
        let Some(held) = self.hold(&mut writing, job, None).await? else { return Ok(Vec::new()) };
        if held.zip != ZipState::None {
            set(&mut writing, job, &held, held.zip_attempt, ZipState::None, now).await?;
        }
        let void = "UPDATE zips SET purge = COALESCE(purge, $1) WHERE job = $2 RETURNING key";
        let void = sqlx::query(void).bind(at(now)).bind(job.to_string());
        let rows = void.fetch_all(&mut *writing).await?;
        writing.commit().await?;
        rows.iter().map(|row| Ok(row.try_get("key")?)).collect()
    }
}

async fn key_of(
    writing: &mut Transaction<'static, Any>,
    report: &ZipReport,
) -> Result<Option<String>, Fault> {
    let find = "SELECT key FROM zips WHERE job = $1 AND attempt = $2";
    let find = sqlx::query(find).bind(report.job.to_string()).bind(i64::from(report.attempt));
    Ok(find.fetch_optional(&mut **writing).await?.map(|row| row.try_get("key")).transpose()?)
}

async fn set(
    writing: &mut Transaction<'static, Any>,
    job: JobId,
    held: &Held,
    attempt: u32,
    zip: ZipState,
    now: Millis,
) -> Result<Change, Fault> {
    let set = sqlx::query("UPDATE jobs SET zip = $1, zip_attempt = $2 WHERE id = $3");
    let set = set.bind(serde_json::to_string(&zip)?).bind(i64::from(attempt)).bind(job.to_string());
    set.execute(&mut **writing).await?;
    let change = Change { owner: held.owner, sequence: 0, job, items: Vec::new(), counts: held.counts, zip };
    keep(writing, change, now).await
}
