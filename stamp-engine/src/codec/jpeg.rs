//! JPEG in and out, by libjpeg-turbo.

#![forbid(unsafe_code)]

mod bounds;
mod planes;

use std::borrow::Cow;

use turbojpeg::{Colorspace, Compressor, Decompressor, Image, PixelFormat, Subsamp};

use super::EncodeOptions;
use super::channels::{eight, opaque_eight};
use super::quantisation::quality_of;
use crate::metadata::jpeg::{APP0, embed, segments, with_icc_hidden};
use crate::spare::Spare;
use crate::{Depth, Error, Format, Layout, Metadata, Orientation, Pixels, Probe, Result, Samples};

pub(super) use bounds::check;
pub(crate) use planes::Planes;

/// Quality where neither the source nor the caller tells one.
const QUALITY: u8 = 90;
/// Progressive files of more scans are made to waste time, not to be looked at.
const MOST_SCANS: u32 = 200;

/// A frame header (ITU-T T.81, B.2.2).
#[derive(Debug)]
pub(super) struct Frame<'a> {
    marker: u8,
    precision: u8,
    height: u16,
    width: u16,
    /// For each component: identifier, sampling factors, quantisation table.
    pub(super) components: &'a [[u8; 3]],
}

impl<'a> Frame<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Option<Self> {
        // SOF0 to SOF15 without DHT, JPG and DAC.
        let is_frame = |marker| matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc);
        let segment = segments(bytes).find(|segment| is_frame(segment.marker))?;
        let [precision, h1, h0, w1, w0, count, rest @ ..] = segment.data else { return None };
        let components = rest.as_chunks::<3>().0.get(..usize::from(*count))?;
        Some(Self {
            marker: segment.marker,
            precision: *precision,
            height: u16::from_be_bytes([*h1, *h0]),
            width: u16::from_be_bytes([*w1, *w0]),
            components,
        })
    }

    /// The sampling that keeps at least the chroma that the frame has.
    fn sampling(&self) -> Subsamp {
        let factors = |component: &[u8; 3]| (component[1] >> 4, component[1] & 15);
        let (widest, highest) = self
            .components
            .iter()
            .map(factors)
            .fold((1, 1), |most, own| (most.0.max(own.0), most.1.max(own.1)));
        let chroma = self.components.get(1..3).unwrap_or_default().iter().map(factors);
        let across = chroma.clone().map(|own| widest / own.0.max(1)).min().unwrap_or(1);
        let down = chroma.map(|own| highest / own.1.max(1)).min().unwrap_or(1);
        match (across, down) {
            (4.., 1) => Subsamp::Sub4x1,
            (1, 4..) => Subsamp::Sub1x4,
            (2.., 2..) => Subsamp::Sub2x2,
            (2.., 1) => Subsamp::Sub2x1,
            (1, 2..) => Subsamp::Sub1x2,
            _ => Subsamp::None,
        }
    }
}

/// Whether the JPEG `bytes` are progressive (SOF2, SOF6, SOF10, SOF14).
pub(crate) fn is_progressive(bytes: &[u8]) -> bool {
    Frame::of(bytes).is_some_and(|frame| matches!(frame.marker, 0xc2 | 0xc6 | 0xca | 0xce))
}

pub(super) fn probe(bytes: &[u8]) -> Result<Probe> {
    let damaged = |reason| Err(Error::decode(Format::Jpeg, reason));
    let unsupported = |reason| Err(Error::unsupported(Format::Jpeg, reason));
    let Some(frame) = Frame::of(bytes) else { return damaged("it ends before its frame header") };
    if matches!(frame.marker, 0xc5..=0xc7 | 0xcd..=0xcf) {
        return unsupported("it is hierarchical; convert it first");
    }
    if frame.precision != 8 {
        return unsupported("it has more than 8 bits a sample; convert it to 8 bits first");
    }
    if frame.width == 0 || frame.height == 0 {
        return damaged("its frame header states no size");
    }
    let layout = match frame.components.len() {
        1 => Layout::Gray,
        3 => Layout::Rgb,
        4 => Layout::Cmyk,
        _ => return unsupported("it has neither 1, 3 nor 4 components; convert it first"),
    };
    Ok(Probe {
        format: Format::Jpeg,
        width: frame.width.into(),
        height: frame.height.into(),
        orientation: Orientation::Normal,
        layout,
        depth: Depth::Eight,
        animated: false,
    })
}

const fn pixel_format(layout: Layout) -> PixelFormat {
    match layout {
        Layout::Gray | Layout::GrayAlpha => PixelFormat::GRAY,
        Layout::Rgb | Layout::Rgba => PixelFormat::RGB,
        Layout::Cmyk => PixelFormat::CMYK,
    }
}

/// With `lenient`, what is there of a damaged picture; the rest is gray.
pub(super) fn decode(probe: &Probe, bytes: &[u8], lenient: bool) -> Result<Pixels> {
    let (width, height) = (probe.width as usize, probe.height as usize);
    let pitch = width * probe.layout.channels();
    let mut samples = Spare::Samples.take_full(pitch * height);
    let format = pixel_format(probe.layout);
    let image = Image { pixels: &mut samples[..], width, pitch, height, format };
    let mut decompressor = decompressor()?;
    let bytes = with_sound_header(&mut decompressor, bytes)?;
    tolerant(decompressor.decompress(&bytes, image), lenient)?;
    Pixels::new(probe.width, probe.height, probe.layout, Samples::U8(samples))
}

/// What is wrong with the header ends decoding before it begins, whatever of it would be tolerated later; the
/// samples would then be those of another picture. Only a profile in disorder is passed over, as viewers do.
fn with_sound_header<'a>(decompressor: &mut Decompressor, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>> {
    match decompressor.read_header(bytes) {
        Ok(_) => Ok(Cow::Borrowed(bytes)),
        Err(error) if plain(&error).contains("bad ICC marker") => {
            let bytes = with_icc_hidden(bytes);
            decompressor.read_header(&bytes).map_err(damaged)?;
            Ok(Cow::Owned(bytes))
        }
        Err(error) => Err(damaged(error)),
    }
}

/// One that gives up behind more scans than anybody looks at.
pub(crate) fn decompressor() -> Result<Decompressor> {
    let mut decompressor = Decompressor::new().map_err(damaged)?;
    decompressor.set_scan_limit(MOST_SCANS).map_err(damaged)?;
    Ok(decompressor)
}

/// Passes over what libjpeg complains of and still decodes, as far as that is wanted.
fn tolerant(decoded: turbojpeg::Result<()>, lenient: bool) -> Result<()> {
    match decoded {
        Ok(()) => Ok(()),
        // Padding before a marker harms nothing, and some cameras write it.
        Err(error) if error.to_string().contains("extraneous bytes before marker") => Ok(()),
        Err(error) if lenient && is_warning(&error) => Ok(()),
        Err(error) => Err(damaged(error)),
    }
}

/// Whether libjpeg only warned, and went on to decode what there was (its jerror.h, JWRN codes).
fn is_warning(error: &turbojpeg::Error) -> bool {
    let warnings = [
        "Corrupt JPEG data",
        "Premature end of JPEG file",
        "Inconsistent progression sequence",
        "Invalid SOS parameters for sequential JPEG",
    ];
    let message = plain(error);
    warnings.iter().any(|warning| message.contains(warning))
}

fn damaged(error: turbojpeg::Error) -> Error {
    Error::decode(Format::Jpeg, plain(&error))
}

/// libjpeg's own words.
fn plain(error: &turbojpeg::Error) -> String {
    match error {
        turbojpeg::Error::TurboJpegError(message) => message.clone(),
        other => other.to_string(),
    }
}

pub(super) fn encode(
    pixels: Pixels,
    metadata: &Metadata,
    options: &EncodeOptions,
    source: &[u8],
) -> Result<Vec<u8>> {
    let pixels = opaque_eight(pixels)?;
    let look = Look::of(pixels.layout(), options, source);
    let mut compressor = look.compressor(pixels.width(), pixels.height())?;
    let image = Image {
        pixels: eight(&pixels),
        width: pixels.width() as usize,
        pitch: pixels.row_len(),
        height: pixels.height() as usize,
        format: pixel_format(pixels.layout()),
    };
    let size = (image.width, image.height);
    let encode = |room: &mut [u8]| compressor.compress_to_slice(image, room);
    let file = written(size, look.sampling, metadata, source, encode)?;
    if let Samples::U8(samples) = pixels.into_samples() {
        Spare::Samples.keep(samples);
    }
    Ok(file)
}

fn cannot(error: turbojpeg::Error) -> Error {
    Error::encode(Format::Jpeg, plain(&error))
}

/// The file of what `encode` writes into a buffer that is large enough for any picture of this size. Its
/// pages are got from the system once; libjpeg-turbo's own buffer grows from 4 KiB by doubling for each
/// picture.
fn written(
    (width, height): (usize, usize),
    sampling: Subsamp,
    metadata: &Metadata,
    source: &[u8],
    encode: impl FnOnce(&mut [u8]) -> turbojpeg::Result<usize>,
) -> Result<Vec<u8>> {
    let most = turbojpeg::compressed_buf_len(width, height, sampling).map_err(cannot)?;
    // What it calls the most leaves out the longest codes that gray can have.
    let mut room = Spare::Encoded.take_at_least(most + most / 4);
    let length = encode(&mut room).map_err(cannot)?;
    keep_density(source, &mut room[..length]);
    let file = embed(metadata, &room[..length]);
    Spare::Encoded.keep(room);
    file
}

/// How the picture is encoded: as the source was where that is a JPEG of the same channels.
struct Look {
    quality: u8,
    sampling: Subsamp,
    space: Colorspace,
}

impl Look {
    fn of(layout: Layout, options: &EncodeOptions, source: &[u8]) -> Self {
        let frame = Frame::of(source).filter(|_| Format::of(source) == Some(Format::Jpeg));
        let frame = frame.filter(|frame| frame.components.len() == layout.channels());
        let quality = options.quality.or_else(|| quality_of(source, frame.as_ref()?)).unwrap_or(QUALITY);
        if layout == Layout::Gray {
            return Self { quality, sampling: Subsamp::Gray, space: Colorspace::Gray };
        }
        // Fine chroma where quality is asked for, as most encoders do.
        let sampling = match &frame {
            Some(frame) => frame.sampling(),
            None if quality < QUALITY || layout == Layout::Cmyk => Subsamp::Sub2x2,
            None => Subsamp::None,
        };
        let own = frame.and_then(|_| Decompressor::new().ok()?.read_header(source).ok());
        let space = match (layout, own.map(|header| header.colorspace)) {
            (Layout::Cmyk, Some(Colorspace::CMYK)) => Colorspace::CMYK,
            (Layout::Cmyk, _) => Colorspace::YCCK,
            (_, Some(Colorspace::RGB)) => Colorspace::RGB,
            _ => Colorspace::YCbCr,
        };
        Self { quality, sampling, space }
    }

    /// For a picture of this size.
    fn compressor(&self, width: u32, height: u32) -> Result<Compressor> {
        if width > 65_500 || height > 65_500 {
            return Err(Error::encode(Format::Jpeg, "it is wider or higher than 65,500 pixels"));
        }
        let mut compressor = Compressor::new().map_err(cannot)?;
        compressor.set_quality(self.quality.into()).map_err(cannot)?;
        compressor.set_subsamp(self.sampling).map_err(cannot)?;
        compressor.set_colorspace(self.space).map_err(cannot)?;
        Ok(compressor)
    }
}

/// Copies unit and density from the source's JFIF header (JFIF 1.02: 5 bytes behind "JFIF\0" and
/// the version) to the one just written.
fn keep_density(source: &[u8], encoded: &mut [u8]) {
    let jfif = |bytes: &[u8]| {
        let segment = segments(bytes).find(|segment| segment.marker == APP0)?;
        segment.data.strip_prefix(b"JFIF\0")?.get(2..7)?.try_into().ok()
    };
    let Some(density): Option<[u8; 5]> = jfif(source) else { return };
    // SOI, marker, length, "JFIF\0", version.
    if jfif(encoded).is_some()
        && let Some(place) = encoded.get_mut(13..18)
    {
        place.copy_from_slice(&density);
    }
}
