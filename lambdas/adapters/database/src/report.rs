//! What changes items: reports of stampers, and their owners.

use std::collections::BTreeMap;

use sqlx::any::AnyRow;
use sqlx::{Any, Row as _, Transaction};
use stampede_domain::callback::Report;
use stampede_domain::id::{JobId, OwnerId};
use stampede_domain::item::{Item, State};
use stampede_domain::job::{Counts, Status};
use stampede_domain::message::{PictureObject, Task, VERSION};

use crate::create::{LEASE, results_of};
use crate::events::{Change, ChangedItem, keep};
use crate::items::{small, state};
use crate::jobs::counts;
use crate::outbox::{Outgoing, put};
use crate::rows::{CHUNK, at, list, parsed};
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

/// An item that changed, and what its row said before.
struct Changed {
    number: u32,
    item: Item,
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
        let mut changed = Vec::new();
        for numbers in numbers.chunks(CHUNK) {
            for row in items(&mut writing, job, numbers).await? {
                let number = small(&row, "number")?;
                let mut item = Item { state: state(&row)?, attempt: small(&row, "attempt")? };
                let own = reports.iter().filter(|report| report.item == number);
                // Not any(): each report must be taken in.
                let changes = own.fold(false, |changes, report| {
                    item.report(report.attempt, report.event.clone()) | changes
                });
                if changes {
                    changed.push(Changed { number, item, row });
                }
            }
        }
        self.write(writing, job, held, changed, now).await
    }

    /// Gives up what is still open of a job; `None` where there is no such job, or nothing is open.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn cancel(&self, owner: OwnerId, job: JobId, now: Millis) -> Result<Option<Change>, Fault> {
        let mut writing = self.begin().await?;
        let Some(held) = self.hold(&mut writing, job, Some(owner)).await? else { return Ok(None) };
        let rows = in_states(&mut writing, job, "'queued', 'processing'").await?;
        let changed = changed(rows, Item::cancel)?;
        self.write(writing, job, held, changed, now).await
    }

    /// Queues again what failed or was given up of a job; the messages are to be sent, as those of
    /// [`create_job`](Self::create_job). `None` where there is no such job, or nothing to be done again.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn retry(
        &self,
        owner: OwnerId,
        job: JobId,
        now: Millis,
    ) -> Result<Option<(Change, Vec<Outgoing>)>, Fault> {
        let mut writing = self.begin().await?;
        let Some(held) = self.hold(&mut writing, job, Some(owner)).await? else { return Ok(None) };
        let rows = in_states(&mut writing, job, "'failed', 'cancelled'").await?;
        let changed = changed(rows, Item::retry)?;
        let task = |changed: &Changed| held.task(job, changed).map(Outgoing::of_task);
        let outgoing = changed.iter().map(task).collect::<Result<Vec<_>, Fault>>()?;
        put(&mut writing, &outgoing, now, now + LEASE).await?;
        let change = self.write(writing, job, held, changed, now).await?;
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

    /// Writes what changed, and ends the transaction.
    async fn write(
        &self,
        mut writing: Transaction<'static, Any>,
        job: JobId,
        held: Held,
        changed: Vec<Changed>,
        now: Millis,
    ) -> Result<Option<Change>, Fault> {
        if changed.is_empty() {
            return Ok(None);
        }
        let mut counts = held.counts;
        for Changed { number, item, row } in &changed {
            let before = counts.of_state(&state(row)?);
            *before = before.saturating_sub(1);
            *counts.of_state(&item.state) += 1;
            update(&mut writing, job, *number, item, now).await?;
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
        let items = changed.into_iter().map(|Changed { number, item, .. }| ChangedItem {
            number,
            attempt: item.attempt,
            state: item.state,
        });
        let change = Change { owner: held.owner, sequence: 0, job, items: items.collect(), counts, zip };
        let change = keep(&mut writing, change, now).await?;
        writing.commit().await?;
        Ok(Some(change))
    }
}

const ITEM: &str = "number, picture, name, key, attempt, state, reason, output";

async fn items(
    writing: &mut Transaction<'static, Any>,
    job: JobId,
    numbers: &[u32],
) -> Result<Vec<AnyRow>, Fault> {
    let listed = list(numbers.len(), 2);
    let find = format!("SELECT {ITEM} FROM items WHERE job = $1 AND number IN ({listed}) ORDER BY number");
    let mut find = sqlx::query(sqlx::AssertSqlSafe(find)).bind(job.to_string());
    for number in numbers {
        find = find.bind(i64::from(*number));
    }
    Ok(find.fetch_all(&mut **writing).await?)
}

async fn in_states(
    writing: &mut Transaction<'static, Any>,
    job: JobId,
    states: &str,
) -> Result<Vec<AnyRow>, Fault> {
    let find = format!("SELECT {ITEM} FROM items WHERE job = $1 AND state IN ({states}) ORDER BY number");
    Ok(sqlx::query(sqlx::AssertSqlSafe(find)).bind(job.to_string()).fetch_all(&mut **writing).await?)
}

fn changed(rows: Vec<AnyRow>, change: impl Fn(&mut Item) -> bool) -> Result<Vec<Changed>, Fault> {
    let mut all = Vec::new();
    for row in rows {
        let mut item = Item { state: state(&row)?, attempt: small(&row, "attempt")? };
        if change(&mut item) {
            all.push(Changed { number: small(&row, "number")?, item, row });
        }
    }
    Ok(all)
}

async fn update(
    writing: &mut Transaction<'static, Any>,
    job: JobId,
    number: u32,
    item: &Item,
    now: Millis,
) -> Result<(), Fault> {
    let (name, reason, output) = match &item.state {
        State::Queued => ("queued", None, None),
        State::Processing => ("processing", None, None),
        State::Done(output) => ("done", None, Some(serde_json::to_string(output)?)),
        State::Failed { reason } => ("failed", Some(reason.clone()), None),
        State::Cancelled => ("cancelled", None, None),
    };
    let times = match &item.state {
        State::Queued => "queued = $5, started = NULL, finished = NULL",
        State::Processing => "started = $5",
        // Where the report of the start is late or lost.
        _ => "started = COALESCE(started, $5), finished = $5",
    };
    let set = format!(
        "UPDATE items SET state = $1, reason = $2, output = $3, attempt = $4, {times} \
         WHERE job = $6 AND number = $7"
    );
    let set = sqlx::query(sqlx::AssertSqlSafe(set)).bind(name).bind(reason).bind(output);
    let set = set.bind(i64::from(item.attempt)).bind(at(now)).bind(job.to_string());
    set.bind(i64::from(number)).execute(&mut **writing).await?;
    Ok(())
}

impl Held {
    fn task(&self, job: JobId, changed: &Changed) -> Result<Task, Fault> {
        let picture = parsed(&changed.row, "picture")?;
        Ok(Task {
            version: VERSION,
            job,
            item: changed.number,
            attempt: changed.item.attempt,
            owner: self.owner,
            picture: PictureObject {
                key: changed.row.try_get("key")?,
                name: changed.row.try_get("name")?,
                index: u64::from(changed.number) + 1,
            },
            stamp: self.row.try_get("stamp_key")?,
            settings: serde_json::from_str(&self.row.try_get::<String, _>("settings")?)?,
            output: results_of(self.owner, picture),
            request: self.row.try_get("request")?,
            traceparent: self.row.try_get("traceparent")?,
        })
    }
}
