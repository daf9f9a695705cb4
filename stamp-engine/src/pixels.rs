//! Decoded samples in memory: what the codecs hand to the blend and take back.

use crate::{Error, Limits, Orientation, Result, codec, probe};

/// Which channels a pixel has, interleaved in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layout {
    /// One luminance channel.
    Gray,
    /// Luminance and straight (not premultiplied) alpha.
    GrayAlpha,
    /// Red, green, blue.
    Rgb,
    /// Red, green, blue and straight (not premultiplied) alpha.
    Rgba,
    /// Cyan, magenta, yellow, black, 8 bit only, as stored by Adobe in JPEG: 255 is *no* ink.
    Cmyk,
}

impl Layout {
    /// Samples per pixel.
    pub const fn channels(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::GrayAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba | Self::Cmyk => 4,
        }
    }

    /// Whether the last channel is alpha.
    pub const fn has_alpha(self) -> bool {
        matches!(self, Self::GrayAlpha | Self::Rgba)
    }
}

/// Bits per sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Depth {
    /// 8 bits, 0..=255.
    Eight,
    /// 16 bits, 0..=65535, native endian.
    Sixteen,
}

impl Depth {
    /// Bytes per sample.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Eight => 1,
            Self::Sixteen => 2,
        }
    }
}

/// The sample buffer: row after row, no padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Samples {
    /// 8-bit samples.
    U8(Vec<u8>),
    /// 16-bit samples, native endian.
    U16(Vec<u16>),
}

impl Samples {
    /// Bits per sample.
    pub const fn depth(&self) -> Depth {
        match self {
            Self::U8(_) => Depth::Eight,
            Self::U16(_) => Depth::Sixteen,
        }
    }

    /// Number of samples (not bytes).
    pub fn len(&self) -> usize {
        match self {
            Self::U8(samples) => samples.len(),
            Self::U16(samples) => samples.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A decoded picture: `width × height` pixels of one [`Layout`], rows top down, tightly packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pixels {
    width: u32,
    height: u32,
    layout: Layout,
    samples: Samples,
}

impl Pixels {
    /// Wraps a sample buffer.
    ///
    /// # Errors
    /// [`Error::Setting`] when the buffer does not hold exactly `width × height × channels`
    /// samples, or a side is 0.
    pub fn new(width: u32, height: u32, layout: Layout, samples: Samples) -> Result<Self> {
        let wanted = (width as usize)
            .checked_mul(height as usize)
            .and_then(|pixels| pixels.checked_mul(layout.channels()));
        if width == 0 || height == 0 || wanted != Some(samples.len()) {
            return Err(Error::Setting(format!(
                "{} samples do not make a {width}×{height} picture of {} channels",
                samples.len(),
                layout.channels(),
            )));
        }
        Ok(Self { width, height, layout, samples })
    }

    /// Decodes a picture file, of an animation the first frame; the stored grid, not turned.
    ///
    /// # Errors
    /// As [`probe`](crate::probe()), and [`Error::Decode`] for damaged pictures.
    pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Self> {
        codec::decode(&probe(bytes, limits)?, bytes, limits)
    }

    /// Pixels in a row, at least 1.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Number of rows, at least 1.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The channels.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Bits per sample.
    pub fn depth(&self) -> Depth {
        self.samples.depth()
    }

    /// The samples, row after row.
    pub fn samples(&self) -> &Samples {
        &self.samples
    }

    /// The samples, to change in place.
    pub fn samples_mut(&mut self) -> &mut Samples {
        &mut self.samples
    }

    /// The samples, taken out.
    pub fn into_samples(self) -> Samples {
        self.samples
    }

    /// Samples in a row.
    pub fn row_len(&self) -> usize {
        self.width as usize * self.layout.channels()
    }

    /// The picture as viewed: the stored grid of `orientation` turned upright.
    pub(crate) fn into_viewed(self, orientation: Orientation) -> Result<Self> {
        if orientation == Orientation::Normal {
            return Ok(self);
        }
        let (width, height) = orientation.size(self.width, self.height);
        // Turning upright is turning into the stored grid of the opposite orientation.
        let back = orientation.inverse();
        let channels = self.layout.channels();
        let samples = match &self.samples {
            Samples::U8(stored) => {
                Samples::U8(back.bitmap_to_stored(stored, self.width, self.height, channels))
            }
            Samples::U16(stored) => {
                Samples::U16(back.bitmap_to_stored(stored, self.width, self.height, channels))
            }
        };
        Self::new(width, height, self.layout, samples)
    }
}
