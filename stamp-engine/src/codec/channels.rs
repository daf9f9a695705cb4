//! Pixels made to fit what a format can hold: fewer bits, no alpha, colour from gray.

#![forbid(unsafe_code)]

use crate::{Depth, Layout, Pixels, Result, Samples};

/// The samples in 8 bits; 16-bit ones are rounded to the nearest of 0..=255 (v / 257).
pub(crate) fn to_eight(samples: Samples) -> Vec<u8> {
    match samples {
        Samples::U8(samples) => samples,
        Samples::U16(samples) => samples.iter().map(|&v| ((u32::from(v) + 128) / 257) as u8).collect(),
    }
}

/// The picture in 8 bits without alpha: what shows through is white.
pub(crate) fn opaque_eight(pixels: Pixels) -> Result<Pixels> {
    let (width, height, layout) = (pixels.width(), pixels.height(), pixels.layout());
    let mut samples = to_eight(pixels.into_samples());
    if !layout.has_alpha() {
        return Pixels::new(width, height, layout, Samples::U8(samples));
    }
    let colours = layout.channels() - 1;
    let count = samples.len() / layout.channels();
    for pixel in 0..count {
        let alpha = u32::from(samples[pixel * (colours + 1) + colours]);
        for channel in 0..colours {
            let colour = u32::from(samples[pixel * (colours + 1) + channel]);
            let mixed = (colour * alpha + 255 * (255 - alpha) + 127) / 255;
            // Never ahead of what is still to be read.
            samples[pixel * colours + channel] = mixed as u8;
        }
    }
    samples.truncate(count * colours);
    let opaque = if layout == Layout::GrayAlpha { Layout::Gray } else { Layout::Rgb };
    Pixels::new(width, height, opaque, Samples::U8(samples))
}

/// The picture in colour: gray channels are repeated, alpha stays.
pub(crate) fn coloured(pixels: Pixels) -> Result<Pixels> {
    let (width, height) = (pixels.width(), pixels.height());
    let layout = match pixels.layout() {
        Layout::Gray => Layout::Rgb,
        Layout::GrayAlpha => Layout::Rgba,
        Layout::Rgb | Layout::Rgba | Layout::Cmyk => return Ok(pixels),
    };
    let alpha = layout.has_alpha();
    let samples = match pixels.into_samples() {
        Samples::U8(samples) => Samples::U8(repeated(&samples, alpha)),
        Samples::U16(samples) => Samples::U16(repeated(&samples, alpha)),
    };
    Pixels::new(width, height, layout, samples)
}

fn repeated<T: Copy>(gray: &[T], alpha: bool) -> Vec<T> {
    let mut colour = Vec::with_capacity(gray.len() * if alpha { 2 } else { 3 });
    for pixel in gray.chunks_exact(if alpha { 2 } else { 1 }) {
        colour.extend([pixel[0]; 3]);
        colour.extend_from_slice(&pixel[1..]);
    }
    colour
}

/// The picture in colour and 8 bits.
pub(crate) fn coloured_eight(pixels: Pixels) -> Result<Pixels> {
    let (width, height, layout) = (pixels.width(), pixels.height(), pixels.layout());
    let pixels = match pixels.depth() {
        Depth::Eight => pixels,
        Depth::Sixteen => Pixels::new(width, height, layout, Samples::U8(to_eight(pixels.into_samples())))?,
    };
    coloured(pixels)
}

/// The 8-bit samples of a picture; empty when it has 16 bits.
pub(crate) fn eight(pixels: &Pixels) -> &[u8] {
    match pixels.samples() {
        Samples::U8(samples) => samples,
        Samples::U16(_) => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bits_are_rounded() {
        let samples = to_eight(Samples::U16((0..=u16::MAX).collect()));
        for (v, &rounded) in samples.iter().enumerate() {
            assert_eq!(f64::from(rounded), (v as f64 / 257.0).round(), "{v}");
        }
    }

    #[test]
    fn transparency_becomes_white() {
        let samples = vec![0, 0, 0, 0, 10, 20, 30, 255, 0, 100, 255, 128];
        let flat = opaque_eight(Pixels::new(3, 1, Layout::Rgba, Samples::U8(samples)).unwrap()).unwrap();
        assert_eq!(flat.layout(), Layout::Rgb);
        assert_eq!(eight(&flat), [255, 255, 255, 10, 20, 30, 127, 177, 255]);
    }

    #[test]
    fn gray_becomes_colour() {
        let gray = Pixels::new(2, 1, Layout::GrayAlpha, Samples::U16(vec![1, 2, 3, 4])).unwrap();
        assert_eq!(coloured(gray).unwrap().samples(), &Samples::U16(vec![1, 1, 1, 2, 3, 3, 3, 4]));
    }
}
