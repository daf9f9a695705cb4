//! A batch of messages: what overlaps, what is told, and what becomes of each.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _};
use stamp_engine::{Cache, Limits};
use stampede_domain::callback::{Report, ZipEvent, ZipReport};
use stampede_domain::item::Event;
use stampede_domain::message::{Message, Task, Zip};
use stampede_store::Store;
use tokio::sync::Semaphore;

use crate::stamps::Stamps;
use crate::{Fault, Reporter};

/// How much a stamper takes on.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Of each picture.
    pub limits: Limits,
    /// Bytes of memory for all pictures in hand together.
    pub memory: u64,
    /// Pictures that are read, stamped and written side by side.
    pub at_once: usize,
    /// Cores that stamp.
    pub cores: usize,
}

impl Default for Settings {
    /// Half of the memory that the process may use, and all cores.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let memory = stamp_engine::available_memory().map_or(1 << 31, |bytes| bytes / 2);
        let limits = Limits { input_bytes: 100 << 20, ..Limits::default() };
        Self { limits, memory, at_once: 4 * cores, cores }
    }
}

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
    reporter: Reporter,
    cache: Arc<Cache>,
    stamps: Stamps,
    settings: Settings,
    memory: Semaphore,
    cores: Semaphore,
}

impl Stamper {
    /// Puts a stamper together.
    pub fn new(store: Store, reporter: Reporter, cache: Arc<Cache>, settings: Settings) -> Self {
        let memory = Semaphore::new((settings.memory >> 20).min(Semaphore::MAX_PERMITS as u64) as usize);
        let cores = Semaphore::new(settings.cores.max(1));
        let stamps = Stamps::default();
        Self(Arc::new(Inner { store, reporter, cache, stamps, settings, memory, cores }))
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
                && let Err(fault) = self.reporter().items(started).await
            {
                tracing::warn!(%fault, "nobody was told that work has begun");
            }
        };
        let outcomes =
            stream::iter(bodies).map(|body| self.one(body)).buffered(self.settings().at_once.max(1));
        let ((), outcomes) = tokio::join!(tell, outcomes.collect());
        outcomes
    }

    async fn one(&self, body: String) -> Outcome {
        let message = match Message::from_json(body.as_bytes()) {
            Ok(message) => message,
            Err(refused) => return Outcome::Bury(refused.to_string()),
        };
        let request = message.request().unwrap_or_default().to_owned();
        let told = match &message {
            Message::Stamp(task) => self.stamp_and_tell(task).await,
            Message::Zip(zip) => self.zip_and_tell(zip).await,
        };
        match told {
            Ok(()) => Outcome::Done,
            Err(fault) => {
                tracing::warn!(%fault, request, "a message is tried again");
                Outcome::Retry(fault.to_string())
            }
        }
    }

    /// Only what passes is an error here: what does not is told and done with.
    async fn stamp_and_tell(&self, task: &Task) -> Result<(), Fault> {
        let event = match self.stamp(task).await {
            Ok(output) => {
                let (request, milliseconds) = (task.request.as_deref(), output.milliseconds);
                tracing::info!(job = %task.job, item = task.item, request, path = output.path, milliseconds, "stamped");
                Event::Finished { output }
            }
            Err(Fault::Permanent(reason)) => Event::Failed { reason },
            Err(passing) => return Err(passing),
        };
        self.reporter().items(vec![report(task, event)]).await
    }

    async fn zip_and_tell(&self, zip: &Zip) -> Result<(), Fault> {
        let event = match self.zip(zip).await {
            Ok(bytes) => ZipEvent::Finished { bytes },
            Err(Fault::Permanent(reason)) => ZipEvent::Failed { reason },
            Err(passing) => return Err(passing),
        };
        self.reporter().zip(ZipReport { job: zip.job, attempt: zip.attempt, event }).await
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn reporter(&self) -> &Reporter {
        &self.0.reporter
    }

    pub(crate) fn cache(&self) -> &Arc<Cache> {
        &self.0.cache
    }

    pub(crate) fn stamps(&self) -> &Stamps {
        &self.0.stamps
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn memory(&self) -> &Semaphore {
        &self.0.memory
    }

    pub(crate) fn cores(&self) -> &Semaphore {
        &self.0.cores
    }
}

fn report(task: &Task, event: Event) -> Report {
    Report { job: task.job, item: task.item, attempt: task.attempt, event }
}
