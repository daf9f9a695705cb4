//! The 8-bit kernels: blocks of pixels of each layout in vectors of 16 lanes.
#![forbid(unsafe_code)]

use super::Mode;
use super::blocks::{Block, Blocks};
use super::dispatch::{self, Isa};
use super::lanes::Lanes;
use super::mix::{
    Darken, Lighten, Mix, Multiply, Over, Overlay, Screen, SoftLight, alpha_over, halves, straight,
};
use crate::Layout;

/// The bits of the last sample of each pixel of 4.
#[inline(always)]
fn fourth<V: Lanes>() -> V {
    V::from_lanes(std::array::from_fn(|i| if i % 2 == 1 { 0xff00 } else { 0 }))
}

struct Rgba;

impl<M: Mix> Block<u8, M, 64, 64> for Rgba {
    const PIXELS: usize = 16;

    #[inline(always)]
    fn opaque<V: Lanes>(picture: &mut [u8; 64], stamp: &[u8; 64]) -> bool {
        let (s_1, s_2) = two::<V>(stamp);
        if V::has_none(s_1.or(s_2), fourth()) {
            return true;
        }
        let (b_1, b_2) = two::<V>(picture);
        let is_opaque = V::has_all(b_1.and(b_2), fourth());
        if is_opaque {
            // On full alpha every mode gives full alpha, so that alpha is mixed like a colour.
            let first = M::colours(s_1, s_1.fourth_samples(), b_1);
            let second = M::colours(s_2, s_2.fourth_samples(), b_2);
            *picture = bytemuck::must_cast([first.store(), second.store()]);
        }
        is_opaque
    }

    #[inline(always)]
    fn straight<V: Lanes>(picture: &mut [u8; 64], stamp: &[u8; 64]) {
        for (picture, stamp) in picture.as_chunks_mut().0.iter_mut().zip(stamp.as_chunks().0) {
            four_straight::<V, M>(picture, stamp);
        }
    }
}

/// 16 pixels in two vectors.
#[inline(always)]
fn two<V: Lanes>(samples: &[u8; 64]) -> (V, V) {
    let [first, second]: &[[u8; 32]; 2] = bytemuck::must_cast_ref(samples);
    (V::load(first), V::load(second))
}

/// 8 pixels of 3 colours and any alpha.
#[inline(always)]
fn four_straight<V: Lanes, M: Mix>(picture: &mut [u8; 32], stamp: &[u8; 32]) {
    let (s, b) = (V::load(stamp), V::load(picture));
    let (a, ab) = (s.fourth_samples(), b.fourth_samples());
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

struct Rgb;

impl<M: Mix> Block<u8, M, 24, 32> for Rgb {
    const PIXELS: usize = 8;

    #[inline(always)]
    fn opaque<V: Lanes>(picture: &mut [u8; 24], stamp: &[u8; 32]) -> bool {
        let s = V::load(stamp);
        if s.has_none(fourth()) {
            return true;
        }
        *picture = M::colours(s, s.fourth_samples(), V::load_threes::<1>(picture)).store_threes::<1>();
        true
    }
}

struct Cmyk;

impl<M: Mix> Block<u8, M, 32, 40> for Cmyk {
    const PIXELS: usize = 8;

    #[inline(always)]
    fn opaque<V: Lanes>(picture: &mut [u8; 32], stamp: &[u8; 40]) -> bool {
        let (mut inks, mut a) = ([0; 32], [0; 16]);
        for (i, [c, m, y, k, alpha]) in stamp.as_chunks::<5>().0.iter().copied().enumerate() {
            inks[4 * i..4 * i + 4].copy_from_slice(&[c, m, y, k]);
            a[2 * i..2 * i + 2].copy_from_slice(&[u16::from(alpha); 2]);
        }
        *picture = M::colours(V::load(&inks), V::from_lanes(a), V::load(picture)).store();
        true
    }
}

struct GrayAlpha;

impl<M: Mix> Block<u8, M, 32, 32> for GrayAlpha {
    const PIXELS: usize = 16;

    #[inline(always)]
    fn opaque<V: Lanes>(picture: &mut [u8; 32], stamp: &[u8; 32]) -> bool {
        let (s, a) = halves(V::load(stamp));
        if a.equals(V::splat(0)) {
            return true;
        }
        let (b, ab) = halves(V::load(picture));
        let is_opaque = ab.equals(V::splat(255));
        if is_opaque {
            *picture = M::colour(s.min(a), a, b).or(ab.to_high_bytes()).store();
        }
        is_opaque
    }

    #[inline(always)]
    fn straight<V: Lanes>(picture: &mut [u8; 32], stamp: &[u8; 32]) {
        let ((s, a), (b, ab)) = (halves(V::load(stamp)), halves(V::load(picture)));
        let colour = straight::<V, M>(s.min(a), a, b, ab);
        *picture = colour.or(alpha_over(a, ab).to_high_bytes()).store();
    }
}

struct Gray;

impl<M: Mix> Block<u8, M, 16, 32> for Gray {
    const PIXELS: usize = 16;

    #[inline(always)]
    fn opaque<V: Lanes>(picture: &mut [u8; 16], stamp: &[u8; 32]) -> bool {
        let (s, a) = halves(V::load(stamp));
        if a.equals(V::splat(0)) {
            return true;
        }
        let b = V::from_lanes(picture.map(u16::from));
        *picture = M::colour(s.min(a), a, b).to_lanes().map(|lane| lane as u8);
        true
    }
}

fn in_mode<M: Mix>(isa: Isa, layout: Layout, picture: &mut [u8], stamp: &[u8]) {
    match layout {
        Layout::Gray => dispatch::run::<_, Blocks<Gray, M, 16, 32>>(isa, picture, stamp),
        Layout::GrayAlpha => dispatch::run::<_, Blocks<GrayAlpha, M, 32, 32>>(isa, picture, stamp),
        Layout::Rgb => dispatch::run::<_, Blocks<Rgb, M, 24, 32>>(isa, picture, stamp),
        Layout::Rgba => dispatch::run::<_, Blocks<Rgba, M, 64, 64>>(isa, picture, stamp),
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
