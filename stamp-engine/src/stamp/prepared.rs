//! A stamp made ready for pictures of one kind: resized, rotated, turned into the stored grid,
//! converted to the picture's colours, opacity folded in, premultiplied.

use std::sync::Arc;

use super::Stamp;
use crate::colour::Profile;
use crate::{Depth, Orientation, Result};

/// The colour channels of a prepared stamp; premultiplied and followed by alpha.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ink {
    /// Luminance and alpha: 2 samples a pixel, for gray pictures.
    Gray,
    /// Red, green, blue and alpha: 4 samples a pixel.
    Rgb,
    /// Cyan, magenta, yellow, black (255 is no ink) and alpha: 5 samples a pixel.
    Cmyk,
}

impl Ink {
    /// Samples per pixel, alpha included.
    pub const fn channels(self) -> usize {
        match self {
            Self::Gray => 2,
            Self::Rgb => 4,
            Self::Cmyk => 5,
        }
    }
}

/// Which form of a stamp a picture needs.
#[derive(Clone, Debug)]
pub struct Request {
    /// Width as viewed before rotation, in pixels, at least 1.
    pub width: u32,
    /// Height as viewed before rotation, in pixels, at least 1.
    pub height: u32,
    /// Degrees clockwise.
    pub rotate: f64,
    /// 0 to 1.
    pub opacity: f64,
    /// The stored grid of the pictures.
    pub orientation: Orientation,
    /// The colour channels of the pictures.
    pub ink: Ink,
    /// The sample depth of the pictures.
    pub depth: Depth,
    /// The colour space of the pictures.
    pub profile: Arc<Profile>,
}

/// A prepared stamp.
#[derive(Debug)]
pub struct Prepared {}

impl Prepared {
    /// Makes it, without any cache.
    pub fn new(_stamp: &Stamp, _request: &Request) -> Result<Self> {
        todo!()
    }

    /// The colour channels.
    pub fn ink(&self) -> Ink {
        todo!()
    }

    /// Width in the stored grid.
    pub fn width(&self) -> u32 {
        todo!()
    }

    /// Height in the stored grid.
    pub fn height(&self) -> u32 {
        todo!()
    }

    /// One row of 8-bit samples; empty when the stamp was prepared for 16 bits.
    pub fn row_u8(&self, _y: u32) -> &[u8] {
        todo!()
    }

    /// One row of 16-bit samples; empty when the stamp was prepared for 8 bits.
    pub fn row_u16(&self, _y: u32) -> &[u16] {
        todo!()
    }
}
