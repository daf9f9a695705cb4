//! Whole pictures to sRGB: for formats that hold no ICC profile, and for stamps.

#![forbid(unsafe_code)]

use moxcms::{ColorProfile, DataColorSpace, Layout as IccLayout};

use super::icc::{self, Transform};
use super::tone::srgb_from_linear;
use crate::{Layout, Pixels, Result, Samples};

/// Converts pixels of the colour space `icc` to sRGB. A profile that is damaged or about other
/// channels changes nothing. CMYK becomes RGB in any case: by the profile, or as the plain
/// complement where there is none.
pub(crate) fn to_srgb(pixels: &mut Pixels, icc: &[u8]) -> Result<()> {
    match pixels.layout() {
        Layout::Rgb | Layout::Rgba => rgb(pixels, icc),
        Layout::Gray | Layout::GrayAlpha => {
            gray(pixels, icc);
            Ok(())
        }
        Layout::Cmyk => cmyk(pixels, icc),
    }
}

fn rgb(pixels: &mut Pixels, icc: &[u8]) -> Result<()> {
    let profile = icc::parse(icc, DataColorSpace::Rgb).filter(|profile| !icc::is_srgb(profile));
    let Some(profile) = profile else { return Ok(()) };
    let layout = if pixels.layout() == Layout::Rgba { IccLayout::Rgba } else { IccLayout::Rgb };
    let row = pixels.row_len();
    match pixels.samples_mut() {
        Samples::U8(samples) => in_place(icc::to_srgb_8(&profile, layout, layout), samples, row),
        Samples::U16(samples) => in_place(icc::to_srgb_16(&profile, layout, layout), samples, row),
    }
}

fn in_place<T: Copy + Default>(transform: Option<Transform<T>>, samples: &mut [T], row: usize) -> Result<()> {
    let Some(transform) = transform else { return Ok(()) };
    let mut before = vec![T::default(); row];
    for row in samples.chunks_exact_mut(row) {
        before.copy_from_slice(row);
        super::apply(&transform, &before, row)?;
    }
    Ok(())
}

fn gray(pixels: &mut Pixels, icc: &[u8]) {
    let decode = icc::parse(icc, DataColorSpace::Gray)
        .and_then(|profile| icc::decoder(profile.gray_trc.as_ref()))
        .filter(|decode| !icc::is_srgb_curve(decode));
    let Some(decode) = decode else { return };
    let channels = pixels.layout().channels();
    let recode = |code: u32, max: f64| (srgb_from_linear(decode(f64::from(code) / max)) * max).round();
    match pixels.samples_mut() {
        Samples::U8(samples) => {
            let table: Vec<u8> = (0..=255).map(|code| recode(code, 255.0) as u8).collect();
            samples.iter_mut().step_by(channels).for_each(|sample| *sample = table[usize::from(*sample)]);
        }
        Samples::U16(samples) => {
            let table: Vec<u16> = (0..=65535).map(|code| recode(code, 65535.0) as u16).collect();
            samples.iter_mut().step_by(channels).for_each(|sample| *sample = table[usize::from(*sample)]);
        }
    }
}

fn cmyk(pixels: &mut Pixels, icc: &[u8]) -> Result<()> {
    // CMYK is 8 bit only.
    let Samples::U8(paper) = pixels.samples() else { return Ok(()) };
    let profile = icc::parse(icc, DataColorSpace::Cmyk);
    let by_profile = |profile: &ColorProfile| icc::to_srgb_8(profile, IccLayout::Rgba, IccLayout::Rgb);
    let rgb = match profile.as_ref().and_then(by_profile) {
        Some(transform) => {
            let inks: Vec<u8> = paper.iter().map(|paper| 255 - paper).collect();
            let mut rgb = vec![0; paper.len() / 4 * 3];
            super::apply(&transform, &inks, &mut rgb)?;
            rgb
        }
        None => paper.chunks_exact(4).flat_map(complement).collect(),
    };
    *pixels = Pixels::new(pixels.width(), pixels.height(), Layout::Rgb, Samples::U8(rgb))?;
    Ok(())
}

fn complement(paper: &[u8]) -> [u8; 3] {
    let of = |channel: usize| ((u32::from(paper[channel]) * u32::from(paper[3]) + 127) / 255) as u8;
    [of(0), of(1), of(2)]
}
