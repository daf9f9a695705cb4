//! Colour spaces: what a picture's ICC profile means for the stamp.

use std::sync::Arc;

use crate::blend::Curve;
use crate::{Ink, Pixels, Result};

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

    /// The tone curve, for mixing in linear light.
    pub fn curve(&self) -> Arc<Curve> {
        todo!()
    }
}

/// Converts pixels of the colour space `icc` to sRGB in place.
pub(crate) fn to_srgb(_pixels: &mut Pixels, _icc: &[u8]) -> Result<()> {
    todo!()
}
