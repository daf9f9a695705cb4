use std::path::Path;

use image::{ImageDecoder as _, ImageReader};
use moxcms::{
    ColorProfile, DataColorSpace, LutDataType, LutStore, LutType, LutWarehouse, Matrix3d, ProfileClass,
    ToneReprCurve,
};
use proptest::prelude::*;

use super::tone::{srgb_from_linear, srgb_to_linear};
use super::*;
use crate::{Pixels, Samples};

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/pictures").join(name)
}

fn icc_of_png(name: &str) -> Vec<u8> {
    let mut decoder = ImageReader::open(fixture(name)).unwrap().into_decoder().unwrap();
    decoder.icc_profile().unwrap().unwrap()
}

/// The profile of a JPEG that holds it in one APP2 segment (ICC.1:2022, B.4).
fn icc_of_jpeg(name: &str) -> Vec<u8> {
    let bytes = std::fs::read(fixture(name)).unwrap();
    let start = bytes.windows(14).position(|window| window == b"ICC_PROFILE\0\x01\x01").unwrap();
    let length = usize::from(u16::from_be_bytes([bytes[start - 2], bytes[start - 1]]));
    bytes[start + 14..start - 2 + length].to_vec()
}

fn gray_profile(gamma: f32) -> Vec<u8> {
    ColorProfile::new_gray_with_gamma(gamma).encode().unwrap()
}

fn convert(profile: &Profile, ink: Ink, pixel: [u16; 4]) -> Vec<u16> {
    let mut out = vec![0; ink.channels()];
    profile.convert_row(ink, &[pixel], &mut out).unwrap();
    out
}

fn eight(samples: &[u16]) -> Vec<u8> {
    samples.iter().map(|&sample| ((u32::from(sample) + 128) / 257) as u8).collect()
}

const RED: [u16; 4] = [65535, 0, 0, 32768];

#[test]
fn red_in_display_p3() {
    let profile = Profile::from_icc(&icc_of_png("variants/metadata.png"), Ink::Rgb).unwrap();
    let red = eight(&convert(&profile, Ink::Rgb, RED));
    for (channel, wanted) in red.iter().zip([234_u8, 51, 35, 128]) {
        assert!(channel.abs_diff(wanted) <= 1, "{red:?}");
    }
    assert_ne!(profile.fingerprint(), Profile::srgb().fingerprint());
}

#[test]
fn white_stays_white_in_every_profile() {
    for icc in [
        icc_of_png("variants/metadata.png"),
        icc_of_jpeg("variants/adobe-rgb.jpg"),
        icc_of_jpeg("rocket.jpg"),
    ] {
        let profile = Profile::from_icc(&icc, Ink::Rgb).unwrap();
        assert!(matches!(profile.conversion, Conversion::Rgb(_)));
        assert_eq!(eight(&convert(&profile, Ink::Rgb, [65535; 4])), [255; 4]);
        assert_eq!(eight(&convert(&profile, Ink::Rgb, [0, 0, 0, 65535])), [0, 0, 0, 255]);
    }
}

#[test]
fn profiles_that_say_srgb_change_nothing() {
    for icc in
        [icc_of_png("astronaut.png"), icc_of_png("chelsea.png"), ColorProfile::new_srgb().encode().unwrap()]
    {
        let profile = Profile::from_icc(&icc, Ink::Rgb).unwrap();
        assert!(matches!(profile.conversion, Conversion::Native));
        assert_eq!(profile.fingerprint(), Profile::srgb().fingerprint());
    }
}

#[test]
fn profiles_for_other_channels_and_damaged_ones_are_ignored() {
    let p3 = icc_of_png("variants/metadata.png");
    for (icc, ink) in [
        (&p3[..], Ink::Gray),
        (&p3, Ink::Cmyk),
        (&gray_profile(1.8), Ink::Rgb),
        (&p3[..p3.len() / 2], Ink::Rgb),
        (b"", Ink::Rgb),
    ] {
        let profile = Profile::from_icc(icc, ink).unwrap();
        assert!(matches!(profile.conversion, Conversion::Native), "{ink:?}");
    }
}

#[test]
fn gray_is_the_luminance_with_the_pictures_curve() {
    let luminance = 0.2126;
    let native = convert(&Profile::srgb(), Ink::Gray, RED);
    assert!(native[0].abs_diff((srgb_from_linear(luminance) * 65535.0).round() as u16) <= 1, "{native:?}");
    assert_eq!(native[1], RED[3]);
    let profile = Profile::from_icc(&gray_profile(1.8), Ink::Gray).unwrap();
    let gamma = convert(&profile, Ink::Gray, RED);
    let wanted = luminance.powf(1.0 / 1.8) * 65535.0;
    assert!((f64::from(gamma[0]) - wanted).abs() < 150.0, "{gamma:?} for {wanted}");
}

#[test]
fn a_falling_gray_curve_is_ignored() {
    let mut profile = ColorProfile::new_gray_with_gamma(2.2);
    profile.gray_trc = Some(ToneReprCurve::Lut((0..=255).rev().map(|step| step * 257).collect()));
    let profile = Profile::from_icc(&profile.encode().unwrap(), Ink::Gray).unwrap();
    assert!(matches!(profile.conversion, Conversion::Native));
}

#[test]
fn pictures_in_other_spaces_become_srgb() {
    let icc = icc_of_png("variants/metadata.png");
    for (samples, layout) in [
        (Samples::U8(vec![234, 51, 35]), crate::Layout::Rgb),
        (Samples::U8(vec![234, 51, 35, 9]), crate::Layout::Rgba),
        (Samples::U16(vec![234 * 257, 51 * 257, 35 * 257]), crate::Layout::Rgb),
    ] {
        let mut pixels = Pixels::new(1, 1, layout, samples).unwrap();
        to_srgb(&mut pixels, &icc).unwrap();
        let samples = match pixels.samples() {
            Samples::U8(samples) => samples.clone(),
            Samples::U16(samples) => eight(samples),
        };
        assert!(samples[0] >= 254 && samples[1] <= 8 && samples[2] <= 8, "{samples:?}");
        assert!(layout == crate::Layout::Rgb || samples[3] == 9);
    }
    let mut gray = Pixels::new(1, 1, crate::Layout::GrayAlpha, Samples::U8(vec![128, 77])).unwrap();
    to_srgb(&mut gray, &gray_profile(1.0)).unwrap();
    assert_eq!(*gray.samples(), Samples::U8(vec![188, 77]));
}

#[test]
fn cmyk_without_a_profile_becomes_its_complement() {
    let mut pixels =
        Pixels::new(2, 1, crate::Layout::Cmyk, Samples::U8(vec![255, 0, 0, 255, 255, 255, 255, 51])).unwrap();
    to_srgb(&mut pixels, b"").unwrap();
    assert_eq!(pixels.layout(), crate::Layout::Rgb);
    assert_eq!(*pixels.samples(), Samples::U8(vec![255, 0, 0, 51, 51, 51]));
}

proptest! {
    #[test]
    fn gray_pixels_keep_their_value(value: u16) {
        prop_assert_eq!(convert(&Profile::srgb(), Ink::Gray, [value, value, value, 1]), [value, 1]);
    }

    #[test]
    fn cmyk_and_back_is_the_same_rgb(rgb: [u8; 3]) {
        let pixel = [0, 1, 2, 3].map(|channel| rgb.get(channel).map_or(65535, |&value| u16::from(value) * 257));
        let paper = eight(&convert(&Profile::srgb(), Ink::Cmyk, pixel));
        let mut pixels = Pixels::new(1, 1, crate::Layout::Cmyk, Samples::U8(paper[..4].to_vec())).unwrap();
        to_srgb(&mut pixels, b"").unwrap();
        prop_assert_eq!(pixels.samples(), &Samples::U8(rgb.to_vec()));
    }

    /// Whatever a profile holds, a picture is converted or left alone; nothing panics.
    #[test]
    fn changed_profiles_do_no_harm(at in 0_usize..600, value: u8, gray: bool) {
        let (mut icc, ink) = match gray {
            true => (gray_profile(1.8), Ink::Gray),
            false => (icc_of_png("variants/metadata.png"), Ink::Rgb),
        };
        let at = at % icc.len();
        icc[at] = value;
        let profile = Profile::from_icc(&icc, ink).unwrap();
        convert(&profile, ink, RED);
        let layout = if gray { crate::Layout::Gray } else { crate::Layout::Rgb };
        let samples = vec![100; layout.channels()];
        to_srgb(&mut Pixels::new(1, 1, layout, Samples::U8(samples)).unwrap(), &icc).unwrap();
        icc::tone_curve(&icc)(0.5);
    }
}

/// moxcms counts in 32 bits where a curve without an inverse in closed form ends.
#[test]
fn curves_that_end_early_are_inverted() {
    let rises_to_the_middle = (0_u32..40_000).map(|step| (step * 65535 / 20_000).min(65535) as u16).collect();
    for curve in [ToneReprCurve::Parametric(vec![2.4, 1.25, -0.1]), ToneReprCurve::Lut(rises_to_the_middle)] {
        let mut icc = ColorProfile::new_display_p3();
        (icc.red_trc, icc.green_trc, icc.blue_trc) = (Some(curve.clone()), Some(curve.clone()), Some(curve));
        let icc = icc.encode().unwrap();
        let profile = Profile::from_icc(&icc, Ink::Rgb).unwrap();
        let decode = icc::tone_curve(&icc);
        for gray in [20_000, 40_000, 60_000] {
            let linear = srgb_to_linear(f64::from(gray) / 65535.0);
            for encoded in &convert(&profile, Ink::Rgb, [gray, gray, gray, 65535])[..3] {
                let shown = decode(f64::from(*encoded) / 65535.0);
                assert!((shown - linear).abs() < 0.002, "{gray}: {shown} for {linear}");
            }
        }
    }
}

/// A table of `lut16Type` (ICC.1:2022, 10.10) with two grid points an input, without curves.
fn table(inputs: u8, outputs: u8, clut: Vec<u16>) -> LutWarehouse {
    let straight = |channels: u8| LutStore::Store16([0, 65535].repeat(usize::from(channels)));
    LutWarehouse::Lut(LutDataType {
        num_input_channels: inputs,
        num_output_channels: outputs,
        num_clut_grid_points: 2,
        matrix: Matrix3d::IDENTITY,
        num_input_table_entries: 2,
        num_output_table_entries: 2,
        input_table: straight(inputs),
        clut_table: LutStore::Store16(clut),
        output_table: straight(outputs),
        lut_type: LutType::Lut16,
    })
}

/// A press that prints all with black ink, linear in lightness.
fn black_ink_profile() -> Vec<u8> {
    // Lab to CMYK: the first input, lightness, is the slowest.
    let to_ink = (0..8).flat_map(|node| [0, 0, 0, if node < 4 { 65535 } else { 0 }]).collect();
    // CMYK to Lab (lightness 0xff00 is 100, a and b 0x8000 are 0): black is the fastest.
    let to_lab = (0..16).flat_map(|node| [if node % 2 == 1 { 0 } else { 0xff00 }, 0x8000, 0x8000]).collect();
    let mut profile = ColorProfile::default();
    profile.pcs = DataColorSpace::Lab;
    profile.color_space = DataColorSpace::Cmyk;
    profile.profile_class = ProfileClass::OutputDevice;
    profile.white_point = ColorProfile::new_srgb().white_point;
    profile.lut_b_to_a_colorimetric = Some(table(3, 4, to_ink));
    profile.lut_a_to_b_colorimetric = Some(table(4, 3, to_lab));
    profile.encode().unwrap()
}

#[test]
fn cmyk_profiles_of_tables_are_obeyed() {
    let icc = black_ink_profile();
    let profile = Profile::from_icc(&icc, Ink::Cmyk).unwrap();
    assert!(matches!(profile.conversion, Conversion::Cmyk(_)));
    // sRGB's 119 has the lightness 50.
    for (gray, wanted) in [(255_u16, 255_u8), (119, 127), (0, 0)] {
        let paper = eight(&convert(&profile, Ink::Cmyk, [gray * 257, gray * 257, gray * 257, 65535]));
        assert_eq!(paper[..3], [255; 3], "{paper:?}");
        assert!(paper[3].abs_diff(wanted) <= 2, "{paper:?}");
        let mut pixels = Pixels::new(1, 1, crate::Layout::Cmyk, Samples::U8(paper[..4].to_vec())).unwrap();
        to_srgb(&mut pixels, &icc).unwrap();
        let Samples::U8(rgb) = pixels.samples() else { panic!("8 bits became 16") };
        assert!(rgb.iter().all(|&value| u16::from(value).abs_diff(gray) <= 3), "{rgb:?} for {gray}");
    }
}
