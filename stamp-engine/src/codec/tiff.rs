//! TIFF in, by the tiff crate; TIFF out in `write`.

#![forbid(unsafe_code)]

mod write;

use std::borrow::Cow;
use std::io::Cursor;

use tiff::TiffError;
use tiff::decoder::{Decoder, Limits};

use crate::metadata::ifd::Block;
use crate::{Depth, Error, Format, Layout, Orientation, Pixels, Probe, Result, Samples};

pub(super) use write::encode;

/// Tags (TIFF 6.0, section 8 and later ones).
mod tag {
    pub(super) const NEW_SUBFILE_TYPE: u16 = 254;
    pub(super) const WIDTH: u16 = 256;
    pub(super) const HEIGHT: u16 = 257;
    pub(super) const BITS: u16 = 258;
    pub(super) const COMPRESSION: u16 = 259;
    pub(super) const PHOTOMETRIC: u16 = 262;
    pub(super) const STRIP_OFFSETS: u16 = 273;
    pub(super) const SAMPLES: u16 = 277;
    pub(super) const ROWS_PER_STRIP: u16 = 278;
    pub(super) const STRIP_BYTES: u16 = 279;
    pub(super) const PLANAR: u16 = 284;
    pub(super) const PREDICTOR: u16 = 317;
    pub(super) const COLOUR_MAP: u16 = 320;
    pub(super) const EXTRA_SAMPLES: u16 = 338;
    pub(super) const SAMPLE_FORMAT: u16 = 339;
}

/// What the tags say of the samples.
#[derive(Debug)]
struct Kind<'a> {
    block: Block<'a>,
    first: usize,
    width: u32,
    height: u32,
    /// 1, 2, 4, 8 or 16.
    bits: u8,
    layout: Layout,
    /// The palette: all reds, all greens, all blues, 16 bits each.
    colour_map: Option<Vec<u16>>,
    /// Alpha is multiplied into the colours.
    associated: bool,
}

impl<'a> Kind<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self> {
        let headers = || damaged("its header leads nowhere");
        let block = Block::new(bytes).ok_or_else(headers)?;
        let first = block.first().ok_or_else(headers)?;
        let value = |tag| block.find(first, tag).and_then(|entry| block.unsigned(&entry));
        let side = |tag| value(tag).and_then(|side| u32::try_from(side).ok()).filter(|&side| side > 0);
        let (Some(width), Some(height)) = (side(tag::WIDTH), side(tag::HEIGHT)) else {
            return Err(damaged("its tags state no size"));
        };
        let bits = value(tag::BITS).unwrap_or(1);
        let samples = value(tag::SAMPLES).unwrap_or(1);
        let photometric = value(tag::PHOTOMETRIC);
        if !matches!(value(tag::SAMPLE_FORMAT), None | Some(1 | 4)) || bits > 16 {
            return Err(unsupported(
                "its samples are signed, floating point or longer than 16 bits; convert it to 16 bits first",
            ));
        }
        let layout = match (photometric, samples, bits) {
            (Some(0 | 1), 1, 1 | 2 | 4 | 8 | 16) => Layout::Gray,
            (Some(0 | 1), 2, 8 | 16) => Layout::GrayAlpha,
            (Some(2), 3, 8 | 16) | (Some(3), 1, 1 | 2 | 4 | 8) => Layout::Rgb,
            (Some(2), 4, 8 | 16) => Layout::Rgba,
            (Some(6), 3, 8) if value(tag::COMPRESSION) == Some(7) => Layout::Rgb,
            (Some(5), ..) => {
                return Err(unsupported("CMYK is only stamped in JPEG; convert it to RGB first"));
            }
            _ => {
                return Err(unsupported(
                    "its samples are of a rare kind; convert it to gray or RGB of 8 or 16 bits first",
                ));
            }
        };
        let colour_map = (photometric == Some(3)).then(|| {
            let entry = block.find(first, tag::COLOUR_MAP).filter(|entry| entry.kind == 3);
            entry.map(|entry| block.shorts(&entry)).unwrap_or_default()
        });
        let associated = layout.has_alpha() && value(tag::EXTRA_SAMPLES) == Some(1);
        Ok(Self { block, first, width, height, bits: bits as u8, layout, colour_map, associated })
    }

    /// Whether there is another page that is not just a smaller version of this one.
    fn has_pages(&self) -> bool {
        self.block.next(self.first).is_some_and(|next| {
            let kind = self.block.find(next, tag::NEW_SUBFILE_TYPE);
            kind.and_then(|entry| self.block.unsigned(&entry)).unwrap_or(0) & 1 == 0
        })
    }

    fn depth(&self) -> Depth {
        if self.bits == 16 { Depth::Sixteen } else { Depth::Eight }
    }

    /// Samples a pixel in the file.
    fn stored_channels(&self) -> usize {
        if self.colour_map.is_some() { 1 } else { self.layout.channels() }
    }
}

fn damaged(reason: impl std::fmt::Display) -> Error {
    Error::decode(Format::Tiff, reason)
}

fn unsupported(reason: impl std::fmt::Display) -> Error {
    Error::unsupported(Format::Tiff, reason)
}

fn refused(error: TiffError) -> Error {
    match error {
        TiffError::UnsupportedError(kind) => unsupported(format!("{kind}; convert it first")),
        other => damaged(other),
    }
}

pub(super) fn probe(bytes: &[u8]) -> Result<Probe> {
    let kind = Kind::of(bytes)?;
    Ok(Probe {
        format: Format::Tiff,
        width: kind.width,
        height: kind.height,
        orientation: Orientation::Normal,
        layout: kind.layout,
        depth: kind.depth(),
        animated: kind.has_pages(),
    })
}

pub(super) fn decode(probe: &Probe, bytes: &[u8]) -> Result<Pixels> {
    let kind = Kind::of(bytes)?;
    if (kind.width, kind.height) != (probe.width, probe.height) {
        return Err(damaged("its headers contradict each other"));
    }
    let (width, height) = (kind.width as usize, kind.height as usize);
    let channels = kind.stored_channels();
    let row = (width * channels * usize::from(kind.bits)).div_ceil(8);
    let mut limits = Limits::default();
    limits.decoding_buffer_size = row * height;
    limits.intermediate_buffer_size = row * height * 2 + (1 << 20);
    limits.ifd_value_size = 16 << 20;
    // The decoder refuses palettes, but the numbers of their entries read like gray.
    let mut file = Cow::Borrowed(bytes);
    if kind.colour_map.is_some() {
        kind.block.overwrite_short(kind.first, tag::PHOTOMETRIC, 1, file.to_mut());
    }
    let mut decoder = Decoder::new(Cursor::new(file)).map_err(refused)?.with_limits(limits);
    let layout = decoder.image_buffer_layout().map_err(refused)?;
    if layout.complete_len != row * height {
        return Err(damaged("its tags contradict each other"));
    }
    let samples = if kind.bits == 16 {
        let mut samples = vec![0_u16; row / 2 * height];
        decoder.read_image_bytes(bytemuck::cast_slice_mut(&mut samples)).map_err(refused)?;
        let mut samples = interleaved(samples, layout.planes);
        if kind.associated {
            separate(&mut samples, kind.layout.channels(), u16::MAX.into(), |v| v as u16);
        }
        Samples::U16(samples)
    } else {
        let mut samples = vec![0_u8; row * height];
        decoder.read_image_bytes(&mut samples).map_err(refused)?;
        let mut samples = interleaved(samples, layout.planes);
        if kind.associated {
            separate(&mut samples, kind.layout.channels(), u8::MAX.into(), |v| v as u8);
        }
        if kind.bits < 8 {
            let steps = if kind.colour_map.is_some() { 1 } else { 255 / ((1 << kind.bits) - 1) };
            samples = unpacked(&samples, kind.bits, width, row, steps);
        }
        if let Some(map) = &kind.colour_map {
            samples = looked_up(&samples, map, 1 << kind.bits)?;
        }
        Samples::U8(samples)
    };
    Pixels::new(kind.width, kind.height, kind.layout, samples)
}

/// Samples plane after plane become samples pixel after pixel.
fn interleaved<T: Copy>(samples: Vec<T>, planes: usize) -> Vec<T> {
    if planes < 2 {
        return samples;
    }
    let size = samples.len() / planes;
    (0..size)
        .flat_map(|pixel| (0..planes).map(move |plane| (pixel, plane)))
        .map(|(pixel, plane)| samples[plane * size + pixel])
        .collect()
}

/// Divides the alpha out of the colours (TIFF 6.0, section 18).
fn separate<T: Copy + Into<u32>>(samples: &mut [T], channels: usize, most: u32, narrow: fn(u32) -> T) {
    for pixel in samples.chunks_exact_mut(channels) {
        let Some((alpha, colours)) = pixel.split_last_mut() else { return };
        let alpha: u32 = (*alpha).into();
        for colour in colours.iter_mut().filter(|_| alpha > 0) {
            let value: u32 = (*colour).into();
            *colour = narrow(((value * most + alpha / 2) / alpha).min(most));
        }
    }
}

/// Rows of 1, 2 or 4 bits a sample, the leftmost in the highest bits, become bytes.
fn unpacked(packed: &[u8], bits: u8, width: usize, row: usize, steps: u8) -> Vec<u8> {
    let per_byte = usize::from(8 / bits);
    let mask = (1 << bits) - 1;
    let mut samples = Vec::with_capacity(width * (packed.len() / row.max(1)));
    for row in packed.chunks_exact(row.max(1)) {
        samples.extend((0..width).map(|x| {
            let shift = 8 - bits as usize * (x % per_byte + 1);
            (row[x / per_byte] >> shift & mask) * steps
        }));
    }
    samples
}

/// TIFF 6.0, section 5: 16-bit values; some writers put 8-bit ones there.
fn looked_up(entries: &[u8], map: &[u16], count: usize) -> Result<Vec<u8>> {
    let (Some(reds), Some(greens), Some(blues)) =
        (map.get(..count), map.get(count..2 * count), map.get(2 * count..3 * count))
    else {
        return Err(damaged("its palette is too short"));
    };
    let narrow = map.iter().all(|&value| value < 256);
    let eight = |value: u16| if narrow { value as u8 } else { (value >> 8) as u8 };
    Ok(entries
        .iter()
        .flat_map(|&entry| [reds, greens, blues].map(|part| eight(part[usize::from(entry) % count])))
        .collect())
}
