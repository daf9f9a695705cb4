//! Mixing in linear light. The stamp is premultiplied in encoded values, so that its colours are
//! first divided by their alpha, to the nearest 16-bit code value; then picture and stamp are
//! decoded, mixed after the formula in `scalar.rs` in single precision, and encoded to the
//! nearest code value. Alpha is not light and is mixed as in `scalar.rs`.
#![forbid(unsafe_code)]

use super::scalar::Sample;
use super::{Curve, Mode, stamp_channels};
use crate::Layout;

/// A sample that a curve can decode and encode.
pub(super) trait Encoded: Sample {
    /// The 16-bit code value of the same place on the curve.
    fn code_16(self) -> u16;

    fn encode(linear: f32, curve: &Curve) -> Self;
}

impl Encoded for u8 {
    fn code_16(self) -> u16 {
        u16::from(self) * 257
    }

    fn encode(linear: f32, curve: &Curve) -> Self {
        curve.encode_8(linear)
    }
}

impl Encoded for u16 {
    fn code_16(self) -> u16 {
        self
    }

    fn encode(linear: f32, curve: &Curve) -> Self {
        curve.encode_16(linear)
    }
}

/// `B(Cb, Cs)`, W3C Compositing and Blending Level 1, section 10.1.
fn blended(mode: Mode, cb: f32, cs: f32) -> f32 {
    let hard_light = |under: f32, over: f32| {
        if over <= 0.5 { under * 2.0 * over } else { under + (2.0 * over - 1.0) * (1.0 - under) }
    };
    match mode {
        Mode::Over => cs,
        Mode::Multiply => cb * cs,
        Mode::Screen => cb + cs - cb * cs,
        Mode::Overlay => hard_light(cs, cb),
        Mode::Darken => cb.min(cs),
        Mode::Lighten => cb.max(cs),
        Mode::SoftLight if cs <= 0.5 => cb - (1.0 - 2.0 * cs) * cb * (1.0 - cb),
        Mode::SoftLight => {
            let d = if cb <= 0.25 { ((16.0 * cb - 12.0) * cb + 4.0) * cb } else { cb.sqrt() };
            cb + (2.0 * cs - 1.0) * (d - cb)
        }
    }
}

fn pixel<T: Encoded>(mode: Mode, colours: &mut [T], alpha: Option<&mut T>, stamp: &[T], curve: &Curve) {
    let max = T::FULL;
    let Some((a, stamp)) = stamp.split_last() else { return };
    let a = a.to_i64();
    if a == 0 {
        return;
    }
    let ab = alpha.as_deref().map_or(max, |alpha| alpha.to_i64());
    let d = max * a + ab * (max - a);
    // What each of three parts adds to the colour: the stamp alone, both, the picture alone.
    let share = |part: i64| (part as f64 / d as f64) as f32;
    let (alone, both, under) = (share(a * (max - ab)), share(a * ab), share((max - a) * ab));
    for (colour, s) in colours.iter_mut().zip(stamp) {
        let s = s.to_i64().min(a);
        if mode == Mode::Over && a == max {
            *colour = T::from_i64(s);
            continue;
        }
        let cs = curve.decode(((s * 65535 + a / 2) / a) as u16);
        let cb = curve.decode(colour.code_16());
        let mixed = alone * cs + both * blended(mode, cb, cs) + under * cb;
        *colour = T::encode(mixed, curve);
    }
    if let Some(alpha) = alpha {
        *alpha = T::from_i64((d + max / 2) / max);
    }
}

/// Composites a row.
pub(super) fn row<T: Encoded>(mode: Mode, layout: Layout, picture: &mut [T], stamp: &[T], curve: &Curve) {
    let under = picture.chunks_exact_mut(layout.channels());
    let over = stamp.chunks_exact(stamp_channels(layout));
    for (colours, stamp) in under.zip(over) {
        match colours.split_last_mut() {
            Some((alpha, colours)) if layout.has_alpha() => pixel(mode, colours, Some(alpha), stamp, curve),
            _ => pixel(mode, colours, None, stamp, curve),
        }
    }
}
