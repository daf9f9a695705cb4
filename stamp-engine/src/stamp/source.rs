//! The stamp as the user has it: an image file, an SVG or a text.

use crate::{Length, Result};

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

/// How a text looks.
#[derive(Clone, Debug, PartialEq)]
pub struct TextStyle {
    /// Font family, or a font file.
    pub font: Option<String>,
    /// The font size (em); per cents are of the picture's shorter side.
    pub size: Length,
    /// sRGB, straight alpha.
    pub color: [u8; 4],
}

impl Stamp {
    /// From the bytes of an image file or an SVG.
    pub fn from_bytes(_bytes: &[u8]) -> Result<Self> {
        todo!()
    }

    /// From a text, drawn with a font size (em) of `em` pixels.
    pub fn text(_text: &str, _style: &TextStyle, _em: f64) -> Result<Self> {
        todo!()
    }

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
