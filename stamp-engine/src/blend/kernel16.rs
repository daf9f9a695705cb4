//! The 16-bit kernels for source-over, in 32-bit lanes and built as those in `kernel.rs`; the
//! other modes and CMYK, rare at this depth, take the scalar way.
#![forbid(unsafe_code)]

use super::dispatch::prefetch;
use super::{Mode, scalar};
use crate::Layout;

/// Pixels in a block.
const PIXELS: usize = 8;
/// How far ahead of the block at hand memory is asked for, in samples.
const AHEAD: usize = 1024;
/// The full code value.
const MAX: u32 = 65535;

/// `x / 65535` rounded half up, for `x` up to 65535².
#[inline(always)]
fn div65535(x: u32) -> u32 {
    let x = x.wrapping_add(32768);
    x.wrapping_add(x >> 16) >> 16
}

/// A colour over one of full alpha.
#[inline(always)]
fn over_opaque(s: u32, a: u32, b: u32) -> u32 {
    s.min(a) + div65535(b * (MAX - a))
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

#[inline(always)]
fn alpha_over(a: u32, ab: u32) -> u32 {
    div65535(MAX * a + ab * (MAX - a))
}

/// A layout's block: `P` picture samples, `S` stamp samples.
trait Block<const P: usize, const S: usize> {
    fn over(picture: &mut [u16; P], stamp: &[u16; S]);
}

/// Composites `COLOURS` colours and alpha on the same with alpha.
#[inline(always)]
fn on_alpha<const N: usize, const CHANNELS: usize>(picture: &mut [u16; N], stamp: &[u16; N]) {
    let (mut a, mut ab) = ([0; N], [0; N]);
    let (mut any, mut all) = (0, 65535);
    for i in 0..N {
        let last = i - i % CHANNELS + CHANNELS - 1;
        a[i] = u32::from(stamp[last]);
        ab[i] = u32::from(picture[last]);
        any |= stamp[last];
        all &= picture[last];
    }
    if any == 0 {
        return;
    }
    if all == 65535 {
        for i in 0..N {
            picture[i] = over_opaque(u32::from(stamp[i]), a[i], u32::from(picture[i])) as u16;
        }
        return;
    }
    for i in 0..N {
        let colour = over_straight(u32::from(stamp[i]), a[i], u32::from(picture[i]), ab[i]);
        let alpha = alpha_over(a[i], ab[i]);
        picture[i] = if i % CHANNELS == CHANNELS - 1 { alpha } else { colour } as u16;
    }
}

struct Rgba;

impl Block<{ 4 * PIXELS }, { 4 * PIXELS }> for Rgba {
    #[inline(always)]
    fn over(picture: &mut [u16; 4 * PIXELS], stamp: &[u16; 4 * PIXELS]) {
        on_alpha::<_, 4>(picture, stamp);
    }
}

struct GrayAlpha;

impl Block<{ 2 * PIXELS }, { 2 * PIXELS }> for GrayAlpha {
    #[inline(always)]
    fn over(picture: &mut [u16; 2 * PIXELS], stamp: &[u16; 2 * PIXELS]) {
        on_alpha::<_, 2>(picture, stamp);
    }
}

struct Rgb;

impl Block<{ 3 * PIXELS }, { 4 * PIXELS }> for Rgb {
    #[inline(always)]
    fn over(picture: &mut [u16; 3 * PIXELS], stamp: &[u16; 4 * PIXELS]) {
        for (under, over) in picture.as_chunks_mut::<3>().0.iter_mut().zip(stamp.as_chunks::<4>().0) {
            for (sample, s) in under.iter_mut().zip(over) {
                *sample = over_opaque(u32::from(*s), u32::from(over[3]), u32::from(*sample)) as u16;
            }
        }
    }
}

struct Gray;

impl Block<PIXELS, { 2 * PIXELS }> for Gray {
    #[inline(always)]
    fn over(picture: &mut [u16; PIXELS], stamp: &[u16; 2 * PIXELS]) {
        for (sample, [s, a]) in picture.iter_mut().zip(stamp.as_chunks::<2>().0) {
            *sample = over_opaque(u32::from(*s), u32::from(*a), u32::from(*sample)) as u16;
        }
    }
}

#[inline(always)]
fn blocks<const P: usize, const S: usize, B: Block<P, S>>(
    layout: Layout,
    picture: &mut [u16],
    stamp: &[u16],
) {
    let count = (picture.len() / P).min(stamp.len() / S);
    for block in 0..count {
        prefetch(picture, block * P + AHEAD);
        prefetch(stamp, block * S + AHEAD);
        let under = picture[block * P..].first_chunk_mut::<P>();
        let over = stamp[block * S..].first_chunk::<S>();
        if let (Some(under), Some(over)) = (under, over) {
            B::over(under, over);
        }
    }
    scalar::row(Mode::Over, layout, &mut picture[count * P..], &stamp[count * S..]);
}

/// Composites a row.
#[inline(always)]
pub(super) fn row(mode: Mode, layout: Layout, picture: &mut [u16], stamp: &[u16]) {
    match (mode, layout) {
        (Mode::Over, Layout::Gray) => blocks::<_, _, Gray>(layout, picture, stamp),
        (Mode::Over, Layout::GrayAlpha) => blocks::<_, _, GrayAlpha>(layout, picture, stamp),
        (Mode::Over, Layout::Rgb) => blocks::<_, _, Rgb>(layout, picture, stamp),
        (Mode::Over, Layout::Rgba) => blocks::<_, _, Rgba>(layout, picture, stamp),
        _ => scalar::row(mode, layout, picture, stamp),
    }
}
