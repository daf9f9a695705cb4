//! The 8-bit kernels: blocks of pixels of each layout in vectors of 16 lanes.
#![forbid(unsafe_code)]

use super::Mode;
use super::blocks::{Block, Blocks};
use super::dispatch::{self, Isa};
use super::lanes::Lanes;
use super::mix::{Darken, Lighten, Mix, Multiply, Over, Overlay, Screen, SoftLight, alpha_over, straight};
use crate::Layout;

/// The samples at even and at odd places.
#[inline(always)]
fn halves<V: Lanes>(samples: V) -> (V, V) {
    (samples.and(V::splat(255)), samples.high_bytes())
}

/// 8 pixels of 4 colours, the last of which may be alpha if it is full.
#[inline(always)]
fn opaque<V: Lanes, M: Mix>(picture: V, stamp: V, a: V) -> V {
    let (s_even, s_odd) = halves(stamp);
    let (b_even, b_odd) = halves(picture);
    let even = M::colour(s_even.min(a), a, b_even);
    let odd = M::colour(s_odd.min(a), a, b_odd);
    even.or(odd.to_high_bytes())
}

struct Rgba;

impl<M: Mix> Block<u8, M, 32, 32> for Rgba {
    const PIXELS: usize = 8;

    #[inline(always)]
    fn composite<V: Lanes>(picture: &mut [u8; 32], stamp: &[u8; 32]) {
        let (s, b) = (V::load(stamp), V::load(picture));
        let a = s.fourth_samples();
        if a.equals(V::splat(0)) {
            return;
        }
        let ab = b.fourth_samples();
        if ab.equals(V::splat(255)) {
            // On full alpha every mode gives full alpha, so that alpha is mixed like a colour.
            *picture = opaque::<V, M>(b, s, a).store();
            return;
        }
        let ((s_even, s_odd), (b_even, b_odd)) = (halves(s), halves(b));
        let even = straight::<V, M>(s_even.min(a), a, b_even, ab);
        let odd = straight::<V, M>(s_odd.min(a), a, b_odd, ab);
        let mut pixels = even.or(odd.to_high_bytes()).store();
        let alphas = alpha_over(a, ab).store();
        for i in (0..32).skip(3).step_by(4) {
            pixels[i] = alphas[i - 1];
        }
        *picture = pixels;
    }
}

struct Rgb;

impl<M: Mix> Block<u8, M, 24, 32> for Rgb {
    const PIXELS: usize = 8;

    #[inline(always)]
    fn composite<V: Lanes>(picture: &mut [u8; 24], stamp: &[u8; 32]) {
        let s = V::load(stamp);
        let a = s.fourth_samples();
        if a.equals(V::splat(0)) {
            return;
        }
        *picture = opaque::<V, M>(V::load_threes::<1>(picture), s, a).store_threes::<1>();
    }
}

struct Cmyk;

impl<M: Mix> Block<u8, M, 32, 40> for Cmyk {
    const PIXELS: usize = 8;

    #[inline(always)]
    fn composite<V: Lanes>(picture: &mut [u8; 32], stamp: &[u8; 40]) {
        let (mut inks, mut a) = ([0; 32], [0; 16]);
        for (i, [c, m, y, k, alpha]) in stamp.as_chunks::<5>().0.iter().copied().enumerate() {
            inks[4 * i..4 * i + 4].copy_from_slice(&[c, m, y, k]);
            a[2 * i..2 * i + 2].copy_from_slice(&[u16::from(alpha); 2]);
        }
        *picture = opaque::<V, M>(V::load(picture), V::load(&inks), V::from_lanes(a)).store();
    }
}

struct GrayAlpha;

impl<M: Mix> Block<u8, M, 32, 32> for GrayAlpha {
    const PIXELS: usize = 16;

    #[inline(always)]
    fn composite<V: Lanes>(picture: &mut [u8; 32], stamp: &[u8; 32]) {
        let (s, a) = halves(V::load(stamp));
        if a.equals(V::splat(0)) {
            return;
        }
        let (b, ab) = halves(V::load(picture));
        let s = s.min(a);
        let (colour, alpha) = if ab.equals(V::splat(255)) {
            (M::colour(s, a, b), ab)
        } else {
            (straight::<V, M>(s, a, b, ab), alpha_over(a, ab))
        };
        *picture = colour.or(alpha.to_high_bytes()).store();
    }
}

struct Gray;

impl<M: Mix> Block<u8, M, 16, 32> for Gray {
    const PIXELS: usize = 16;

    #[inline(always)]
    fn composite<V: Lanes>(picture: &mut [u8; 16], stamp: &[u8; 32]) {
        let (s, a) = halves(V::load(stamp));
        if a.equals(V::splat(0)) {
            return;
        }
        let b = V::from_lanes(picture.map(u16::from));
        *picture = M::colour(s.min(a), a, b).to_lanes().map(|lane| lane as u8);
    }
}

fn in_mode<M: Mix>(isa: Isa, layout: Layout, picture: &mut [u8], stamp: &[u8]) {
    match layout {
        Layout::Gray => dispatch::run::<_, Blocks<Gray, M, 16, 32>>(isa, picture, stamp),
        Layout::GrayAlpha => dispatch::run::<_, Blocks<GrayAlpha, M, 32, 32>>(isa, picture, stamp),
        Layout::Rgb => dispatch::run::<_, Blocks<Rgb, M, 24, 32>>(isa, picture, stamp),
        Layout::Rgba => dispatch::run::<_, Blocks<Rgba, M, 32, 32>>(isa, picture, stamp),
        Layout::Cmyk => dispatch::run::<_, Blocks<Cmyk, M, 32, 40>>(isa, picture, stamp),
    }
}

/// Composites a row.
pub(super) fn row(isa: Isa, mode: Mode, layout: Layout, picture: &mut [u8], stamp: &[u8]) {
    match mode {
        Mode::Over => in_mode::<Over>(isa, layout, picture, stamp),
        Mode::Multiply => in_mode::<Multiply>(isa, layout, picture, stamp),
        Mode::Screen => in_mode::<Screen>(isa, layout, picture, stamp),
        Mode::Overlay => in_mode::<Overlay>(isa, layout, picture, stamp),
        Mode::Darken => in_mode::<Darken>(isa, layout, picture, stamp),
        Mode::Lighten => in_mode::<Lighten>(isa, layout, picture, stamp),
        Mode::SoftLight => in_mode::<SoftLight>(isa, layout, picture, stamp),
    }
}
