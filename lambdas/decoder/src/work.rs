//! What is asked of a decoder, and what it gives.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use stamp_engine::Format;
use stampede_domain::settings::Settings;

/// What is to be done with a picture.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Work {
    /// Stamp it.
    Stamp {
        /// How.
        settings: Settings,
        /// For the variables of a text.
        name: String,
        /// For the variables of a text.
        index: u64,
    },
    /// Stamp it, then make it small: a JPEG.
    Preview {
        /// How.
        settings: Settings,
        /// At most so many pixels wide and high.
        size: u32,
    },
    /// Make it small: a JPEG.
    Thumbnail {
        /// At most so many pixels wide and high.
        size: u32,
    },
    /// Look at its headers; there are no bytes to be given.
    Probe,
    /// Decode it as a stamp; there are no bytes to be given.
    ProbeStamp,
}

/// A stamp's file. A clone is the same bytes.
#[derive(Clone, Debug)]
pub struct Stamp {
    pub(crate) bytes: Bytes,
    pub(crate) hash: Hash,
}

/// SHA-256 of a stamp's file.
pub(crate) type Hash = [u8; 32];

impl Stamp {
    /// From its bytes, which nobody has looked at.
    pub fn new(bytes: Bytes) -> Self {
        let hash = Sha256::digest(&bytes).into();
        Self { bytes, hash }
    }

    /// SHA-256 of the file.
    pub fn hash(&self) -> [u8; 32] {
        self.hash
    }
}

/// What was made.
#[derive(Clone, Debug)]
pub struct Done {
    /// The new picture, if one was made.
    pub bytes: Bytes,
    /// What it is, or what was looked at.
    pub facts: Facts,
    /// That it took.
    pub milliseconds: u64,
}

/// What a picture is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// As viewed, in pixels.
    pub width: u32,
    /// As viewed, in pixels.
    pub height: u32,
    /// By its extension; empty for a stamp.
    pub(crate) format: String,
    /// The way that was taken through the engine, if it was stamped.
    pub way: String,
}

impl Facts {
    /// What it is, or was written as; `None` for a stamp.
    pub fn format(&self) -> Option<Format> {
        Format::of_extension(&self.format)
    }
}
