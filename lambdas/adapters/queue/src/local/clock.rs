//! What time it is.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970-01-01 UTC, as SQLite keeps them.
pub(super) type Milliseconds = i64;

/// The system's clock, or one that a test turns.
#[derive(Clone, Debug)]
pub(super) enum Clock {
    System,
    #[cfg(test)]
    Turned(std::sync::Arc<std::sync::atomic::AtomicI64>),
}

impl Clock {
    pub(super) fn now(&self) -> Milliseconds {
        match self {
            Self::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Milliseconds::try_from(since.as_millis()).unwrap_or(Milliseconds::MAX)
            }
            #[cfg(test)]
            Self::Turned(now) => now.load(std::sync::atomic::Ordering::SeqCst),
        }
    }
}
