//! TIFF out: strips of deflated differences (TIFF 6.0, section 14; Technical Note 2 of Adobe's
//! PageMaker 6 for deflate).

#![forbid(unsafe_code)]

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::tag;
use crate::metadata::exif::Directories;
use crate::metadata::ifd::{Field, Order, header, write_directory};
use crate::metadata::tiff::fields;
use crate::{Depth, Error, Format, Layout, Metadata, Pixels, Result, Samples};

/// Bytes in a strip before compression: small enough for a cache, large enough to compress.
const STRIP: usize = 256 << 10;
/// Fast, and behind the predictor little larger than the best.
const LEVEL: u32 = 3;

/// Encodes in the byte order of the EXIF block, so that its values can be copied.
pub(in crate::codec) fn encode(pixels: Pixels, metadata: &Metadata) -> Result<Vec<u8>> {
    let (width, height, layout, depth) = (pixels.width(), pixels.height(), pixels.layout(), pixels.depth());
    let photometric = match layout {
        Layout::Gray | Layout::GrayAlpha => 1,
        Layout::Rgb | Layout::Rgba => 2,
        Layout::Cmyk => {
            return Err(Error::unsupported(Format::Tiff, "it cannot hold CMYK; convert it to RGB first"));
        }
    };
    let directories = metadata.exif.as_deref().and_then(Directories::read);
    let order = directories.as_ref().map_or(Order::Little, |directories| directories.order);
    let channels = layout.channels();
    let row = pixels.row_len() * depth.bytes();
    let rows = (STRIP / row).clamp(1, height as usize);
    let mut file = header(order, 0).to_vec();
    let (offsets, lengths) =
        write_strips(&mut file, pixels.into_samples(), channels, row / depth.bytes(), rows, order)?;
    let mut main = Vec::new();
    if let Some(directories) = directories {
        main = directories.append_to(&mut file).ok_or_else(too_long)?;
    }
    let bits: u16 = if depth == Depth::Sixteen { 16 } else { 8 };
    let short = |tag, value| Field::shorts(tag, &[value], order);
    main.extend([
        Field::longs(tag::WIDTH, &[width], order),
        Field::longs(tag::HEIGHT, &[height], order),
        Field::shorts(tag::BITS, &vec![bits; channels], order),
        short(tag::COMPRESSION, 8),
        short(tag::PHOTOMETRIC, photometric),
        Field::longs(tag::STRIP_OFFSETS, &offsets, order),
        short(tag::SAMPLES, channels as u16),
        Field::longs(tag::ROWS_PER_STRIP, &[rows as u32], order),
        Field::longs(tag::STRIP_BYTES, &lengths, order),
        short(tag::PLANAR, 1),
        short(tag::PREDICTOR, 2),
    ]);
    if layout.has_alpha() {
        main.push(short(tag::EXTRA_SAMPLES, 2));
    }
    main.extend(fields(metadata));
    let first = write_directory(&mut file, main, order).ok_or_else(too_long)?;
    file[..8].copy_from_slice(&header(order, first));
    Ok(file)
}

fn too_long() -> Error {
    Error::encode(Format::Tiff, "it would be longer than 4 GiB")
}

/// Appends the strips and gives their offsets and lengths.
fn write_strips(
    file: &mut Vec<u8>,
    samples: Samples,
    channels: usize,
    row: usize,
    rows: usize,
    order: Order,
) -> Result<(Vec<u32>, Vec<u32>)> {
    let (mut offsets, mut lengths) = (Vec::new(), Vec::new());
    let mut push = |file: &mut Vec<u8>, strip: &[u8]| -> Result<()> {
        let start = u32::try_from(file.len()).map_err(|_| too_long())?;
        let mut encoder = ZlibEncoder::new(&mut *file, Compression::new(LEVEL));
        let done = encoder.write_all(strip).and_then(|()| encoder.finish().map(|_| ()));
        done.map_err(|error| Error::encode(Format::Tiff, error))?;
        offsets.push(start);
        lengths.push(u32::try_from(file.len()).map_err(|_| too_long())? - start);
        Ok(())
    };
    match samples {
        Samples::U8(mut samples) => {
            for strip in samples.chunks_mut(row * rows) {
                strip.chunks_mut(row).for_each(|row| differ(row, channels, u8::wrapping_sub));
                push(file, strip)?;
            }
        }
        Samples::U16(mut samples) => {
            for strip in samples.chunks_mut(row * rows) {
                strip.chunks_mut(row).for_each(|row| differ(row, channels, u16::wrapping_sub));
                for sample in &mut *strip {
                    *sample = u16::from_ne_bytes(order.u16(*sample));
                }
                push(file, bytemuck::cast_slice(strip))?;
            }
        }
    }
    Ok((offsets, lengths))
}

/// Replaces each sample by its difference from the one a pixel to the left.
fn differ<T: Copy>(row: &mut [T], channels: usize, minus: fn(T, T) -> T) {
    for at in (channels..row.len()).rev() {
        row[at] = minus(row[at], row[at - channels]);
    }
}
