//! What can go wrong, in sentences for the person at the end.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use crate::Format;

/// The result of a fallible engine call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a picture or a stamp was refused.
///
/// Every message says what was wrong and what to do about it. It does not name the picture: who
/// holds the name (the command, a batch, a queue consumer) puts it in front.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes begin like no format that we read.
    #[error("not a picture we can read (JPEG, PNG, WebP, GIF, TIFF, BMP or AVIF): {0}")]
    UnknownFormat(String),

    /// The picture's bytes break the rules of its own format.
    #[error("damaged {format}: {reason}")]
    Decode {
        /// The format the bytes begin like.
        format: Format,
        /// What the decoder said.
        reason: String,
    },

    /// The stamped picture could not be written in the wanted format.
    #[error("cannot write {format}: {reason}")]
    Encode {
        /// The format asked for.
        format: Format,
        /// What the encoder said.
        reason: String,
    },

    /// A sound picture of a kind that we cannot stamp correctly, so do not stamp at all.
    #[error("unsupported {format}: {reason}")]
    Unsupported {
        /// The picture's format.
        format: Format,
        /// What is not supported, and the way round it.
        reason: String,
    },

    /// A limit of [`Limits`](crate::Limits) would be exceeded; nothing was decoded.
    #[error("{what} is {actual}, over the limit of {limit}; raise it with {option} if you trust the picture")]
    Limit {
        /// The limited quantity, as the subject of a sentence.
        what: &'static str,
        /// How much the picture has, with its unit.
        actual: String,
        /// How much is allowed, with its unit.
        limit: String,
        /// The option that raises the limit.
        option: &'static str,
    },

    /// The stamp itself (image, SVG, text, font) cannot be used.
    #[error("stamp: {0}")]
    Stamp(String),

    /// A setting contradicts another or lies outside its range.
    #[error("{0}")]
    Setting(String),

    /// A panic of ours, with what it said.
    #[error("the engine failed on it ({0}); this is a bug, please report it with the picture")]
    Bug(String),

    /// The operating system refused a file operation.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },

    /// The process cannot be confined; see [`Sandbox`](crate::Sandbox).
    #[cfg(feature = "sandbox")]
    #[error("this process cannot be confined: {0}")]
    Sandbox(String),

    /// The run was cancelled before this picture's turn came.
    #[error("cancelled before it was stamped")]
    Cancelled,
}

impl Error {
    pub(crate) fn decode(format: Format, reason: impl Display) -> Self {
        Self::Decode { format, reason: reason.to_string() }
    }

    pub(crate) fn encode(format: Format, reason: impl Display) -> Self {
        Self::Encode { format, reason: reason.to_string() }
    }

    pub(crate) fn unsupported(format: Format, reason: impl Display) -> Self {
        Self::Unsupported { format, reason: reason.to_string() }
    }

    pub(crate) fn stamp(reason: impl Display) -> Self {
        Self::Stamp(reason.to_string())
    }

    /// An I/O error at `path`.
    pub fn io(path: impl AsRef<Path>, source: std::io::Error) -> Self {
        Self::Io { path: path.as_ref().to_owned(), source }
    }
}
