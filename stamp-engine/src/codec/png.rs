//! PNG in and out.

#![forbid(unsafe_code)]

mod deflate;
mod filter;

use std::borrow::Cow;
use std::io::Cursor;

use png::chunk::{ChunkType, IDAT};
use png::{BitDepth, ColorType, Decoder, Encoder, EncodingError, Info, Transformations};

use self::deflate::Kind;
use crate::metadata::png::{bare_chunks, chunks, raw_profile, xmp_chunk};
use crate::{Depth, Error, Format, Layout, Metadata, Orientation, Pixels, Probe, Result, Samples};

/// What the decoder may allocate beside its rows: chunks of text and the like.
const CHUNK_BYTES: usize = 64 << 20;

pub(super) fn probe(bytes: &[u8]) -> Result<Probe> {
    let damaged = |reason| Error::decode(Format::Png, reason);
    let head = chunks(bytes).next().filter(|chunk| &chunk.name == b"IHDR");
    let Some(&[w3, w2, w1, w0, h3, h2, h1, h0, bits, colour, ..]) = head.map(|chunk| chunk.data) else {
        return Err(damaged("it does not begin with its header"));
    };
    let (width, height) = (u32::from_be_bytes([w3, w2, w1, w0]), u32::from_be_bytes([h3, h2, h1, h0]));
    if width == 0 || height == 0 {
        return Err(damaged("its header states no size"));
    }
    let (mut keyed, mut animated) = (false, false);
    for chunk in chunks(bytes).take_while(|chunk| &chunk.name != b"IDAT") {
        keyed |= &chunk.name == b"tRNS";
        animated |= &chunk.name == b"acTL";
    }
    let layout = match (colour, keyed) {
        (0, false) => Layout::Gray,
        (0, true) | (4, _) => Layout::GrayAlpha,
        (2 | 3, false) => Layout::Rgb,
        (2 | 3, true) | (6, _) => Layout::Rgba,
        _ => return Err(damaged("its header states no known colour type")),
    };
    let depth = if bits == 16 { Depth::Sixteen } else { Depth::Eight };
    Ok(Probe {
        format: Format::Png,
        width,
        height,
        orientation: Orientation::Normal,
        layout,
        depth,
        animated,
    })
}

pub(super) fn decode(probe: &Probe, bytes: &[u8]) -> Result<Pixels> {
    let damaged = |error: png::DecodingError| Error::decode(Format::Png, error);
    let rows = 64 * probe.width as usize;
    let limits = png::Limits { bytes: CHUNK_BYTES + rows };
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(damaged)?;
    let layout = match reader.output_color_type().0 {
        ColorType::Grayscale => Layout::Gray,
        ColorType::GrayscaleAlpha => Layout::GrayAlpha,
        ColorType::Rgb => Layout::Rgb,
        ColorType::Rgba => Layout::Rgba,
        ColorType::Indexed => return Err(Error::decode(Format::Png, "it has no palette")),
    };
    let (width, height) = (reader.info().width, reader.info().height);
    if (width, height, layout) != (probe.width, probe.height, probe.layout) {
        return Err(Error::decode(Format::Png, "its headers contradict each other"));
    }
    let count = width as usize * height as usize * layout.channels();
    let samples = match reader.output_color_type().1 {
        BitDepth::Sixteen => {
            let mut samples = vec![0_u16; count];
            reader.next_frame(bytemuck::cast_slice_mut(&mut samples)).map_err(damaged)?;
            samples.iter_mut().for_each(|sample| *sample = u16::from_be(*sample));
            Samples::U16(samples)
        }
        _ => {
            let mut samples = vec![0_u8; count];
            reader.next_frame(&mut samples).map_err(damaged)?;
            Samples::U8(samples)
        }
    };
    Pixels::new(width, height, layout, samples)
}

/// `source` is the file that the pixels came from.
pub(super) fn encode(pixels: Pixels, metadata: &Metadata, source: &[u8]) -> Result<Vec<u8>> {
    let cannot = |error: EncodingError| Error::encode(Format::Png, error);
    let mut info = Info::with_size(pixels.width(), pixels.height());
    info.color_type = match pixels.layout() {
        Layout::Gray => ColorType::Grayscale,
        Layout::GrayAlpha => ColorType::GrayscaleAlpha,
        Layout::Rgb => ColorType::Rgb,
        Layout::Rgba => ColorType::Rgba,
        Layout::Cmyk => {
            return Err(Error::unsupported(Format::Png, "it cannot hold CMYK; convert it to RGB first"));
        }
    };
    let bits = pixels.depth();
    info.bit_depth = if bits == Depth::Sixteen { BitDepth::Sixteen } else { BitDepth::Eight };
    info.icc_profile = metadata.icc.as_deref().map(Cow::Borrowed);
    info.exif_metadata = metadata.exif.as_deref().map(Cow::Borrowed);
    let mut file = Vec::new();
    let encoder = Encoder::with_info(&mut file, info).map_err(cannot)?;
    let mut writer = encoder.write_header().map_err(cannot)?;
    for chunk in bare_chunks(metadata.native_of(Format::Png).unwrap_or_default()) {
        writer.write_chunk(ChunkType(chunk.name), chunk.data).map_err(cannot)?;
    }
    if let Some(packet) = &metadata.xmp {
        writer.write_chunk(ChunkType(*b"iTXt"), &xmp_chunk(packet)).map_err(cannot)?;
    }
    if let Some(iptc) = &metadata.iptc {
        let chunk = raw_profile::chunk(iptc).map_err(|error| Error::encode(Format::Png, error))?;
        writer.write_chunk(ChunkType(*b"zTXt"), &chunk).map_err(cannot)?;
    }
    let bytes_per_pixel = pixels.layout().channels() * bits.bytes();
    let row = pixels.width() as usize * bytes_per_pixel;
    let mut write = |samples: &[u8]| {
        let kind = Kind::of(source, samples.len());
        deflate::compress(samples.chunks_exact(row), row, bytes_per_pixel, kind, |piece| {
            Ok(writer.write_chunk(IDAT, piece)?)
        })
    };
    match pixels.into_samples() {
        Samples::U8(samples) => write(&samples),
        Samples::U16(mut samples) => {
            samples.iter_mut().for_each(|sample| *sample = sample.to_be());
            write(bytemuck::cast_slice(&samples))
        }
    }
    .map_err(|error| Error::encode(Format::Png, error))?;
    writer.finish().map_err(cannot)?;
    Ok(file)
}
