//! What a stamper is asked to do: to stamp one item of a job, to put a job's results into a ZIP, or to
//! stamp an object that belongs to no job, as versioned JSON on the queue. `schemas/message.json`
//! describes it for others.

mod object;
mod task;
mod zip;

use serde::{Deserialize, Serialize};

use crate::id::JobId;

pub use self::object::{Address, ObjectTask};
pub use self::task::{PictureObject, Task};
pub use self::zip::{Entry, Manifest, Zip};

/// The version that is written and read.
pub const VERSION: u32 = 1;
/// SQS takes 256 KiB; no message of ours comes near this.
pub const MOST_BYTES: usize = 64 << 10;
/// S3's limit for keys (Amazon S3 User Guide, "Naming Amazon S3 objects").
const LONGEST_KEY: usize = 1024;

/// What is on the queue.
#[allow(clippy::large_enum_variant, reason = "most are the larger one")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Message {
    /// A picture is to be stamped.
    Stamp(Task),
    /// The results of a job are to be put into a ZIP.
    Zip(Zip),
    /// An object that belongs to no job is to be stamped.
    Object(ObjectTask),
}

/// A message that is none of ours. It goes to the dead-letter queue: no retry mends it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Longer than any message.
    #[error("the message has {0} bytes, more than the {MOST_BYTES} a message may have")]
    Long(usize),
    /// Another version of Stampede wrote it.
    #[error("the message is of version {0}; this stamper reads version {VERSION}")]
    Version(u64),
    /// Not JSON, or not of a message's form.
    #[error("the message is none of ours: {0}")]
    Malformed(String),
}

impl Message {
    /// As JSON, in characters that SQS takes (Amazon SQS API Reference, `SendMessage`).
    pub fn to_json(&self) -> String {
        // Strings, numbers and nothing else: this cannot fail.
        let json = serde_json::to_string(self).unwrap_or_default();
        // They stand in strings, where else could they; control characters are written so by themselves.
        match json.contains(['\u{fffe}', '\u{ffff}']) {
            true => json.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff"),
            false => json,
        }
    }

    /// The job, the item and the attempt that a text is about, though it may be no message that this version
    /// reads: whoever waits for it can be told.
    pub fn item_of_any(text: &[u8]) -> Option<(JobId, u32, u32)> {
        #[derive(Deserialize)]
        struct Addressed {
            job: JobId,
            item: u32,
            attempt: u32,
        }
        let Addressed { job, item, attempt } = serde_json::from_slice(text).ok()?;
        Some((job, item, attempt))
    }

    /// Reads a message.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn from_json(text: &[u8]) -> Result<Self, Refused> {
        if text.len() > MOST_BYTES {
            return Err(Refused::Long(text.len()));
        }
        let malformed = |error: serde_json::Error| Refused::Malformed(error.to_string());
        /// Enough to know whose it is; the rest may be anything.
        #[derive(Deserialize)]
        struct Versioned {
            version: u64,
        }
        let Versioned { version } = serde_json::from_slice(text).map_err(malformed)?;
        if version != u64::from(VERSION) {
            return Err(Refused::Version(version));
        }
        let message: Self = serde_json::from_slice(text).map_err(malformed)?;
        let checked = match &message {
            Self::Stamp(task) => task.check(),
            Self::Zip(zip) => zip.check(),
            Self::Object(object) => object.check(),
        };
        checked.map_err(|reason| Refused::Malformed(reason.to_owned()))?;
        Ok(message)
    }

    /// The request that caused it, for logs.
    pub fn request(&self) -> Option<&str> {
        match self {
            Self::Stamp(task) => task.request.as_deref(),
            Self::Zip(zip) => zip.request.as_deref(),
            Self::Object(object) => object.request.as_deref(),
        }
    }

    /// The trace that it belongs to.
    pub fn traceparent(&self) -> Option<&str> {
        match self {
            Self::Stamp(task) => task.traceparent.as_deref(),
            Self::Zip(zip) => zip.traceparent.as_deref(),
            Self::Object(object) => object.traceparent.as_deref(),
        }
    }
}

/// Whether a key is one that the store gives: parts between single slashes, so that it never lies above
/// the store's own folder, wherever a key is taken for a path.
pub fn is_key(key: &str) -> bool {
    let is_step = |part: &str| part.is_empty() || part == "." || part == "..";
    key.len() <= LONGEST_KEY && !key.contains(['\\', '\0']) && !key.split('/').any(is_step)
}

const NOT_A_KEY: &str = "a key is not one that the store gives";
const NO_ATTEMPT: &str = "attempts count from 1";

const NOTHING_TO_PUT_ON: &str = "it names neither a stamp nor a text";

#[cfg(test)]
mod tests;
