//! The kernels against the scalar specification, and that against real numbers.

use super::dispatch::Isa;
use super::*;
use scalar::Sample;

const MODES: [Mode; 7] =
    [Mode::Over, Mode::Multiply, Mode::Screen, Mode::Overlay, Mode::Darken, Mode::Lighten, Mode::SoftLight];
const LAYOUTS: [Layout; 5] = [Layout::Gray, Layout::GrayAlpha, Layout::Rgb, Layout::Rgba, Layout::Cmyk];

fn isas() -> Vec<Isa> {
    let mut isas = vec![Isa::BASELINE];
    if Isa::best() != Isa::BASELINE {
        isas.push(Isa::best());
    }
    isas
}

/// xorshift64*, the same numbers on every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32
    }

    /// `pixels` pixels whose last sample (alpha) comes in runs of 0, of full and of any value.
    /// With `premultiplied` most colours are at most alpha.
    fn row<T: Sample>(&mut self, pixels: usize, channels: usize, premultiplied: bool) -> Vec<T> {
        let mut row = Vec::new();
        let (mut run, mut kind) = (0, 0);
        for _ in 0..pixels {
            if run == 0 {
                (run, kind) = (self.next() % 40, self.next() % 4);
            }
            run = run.saturating_sub(1);
            let any = (self.next() % 65536) as i64 & T::FULL;
            let alpha = match kind {
                0 => 0,
                1 => T::FULL,
                _ => any,
            };
            for _ in 1..channels {
                let colour = (self.next() % 65536) as i64 & T::FULL;
                let malformed = self.next().is_multiple_of(64);
                let colour = if premultiplied && !malformed { colour * alpha / T::FULL } else { colour };
                row.push(T::from_i64(colour));
            }
            row.push(T::from_i64(alpha));
        }
        row
    }
}

type Row<T> = fn(Isa, Mode, Layout, &mut [T], &[T]);

/// Composites rows of every length, each beginning `offset` samples into larger buffers, and
/// compares all of them, the samples around the row too.
fn compare<T>(random: &mut Random, kernel: Row<T>, case: (Isa, Mode, Layout), offset: usize)
where
    T: Sample + PartialEq + std::fmt::Debug,
{
    let (isa, mode, layout) = case;
    let (channels, ink) = (layout.channels(), stamp_channels(layout));
    let picture: Vec<T> = random.row(LONGEST + 80, channels, false);
    let stamp: Vec<T> = random.row(LONGEST + 80, ink, true);
    let (mut actual, mut expected) = (picture.clone(), picture.clone());
    let (below, over) = (&picture[offset..], &stamp[offset..]);
    // A pixel does not depend on its neighbours, so the specification need not run for each length.
    scalar::row(mode, layout, &mut expected[offset..offset + LONGEST * channels], &over[..LONGEST * ink]);
    for pixels in (0..=LONGEST).step_by(if cfg!(miri) { 19 } else { 1 }) {
        let length = pixels * channels;
        kernel(isa, mode, layout, &mut actual[offset..offset + length], &over[..pixels * ink]);
        let is_whole = actual[..offset] == picture[..offset]
            && actual[offset..offset + length] == expected[offset..offset + length]
            && actual[offset + length..] == picture[offset + length..];
        assert!(is_whole, "{case:?}, {pixels} pixels at {offset}: {actual:?}, not {expected:?}");
        actual[offset..offset + length].copy_from_slice(&below[..length]);
    }
}

/// A row of so many pixels is longer than any block of a kernel.
const LONGEST: usize = if cfg!(miri) { 20 } else { 257 };
/// As many bytes as the longest vector.
const ALIGNMENTS: usize = 64;

/// Every length at every alignment in every layout and mode.
fn compare_all<T>(kernel: Row<T>)
where
    T: Sample + PartialEq + std::fmt::Debug,
{
    let mut random = Random(0x5EED);
    for isa in isas() {
        for mode in MODES {
            for layout in LAYOUTS {
                for offset in (0..ALIGNMENTS / size_of::<T>()).step_by(if cfg!(miri) { 13 } else { 1 }) {
                    compare(&mut random, kernel, (isa, mode, layout), offset);
                }
            }
        }
    }
}

#[test]
fn kernels_of_8_bits_give_the_specified_bits() {
    compare_all::<u8>(kernel::row);
}

#[test]
fn kernels_of_16_bits_give_the_specified_bits() {
    compare_all::<u16>(kernel16::row);
}

/// Every stamp colour and alpha on every picture colour, in every mode.
#[test]
#[cfg(not(miri))]
fn kernels_give_the_specified_bits_on_all_opaque_triples() {
    let picture: Vec<u8> = (0..=255).collect();
    for isa in isas() {
        for mode in MODES {
            for a in 0..=255 {
                for s in 0..=a {
                    let stamp = [s, a].repeat(256);
                    let (mut actual, mut expected) = (picture.clone(), picture.clone());
                    kernel::row(isa, mode, Layout::Gray, &mut actual, &stamp);
                    scalar::row(mode, Layout::Gray, &mut expected, &stamp);
                    assert!(actual == expected, "{isa:?} {mode:?} s={s} a={a}");
                }
            }
        }
    }
}

/// Every pair of alphas, with all picture colours of a few stamp colours.
#[test]
#[cfg(not(miri))]
fn kernels_give_the_specified_bits_on_all_pairs_of_alphas() {
    for isa in isas() {
        for mode in [Mode::Over, Mode::Screen, Mode::SoftLight] {
            for a in 0..=255_u8 {
                for ab in 0..=255 {
                    let s = (u16::from(ab) * 7 % (u16::from(a) + 1)) as u8;
                    let picture: Vec<u8> = (0..=255).step_by(5).flat_map(|b| [b, ab]).collect();
                    let stamp = [s, a].repeat(picture.len() / 2);
                    let (mut actual, mut expected) = (picture.clone(), picture);
                    kernel::row(isa, mode, Layout::GrayAlpha, &mut actual, &stamp);
                    scalar::row(mode, Layout::GrayAlpha, &mut expected, &stamp);
                    assert!(actual == expected, "{isa:?} {mode:?} s={s} a={a} ab={ab}");
                }
            }
        }
    }
}

/// `B(Cb, Cs)` as the W3C writes it.
fn blend(mode: Mode, cb: f64, cs: f64) -> f64 {
    let multiply = |x: f64, y: f64| x * y;
    let screen = |x: f64, y: f64| x + y - x * y;
    let hard_light =
        |cb: f64, cs: f64| if cs <= 0.5 { multiply(cb, 2.0 * cs) } else { screen(cb, 2.0 * cs - 1.0) };
    match mode {
        Mode::Over => cs,
        Mode::Multiply => multiply(cb, cs),
        Mode::Screen => screen(cb, cs),
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

/// Colour and alpha, in code values, before rounding; `a` and the result's alpha must not be 0.
fn real(mode: Mode, s: f64, a: f64, b: f64, ab: f64) -> (f64, f64) {
    let cs = s / a;
    let alpha = a + ab - a * ab;
    let colour = a * (1.0 - ab) * cs + a * ab * blend(mode, b, cs) + (1.0 - a) * ab * b;
    (colour / alpha, alpha)
}

/// Whether `code` is `exact` rounded half up, a tie or what lies within `slack` of it aside.
fn is_rounded(code: f64, exact: f64, slack: f64) -> bool {
    (code - exact).abs() <= 0.5 + slack
}

#[test]
fn source_over_is_the_real_formula_rounded_on_all_triples() {
    let step = if cfg!(miri) { 51 } else { 1 };
    for a in (0..=255_u8).step_by(step) {
        for s in (0..=a).step_by(step) {
            for b in (0..=255_u8).step_by(step) {
                let mut picture = [b];
                row_u8(Mode::Over, Layout::Gray, &mut picture, &[s, a]);
                let exact = f64::from(s) + f64::from(b) * (255.0 - f64::from(a)) / 255.0;
                assert_eq!(f64::from(picture[0]), (exact + 0.5).floor(), "s={s} a={a} b={b}");
            }
        }
    }
}

#[test]
fn the_specification_is_the_real_formula_rounded() {
    let mut random = Random(0xFACADE);
    for mode in MODES {
        let slack = if mode == Mode::SoftLight { 0.003 } else { 1e-9 };
        for _ in 0..if cfg!(miri) { 50 } else { 200_000 } {
            let mut code = |max: i64| (random.next() as i64) % (max + 1);
            let a = code(254) + 1;
            let (s, b, ab) = (code(a), code(255), code(255));
            let mut picture = [b as u8, ab as u8];
            scalar::row(mode, Layout::GrayAlpha, &mut picture, &[s as u8, a as u8]);
            let unit = |x: i64| x as f64 / 255.0;
            let (colour, alpha) = real(mode, unit(s), unit(a), unit(b), unit(ab));
            let case = format!("{mode:?} s={s} a={a} b={b} ab={ab}: {picture:?}");
            assert!(is_rounded(f64::from(picture[0]), 255.0 * colour, slack), "{case} {colour}");
            assert!(is_rounded(f64::from(picture[1]), 255.0 * alpha, 1e-9), "{case} {alpha}");

            let a = code(65534) + 1;
            let (s, b, ab) = (code(a), code(65535), code(65535));
            let mut picture = [b as u16, ab as u16];
            scalar::row(mode, Layout::GrayAlpha, &mut picture, &[s as u16, a as u16]);
            let unit = |x: i64| x as f64 / 65535.0;
            let (colour, alpha) = real(mode, unit(s), unit(a), unit(b), unit(ab));
            let case = format!("{mode:?} s={s} a={a} b={b} ab={ab}: {picture:?}");
            assert!(is_rounded(f64::from(picture[0]), 65535.0 * colour, 1e-4), "{case} {colour}");
            assert!(is_rounded(f64::from(picture[1]), 65535.0 * alpha, 1e-4), "{case} {alpha}");
        }
    }
}

#[test]
fn ties_go_up() {
    // D is even and the quotient half way: (255·S(255−Ab) + Ab(255·S + Cb(255−A))) / D.
    let mut ties = 0;
    for (a, ab, b) in (1..=255_i64).flat_map(|a| (1..=255).map(move |ab| (a, ab, (a * 7 + ab) % 256))) {
        let (s, d) = (a / 3, 255 * a + ab * (255 - a));
        let n = 255 * 255 * s + ab * b * (255 - a);
        if 2 * (n % d) == d {
            ties += 1;
            let mut picture = [b as u8, ab as u8];
            row_u8(Mode::Over, Layout::GrayAlpha, &mut picture, &[s as u8, a as u8]);
            assert_eq!(i64::from(picture[0]), n / d + 1);
        }
    }
    assert!(ties > 0);
}

#[test]
fn alpha_0_leaves_every_bit_alone() {
    let mut random = Random(7);
    let curve = Curve::srgb();
    for layout in LAYOUTS {
        for mode in MODES {
            let mut stamp: Vec<u8> = random.row(40, stamp_channels(layout), true);
            for pixel in stamp.chunks_exact_mut(stamp_channels(layout)) {
                pixel[stamp_channels(layout) - 1] = 0;
            }
            let picture: Vec<u8> = random.row(40, layout.channels(), false);
            let (mut plain, mut linear) = (picture.clone(), picture.clone());
            row_u8(mode, layout, &mut plain, &stamp);
            row_linear_u8(mode, layout, &mut linear, &stamp, &curve);
            assert_eq!((&plain, &linear), (&picture, &picture), "{mode:?} {layout:?}");
            let wide = |row: &[u8]| row.iter().map(|&v| u16::from(v) * 257).collect::<Vec<_>>();
            let (mut plain, mut linear, stamp) = (wide(&picture), wide(&picture), wide(&stamp));
            row_u16(mode, layout, &mut plain, &stamp);
            row_linear_u16(mode, layout, &mut linear, &stamp, &curve);
            assert_eq!((&plain, &linear), (&wide(&picture), &wide(&picture)), "{mode:?} {layout:?}");
        }
    }
}

#[test]
fn full_alpha_over_is_the_stamp() {
    let curve = Curve::srgb();
    for (s, b) in (0..=255_u8).map(|s| (s, s.wrapping_mul(31))) {
        let stamp = [s, 255 - s, s / 2, 255];
        let mut picture = [b, b, b, 200];
        row_u8(Mode::Over, Layout::Rgba, &mut picture, &stamp);
        assert_eq!(picture, stamp);
        let mut picture = [b, b, b, 200];
        row_linear_u8(Mode::Over, Layout::Rgba, &mut picture, &stamp, &curve);
        assert_eq!(picture, stamp);
    }
}

#[test]
fn linear_light_is_the_real_formula() {
    let mut random = Random(0x11EA);
    let curve = Curve::new(|x| x * x);
    for mode in MODES {
        for _ in 0..if cfg!(miri) { 20 } else { 50_000 } {
            let mut code = |max: i64| (random.next() as i64) % (max + 1);
            let a = code(254) + 1;
            let (s, b, ab) = (code(a), code(255), code(255));
            let mut picture = [b as u8, ab as u8];
            row_linear_u8(mode, Layout::GrayAlpha, &mut picture, &[s as u8, a as u8], &curve);
            let (cs, cb) = (s as f64 / a as f64, b as f64 / 255.0);
            let (a, ab) = (a as f64 / 255.0, ab as f64 / 255.0);
            let (colour, alpha) = real(mode, cs * cs * a, a, cb * cb, ab);
            let exact = 255.0 * colour.max(0.0).sqrt();
            assert!(is_rounded(f64::from(picture[0]), exact, 0.1), "{mode:?} {picture:?} {exact}");
            assert!(is_rounded(f64::from(picture[1]), 255.0 * alpha, 1e-9), "{mode:?} {picture:?} {alpha}");
        }
    }
}

#[test]
fn odd_lengths_composite_whole_pixels_only() {
    let curve = Curve::srgb();
    for layout in LAYOUTS {
        for mode in MODES {
            for (p, s) in (0..80).flat_map(|p| [0, 1, 3, 5, 9, 79, 83].map(|s| (p, s))) {
                let whole = (p / layout.channels()).min(s / stamp_channels(layout)) * layout.channels();
                let (mut eight, mut sixteen) = (vec![9_u8; p], vec![9_u16; p]);
                row_u8(mode, layout, &mut eight, &vec![255; s]);
                row_u16(mode, layout, &mut sixteen, &vec![65535; s]);
                assert!(eight[whole..].iter().all(|&v| v == 9) && sixteen[whole..].iter().all(|&v| v == 9));
                row_linear_u8(mode, layout, &mut eight, &vec![255; s], &curve);
                row_linear_u16(mode, layout, &mut sixteen, &vec![65535; s], &curve);
                assert!(eight[whole..].iter().all(|&v| v == 9) && sixteen[whole..].iter().all(|&v| v == 9));
                if mode == Mode::Over {
                    assert!(eight[..whole].iter().all(|&v| v == 255));
                }
            }
        }
    }
}
