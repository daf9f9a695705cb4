//! Image stamps, by the same decoders as pictures.

#![forbid(unsafe_code)]

use std::sync::OnceLock;

use super::raster::Raster;
use crate::{Error, Limits, Metadata, Pixels, Probe, Result, codec, colour};

/// A stamp image is at most so many pixels.
const MAX_PIXELS: u64 = 1 << 26;

/// An image stamp. It is decoded when its pixels are first asked for: where a cache holds it
/// prepared, never.
#[derive(Debug)]
pub(super) struct Image {
    bytes: Vec<u8>,
    probe: Probe,
    decoded: OnceLock<Result<Raster, String>>,
}

impl Image {
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let probe = probe_stamp(bytes)?;
        Ok(Self { bytes: bytes.to_vec(), probe, decoded: OnceLock::new() })
    }

    /// Width and height as viewed.
    pub(super) fn size(&self) -> (u32, u32) {
        self.probe.orientation.size(self.probe.width, self.probe.height)
    }

    pub(super) fn raster(&self) -> Result<&Raster> {
        let decoded =
            self.decoded.get_or_init(|| decode(&self.probe, &self.bytes).map_err(|error| error.to_string()));
        decoded.as_ref().map_err(Error::stamp)
    }
}

/// The headers of a stamp image, checked against the limit on its size.
pub(super) fn probe_stamp(bytes: &[u8]) -> Result<Probe> {
    let limits = Limits { pixels: u64::MAX, animation_pixels: u64::MAX, ..Limits::default() };
    let probe = crate::probe(bytes, &limits).map_err(Error::stamp)?;
    if u64::from(probe.width) * u64::from(probe.height) > MAX_PIXELS {
        return Err(Error::stamp(format!(
            "{} × {} pixels are too many for a stamp; make it smaller than {MAX_PIXELS} pixels",
            probe.width, probe.height
        )));
    }
    Ok(probe)
}

fn decode(probe: &Probe, bytes: &[u8]) -> Result<Raster> {
    let limits = Limits { pixels: MAX_PIXELS, ..Limits::default() };
    let mut pixels = codec::decode(probe, bytes, &limits)?;
    let icc = Metadata::read(probe.format, bytes).icc.unwrap_or_default();
    colour::to_srgb(&mut pixels, &icc)?;
    Raster::from_pixels(&pixels.into_viewed(probe.orientation)?)
}

/// Decoded pixels of the library's user as a stamp.
pub(super) fn from_pixels(pixels: Pixels) -> Result<Raster> {
    let mut pixels = pixels;
    colour::to_srgb(&mut pixels, b"")?;
    Raster::from_pixels(&pixels)
}
