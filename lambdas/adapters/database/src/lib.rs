//! What the service remembers: PostgreSQL in production, one SQLite file embedded; the same statements and
//! the same tables.
//!
//! A function that is given an owner never sees what belongs to another: that is missing, not forbidden.
//! Times are given by the caller. A job, its items and the messages that ask for them are written in one
//! transaction (an outbox): whoever sends the messages may die at any moment, another sends them.

#![forbid(unsafe_code)]

mod create;
mod events;
mod fault;
mod items;
mod jobs;
mod open;
mod outbox;
mod report;
mod rows;
mod sweep;
mod tokens;
mod uploads;
mod zips;

pub use create::{Created, Idempotency, NewItem, NewJob, results_of};
pub use events::{Change, ChangedItem, Since};
pub use fault::Fault;
pub use items::ItemView;
pub use jobs::{JobCursor, JobView};
pub use open::{Database, Options};
pub use outbox::{LEASE, Outgoing};
pub use sweep::Purge;
pub use tokens::TokenView;
pub use uploads::{Facts, NewUpload, Subject, Upload, UploadCursor, UploadState, kept_at};
pub use zips::{ZipRequest, ZipState};

/// Milliseconds since 1970-01-01 UTC.
pub type Millis = u64;
