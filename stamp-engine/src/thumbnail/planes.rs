//! A JPEG made small in its own colours: each plane of Y, Cb and Cr for itself, with chroma halved each way
//! as it is written. There is nothing to convert, and half of the samples to filter that RGB would have.

#![forbid(unsafe_code)]

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8;
use fast_image_resize::{ResizeOptions, Resizer};
use turbojpeg::{Colorspace, Compressor, ScalingFactor, Subsamp, YuvImage};

use super::{FILTER, QUALITY, scaling, smaller};
use crate::codec::jpeg::decompressor;
use crate::{Error, Format, Layout, Pixels, Probe, Result, Samples};

/// `None` where the picture has other components than Y, Cb and Cr, or a sampling that libjpeg-turbo has
/// no name for.
pub(super) fn thumbnail(probe: &Probe, bytes: &[u8], size: u32) -> Result<Option<Vec<u8>>> {
    let Some(image) = decode(probe, bytes, scaling(probe, size))? else { return Ok(None) };
    let (width, height) = smaller((probe.width, probe.height), size);
    let is_gray = image.subsamp == Subsamp::Gray;
    let small = |samples: &[u8], from, unit: (usize, usize), to| {
        let seen = (image.width as f64 / unit.0 as f64, image.height as f64 / unit.1 as f64);
        shrink(samples, from, seen, to)?.into_viewed(probe.orientation)
    };
    let (luma, chroma) = (image.y_size(), image.uv_size());
    let (y, both) = image.pixels.split_at(luma.0 * luma.1);
    let mut samples = Vec::new();
    append(small(y, luma, (1, 1), (width, height))?, !is_gray, &mut samples);
    if !is_gray {
        let half = (width.div_ceil(2), height.div_ceil(2));
        for plane in both.chunks_exact(chroma.0 * chroma.1) {
            append(small(plane, chroma, image.subsamp.size(), half)?, false, &mut samples);
        }
    }
    let subsamp = if is_gray { Subsamp::Gray } else { Subsamp::Sub2x2 };
    let (width, height) = probe.orientation.size(width, height);
    let (width, height) = (width as usize, height as usize);
    encode(YuvImage { pixels: &samples, width, align: 1, height, subsamp }).map(Some)
}

fn decode(probe: &Probe, bytes: &[u8], factor: ScalingFactor) -> Result<Option<YuvImage<Vec<u8>>>> {
    let failed = |error: turbojpeg::Error| Error::decode(Format::Jpeg, error);
    let mut decompressor = decompressor()?;
    decompressor.set_scaling_factor(factor).map_err(failed)?;
    let header = decompressor.read_header(bytes).map_err(failed)?.scaled(factor);
    let space = if probe.layout == Layout::Gray { Colorspace::Gray } else { Colorspace::YCbCr };
    let length = turbojpeg::yuv_pixels_len(header.width, 1, header.height, header.subsamp);
    let (true, Ok(length)) = (header.colorspace == space, length) else { return Ok(None) };
    let mut image = YuvImage {
        pixels: vec![0; length],
        width: header.width,
        align: 1,
        height: header.height,
        subsamp: header.subsamp,
    };
    decompressor.decompress_to_yuv(bytes, image.as_deref_mut()).map_err(failed)?;
    Ok(Some(image))
}

/// A plane of `from` samples, of which the first `seen` across and down are the picture's.
fn shrink(
    samples: &[u8],
    from: (usize, usize),
    seen: (f64, f64),
    (width, height): (u32, u32),
) -> Result<Pixels> {
    let failed = |error: &dyn std::fmt::Display| Error::encode(Format::Jpeg, error);
    let from = TypedImageRef::<U8>::from_buffer(from.0 as u32, from.1 as u32, samples)
        .map_err(|error| failed(&error))?;
    let mut small = vec![0; width as usize * height as usize];
    let mut to = TypedImage::<U8>::from_buffer(width, height, &mut small).map_err(|error| failed(&error))?;
    let options = ResizeOptions::new().crop(0.0, 0.0, seen.0, seen.1).resize_alg(FILTER);
    Resizer::new().resize_typed(&from, &mut to, Some(&options)).map_err(|error| failed(&error))?;
    Pixels::new(width, height, Layout::Gray, Samples::U8(small))
}

/// Appends a plane; with `even`, its last column and row are there twice where their number is odd, as
/// luma is stored beside chroma.
fn append(plane: Pixels, even: bool, to: &mut Vec<u8>) {
    let (width, height) = (plane.width() as usize, plane.height() as usize);
    let samples = crate::codec::channels::to_eight(plane.into_samples());
    for row in samples.chunks_exact(width.max(1)) {
        to.extend_from_slice(row);
        to.extend(row.last().filter(|_| even && width % 2 == 1));
    }
    if even && height % 2 == 1 {
        let row = width.next_multiple_of(2);
        to.extend_from_within(to.len() - row..);
    }
}

fn encode(image: YuvImage<&[u8]>) -> Result<Vec<u8>> {
    let failed = |error: turbojpeg::Error| Error::encode(Format::Jpeg, error);
    let mut compressor = Compressor::new().map_err(failed)?;
    compressor.set_quality(QUALITY).map_err(failed)?;
    compressor.compress_yuv_to_vec(image).map_err(failed)
}
