//! The 16-bit kernels for source-over, built as those in `kernel.rs`, a sample a lane. The other
//! modes and CMYK, rare at this depth, take the scalar way.
#![forbid(unsafe_code)]

use super::blocks::{Block, Blocks};
use super::dispatch::{self, Isa};
use super::lanes::Lanes;
use super::mix::Over;
use super::{Mode, scalar};
use crate::Layout;

/// The full code value.
const MAX: u32 = 65535;

/// 1 in the lanes where `a > b`, else 0.
#[inline(always)]
fn above<V: Lanes>(a: V, b: V) -> V {
    a.saturating_sub(b).min(V::splat(1))
}

/// `x·y / 65535` rounded half up: with `t = x·y + 2¹⁵`, `(t + t / 2¹⁶) / 2¹⁶`, where `t` is held
/// in two lanes of 16 bits.
#[inline(always)]
fn product<V: Lanes>(x: V, y: V) -> V {
    let (low, high) = (x.mul(y), x.mul_high(y));
    let carry = above(low, V::splat(0x7fff));
    let (low, high) = (low.add(V::splat(0x8000)), high.add(carry));
    let sum = low.add(high);
    high.add(above(high, sum))
}

/// Colours over those of full alpha.
#[inline(always)]
fn over_opaque<V: Lanes>(s: V, a: V, b: V) -> V {
    s.min(a).add(product(V::splat(65535).sub(a), b))
}

/// A colour over one of alpha `ab`. Every operand is an integer below 2⁵³ and the quotient's
/// distance from the next integer is at least 2⁻³², so that f64 gives the exact floor.
#[inline(always)]
fn over_straight(s: u32, a: u32, b: u32, ab: u32) -> u32 {
    let d = MAX * a + ab * (MAX - a);
    let real = |x: u32| f64::from(x as i32);
    let max = real(MAX);
    let divisor = max * real(a) + real(ab) * real(MAX - a);
    let n = max * max * real(s.min(a)) + real(ab) * real(b) * real(MAX - a) + real(d >> 1);
    let colour = (n / divisor) as i32 as u32;
    if d == 0 { b } else { colour }
}

/// 16 samples, whole pixels of colours and alpha, over the same if those are of full alpha. `a`
/// and `ab` are the alphas of the stamp and the picture, once for each sample.
#[inline(always)]
fn on_full_alpha<V: Lanes>(picture: &mut [u16; 16], s: V, a: V, b: V, ab: V) -> bool {
    if a.equals(V::splat(0)) {
        return true;
    }
    let is_opaque = ab.equals(V::splat(65535));
    if is_opaque {
        *picture = over_opaque(s, a, b).to_lanes();
    }
    is_opaque
}

/// The same on pixels of any alpha.
#[inline(always)]
fn on_any_alpha<V: Lanes, const CHANNELS: usize>(picture: &mut [u16; 16], s: V, a: V, ab: V) {
    let alphas = a.add(product(V::splat(65535).sub(a), ab)).to_lanes();
    let (s, a, ab) = (s.to_lanes(), a.to_lanes(), ab.to_lanes());
    let mut colours = [0; 16];
    for i in 0..16 {
        let [s, a, b, ab] = [s[i], a[i], picture[i], ab[i]].map(u32::from);
        colours[i] = over_straight(s, a, b, ab) as u16;
    }
    for i in 0..16 {
        picture[i] = if i % CHANNELS == CHANNELS - 1 { alphas[i] } else { colours[i] };
    }
}

struct Rgba;

impl Block<u16, Over, 16, 16> for Rgba {
    const PIXELS: usize = 4;

    #[inline(always)]
    fn opaque<V: Lanes>(picture: &mut [u16; 16], stamp: &[u16; 16]) -> bool {
        let (s, b) = (V::from_lanes(*stamp), V::from_lanes(*picture));
        on_full_alpha(picture, s, s.fourth_lanes(), b, b.fourth_lanes())
    }

    #[inline(always)]
    fn straight<V: Lanes>(picture: &mut [u16; 16], stamp: &[u16; 16]) {
        let (s, b) = (V::from_lanes(*stamp), V::from_lanes(*picture));
        on_any_alpha::<V, 4>(picture, s, s.fourth_lanes(), b.fourth_lanes());
    }
}

struct GrayAlpha;

impl Block<u16, Over, 16, 16> for GrayAlpha {
    const PIXELS: usize = 8;

    #[inline(always)]
    fn opaque<V: Lanes>(picture: &mut [u16; 16], stamp: &[u16; 16]) -> bool {
        let (s, b) = (V::from_lanes(*stamp), V::from_lanes(*picture));
        on_full_alpha(picture, s, s.second_lanes(), b, b.second_lanes())
    }

    #[inline(always)]
    fn straight<V: Lanes>(picture: &mut [u16; 16], stamp: &[u16; 16]) {
        let (s, b) = (V::from_lanes(*stamp), V::from_lanes(*picture));
        on_any_alpha::<V, 2>(picture, s, s.second_lanes(), b.second_lanes());
    }
}

struct Rgb;

impl Block<u16, Over, 12, 16> for Rgb {
    const PIXELS: usize = 4;

    #[inline(always)]
    fn opaque<V: Lanes>(picture: &mut [u16; 12], stamp: &[u16; 16]) -> bool {
        let s = V::from_lanes(*stamp);
        let a = s.fourth_lanes();
        if a.equals(V::splat(0)) {
            return true;
        }
        let b = V::load_threes::<2>(bytemuck::must_cast_ref(picture));
        *picture = bytemuck::must_cast(over_opaque(s, a, b).store_threes::<2>());
        true
    }
}

struct Gray;

impl Block<u16, Over, 16, 32> for Gray {
    const PIXELS: usize = 16;

    #[inline(always)]
    fn opaque<V: Lanes>(picture: &mut [u16; 16], stamp: &[u16; 32]) -> bool {
        let (mut s, mut a) = ([0; 16], [0; 16]);
        for i in 0..16 {
            (s[i], a[i]) = (stamp[2 * i], stamp[2 * i + 1]);
        }
        let b = V::from_lanes(*picture);
        *picture = over_opaque(V::from_lanes(s), V::from_lanes(a), b).to_lanes();
        true
    }
}

/// Composites a row.
pub(super) fn row(isa: Isa, mode: Mode, layout: Layout, picture: &mut [u16], stamp: &[u16]) {
    match (mode, layout) {
        (Mode::Over, Layout::Gray) => {
            dispatch::run::<_, Blocks<Gray, Over, 16, 32>>(isa, picture, stamp);
        }
        (Mode::Over, Layout::GrayAlpha) => {
            dispatch::run::<_, Blocks<GrayAlpha, Over, 16, 16>>(isa, picture, stamp);
        }
        (Mode::Over, Layout::Rgb) => {
            dispatch::run::<_, Blocks<Rgb, Over, 12, 16>>(isa, picture, stamp);
        }
        (Mode::Over, Layout::Rgba) => {
            dispatch::run::<_, Blocks<Rgba, Over, 16, 16>>(isa, picture, stamp);
        }
        _ => scalar::row(mode, layout, picture, stamp),
    }
}
