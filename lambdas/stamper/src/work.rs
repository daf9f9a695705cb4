//! A batch of messages: what overlaps, what is told, and what becomes of each.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::stream::{self, StreamExt as _};
use stampede_decoder::Decoders;
use stampede_domain::callback::{Report, ZipEvent, ZipReport};
use stampede_domain::item::Event;
use stampede_domain::message::{Message, Task, Zip};
use stampede_domain::rule::Rule;
use stampede_domain::trace::TraceParent;
use stampede_store::Store;
use tracing::Instrument as _;

use crate::notification::Notification;
use crate::stamps::Stamps;
use crate::{Fault, Reporter};

/// Pictures that are read, stamped and written side by side, for each core.
const AT_ONCE: usize = 4;

/// What becomes of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is dealt with: delete it.
    Done,
    /// It may succeed later: let it come again.
    Retry(String),
    /// It is none that is understood: to the dead letters.
    Bury(String),
}

/// A stamper; a clone is another handle on the same.
#[derive(Clone, Debug)]
pub struct Stamper(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    reporter: Option<Reporter>,
    decoders: Decoders,
    stamps: Stamps,
    rule: Option<Rule>,
    counts: Counts,
}

/// What was done since the start.
#[derive(Debug, Default)]
pub struct Counts {
    /// Pictures stamped, or found stamped.
    pub stamped: AtomicU64,
    /// Pictures that no retry stamps; their owners are told why.
    pub failed: AtomicU64,
    /// Messages that come again.
    pub retried: AtomicU64,
    /// Messages that went to the dead letters.
    pub buried: AtomicU64,
}

impl Stamper {
    /// Puts a stamper together. Without a reporter it takes no jobs; with a rule, messages may be S3's event notifications, too.
    pub fn new(store: Store, reporter: Option<Reporter>, decoders: Decoders, rule: Option<Rule>) -> Self {
        let (stamps, counts) = Default::default();
        Self(Arc::new(Inner { store, reporter, decoders, stamps, rule, counts }))
    }

    /// What was done since the start.
    pub fn counts(&self) -> &Counts {
        &self.0.counts
    }

    /// Deals with messages side by side; what becomes of each, in their order. A bad one holds up none.
    pub async fn work(&self, bodies: Vec<String>) -> Vec<Outcome> {
        let started = bodies.iter().filter_map(|body| match Message::from_json(body.as_bytes()) {
            Ok(Message::Stamp(task)) => Some(report(&task, Event::Started)),
            _ => None,
        });
        let started: Vec<_> = started.collect();
        let tell = async {
            // It only shows; the end is what counts.
            if !started.is_empty()
                && let Ok(reporter) = self.reporter()
                && let Err(fault) = reporter.items(started).await
            {
                tracing::warn!(%fault, "nobody was told that work has begun");
            }
        };
        let at_once = AT_ONCE * self.decoders().settings().cores.max(1);
        let outcomes = stream::iter(bodies).map(|body| self.one(body)).buffered(at_once);
        let ((), outcomes) = tokio::join!(tell, outcomes.collect());
        outcomes
    }

    async fn one(&self, body: String) -> Outcome {
        if let Some(notification) = self.rule().and_then(|_| Notification::from_json(&body)) {
            return self.landed(notification).await;
        }
        match Message::from_json(body.as_bytes()) {
            Ok(message) => self.message(message).await,
            Err(refused) => self.count(Outcome::Bury(refused.to_string())),
        }
    }

    /// What has landed in a bucket; the worst outcome is the message's.
    async fn landed(&self, notification: Notification) -> Outcome {
        let tasks = notification.landed.iter().filter_map(|landed| {
            self.rule()?.apply(landed, notification.request.clone()).map(Message::Object)
        });
        let mut outcome = Outcome::Done;
        for task in tasks {
            outcome = match (outcome, self.message(task).await) {
                (Outcome::Retry(why), _) | (_, Outcome::Retry(why)) => Outcome::Retry(why),
                (Outcome::Bury(why), _) | (_, Outcome::Bury(why)) => Outcome::Bury(why),
                _ => Outcome::Done,
            };
        }
        outcome
    }

    /// In a span with the request and the trace that it belongs to.
    async fn message(&self, message: Message) -> Outcome {
        let traceparent = message.traceparent().and_then(|parent| parent.parse::<TraceParent>().ok());
        let trace = traceparent.map(|parent| parent.trace_id());
        let span = tracing::info_span!("message", request = message.request(), trace);
        let outcome = async {
            let told = match &message {
                Message::Stamp(task) => self.stamp_and_tell(task).await,
                Message::Zip(zip) => self.zip_and_tell(zip).await,
                Message::Object(task) => match self.object(task).await {
                    Ok(path) => {
                        self.counts().stamped.fetch_add(1, Ordering::Relaxed);
                        tracing::info!(picture = %task.picture, output = %task.output, path, "stamped");
                        Ok(())
                    }
                    Err(Fault::Permanent(reason)) => return Outcome::Bury(reason),
                    Err(passing) => Err(passing),
                },
            };
            match told {
                Ok(()) => Outcome::Done,
                Err(fault) => {
                    tracing::warn!(%fault, "a message is tried again");
                    Outcome::Retry(fault.to_string())
                }
            }
        };
        self.count(outcome.instrument(span).await)
    }

    fn count(&self, outcome: Outcome) -> Outcome {
        match &outcome {
            Outcome::Done => 0,
            Outcome::Retry(_) => self.counts().retried.fetch_add(1, Ordering::Relaxed),
            Outcome::Bury(_) => self.counts().buried.fetch_add(1, Ordering::Relaxed),
        };
        outcome
    }

    /// Only what passes is an error here: what does not is told and done with.
    async fn stamp_and_tell(&self, task: &Task) -> Result<(), Fault> {
        let reporter = self.reporter()?;
        let event = match self.stamp(task).await {
            Ok(output) => {
                self.counts().stamped.fetch_add(1, Ordering::Relaxed);
                let milliseconds = output.milliseconds;
                tracing::info!(job = %task.job, item = task.item, path = output.path, milliseconds, "stamped");
                Event::Finished { output }
            }
            Err(Fault::Permanent(reason)) => {
                self.counts().failed.fetch_add(1, Ordering::Relaxed);
                tracing::info!(job = %task.job, item = task.item, reason, "failed");
                Event::Failed { reason }
            }
            Err(passing) => return Err(passing),
        };
        reporter.item(report(task, event), task.traceparent.as_deref()).await
    }

    async fn zip_and_tell(&self, zip: &Zip) -> Result<(), Fault> {
        let reporter = self.reporter()?;
        let event = match self.zip(zip).await {
            Ok(bytes) => ZipEvent::Finished { bytes },
            Err(Fault::Permanent(reason)) => ZipEvent::Failed { reason },
            Err(passing) => return Err(passing),
        };
        let report = ZipReport { job: zip.job, attempt: zip.attempt, event };
        reporter.zip(report, zip.traceparent.as_deref()).await
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn reporter(&self) -> Result<&Reporter, Fault> {
        let nobody = || Fault::Passing("this stamper has nobody to tell; it takes no jobs".to_owned());
        self.0.reporter.as_ref().ok_or_else(nobody)
    }

    pub(crate) fn decoders(&self) -> &Decoders {
        &self.0.decoders
    }

    pub(crate) fn stamps(&self) -> &Stamps {
        &self.0.stamps
    }

    pub(crate) fn rule(&self) -> Option<&Rule> {
        self.0.rule.as_ref()
    }
}

fn report(task: &Task, event: Event) -> Report {
    Report { job: task.job, item: task.item, attempt: task.attempt, event }
}
