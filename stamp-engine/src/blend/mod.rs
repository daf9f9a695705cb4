//! Compositing: one row of a prepared stamp onto one row of a picture.
//!
//! A stamp's row holds premultiplied samples, alpha last: luminance and alpha for
//! [`Layout::Gray`] and [`Layout::GrayAlpha`], red, green, blue and alpha for [`Layout::Rgb`] and
//! [`Layout::Rgba`], the four inks and alpha for [`Layout::Cmyk`]. As many pixels are composited
//! as both rows hold whole. Where the stamp's alpha is 0 the picture keeps its bits.
//!
//! `scalar.rs` is the specification; the kernels give the same bits and are tested against it.
#![deny(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod avx2;
mod blocks;
mod curve;
mod dispatch;
mod kernel;
mod kernel16;
mod lanes;
mod linear;
mod mix;
mod scalar;
#[cfg(test)]
mod tests;

pub use curve::Curve;

use crate::Layout;
use dispatch::Isa;

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

/// Samples per pixel of the stamp for a picture of `layout`.
const fn stamp_channels(layout: Layout) -> usize {
    match layout {
        Layout::Gray | Layout::GrayAlpha => 2,
        Layout::Rgb | Layout::Rgba => 4,
        Layout::Cmyk => 5,
    }
}

/// Composites `stamp` onto `picture`, 8 bit.
pub fn row_u8(mode: Mode, layout: Layout, picture: &mut [u8], stamp: &[u8]) {
    kernel::row(Isa::best(), mode, layout, picture, stamp);
}

/// Composites `stamp` onto `picture`, 16 bit.
pub fn row_u16(mode: Mode, layout: Layout, picture: &mut [u16], stamp: &[u16]) {
    kernel16::row(Isa::best(), mode, layout, picture, stamp);
}

/// As [`row_u8`], in linear light: stamp and picture are decoded with `curve`, mixed, and encoded
/// again to the nearest code value.
pub fn row_linear_u8(mode: Mode, layout: Layout, picture: &mut [u8], stamp: &[u8], curve: &Curve) {
    linear::row(mode, layout, picture, stamp, curve);
}

/// As [`row_u16`], in linear light.
pub fn row_linear_u16(mode: Mode, layout: Layout, picture: &mut [u16], stamp: &[u16], curve: &Curve) {
    linear::row(mode, layout, picture, stamp, curve);
}
