//! Compositing: one row of a prepared stamp onto one row of a picture.

use crate::Layout;

/// How the stamp's colours are mixed with the picture's: source-over, or one of the separable
/// blend modes of W3C Compositing and Blending Level 1, section 10.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the field's own")]
pub enum Mode {
    #[default]
    Over,
    Multiply,
    Screen,
    Overlay,
    Darken,
    Lighten,
    SoftLight,
}

/// The tone curve of a picture's colour space: encoded value to linear light and back.
#[derive(Debug)]
pub struct Curve {}

impl Curve {
    /// From the function that decodes one encoded value (0 to 1) to linear light (0 to 1), which must be monotone.
    pub fn new(_to_linear: impl Fn(f64) -> f64) -> Self {
        todo!()
    }

    /// The curve of sRGB (IEC 61966-2-1).
    pub fn srgb() -> Self {
        todo!()
    }
}

/// Composites `stamp` onto `picture`, 8 bit.
pub fn row_u8(_mode: Mode, _layout: Layout, _picture: &mut [u8], _stamp: &[u8]) {
    todo!()
}

/// Composites `stamp` onto `picture`, 16 bit.
pub fn row_u16(_mode: Mode, _layout: Layout, _picture: &mut [u16], _stamp: &[u16]) {
    todo!()
}

/// As [`row_u8`], in linear light.
pub fn row_linear_u8(_mode: Mode, _layout: Layout, _picture: &mut [u8], _stamp: &[u8], _curve: &Curve) {
    todo!()
}

/// As [`row_u16`], in linear light.
pub fn row_linear_u16(_mode: Mode, _layout: Layout, _picture: &mut [u16], _stamp: &[u16], _curve: &Curve) {
    todo!()
}
