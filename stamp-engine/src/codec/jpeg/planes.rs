//! JPEG in and out without leaving its colours and its sampling: planes of Y, Cb and Cr, as the inverse
//! transform gives them and the forward transform takes them. Chroma is neither interpolated nor
//! averaged, and nothing is converted to RGB and back, which would lose time and colours both.

#![forbid(unsafe_code)]

use turbojpeg::{Colorspace, Subsamp, YuvImage};

use super::{Look, Spare, decompressor, tolerant, written};
use crate::codec::EncodeOptions;
use crate::jpeg::Plane;
use crate::{Layout, Limits, Metadata, Probe, Result};

/// A decoded JPEG of three components.
#[derive(Debug)]
pub(crate) struct Planes {
    width: u32,
    height: u32,
    sampling: Subsamp,
    /// Y, Cb and Cr one behind the other, rows without padding but for whole units of chroma.
    samples: Vec<u8>,
}

impl Planes {
    /// `None` where the picture is not of this kind: other components than Y, Cb and Cr, a sampling that
    /// libjpeg-turbo has no name for, or a header that it cannot read.
    pub(crate) fn decode(
        probe: &Probe,
        bytes: &[u8],
        limits: &Limits,
        lenient: bool,
        options: &EncodeOptions,
    ) -> Result<Option<Self>> {
        limits.check_bytes(bytes.len() as u64)?;
        limits.check_pixels(probe.width, probe.height)?;
        if probe.layout != Layout::Rgb {
            return Ok(None);
        }
        let mut decompressor = decompressor()?;
        // What is damaged is left to the other way to complain of.
        let Ok(header) = decompressor.read_header(bytes) else { return Ok(None) };
        let sampling = header.subsamp;
        let is_ours = header.colorspace == Colorspace::YCbCr
            && (header.width, header.height) == (probe.width as usize, probe.height as usize)
            && Look::of(probe.layout, options, bytes).sampling == sampling;
        let length = turbojpeg::yuv_pixels_len(header.width, 1, header.height, sampling);
        let (true, Ok(length)) = (is_ours, length) else { return Ok(None) };
        let mut samples = Spare::Samples.take_full(length);
        let image = YuvImage {
            pixels: &mut samples[..],
            width: header.width,
            align: 1,
            height: header.height,
            subsamp: sampling,
        };
        tolerant(decompressor.decompress_to_yuv(bytes, image), lenient)?;
        Ok(Some(Self { width: probe.width, height: probe.height, sampling, samples }))
    }

    /// Y, Cb and Cr, to change in place.
    pub(crate) fn each_mut(&mut self) -> [Plane<'_>; 3] {
        let (luma, chroma) = (self.image().y_size(), self.image().uv_size());
        let (y, both) = self.samples.split_at_mut(luma.0 * luma.1);
        let (cb, cr) = both.split_at_mut(chroma.0 * chroma.1);
        let plane = |samples, (stride, _)| Plane { samples, stride };
        [plane(y, luma), plane(cb, chroma), plane(cr, chroma)]
    }

    /// As [`encode`](super::encode), of a picture that was decoded from `source`.
    pub(crate) fn encode(
        self,
        metadata: &Metadata,
        options: &EncodeOptions,
        source: &[u8],
    ) -> Result<Vec<u8>> {
        let look = Look::of(Layout::Rgb, options, source);
        let mut compressor = look.compressor(self.width, self.height)?;
        let image = self.image();
        let size = (image.width, image.height);
        let encode = |room: &mut [u8]| compressor.compress_yuv_to_slice(image, room);
        let file = written(size, self.sampling, metadata, source, encode)?;
        Spare::Samples.keep(self.samples);
        Ok(file)
    }

    fn image(&self) -> YuvImage<&[u8]> {
        YuvImage {
            pixels: &self.samples[..],
            width: self.width as usize,
            align: 1,
            height: self.height as usize,
            subsamp: self.sampling,
        }
    }
}
