//! A stamp's pixels.

#![forbid(unsafe_code)]

use crate::{Error, Layout, Pixels, Result, Samples};

/// A stamp's pixels: sRGB-encoded, straight (not premultiplied) alpha, 16 bit, row after row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Raster {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) rgba: Vec<[u16; 4]>,
}

impl Raster {
    /// From decoded sRGB or gray pixels.
    pub(crate) fn from_pixels(pixels: &Pixels) -> Result<Self> {
        let layout = pixels.layout();
        let rgba = match pixels.samples() {
            Samples::U8(samples) => widen(samples, layout, |sample| u16::from(sample) * 257),
            Samples::U16(samples) => widen(samples, layout, |sample| sample),
        };
        let rgba = rgba.ok_or_else(|| Error::stamp("CMYK must be converted to RGB first"))?;
        Ok(Self { width: pixels.width(), height: pixels.height(), rgba })
    }

    /// From what vector graphics are drawn in: 8-bit RGBA, premultiplied.
    pub(crate) fn from_premultiplied_8(width: u32, height: u32, rgba: &[u8]) -> Self {
        Self { width, height, rgba: rgba.as_chunks().0.iter().map(|&pixel| divide(pixel)).collect() }
    }
}

fn widen<T: Copy>(samples: &[T], layout: Layout, wide: impl Fn(T) -> u16) -> Option<Vec<[u16; 4]>> {
    let pixels = samples.chunks_exact(layout.channels());
    match layout {
        Layout::Gray => Some(samples.iter().map(|&v| [wide(v), wide(v), wide(v), u16::MAX]).collect()),
        Layout::GrayAlpha => Some(pixels.map(|p| [wide(p[0]), wide(p[0]), wide(p[0]), wide(p[1])]).collect()),
        Layout::Rgb => Some(pixels.map(|p| [wide(p[0]), wide(p[1]), wide(p[2]), u16::MAX]).collect()),
        Layout::Rgba => Some(pixels.map(|p| [wide(p[0]), wide(p[1]), wide(p[2]), wide(p[3])]).collect()),
        Layout::Cmyk => None,
    }
}

fn divide([r, g, b, alpha]: [u8; 4]) -> [u16; 4] {
    let full = u32::from(alpha);
    let straight = |value: u8| match full {
        0 => 0,
        _ => ((u32::from(value) * 65535 + full / 2) / full).min(65535) as u16,
    };
    [straight(r), straight(g), straight(b), u16::from(alpha) * 257]
}
