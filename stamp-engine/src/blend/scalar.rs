//! The specification of the compositing: one sample after the other, in exact integers.
//!
//! Every vector kernel must give the same result, bit for bit. With `M` the full code value (255
//! or 65535), `S` a stamp's premultiplied colour, `A` its alpha, `Cb` and `Ab` the picture's
//! colour and straight alpha, the formula of W3C Compositing and Blending Level 1, section 5,
//!
//! `co·αo = αs(1−αb)Cs + αs·αb·B(Cb, Cs) + (1−αs)αb·Cb`, `αo = αs + αb − αs·αb`
//!
//! becomes, over the common denominators,
//!
//! - `U = M²·(αs·B(Cb, Cs) + (1−αs)Cb)`, an integer in 0..=M²,
//! - without picture alpha: colour `U / M`,
//! - with picture alpha: `D = M·A + Ab(M−A)`, alpha `D / M`, colour `(M·S(M−Ab) + Ab·U) / D`,
//!
//! each rounded half up. Where `D` is 0 there is no colour and the pixel stays as it was, as it
//! does wherever `A` is 0. A colour above its alpha (`S > A`) is no premultiplied colour; it is
//! taken as `A`, so that no result lies above `M`.
#![forbid(unsafe_code)]

use super::{Mode, stamp_channels};
use crate::Layout;

/// A sample and what the formulas need to know of its depth.
pub(super) trait Sample: Copy {
    /// The full code value, `M`.
    const FULL: i64;

    fn to_i64(self) -> i64;

    /// From a value within 0..=FULL; one without is clamped.
    fn from_i64(value: i64) -> Self;

    /// `U` of soft light, to the nearest integer.
    fn soft_light(s: i64, a: i64, b: i64) -> i64;
}

impl Sample for u8 {
    const FULL: i64 = 255;

    fn to_i64(self) -> i64 {
        i64::from(self)
    }

    fn from_i64(value: i64) -> Self {
        value.clamp(0, Self::FULL) as Self
    }

    fn soft_light(s: i64, a: i64, b: i64) -> i64 {
        soft_light_u8(s as f32, a as f32, b as f32).round_ties_even() as i64
    }
}

impl Sample for u16 {
    const FULL: i64 = 65535;

    fn to_i64(self) -> i64 {
        i64::from(self)
    }

    fn from_i64(value: i64) -> Self {
        value.clamp(0, Self::FULL) as Self
    }

    fn soft_light(s: i64, a: i64, b: i64) -> i64 {
        let (max, s, a, b) = (Self::FULL as f64, s as f64, a as f64, b as f64);
        let c = b / max;
        let weight = if 2.0 * s <= a {
            c * (1.0 - c)
        } else if c <= 0.25 {
            ((16.0 * c - 12.0) * c + 4.0) * c - c
        } else {
            c.sqrt() - c
        };
        (max * b + (2.0 * s - a) * (max * weight)).round_ties_even() as i64
    }
}

/// `U` of soft light before it is rounded, in single precision: the operations and their order
/// are part of the specification, so that the kernels come to the same bits. `s`, `a` and `b`
/// are 8-bit code values.
#[inline(always)]
pub(super) fn soft_light_u8(s: f32, a: f32, b: f32) -> f32 {
    let c = b * (1.0 / 255.0);
    let darker = c * (1.0 - c);
    let cubic = ((16.0 * c - 12.0) * c + 4.0) * c;
    let lighter = if b < 64.0 { cubic } else { c.sqrt() } - c;
    let weight = if s + s <= a { darker } else { lighter };
    255.0 * b + (s + s - a) * (255.0 * weight)
}

/// `U` for one sample; `s` is at most `a`.
fn mixed<T: Sample>(mode: Mode, s: i64, a: i64, b: i64) -> i64 {
    let max = T::FULL;
    let blended = match mode {
        Mode::Over => max * s,
        Mode::Multiply => s * b,
        Mode::Screen => a * b + max * s - s * b,
        Mode::Overlay if 2 * b <= max => 2 * s * b,
        Mode::Overlay => max * s + (a - s) * (2 * b - max),
        Mode::Darken => (max * s).min(a * b),
        Mode::Lighten => (max * s).max(a * b),
        Mode::SoftLight => return T::soft_light(s, a, b).clamp(0, max * max),
    };
    blended + (max - a) * b
}

/// One picture pixel without alpha, or the colours of one with alpha (`alpha`).
fn pixel<T: Sample>(mode: Mode, colours: &mut [T], alpha: Option<&mut T>, stamp: &[T]) {
    let max = T::FULL;
    let Some((a, stamp)) = stamp.split_last() else { return };
    let a = a.to_i64();
    if a == 0 {
        return;
    }
    let ab = alpha.as_deref().map_or(max, |alpha| alpha.to_i64());
    let d = max * a + ab * (max - a);
    for (colour, s) in colours.iter_mut().zip(stamp) {
        let s = s.to_i64().min(a);
        let u = mixed::<T>(mode, s, a, colour.to_i64());
        let numerator = max * s * (max - ab) + ab * u;
        *colour = T::from_i64((numerator + d / 2) / d);
    }
    if let Some(alpha) = alpha {
        *alpha = T::from_i64((d + max / 2) / max);
    }
}

/// Composites a row.
pub(super) fn row<T: Sample>(mode: Mode, layout: Layout, picture: &mut [T], stamp: &[T]) {
    let under = picture.chunks_exact_mut(layout.channels());
    let over = stamp.chunks_exact(stamp_channels(layout));
    for (colours, stamp) in under.zip(over) {
        match colours.split_last_mut() {
            Some((alpha, colours)) if layout.has_alpha() => pixel(mode, colours, Some(alpha), stamp),
            _ => pixel(mode, colours, None, stamp),
        }
    }
}
