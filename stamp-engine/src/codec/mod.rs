//! The pixel path's decoders and encoders, one file a format.

#[cfg(feature = "avif")]
mod avif;
mod bmp;
pub(crate) mod channels;
mod gif;
pub(crate) mod jpeg;
mod libwebp;
mod palette;
mod png;
mod quantisation;
mod tiff;
mod webp;

use crate::{Format, Limits, Metadata, Pixels, Probe, Result};

pub(crate) use gif::stamp_gif;
pub(crate) use jpeg::{Planes, is_progressive as is_progressive_jpeg};

/// How to encode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EncodeOptions {
    /// 1 to 100 for JPEG, lossy WebP and AVIF. `None`: as the JPEG at hand was encoded, as near
    /// as its tables tell, else the format's default.
    pub quality: Option<u8>,
    /// WebP: `Some(true)` lossless, `Some(false)` lossy, `None` as the WebP at hand, else lossy.
    pub lossless: Option<bool>,
}

/// What the headers of `bytes` say; only the orientation and the limits are not seen to here.
pub(crate) fn probe(format: Format, bytes: &[u8]) -> Result<Probe> {
    match format {
        Format::Jpeg => jpeg::probe(bytes),
        Format::Png => png::probe(bytes),
        Format::WebP => webp::probe(bytes),
        Format::Gif => gif::probe(bytes),
        Format::Tiff => tiff::probe(bytes),
        Format::Bmp => bmp::probe(bytes),
        #[cfg(feature = "avif")]
        Format::Avif => avif::probe(bytes),
        #[cfg(not(feature = "avif"))]
        Format::Avif => Err(no_avif()),
    }
}

/// What there is of a damaged picture, where its format allows that; see
/// [`lenient`](crate::Options::lenient).
pub(crate) fn decode_damaged(probe: &Probe, bytes: &[u8], limits: &Limits) -> Result<Pixels> {
    match probe.format {
        Format::Jpeg => {
            limits.check_bytes(bytes.len() as u64)?;
            limits.check_pixels(probe.width, probe.height)?;
            jpeg::decode(probe, bytes, true)
        }
        _ => decode(probe, bytes, limits),
    }
}

/// Refuses a picture whose bytes cannot hold what its headers promise, before anything is prepared for
/// it; with `lenient`, what there is of it may be little.
pub(crate) fn check(probe: &Probe, bytes: &[u8], lenient: bool) -> Result<()> {
    match probe.format {
        Format::Jpeg => jpeg::check(bytes, lenient),
        // Their decoders notice where the bytes end, and allocate nothing in advance that they do not touch.
        _ => Ok(()),
    }
}

/// Decodes the (first frame of the) picture.
pub(crate) fn decode(probe: &Probe, bytes: &[u8], limits: &Limits) -> Result<Pixels> {
    limits.check_bytes(bytes.len() as u64)?;
    limits.check_pixels(probe.width, probe.height)?;
    check(probe, bytes, false)?;
    match probe.format {
        Format::Jpeg => jpeg::decode(probe, bytes, false),
        Format::Png => png::decode(probe, bytes),
        Format::WebP => webp::decode(probe, bytes),
        Format::Gif => gif::decode(probe, bytes, limits),
        Format::Tiff => tiff::decode(probe, bytes),
        Format::Bmp => bmp::decode(probe, bytes),
        #[cfg(feature = "avif")]
        Format::Avif => avif::decode(probe, bytes, limits),
        #[cfg(not(feature = "avif"))]
        Format::Avif => Err(no_avif()),
    }
}

/// Encodes pixels with metadata. `source` is the picture that the pixels came from, for what is
/// carried over when its format is the same (JPEG sampling and quality, WebP lossless or lossy) and for
/// what it tells of the picture's kind (PNG).
pub(crate) fn encode(
    format: Format,
    pixels: Pixels,
    metadata: &Metadata,
    options: &EncodeOptions,
    source: &[u8],
) -> Result<Vec<u8>> {
    match format {
        Format::Jpeg => jpeg::encode(pixels, metadata, options, source),
        Format::Png => png::encode(pixels, metadata, source),
        Format::WebP => webp::encode(pixels, metadata, options, source),
        Format::Gif => gif::encode(pixels, metadata),
        Format::Tiff => tiff::encode(pixels, metadata),
        Format::Bmp => bmp::encode(pixels),
        #[cfg(feature = "avif")]
        Format::Avif => avif::encode(pixels, metadata, options),
        #[cfg(not(feature = "avif"))]
        Format::Avif => Err(no_avif()),
    }
}

#[cfg(not(feature = "avif"))]
fn no_avif() -> crate::Error {
    crate::Error::unsupported(
        Format::Avif,
        "this build of Stampede was made without AVIF; build it with the feature `avif`",
    )
}

/// Whether files of this format can say how the stored grid is viewed, and viewers obey. PNG and
/// WebP can say it (eXIf, EXIF), but many viewers do not look there: their pixels are turned.
pub(crate) fn holds_orientation(format: Format) -> bool {
    matches!(format, Format::Jpeg | Format::Tiff)
}

/// Whether files of this format can hold an ICC profile.
pub(crate) fn holds_icc(format: Format) -> bool {
    matches!(format, Format::Jpeg | Format::Png | Format::WebP | Format::Tiff | Format::Avif)
}

#[cfg(test)]
mod tests;
