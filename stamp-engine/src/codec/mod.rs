//! The pixel path's decoders and encoders, one file a format.

use crate::{Format, Limits, Metadata, Pixels, Probe, Result};

/// How to encode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EncodeOptions {
    /// 1 to 100 for JPEG, lossy WebP and AVIF. `None`: as the JPEG at hand was encoded, as near
    /// as its tables tell, else the format's default.
    pub quality: Option<u8>,
    /// WebP: `Some(true)` lossless, `Some(false)` lossy, `None` as the WebP at hand, else lossy.
    pub lossless: Option<bool>,
}

/// Decodes the (first frame of the) picture.
pub(crate) fn decode(_probe: &Probe, _bytes: &[u8], _limits: &Limits) -> Result<Pixels> {
    todo!()
}

/// Encodes pixels with metadata. `source` is the picture that the pixels came from, for what is
/// carried over when its format is the same (JPEG sampling and quality, WebP lossless or lossy).
pub(crate) fn encode(
    _format: Format,
    _pixels: Pixels,
    _metadata: &Metadata,
    _options: &EncodeOptions,
    _source: &[u8],
) -> Result<Vec<u8>> {
    todo!()
}

/// Stamps every frame of a GIF.
pub(crate) fn stamp_gif(
    _bytes: &[u8],
    _limits: &Limits,
    _metadata: &Metadata,
    _stamp: &mut dyn FnMut(&mut Pixels) -> Result<()>,
) -> Result<(Vec<u8>, u32)> {
    todo!()
}

/// Whether the JPEG `bytes` are progressive (SOF2, SOF6, SOF10, SOF14).
pub(crate) fn is_progressive_jpeg(_bytes: &[u8]) -> bool {
    todo!()
}

/// Whether files of this format can say how the stored grid is viewed, and viewers obey.
pub(crate) fn holds_orientation(_format: Format) -> bool {
    todo!()
}

/// Whether files of this format can hold an ICC profile.
pub(crate) fn holds_icc(_format: Format) -> bool {
    todo!()
}
