//! The stamp as the user has it: an image file, an SVG or a text.

use crate::Result;

/// A stamp: an image, an SVG or a text.
#[derive(Debug)]
pub struct Stamp {}

/// A stamp's pixels: sRGB-encoded, straight (not premultiplied) alpha, 16 bit, row after row.
#[derive(Clone, Debug)]
pub(crate) struct Raster {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) rgba: Vec<[u16; 4]>,
}

impl Stamp {
    /// The stamp's own size in pixels (an SVG's in CSS pixels); both sides are positive.
    pub fn size(&self) -> (f64, f64) {
        todo!()
    }

    /// BLAKE3 of everything that decides what the stamp looks like.
    pub fn content_hash(&self) -> [u8; 32] {
        todo!()
    }

    /// The stamp's pixels. A vector stamp (SVG, text) is drawn at exactly `width × height`; an
    /// image comes in its own size, for the caller to resize.
    pub(crate) fn raster(&self, _width: u32, _height: u32) -> Result<std::borrow::Cow<'_, Raster>> {
        todo!()
    }
}
