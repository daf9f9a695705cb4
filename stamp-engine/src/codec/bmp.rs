//! BMP in and out.

#![forbid(unsafe_code)]

use std::io::Cursor;

use image::codecs::bmp::{BmpDecoder, BmpEncoder};
use image::{ColorType, ExtendedColorType, ImageDecoder as _, ImageError};

use super::channels::{coloured_eight, eight};
use crate::{Depth, Error, Format, Layout, Orientation, Pixels, Probe, Result, Samples};

fn open(bytes: &[u8]) -> Result<(BmpDecoder<Cursor<&[u8]>>, Layout)> {
    let decoder = BmpDecoder::new(Cursor::new(bytes)).map_err(damaged)?;
    let layout = match decoder.color_type() {
        ColorType::L8 => Layout::Gray,
        ColorType::Rgb8 => Layout::Rgb,
        ColorType::Rgba8 => Layout::Rgba,
        _ => {
            return Err(Error::unsupported(
                Format::Bmp,
                "its pixels are of an unknown kind; convert it first",
            ));
        }
    };
    Ok((decoder, layout))
}

fn damaged(error: ImageError) -> Error {
    match error {
        ImageError::Unsupported(kind) => Error::unsupported(Format::Bmp, kind),
        other => Error::decode(Format::Bmp, other),
    }
}

pub(super) fn probe(bytes: &[u8]) -> Result<Probe> {
    let (decoder, layout) = open(bytes)?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(Error::decode(Format::Bmp, "its header states no size"));
    }
    let (orientation, depth) = (Orientation::Normal, Depth::Eight);
    Ok(Probe { format: Format::Bmp, width, height, orientation, layout, depth, animated: false })
}

pub(super) fn decode(probe: &Probe, bytes: &[u8]) -> Result<Pixels> {
    let (decoder, layout) = open(bytes)?;
    let mut samples = vec![0; probe.width as usize * probe.height as usize * layout.channels()];
    if decoder.total_bytes() != samples.len() as u64 {
        return Err(Error::decode(Format::Bmp, "its headers contradict each other"));
    }
    decoder.read_image(&mut samples).map_err(damaged)?;
    Pixels::new(probe.width, probe.height, layout, Samples::U8(samples))
}

pub(super) fn encode(pixels: Pixels) -> Result<Vec<u8>> {
    let pixels = match (pixels.layout(), pixels.depth()) {
        (Layout::Gray, Depth::Eight) => pixels,
        _ => coloured_eight(pixels)?,
    };
    let colour = match pixels.layout() {
        Layout::Gray => ExtendedColorType::L8,
        Layout::Rgba => ExtendedColorType::Rgba8,
        _ => ExtendedColorType::Rgb8,
    };
    let mut file = Vec::new();
    BmpEncoder::new(&mut file)
        .encode(eight(&pixels), pixels.width(), pixels.height(), colour)
        .map_err(|error| Error::encode(Format::Bmp, error))?;
    Ok(file)
}
