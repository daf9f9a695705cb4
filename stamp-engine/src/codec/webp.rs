//! WebP in and out. Encoded by libwebp, and decoded by it where there is nothing but VP8; lossless data
//! and alpha are decoded by image-webp: in C, their nested Huffman tables are where hostile pictures
//! have struck (CVE-2023-4863).

#![forbid(unsafe_code)]

use std::io::Cursor;

use image_webp::{DecodingError, WebPDecoder};

use super::channels::coloured_eight;
use super::{EncodeOptions, libwebp};
use crate::metadata::webp::{embed, is_lossless, is_plain_vp8};
use crate::{Depth, Error, Format, Layout, Metadata, Orientation, Pixels, Probe, Result, Samples};

/// Quality where the caller tells none.
const QUALITY: u8 = 85;
/// RFC 6386 and RFC 9649: 14 bits a side.
const LONGEST_SIDE: u32 = 16_383;

fn damaged(error: DecodingError) -> Error {
    Error::decode(Format::WebP, error)
}

fn layout(decoder: &WebPDecoder<Cursor<&[u8]>>) -> Layout {
    if decoder.has_alpha() { Layout::Rgba } else { Layout::Rgb }
}

pub(super) fn probe(bytes: &[u8]) -> Result<Probe> {
    let decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(Error::decode(Format::WebP, "its header states no size"));
    }
    Ok(Probe {
        format: Format::WebP,
        width,
        height,
        orientation: Orientation::Normal,
        layout: layout(&decoder),
        depth: Depth::Eight,
        animated: decoder.is_animated(),
    })
}

pub(super) fn decode(probe: &Probe, bytes: &[u8]) -> Result<Pixels> {
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(damaged)?;
    let layout = layout(&decoder);
    let count = probe.width as usize * probe.height as usize * layout.channels();
    if decoder.output_buffer_size() != Some(count) {
        return Err(Error::decode(Format::WebP, "its headers contradict each other"));
    }
    if layout == Layout::Rgb && is_plain_vp8(bytes) {
        // It refuses files whose last chunk is cut; the other decoder then says what it is.
        if let Some(samples) = libwebp::decode(bytes, probe.width, probe.height) {
            return Pixels::new(probe.width, probe.height, layout, Samples::U8(samples));
        }
    }
    // Its planes and one picture more, for the alpha of a lossy picture.
    decoder.set_memory_limit(count.saturating_mul(4).saturating_add(bytes.len()));
    let mut samples = vec![0; count];
    decoder.read_image(&mut samples).map_err(damaged)?;
    Pixels::new(probe.width, probe.height, layout, Samples::U8(samples))
}

pub(super) fn encode(
    pixels: Pixels,
    metadata: &Metadata,
    options: &EncodeOptions,
    source: &[u8],
) -> Result<Vec<u8>> {
    let (width, height) = (pixels.width(), pixels.height());
    if width.max(height) > LONGEST_SIDE {
        return Err(Error::encode(Format::WebP, "it is wider or higher than 16,383 pixels"));
    }
    let own = || Format::of(source) == Some(Format::WebP) && is_lossless(source);
    let lossless = options.lossless.unwrap_or_else(own);
    let pixels = coloured_eight(pixels)?;
    let encoded = libwebp::encode(&pixels, (!lossless).then(|| options.quality.unwrap_or(QUALITY)))
        .map_err(|reason| Error::encode(Format::WebP, reason))?;
    drop(pixels);
    embed(metadata, encoded, width, height)
}
