//! What changes items: reports of stampers, and their owners.

use std::collections::BTreeMap;

use sqlx::any::AnyRow;
use sqlx::{Any, Row as _, Transaction};
use stampede_domain::callback::Report;
use stampede_domain::id::{JobId, OwnerId};
use stampede_domain::item::{Item, State};
use stampede_domain::job::{Counts, Status};
use stampede_domain::message::{PictureObject, Task, VERSION};

use crate::create::results_of;
use crate::events::{Change, ChangedItem, keep};
use crate::items::{small, state};
use crate::jobs::counts;
use crate::outbox::{LEASE, Outgoing, id_of_task, put, remove};
use crate::rows::{CHUNK, at, list, parsed, values};
use crate::zips::ZipState;
use crate::{Database, Fault, Millis};

/// A job that nobody else changes until the transaction ends.
pub(crate) struct Held {
    pub(crate) owner: OwnerId,
    pub(crate) counts: Counts,
    pub(crate) zip: ZipState,
    pub(crate) zip_attempt: u32,
    row: AnyRow,
}

impl Database {
    /// Takes reports in, in any order and any number of times; what they change, job by job. Reports on
    /// what is not there are passed over.
    ///
    /// # Errors
    /// [`Fault`]; reports on earlier jobs may then have been taken in, and may come again.
    pub async fn report(&self, reports: &[Report], now: Millis) -> Result<Vec<Change>, Fault> {
        let mut by_job: BTreeMap<JobId, Vec<&Report>> = BTreeMap::new();
        for report in reports {
            by_job.entry(report.job).or_default().push(report);
        }
        let mut changes = Vec::new();
        for (job, reports) in by_job {
            changes.extend(self.report_on(job, &reports, now).await?);
        }
        Ok(changes)
    }

    async fn report_on(&self, job: JobId, reports: &[&Report], now: Millis) -> Result<Option<Change>, Fault> {
        let mut writing = self.begin().await?;
        let Some(held) = self.hold(&mut writing, job, None).await? else { return Ok(None) };
        let mut numbers: Vec<u32> = reports.iter().map(|report| report.item).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut counts = held.counts;
        let mut changed = Vec::new();
        for numbers in numbers.chunks(CHUNK) {
            for row in items(&mut writing, job, numbers).await? {
                let number = small(&row, "number")?;
                let before = state(&row)?;
                let mut item = Item { state: before.clone(), attempt: small(&row, "attempt")? };
                let own = reports.iter().filter(|report| report.item == number);
                // Not any(): each report must be taken in.
                let changes = own.fold(false, |changes, report| {
                    item.report(report.attempt, report.event.clone()) | changes
                });
                if changes {
                    let count = counts.of_state(&before);
                    *count = count.saturating_sub(1);
                    *counts.of_state(&item.state) += 1;
                    changed.push(ChangedItem { number, attempt: item.attempt, state: item.state });
                }
            }
        }
        update(&mut writing, job, &changed, now).await?;
        self.finish(writing, job, held, counts, changed, now).await
    }

    /// Gives up what is still open of a job; `None` where there is no such job, or nothing is open.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn cancel(&self, owner: OwnerId, job: JobId, now: Millis) -> Result<Option<Change>, Fault> {
        let mut writing = self.begin().await?;
        let Some(held) = self.hold(&mut writing, job, Some(owner)).await? else { return Ok(None) };
        // As Item::cancel does; where the report of the start is late or lost, it starts now.
        let cancel = "UPDATE items SET state = 'cancelled', started = COALESCE(started, $1), finished = $1 \
             WHERE job = $2 AND state IN ('queued', 'processing') RETURNING number, attempt";
        let rows = all_of(&mut writing, cancel, job, now).await?;
        let changed = changed(&rows, &State::Cancelled)?;
        // Messages that were not sent yet need not be; those on the queue change nothing.
        let unsent: Vec<_> = changed.iter().map(|item| id_of_task(job, item.number, item.attempt)).collect();
        remove(&mut writing, &unsent).await?;
        let cancelled = held.counts.cancelled + changed.len() as u64;
        let counts = Counts { queued: 0, processing: 0, cancelled, ..held.counts };
        self.finish(writing, job, held, counts, changed, now).await
    }

    /// Queues again what failed or was given up of a job, or one such item alone; the messages are to be sent, as those of
    /// [`create_job`](Self::create_job). `None` where there is no such job, or nothing to be done again.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn retry(
        &self,
        owner: OwnerId,
        job: JobId,
        only: Option<u32>,
        now: Millis,
    ) -> Result<Option<(Change, Vec<Outgoing>)>, Fault> {
        let mut writing = self.begin().await?;
        let Some(held) = self.hold(&mut writing, job, Some(owner)).await? else { return Ok(None) };
        // As Item::retry does.
        const RETRY: &str = "UPDATE items SET state = 'queued', reason = NULL, attempt = attempt + 1, \
             queued = $1, started = NULL, finished = NULL WHERE job = $2 AND state IN ('failed', 'cancelled')";
        const GIVE: &str = "RETURNING number, attempt, picture, name, key";
        let (mut left, which) = match only {
            None => (Counts { failed: 0, cancelled: 0, ..held.counts }, String::new()),
            Some(number) => {
                let mut left = held.counts;
                if let Some(state) = state_of(&mut writing, job, number).await? {
                    let count = left.of_state(&state);
                    *count = count.saturating_sub(1);
                }
                (left, format!("AND number = {number}"))
            }
        };
        let rows = all_of(&mut writing, format!("{RETRY} {which} {GIVE}"), job, now).await?;
        let task = |row: &AnyRow| held.task(job, row).map(Outgoing::of_task);
        let outgoing = rows.iter().map(task).collect::<Result<Vec<_>, Fault>>()?;
        put(&mut writing, &outgoing, now, now + LEASE).await?;
        let changed = changed(&rows, &State::Queued)?;
        left.queued = held.counts.queued + changed.len() as u64;
        let change = self.finish(writing, job, held, left, changed, now).await?;
        Ok(change.map(|change| (change, outgoing)))
    }

    /// Holds a job, if there is such a one.
    pub(crate) async fn hold(
        &self,
        writing: &mut Transaction<'static, Any>,
        job: JobId,
        owner: Option<OwnerId>,
    ) -> Result<Option<Held>, Fault> {
        // SQLite's writers are one after another anyway.
        let lock = if self.is_postgres { "FOR UPDATE" } else { "" };
        let find = format!(
            "SELECT owner, stamp_key, settings, queued, processing, done, failed, cancelled, zip, \
             zip_attempt, request, traceparent FROM jobs WHERE id = $1 {lock}"
        );
        let find = sqlx::query(sqlx::AssertSqlSafe(find)).bind(job.to_string());
        let Some(row) = find.fetch_optional(&mut **writing).await? else { return Ok(None) };
        let held = Held {
            owner: parsed(&row, "owner")?,
            counts: counts(&row)?,
            zip: serde_json::from_str(&row.try_get::<String, _>("zip")?)?,
            zip_attempt: small(&row, "zip_attempt")?,
            row,
        };
        Ok(Some(held).filter(|held| owner.is_none_or(|owner| owner == held.owner)))
    }

    /// Writes how the job now stands, and ends the transaction; undoes it where no item changed.
    async fn finish(
        &self,
        mut writing: Transaction<'static, Any>,
        job: JobId,
        held: Held,
        counts: Counts,
        items: Vec<ChangedItem>,
        now: Millis,
    ) -> Result<Option<Change>, Fault> {
        if items.is_empty() {
            return Ok(None);
        }
        // What is in a ZIP is no longer all there is.
        let zip = if counts.done == held.counts.done && counts.status() == Status::Finished {
            held.zip
        } else {
            ZipState::None
        };
        let finished = (counts.status() == Status::Finished).then(|| at(now));
        let set = "UPDATE jobs SET queued = $1, processing = $2, done = $3, failed = $4, cancelled = $5, \
             zip = $6, finished = $7 WHERE id = $8";
        let set = sqlx::query(set).bind(at(counts.queued)).bind(at(counts.processing)).bind(at(counts.done));
        let set = set.bind(at(counts.failed)).bind(at(counts.cancelled)).bind(serde_json::to_string(&zip)?);
        set.bind(finished).bind(job.to_string()).execute(&mut *writing).await?;
        let change = Change { owner: held.owner, sequence: 0, job, items, counts, zip };
        let change = keep(&mut writing, change, now).await?;
        writing.commit().await?;
        Ok(Some(change))
    }
}

async fn items(
    writing: &mut Transaction<'static, Any>,
    job: JobId,
    numbers: &[u32],
) -> Result<Vec<AnyRow>, Fault> {
    let listed = list(numbers.len(), 2);
    let find = format!(
        "SELECT number, attempt, state, reason, output FROM items WHERE job = $1 AND number IN ({listed})"
    );
    let mut find = sqlx::query(sqlx::AssertSqlSafe(find)).bind(job.to_string());
    for number in numbers {
        find = find.bind(i64::from(*number));
    }
    Ok(find.fetch_all(&mut **writing).await?)
}

/// Changes items of a job by one statement; their rows, in order.
async fn all_of(
    writing: &mut Transaction<'static, Any>,
    statement: impl Into<String>,
    job: JobId,
    now: Millis,
) -> Result<Vec<AnyRow>, Fault> {
    let change = sqlx::query(sqlx::AssertSqlSafe(statement.into())).bind(at(now)).bind(job.to_string());
    let rows = change.fetch_all(&mut **writing).await?;
    let numbered = rows.into_iter().map(|row| Ok((small(&row, "number")?, row)));
    let mut numbered = numbered.collect::<Result<Vec<_>, Fault>>()?;
    // RETURNING promises no order.
    numbered.sort_unstable_by_key(|(number, _)| *number);
    Ok(numbered.into_iter().map(|(_, row)| row).collect())
}

async fn state_of(
    writing: &mut Transaction<'static, Any>,
    job: JobId,
    number: u32,
) -> Result<Option<State>, Fault> {
    let find = sqlx::query("SELECT * FROM items WHERE job = $1 AND number = $2");
    let row = find.bind(job.to_string()).bind(i64::from(number)).fetch_optional(&mut **writing).await?;
    row.as_ref().map(state).transpose()
}

fn changed(rows: &[AnyRow], now: &State) -> Result<Vec<ChangedItem>, Fault> {
    let item = |row: &AnyRow| {
        let (number, attempt) = (small(row, "number")?, small(row, "attempt")?);
        Ok(ChangedItem { number, attempt, state: now.clone() })
    };
    rows.iter().map(item).collect()
}

/// Writes how items stand after reports, which begin or end an attempt and never queue one.
async fn update(
    writing: &mut Transaction<'static, Any>,
    job: JobId,
    changed: &[ChangedItem],
    now: Millis,
) -> Result<(), Fault> {
    for changed in changed.chunks(CHUNK) {
        // The columns of VALUES are column1, column2 … in both databases; a type is told where PostgreSQL
        // cannot know it from a column that is all NULL.
        let form = "({1}, {2}, CAST({3} AS TEXT), CAST({4} AS TEXT))";
        let rows = values(form, changed.len(), 4, 3);
        // Where the report of the start is late or lost, it starts when it ends.
        let set = format!(
            "UPDATE items SET state = new.column2, reason = new.column3, output = new.column4, \
             started = COALESCE(started, $1), \
             finished = CASE new.column2 WHEN 'processing' THEN NULL ELSE $1 END \
             FROM (VALUES {rows}) AS new WHERE job = $2 AND number = new.column1"
        );
        let mut set = sqlx::query(sqlx::AssertSqlSafe(set)).bind(at(now)).bind(job.to_string());
        for item in changed {
            let (name, reason, output) = match &item.state {
                State::Queued => ("queued", None, None),
                State::Processing => ("processing", None, None),
                State::Done(output) => ("done", None, Some(serde_json::to_string(output)?)),
                State::Failed { reason } => ("failed", Some(reason.clone()), None),
                State::Cancelled => ("cancelled", None, None),
            };
            set = set.bind(i64::from(item.number)).bind(name).bind(reason).bind(output);
        }
        set.execute(&mut **writing).await?;
    }
    Ok(())
}

impl Held {
    /// The message that asks for an item, from its row.
    fn task(&self, job: JobId, row: &AnyRow) -> Result<Task, Fault> {
        let (number, picture) = (small(row, "number")?, parsed(row, "picture")?);
        Ok(Task {
            version: VERSION,
            job,
            item: number,
            attempt: small(row, "attempt")?,
            owner: self.owner,
            picture: PictureObject {
                key: row.try_get("key")?,
                name: row.try_get("name")?,
                index: u64::from(number) + 1,
            },
            stamp: self.row.try_get("stamp_key")?,
            settings: serde_json::from_str(&self.row.try_get::<String, _>("settings")?)?,
            output: results_of(self.owner, picture),
            request: self.row.try_get("request")?,
            traceparent: self.row.try_get("traceparent")?,
        })
    }
}
