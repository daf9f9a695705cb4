//! Colour spaces: what a picture's ICC profile means for the stamp.

use crate::{Ink, Result};

/// The colour space of a picture, as far as a stamp must be converted to it.
#[derive(Debug)]
pub struct Profile {}

impl Profile {
    /// sRGB, or the gray space with sRGB's tone curve.
    pub fn srgb() -> Self {
        todo!()
    }

    /// From a picture's embedded ICC profile.
    pub fn from_icc(_icc: &[u8], _ink: Ink) -> Result<Self> {
        todo!()
    }
}
