//! What every request stands on.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use stampede_database::{Database, Millis};
use stampede_decoder::Decoders;
use stampede_domain::Seconds;
use stampede_domain::signature::Secret;
use stampede_live::Live;
use stampede_queue::Queue;
use stampede_store::Store;

use crate::rates::Rates;

/// The parts that the service is put together from.
#[derive(Clone, Debug)]
pub struct Parts {
    /// What is remembered.
    pub database: Database,
    /// Where pictures lie.
    pub store: Store,
    /// Where tasks wait.
    pub queue: Queue,
    /// How browsers are told.
    pub live: Live,
    /// What sessions, callbacks and local uploads are signed with.
    pub secret: Secret,
}

/// How the service behaves.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Requests a second of one owner, and new sessions and unknown credentials a minute of one address; four times
    /// as many may come at once.
    pub requests_a_second: NonZeroU32,
    /// Whether the session cookie is sent over HTTPS alone.
    pub secure_cookie: bool,
    /// What is deleted can be restored for so long.
    pub grace: Seconds,
    /// Results of more bytes together are not packed into one ZIP.
    pub longest_zip: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            requests_a_second: NonZeroU32::MIN.saturating_add(199),
            secure_cookie: true,
            grace: 24 * 3600,
            longest_zip: u64::MAX,
        }
    }
}

/// What the time is; tests have their own.
pub type Clock = fn() -> Millis;

/// The service; a clone is another handle on the same.
#[derive(Clone, Debug)]
pub struct App(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) parts: Parts,
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) rates: Rates,
    pub(crate) decoders: Decoders,
    pub(crate) counters: Counters,
}

/// What was done since the start, for `/metrics`.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) requests: AtomicU64,
    pub(crate) jobs: AtomicU64,
    pub(crate) done: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) previews: AtomicU64,
}

impl App {
    /// Puts the service together.
    pub fn new(parts: Parts, settings: Settings, decoders: Decoders) -> Self {
        Self(Arc::new(Inner {
            parts,
            settings,
            clock: || std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_millis() as Millis),
            rates: Rates::new(settings.requests_a_second),
            decoders,
            counters: Counters::default(),
        }))
    }

    pub(crate) fn now(&self) -> Millis {
        (self.0.clock)()
    }

    pub(crate) fn seconds(&self) -> Seconds {
        self.now() / 1000
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.0.parts
    }

    pub(crate) fn decoders(&self) -> &Decoders {
        &self.0.decoders
    }

    /// No picture is longer, in bytes.
    pub(crate) fn longest_picture(&self) -> u64 {
        self.decoders().settings().limits.input_bytes
    }
}
