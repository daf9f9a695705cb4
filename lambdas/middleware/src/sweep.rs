//! What is done from time to time: by a scheduled Lambda, or by a task of the local process.

use stampede_database::{Change, Fault};
use stampede_domain::callback::{Report, ZipEvent, ZipReport};
use stampede_domain::item::Event;
use stampede_domain::message::Message;
use stampede_queue::Received;
use stampede_store::Store;
use std::time::Duration;

use crate::App;
use crate::dispatch::{send, tell};

/// Messages and uploads of one round.
const ROUND: u32 = 1000;
/// A dead letter that was taken and not dealt with comes again after so long.
const HELD: Duration = Duration::from_secs(60);

/// Sends what was not sent, fails what the dead-letter queue took, deletes what is to be deleted, and
/// forgets what is old.
///
/// # Errors
/// [`Fault`] of the database; what was done is done, and the rest is done next time.
pub async fn sweep(app: &App) -> Result<(), Fault> {
    loop {
        let outgoing = app.parts().database.take_outbox(ROUND, app.now()).await?;
        send(app, &outgoing).await;
        if outgoing.len() < ROUND as usize {
            break;
        }
    }
    bury(app).await?;
    purge(app).await?;
    app.parts().database.prune(app.now()).await
}

/// What was received too often, or was no message of ours, is failed with the reason.
async fn bury(app: &App) -> Result<(), Fault> {
    let Some(dead) = app.parts().queue.dead_letters() else { return Ok(()) };
    loop {
        let letters = match dead.receive(100, Duration::ZERO, HELD).await {
            Ok(letters) => letters,
            Err(fault) => {
                tracing::warn!(%fault, "the dead letters cannot be read");
                return Ok(());
            }
        };
        if letters.is_empty() {
            return Ok(());
        }
        let changes = fail(app, &letters).await?;
        tell(app, &changes).await;
        let receipts: Vec<_> = letters.into_iter().map(|letter| letter.receipt).collect();
        if let Err(fault) = dead.delete(&receipts).await {
            tracing::warn!(%fault, "dead letters are not deleted; they come again and change nothing");
        }
    }
}

async fn fail(app: &App, letters: &[Received]) -> Result<Vec<Change>, Fault> {
    let (mut reports, mut changes) = (Vec::new(), Vec::new());
    for letter in letters {
        let reason = letter.reason.clone().unwrap_or_else(|| {
            "it was tried several times and never finished; try it again, or look into the logs".to_owned()
        });
        match Message::from_json(letter.body.as_bytes()) {
            Ok(Message::Stamp(task)) => reports.push(Report {
                job: task.job,
                item: task.item,
                attempt: task.attempt,
                event: Event::Failed { reason },
            }),
            Ok(Message::Zip(zip)) => {
                let event = ZipEvent::Failed { reason };
                let report = ZipReport { job: zip.job, attempt: zip.attempt, event };
                changes.extend(app.parts().database.report_zip(&report, app.now()).await?);
            }
            // Nobody but the log is told of what belongs to no job.
            Ok(Message::Object(task)) => {
                tracing::error!(picture = %task.picture, reason, request = task.request, "an object was not stamped");
            }
            // Of another version, perhaps: its item is one of ours all the same.
            Err(refused) => match Message::item_of_any(letter.body.as_bytes()) {
                Some((job, item, attempt)) => {
                    reports.push(Report { job, item, attempt, event: Event::Failed { reason } });
                }
                None => tracing::error!(%refused, reason, "a dead letter is no message of ours"),
            },
        }
    }
    changes.extend(app.parts().database.report(&reports, app.now()).await?);
    Ok(changes)
}

/// Deletes from the store what is deleted for good, with all copies of it, its results, and the ZIPs that hold these.
async fn purge(app: &App) -> Result<(), Fault> {
    let due = app.parts().database.purge_due(app.now(), ROUND).await?;
    let store = &app.parts().store;
    let mut purged = Vec::new();
    for upload in due {
        let deleted = async {
            let mut keys = keys_below(store, &format!("{}/", upload.results)).await?;
            keys.extend(keys_below(store, &upload.copies).await?);
            keys.extend(upload.also.iter().cloned());
            // Beside a ZIP that was never made lies the list of what was to be in it.
            let lists = upload.also.iter().filter_map(|key| key.strip_suffix(".zip"));
            keys.extend(lists.map(|place| format!("{place}.json")));
            if !keys.contains(&upload.key) {
                keys.push(upload.key.clone());
            }
            store.delete(&keys).await
        };
        match deleted.await {
            Ok(()) => purged.push(upload.id),
            Err(fault) => tracing::warn!(%fault, key = upload.key, "it is deleted next time"),
        }
    }
    app.parts().database.purged(&purged).await
}

/// All keys that begin so.
async fn keys_below(store: &Store, prefix: &str) -> Result<Vec<String>, stampede_store::Fault> {
    let mut keys: Vec<String> = Vec::new();
    loop {
        let page = store.list(prefix, keys.last().map(String::as_str), ROUND as usize).await?;
        let is_last = page.len() < ROUND as usize;
        keys.extend(page.into_iter().map(|one| one.key));
        if is_last {
            return Ok(keys);
        }
    }
}
