//! What a picture is, from its headers, without decoding it.

use crate::{Depth, Error, Format, Layout, Limits, Orientation, Result};

/// A picture's headline facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The format, by content.
    pub format: Format,
    /// Width of the stored grid, in pixels.
    pub width: u32,
    /// Height of the stored grid, in pixels.
    pub height: u32,
    /// How the stored grid is viewed.
    pub orientation: Orientation,
    /// The channels that decoding gives.
    pub layout: Layout,
    /// The sample depth that decoding gives.
    pub depth: Depth,
    /// Whether there is more than one frame.
    pub animated: bool,
}

/// Reads the headers of `bytes` and checks them against `limits`.
///
/// # Errors
/// [`Error::UnknownFormat`], [`Error::Decode`] for damaged headers, [`Error::Limit`].
pub fn probe(_bytes: &[u8], _limits: &Limits) -> Result<Probe> {
    let _ = Error::Cancelled;
    todo!()
}
