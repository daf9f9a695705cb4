//! The 8-bit kernels: blocks of pixels in 16-bit lanes, plain arrays that the compiler turns into
//! vectors of the instruction set they are inlined into (see `dispatch.rs`).
#![forbid(unsafe_code)]

use super::dispatch::prefetch;
use super::{Mode, scalar, stamp_channels};
use crate::Layout;

/// Pixels in a block.
const PIXELS: usize = 16;
/// How far ahead of the block at hand memory is asked for, in bytes.
const AHEAD: usize = 2048;

/// A mode as `U` (see `scalar.rs`) in 16-bit lanes. `U` is at most 255² and so fits; what comes
/// in between may wrap.
trait Mix {
    fn mix(s: u16, a: u16, b: u16) -> u16;
}

macro_rules! mix {
    ($($name:ident: |$s:ident, $a:ident, $b:ident| $blended:expr;)*) => {$(
        struct $name;
        impl Mix for $name {
            #[inline(always)]
            fn mix($s: u16, $a: u16, $b: u16) -> u16 {
                let blended: u16 = $blended;
                blended.wrapping_add($b.wrapping_mul(255 - $a))
            }
        }
    )*};
}

mix! {
    Over: |s, _a, _b| s.wrapping_mul(255);
    Multiply: |s, _a, b| s.wrapping_mul(b);
    Screen: |s, a, b| a.wrapping_mul(b).wrapping_add(s.wrapping_mul(255 - b));
    Overlay: |s, a, b| {
        let dark = s.wrapping_mul(2 * b);
        let light = s.wrapping_mul(255).wrapping_add((a - s).wrapping_mul((2 * b).wrapping_sub(255)));
        if b < 128 { dark } else { light }
    };
    Darken: |s, a, b| s.wrapping_mul(255).min(a.wrapping_mul(b));
    Lighten: |s, a, b| s.wrapping_mul(255).max(a.wrapping_mul(b));
}

struct SoftLight;

impl Mix for SoftLight {
    #[inline(always)]
    fn mix(s: u16, a: u16, b: u16) -> u16 {
        // At 2²³ the unit of an f32's last place is 1: the addition rounds, ties to even.
        let u = scalar::soft_light_u8(f32::from(s), f32::from(a), f32::from(b)) + 8_388_608.0;
        u.to_bits() as u16
    }
}

/// `x / 255` rounded half up, for `x` up to 255².
#[inline(always)]
fn div255(x: u16) -> u16 {
    let x = x.wrapping_add(128);
    x.wrapping_add(x >> 8) >> 8
}

/// The samples of one parity, each with the alpha of its pixel.
#[derive(Clone, Copy)]
struct Lanes<const N: usize> {
    s: [u16; N],
    a: [u16; N],
    b: [u16; N],
}

impl<const N: usize> Lanes<N> {
    /// The new colours on a picture without alpha or with full alpha.
    #[inline(always)]
    fn opaque<M: Mix>(&self) -> [u16; N] {
        let mut out = [0; N];
        for i in 0..N {
            let (a, b) = (self.a[i], self.b[i]);
            out[i] = div255(M::mix(self.s[i].min(a), a, b));
        }
        out
    }

    /// The new colours on a picture with the alphas `ab`.
    #[inline(always)]
    fn straight<M: Mix>(&self, ab: &[u16; N]) -> [u16; N] {
        let mut out = [0; N];
        for i in 0..N {
            let (a, b) = (self.a[i], self.b[i]);
            let s = self.s[i].min(a);
            let u = u32::from(M::mix(s, a, b));
            let (s, a, ab) = (u32::from(s), u32::from(a), u32::from(ab[i]));
            let d = 255 * a + ab * (255 - a);
            let n = 255 * s * (255 - ab) + ab * u + (d >> 1);
            // The quotient in single precision may be off by its last place, so that rounding it
            // to an integer gives `n / d` or one more: the sign of the remainder tells.
            let near = n as i32 as f32 / d.max(1) as i32 as f32 + 8_388_608.0;
            let near = near.to_bits() & 0xffff;
            let over = (n.wrapping_sub(near.wrapping_mul(d)) >> 31) & 1;
            let colour = near.wrapping_sub(over) as u16;
            out[i] = if d == 0 { b } else { colour };
        }
        out
    }

    /// The new alphas on a picture with the alphas `ab`.
    #[inline(always)]
    fn alpha(&self, ab: &[u16; N]) -> [u16; N] {
        let mut out = [0; N];
        for i in 0..N {
            out[i] = div255(255 * self.a[i] + ab[i] * (255 - self.a[i]));
        }
        out
    }
}

/// The samples at even and at odd places.
#[inline(always)]
fn halves<const N: usize>(pairs: &[[u8; 2]]) -> ([u16; N], [u16; N]) {
    let (mut even, mut odd) = ([0; N], [0; N]);
    for i in 0..N {
        let pair = u16::from_le_bytes(pairs[i]);
        even[i] = pair & 255;
        odd[i] = pair >> 8;
    }
    (even, odd)
}

#[inline(always)]
fn join<const N: usize>(out: &mut [[u8; 2]], even: [u16; N], odd: [u16; N]) {
    for i in 0..N {
        out[i] = (even[i] | odd[i] << 8).to_le_bytes();
    }
}

/// The alpha of each of 16 pixels of 4 samples, once for each of two samples.
#[inline(always)]
fn alphas(pixels: &[u8; 4 * PIXELS]) -> [u16; 2 * PIXELS] {
    let mut twice = [0u32; PIXELS];
    for (twice, pixel) in twice.iter_mut().zip(pixels.as_chunks::<4>().0) {
        let alpha = u32::from_le_bytes(*pixel) >> 24;
        *twice = alpha | alpha << 16;
    }
    bytemuck::must_cast(twice)
}

#[inline(always)]
fn any_alpha_4(pixels: &[u8; 4 * PIXELS]) -> bool {
    pixels.as_chunks::<4>().0.iter().fold(0, |any, pixel| any | u32::from_le_bytes(*pixel)) >> 24 != 0
}

#[inline(always)]
fn all_opaque_4(pixels: &[u8; 4 * PIXELS]) -> bool {
    pixels.as_chunks::<4>().0.iter().fold(!0, |all, pixel| all & u32::from_le_bytes(*pixel)) >> 24 == 255
}

/// A layout's block: `P` picture samples, `S` stamp samples.
trait Block<const P: usize, const S: usize> {
    fn composite<M: Mix>(picture: &mut [u8; P], stamp: &[u8; S]);
}

/// 4 colours, or 3 and alpha, under `alpha`.
#[inline(always)]
fn four<M: Mix>(
    picture: &mut [u8; 4 * PIXELS],
    stamp: &[u8; 4 * PIXELS],
    a: [u16; 2 * PIXELS],
    ab: Option<[u16; 2 * PIXELS]>,
) {
    let (s_even, s_odd) = halves::<{ 2 * PIXELS }>(stamp.as_chunks::<2>().0);
    let (b_even, b_odd) = halves::<{ 2 * PIXELS }>(picture.as_chunks::<2>().0);
    let even = Lanes { s: s_even, a, b: b_even };
    let odd = Lanes { s: s_odd, a, b: b_odd };
    let out = picture.as_chunks_mut::<2>().0;
    match ab {
        None => join(out, even.opaque::<M>(), odd.opaque::<M>()),
        Some(ab) => {
            let alpha = odd.alpha(&ab);
            let mut second = odd.straight::<M>(&ab);
            for i in 0..2 * PIXELS {
                second[i] = if i % 2 == 1 { alpha[i] } else { second[i] };
            }
            join(out, even.straight::<M>(&ab), second);
        }
    }
}

struct Rgba;

impl Block<{ 4 * PIXELS }, { 4 * PIXELS }> for Rgba {
    #[inline(always)]
    fn composite<M: Mix>(picture: &mut [u8; 4 * PIXELS], stamp: &[u8; 4 * PIXELS]) {
        if !any_alpha_4(stamp) {
            return;
        }
        // On full alpha every mode gives full alpha, so that alpha is mixed like a colour.
        let ab = (!all_opaque_4(picture)).then(|| alphas(picture));
        four::<M>(picture, stamp, alphas(stamp), ab);
    }
}

struct Rgb;

impl Block<{ 3 * PIXELS }, { 4 * PIXELS }> for Rgb {
    #[inline(always)]
    fn composite<M: Mix>(picture: &mut [u8; 3 * PIXELS], stamp: &[u8; 4 * PIXELS]) {
        if !any_alpha_4(stamp) {
            return;
        }
        let mut padded = [0; 4 * PIXELS];
        for (four, three) in padded.as_chunks_mut::<4>().0.iter_mut().zip(picture.as_chunks::<3>().0) {
            *four = [three[0], three[1], three[2], 0];
        }
        four::<M>(&mut padded, stamp, alphas(stamp), None);
        for (three, four) in picture.as_chunks_mut::<3>().0.iter_mut().zip(padded.as_chunks::<4>().0) {
            *three = [four[0], four[1], four[2]];
        }
    }
}

struct Cmyk;

impl Block<{ 4 * PIXELS }, { 5 * PIXELS }> for Cmyk {
    #[inline(always)]
    fn composite<M: Mix>(picture: &mut [u8; 4 * PIXELS], stamp: &[u8; 5 * PIXELS]) {
        let mut inks = [0; 4 * PIXELS];
        let mut a = [0; 2 * PIXELS];
        for (i, pixel) in stamp.as_chunks::<5>().0.iter().enumerate() {
            let [c, m, y, k, alpha] = *pixel;
            inks[4 * i..4 * i + 4].copy_from_slice(&[c, m, y, k]);
            a[2 * i] = u16::from(alpha);
            a[2 * i + 1] = u16::from(alpha);
        }
        four::<M>(picture, &inks, a, None);
    }
}

struct GrayAlpha;

impl Block<{ 2 * PIXELS }, { 2 * PIXELS }> for GrayAlpha {
    #[inline(always)]
    fn composite<M: Mix>(picture: &mut [u8; 2 * PIXELS], stamp: &[u8; 2 * PIXELS]) {
        let (s, a) = halves::<PIXELS>(stamp.as_chunks::<2>().0);
        let (b, ab) = halves::<PIXELS>(picture.as_chunks::<2>().0);
        if a.iter().fold(0, |any, a| any | a) == 0 {
            return;
        }
        let lanes = Lanes { s, a, b };
        let out = picture.as_chunks_mut::<2>().0;
        if ab.iter().fold(255, |all, ab| all & ab) == 255 {
            join(out, lanes.opaque::<M>(), ab);
        } else {
            join(out, lanes.straight::<M>(&ab), lanes.alpha(&ab));
        }
    }
}

struct Gray;

impl Block<PIXELS, { 2 * PIXELS }> for Gray {
    #[inline(always)]
    fn composite<M: Mix>(picture: &mut [u8; PIXELS], stamp: &[u8; 2 * PIXELS]) {
        let (s, a) = halves::<PIXELS>(stamp.as_chunks::<2>().0);
        let out = Lanes { s, a, b: picture.map(u16::from) }.opaque::<M>();
        for (sample, out) in picture.iter_mut().zip(out) {
            *sample = out as u8;
        }
    }
}

#[inline(always)]
fn blocks<const P: usize, const S: usize, B: Block<P, S>, M: Mix>(picture: &mut [u8], stamp: &[u8]) {
    let count = (picture.len() / P).min(stamp.len() / S);
    for block in 0..count {
        prefetch(picture, block * P + AHEAD);
        prefetch(stamp, block * S + AHEAD);
        let under = picture[block * P..].first_chunk_mut::<P>();
        let over = stamp[block * S..].first_chunk::<S>();
        if let (Some(under), Some(over)) = (under, over) {
            B::composite::<M>(under, over);
        }
    }
    let (picture, stamp) = (&mut picture[count * P..], &stamp[count * S..]);
    let pixels = (picture.len() / (P / PIXELS)).min(stamp.len() / (S / PIXELS));
    if pixels == 0 || pixels >= PIXELS {
        return;
    }
    // The last pixels in a block of their own, beside stamp pixels without alpha.
    let (under, over) = (&mut picture[..pixels * (P / PIXELS)], &stamp[..pixels * (S / PIXELS)]);
    let (mut padded_under, mut padded_over) = ([0; P], [0; S]);
    padded_under[..under.len()].copy_from_slice(under);
    padded_over[..over.len()].copy_from_slice(over);
    B::composite::<M>(&mut padded_under, &padded_over);
    under.copy_from_slice(&padded_under[..under.len()]);
}

#[inline(always)]
fn in_mode<M: Mix>(layout: Layout, picture: &mut [u8], stamp: &[u8]) {
    match layout {
        Layout::Gray => blocks::<_, _, Gray, M>(picture, stamp),
        Layout::GrayAlpha => blocks::<_, _, GrayAlpha, M>(picture, stamp),
        Layout::Rgb => blocks::<_, _, Rgb, M>(picture, stamp),
        Layout::Rgba => blocks::<_, _, Rgba, M>(picture, stamp),
        Layout::Cmyk => blocks::<_, _, Cmyk, M>(picture, stamp),
    }
}

/// Composites a row.
#[inline(always)]
pub(super) fn row(mode: Mode, layout: Layout, picture: &mut [u8], stamp: &[u8]) {
    debug_assert_eq!(stamp_channels(Layout::Rgb), 4);
    match mode {
        Mode::Over => in_mode::<Over>(layout, picture, stamp),
        Mode::Multiply => in_mode::<Multiply>(layout, picture, stamp),
        Mode::Screen => in_mode::<Screen>(layout, picture, stamp),
        Mode::Overlay => in_mode::<Overlay>(layout, picture, stamp),
        Mode::Darken => in_mode::<Darken>(layout, picture, stamp),
        Mode::Lighten => in_mode::<Lighten>(layout, picture, stamp),
        Mode::SoftLight => in_mode::<SoftLight>(layout, picture, stamp),
    }
}
