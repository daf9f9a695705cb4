//! What can go wrong with a queue.

#[cfg(feature = "local")]
use std::path::PathBuf;
#[cfg(feature = "local")]
use std::sync::Arc;

/// Why a queue did not do what it was asked to.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Fault {
    /// No queue of this kind takes such a message.
    #[error("the message cannot be sent: {0}")]
    Body(String),
    /// Not what [`Received::receipt`](crate::Received::receipt) held.
    #[error("“{0}” is no receipt of this queue; pass what `receive` gave, to the queue that gave it")]
    Receipt(String),
    /// Its visibility ran out, or it was deleted: somebody else may have it.
    #[error("the message is no longer held: its visibility ran out, or it was deleted")]
    NotHeld,
    /// [`bury`](crate::Queue::bury) where there is nowhere to bury.
    #[error("the queue has no dead-letter queue; name one where the queue is opened")]
    NoDeadLetters,
    /// The local queue's file.
    #[cfg(feature = "local")]
    #[error("the queue's file {} cannot be used: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: Arc<sqlx::Error>,
    },
    /// Another version of Stampede wrote the file.
    #[cfg(feature = "local")]
    #[error("the queue's file {} is of version {version}, which this program does not read", path.display())]
    Version {
        /// Which.
        path: PathBuf,
        /// Its version.
        version: i64,
    },
    /// The runtime that the queue was opened on is gone.
    #[error("the queue is closed: the runtime that it was opened on has ended")]
    Closed,
    /// SQS, or the way to it.
    #[error("SQS did not do {operation}: {why}")]
    Service {
        /// The operation's name in the API.
        operation: &'static str,
        /// The code and sentence that came back, or what happened on the way.
        why: String,
        /// Whether it may work later.
        passing: bool,
    },
}

/// The primary result codes of SQLite after which the same may work later (sqlite.org/rescode.html).
#[cfg(feature = "local")]
const PASSING: [i32; 5] = [
    5,  // SQLITE_BUSY: somebody else writes
    6,  // SQLITE_LOCKED
    7,  // SQLITE_NOMEM
    10, // SQLITE_IOERR
    13, // SQLITE_FULL: the disk
];

impl Fault {
    /// Whether the same call may work later, unchanged.
    pub fn is_passing(&self) -> bool {
        match self {
            #[cfg(feature = "local")]
            Self::File { source, .. } => match &**source {
                // The lower byte of an extended code is its primary code.
                sqlx::Error::Database(error) => error
                    .code()
                    .and_then(|code| code.parse::<i32>().ok())
                    .is_some_and(|code| PASSING.contains(&(code & 0xff))),
                sqlx::Error::Io(_) => true,
                _ => false,
            },
            #[cfg(feature = "local")]
            Self::Version { .. } => false,
            Self::Service { passing, .. } => *passing,
            Self::Body(_) | Self::Receipt(_) | Self::NotHeld | Self::NoDeadLetters | Self::Closed => false,
        }
    }
}
