//! The quality that a JPEG was encoded with, told from its quantisation tables.

#![forbid(unsafe_code)]

use super::jpeg::Frame;
use crate::metadata::jpeg::segments;

/// ITU-T T.81, table K.1, in zig-zag order.
const LUMINANCE: [u16; 64] = [
    16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40,
    58, 51, 61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103,
    104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
];
/// Table K.2, in zig-zag order.
const CHROMINANCE: [u16; 64] = [
    17, 18, 18, 24, 21, 24, 47, 26, 26, 47, 99, 66, 56, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
];
const DQT: u8 = 0xdb;

/// The quality (1 to 100, in libjpeg's scale) whose tables come nearest to those of `bytes`, and
/// the higher one of two that come equally near. `None` when the tables are missing.
pub(super) fn quality_of(bytes: &[u8], frame: &Frame<'_>) -> Option<u8> {
    let tables = tables(bytes);
    let table = |component: usize| tables[usize::from(frame.components.get(component)?[2] & 3)];
    let luminance = table(0)?;
    let chrominance = table(1);
    (1..=100).rev().min_by(|&a, &b| {
        let distance = |quality| {
            distance(&luminance, &LUMINANCE, quality)
                + chrominance.map_or(0.0, |own| distance(&own, &CHROMINANCE, quality))
        };
        distance(a).total_cmp(&distance(b))
    })
}

/// B.2.4.1: precision and number of a table, then 64 values, any number of times.
fn tables(bytes: &[u8]) -> [Option<[u16; 64]>; 4] {
    let mut tables = [None; 4];
    for segment in segments(bytes).filter(|segment| segment.marker == DQT) {
        let mut rest = segment.data;
        while let Some((&head, values)) = rest.split_first() {
            let size = if head >> 4 == 0 { 1 } else { 2 };
            let Some(values) = values.get(..64 * size) else { break };
            rest = &rest[1 + 64 * size..];
            let mut table = [0; 64];
            for (to, from) in table.iter_mut().zip(values.chunks_exact(size)) {
                *to = from.iter().fold(0, |value, &byte| value << 8 | u16::from(byte));
            }
            if let Some(place) = tables.get_mut(usize::from(head & 15)) {
                *place = Some(table);
            }
        }
    }
    tables
}

/// The sum of the logarithms of how far each value is off, as a factor.
fn distance(own: &[u16; 64], standard: &[u16; 64], quality: u8) -> f32 {
    let scale = scale(quality);
    let ln = |value: u32| (value.max(1) as f32).ln();
    own.iter()
        .zip(standard)
        .map(|(&own, &base)| {
            let scaled = (u32::from(base) * scale + 50) / 100;
            (ln(own.into()) - ln(scaled.clamp(1, 255))).abs()
        })
        .sum()
}

/// libjpeg's scale of its standard tables, in percent (`jpeg_quality_scaling`).
fn scale(quality: u8) -> u32 {
    match u32::from(quality.clamp(1, 100)) {
        low @ ..50 => 5000 / low,
        high => 200 - 2 * high,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libjpegs_own_qualities_are_told_exactly() {
        let pixels = [90, 200, 30].repeat(16 * 16);
        for quality in 1..=100 {
            let image = turbojpeg::Image {
                pixels: &pixels[..],
                width: 16,
                pitch: 48,
                height: 16,
                format: turbojpeg::PixelFormat::RGB,
            };
            let jpeg = turbojpeg::compress(image, quality, turbojpeg::Subsamp::Sub2x2).unwrap();
            let told = quality_of(&jpeg, &Frame::of(&jpeg).unwrap());
            // Below 25 some values are cut off at 255, and neighbours come out the same.
            let near = told.is_some_and(|told| (i32::from(told) - quality).abs() <= i32::from(quality < 5));
            assert!(near, "{quality} is told as {told:?}");
        }
    }
}
