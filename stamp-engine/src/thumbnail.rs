//! A picture made small, to be looked at.

#![forbid(unsafe_code)]

mod planes;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use turbojpeg::{Compressor, Image, PixelFormat, ScalingFactor, Subsamp};

use crate::codec::channels::{coloured, opaque_eight};
use crate::codec::{check, is_progressive_jpeg, jpeg};
use crate::{Error, Format, Layout, Limits, Pixels, Probe, Result, Samples, probe};

/// As good as thumbnails need be.
const QUALITY: i32 = 85;
/// Nearly as sharp as Lanczos's, with two thirds of the samples to look at.
const FILTER: ResizeAlg = ResizeAlg::Convolution(FilterType::CatmullRom);

/// Makes a JPEG of a picture as viewed, at most `size` pixels wide and high; a smaller picture keeps its
/// size. What shows through is white; colours are those of the picture's own profile, which is not kept.
///
/// # Errors
/// As [`probe`](crate::probe()), and [`Error::Decode`] for damaged pictures.
///
/// ```
/// # let photo = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/pictures/variants/orientation-6.jpg"))?;
/// let small = stamp_engine::thumbnail(&photo, 64, &stamp_engine::Limits::default())?;
/// let probe = stamp_engine::probe(&small, &stamp_engine::Limits::default())?;
/// assert_eq!(probe.width.max(probe.height), 64);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn thumbnail(bytes: &[u8], size: u32, limits: &Limits) -> Result<Vec<u8>> {
    let probe = probe(bytes, limits)?;
    let size = size.max(1);
    let decoded = if is_scaled(&probe) {
        check(&probe, bytes, false)?;
        if let Some(small) = planes::thumbnail(&probe, bytes, size)? {
            return Ok(small);
        }
        decode_scaled(&probe, bytes, size)?
    } else {
        coloured(opaque_eight(Pixels::decode(bytes, limits)?)?)?
    };
    // Inks have no thumbnail of their own: their colours are those of a plain inversion.
    let decoded = if decoded.layout() == Layout::Cmyk { plain_rgb(decoded)? } else { decoded };
    let small =
        shrink(decoded, smaller((probe.width, probe.height), size))?.into_viewed(probe.orientation)?;
    encode(small)
}

/// Bytes of memory that [`thumbnail`] takes beside the picture's own, reckoned from its header; never less.
///
/// # Errors
/// As [`probe`](crate::probe()).
pub fn thumbnail_memory(bytes: &[u8], size: u32, limits: &Limits) -> Result<u64> {
    let probe = probe(bytes, limits)?;
    let pixels = u64::from(probe.width) * u64::from(probe.height);
    if !is_scaled(&probe) {
        // Samples as decoded, the decoder's own, and those that are made of them.
        return Ok(3 * pixels * (probe.layout.channels().max(4) * probe.depth.bytes()) as u64);
    }
    // A progressive decoder holds every coefficient until the last scan, of three components at most.
    let coefficients = if is_progressive_jpeg(bytes) { 6 * pixels } else { 0 };
    let factor = scaling(&probe, size.max(1));
    let side = |side: u32| factor.scale(side as usize) as u64;
    Ok(coefficients + 2 * 3 * side(probe.width) * side(probe.height))
}

/// Whether the decoder itself makes it smaller.
fn is_scaled(probe: &Probe) -> bool {
    probe.format == Format::Jpeg && matches!(probe.layout, Layout::Rgb | Layout::Gray)
}

/// Eighths that the inverse transform makes at once; half as much again is left for the filter.
fn scaling(probe: &Probe, size: u32) -> ScalingFactor {
    let longest = probe.width.max(probe.height) as usize;
    [ScalingFactor::ONE_EIGHTH, ScalingFactor::ONE_QUARTER, ScalingFactor::ONE_HALF]
        .into_iter()
        .find(|factor| 2 * factor.scale(longest) >= 3 * size as usize)
        .unwrap_or(ScalingFactor::ONE)
}

fn decode_scaled(probe: &Probe, bytes: &[u8], size: u32) -> Result<Pixels> {
    let failed = |error: turbojpeg::Error| Error::decode(Format::Jpeg, error);
    let mut decompressor = jpeg::decompressor()?;
    let factor = scaling(probe, size);
    decompressor.set_scaling_factor(factor).map_err(failed)?;
    let header = decompressor.read_header(bytes).map_err(failed)?.scaled(factor);
    let (width, height) = (header.width, header.height);
    let mut pixels = vec![0; width * height * 3];
    let image = Image { pixels: &mut pixels[..], width, pitch: 3 * width, height, format: PixelFormat::RGB };
    decompressor.decompress(bytes, image).map_err(failed)?;
    Pixels::new(width as u32, height as u32, Layout::Rgb, Samples::U8(pixels))
}

fn plain_rgb(inks: Pixels) -> Result<Pixels> {
    let (width, height) = (inks.width(), inks.height());
    let samples = crate::codec::channels::to_eight(inks.into_samples());
    let rgb = samples.as_chunks::<4>().0.iter().flat_map(|&[c, m, y, k]| {
        [c, m, y].map(|ink| (u32::from(255 - ink) * u32::from(255 - k) / 255) as u8)
    });
    Pixels::new(width, height, Layout::Rgb, Samples::U8(rgb.collect()))
}

/// The width and height whose longer one is at most `size`.
fn smaller((width, height): (u32, u32), size: u32) -> (u32, u32) {
    let longest = width.max(height);
    if longest <= size {
        return (width, height);
    }
    let side = |side: u32| {
        ((u64::from(side) * u64::from(size) + u64::from(longest) / 2) / u64::from(longest)).max(1) as u32
    };
    (side(width), side(height))
}

fn shrink(pixels: Pixels, (width, height): (u32, u32)) -> Result<Pixels> {
    let from = (pixels.width(), pixels.height());
    if (width, height) == from {
        return Ok(pixels);
    }
    let failed = |error: &dyn std::fmt::Display| Error::encode(Format::Jpeg, error);
    let samples = crate::codec::channels::to_eight(pixels.into_samples());
    let mut small = vec![0; width as usize * height as usize * 3];
    let from = TypedImageRef::from_buffer(from.0, from.1, &samples).map_err(|error| failed(&error))?;
    let mut to = TypedImage::from_buffer(width, height, &mut small).map_err(|error| failed(&error))?;
    // Typed: or the resizers of all pixel types are compiled into this crate, for a minute.
    let options = ResizeOptions::new().resize_alg(FILTER);
    Resizer::new().resize_typed::<U8x3>(&from, &mut to, Some(&options)).map_err(|error| failed(&error))?;
    Pixels::new(width, height, Layout::Rgb, Samples::U8(small))
}

fn encode(pixels: Pixels) -> Result<Vec<u8>> {
    let failed = |error: turbojpeg::Error| Error::encode(Format::Jpeg, error);
    let (width, height) = (pixels.width() as usize, pixels.height() as usize);
    let samples = crate::codec::channels::to_eight(pixels.into_samples());
    let image = Image { pixels: &samples[..], width, pitch: 3 * width, height, format: PixelFormat::RGB };
    let mut compressor = Compressor::new().map_err(failed)?;
    compressor.set_quality(QUALITY).map_err(failed)?;
    compressor.set_subsamp(Subsamp::Sub2x2).map_err(failed)?;
    compressor.compress_to_vec(image).map_err(failed)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Every fixture that can be decoded has a thumbnail, as wide and high as it is viewed.
    #[test]
    fn every_picture_has_a_thumbnail() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/pictures/variants");
        let mut made = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            let limits = Limits::default();
            let Ok(of) = probe(&bytes, &limits) else { continue };
            if Pixels::decode(&bytes, &limits).is_err() {
                continue;
            }
            let small =
                thumbnail(&bytes, 50, &limits).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let is = probe(&small, &limits).unwrap();
            let (width, height) = of.orientation.size(of.width, of.height);
            let longest = width.max(height);
            assert_eq!(is.width.max(is.height), longest.min(50), "{}", path.display());
            let ratio = |width: u32, height: u32| f64::from(width) / f64::from(height);
            if width.min(height) * 50 > longest * 10 {
                let off = ratio(is.width, is.height) / ratio(width, height);
                assert!((0.9..1.1).contains(&off), "{}: {off}", path.display());
            }
            made += 1;
        }
        assert!(made > 50, "{made}");
    }

    /// A JPEG's planes made small show what its RGB made small shows, whatever its sampling and orientation.
    #[test]
    fn planes_show_what_rgb_shows() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/pictures/variants");
        let limits = Limits::default();
        let mut compared = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            let Ok(probe) = probe(&bytes, &limits) else { continue };
            if !is_scaled(&probe) || Pixels::decode(&bytes, &limits).is_err() {
                continue;
            }
            for size in [33, 50, 101, 3000] {
                let Some(small) = planes::thumbnail(&probe, &bytes, size).unwrap() else { continue };
                let rgb = decode_scaled(&probe, &bytes, size).unwrap();
                let rgb = shrink(rgb, smaller((probe.width, probe.height), size)).unwrap();
                let rgb = encode(rgb.into_viewed(probe.orientation).unwrap()).unwrap();
                let seen = |file| coloured(Pixels::decode(file, &limits).unwrap()).unwrap();
                let (small, rgb) = (seen(&small), seen(&rgb));
                assert_eq!(
                    (small.width(), small.height()),
                    (rgb.width(), rgb.height()),
                    "{}",
                    path.display()
                );
                let pair = [small, rgb].map(|pixels| crate::codec::channels::to_eight(pixels.into_samples()));
                // Gray, as chroma is halved at another time.
                let gray = |rgb: &[u8; 3]| {
                    (299.0 * f64::from(rgb[0]) + 587.0 * f64::from(rgb[1]) + 114.0 * f64::from(rgb[2]))
                        / 1000.0
                };
                let pair = pair.each_ref().map(|samples| samples.as_chunks::<3>().0);
                let off: f64 = pair[0].iter().zip(pair[1]).map(|(a, b)| (gray(a) - gray(b)).abs()).sum();
                let off = off / pair[0].len() as f64;
                assert!(off < 2.5, "{} at {size}: {off} apart", path.display());
                compared += 1;
            }
        }
        assert!(compared > 60, "{compared}");
    }
}
