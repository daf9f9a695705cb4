//! Pictures of at most 256 colours made from RGBA pixels, for GIF.

#![forbid(unsafe_code)]

use std::collections::HashMap;

type Colour = [u8; 3];

/// A picture with a palette.
#[derive(Debug)]
pub(super) struct Indexed {
    /// RGB, at most 256 entries.
    pub(super) palette: Vec<u8>,
    /// The entry of clear pixels.
    pub(super) clear: Option<u8>,
    /// One entry number a pixel.
    pub(super) indices: Vec<u8>,
}

/// Whether a pixel of this alpha is shown in a format where pixels are clear or solid.
pub(super) fn is_solid(pixel: &[u8; 4]) -> bool {
    pixel[3] >= 128
}

/// Finds a palette. Pixels that are `kept` keep their colours exactly as long as those are not
/// more than a palette holds; the entries left over are shared out among the other pixels. There
/// is an entry for clear pixels if there are any, or if the caller `needs_clear`.
pub(super) fn index(pixels: &[[u8; 4]], kept: &[bool], needs_clear: bool) -> Indexed {
    let (mut exact, mut others) = (HashMap::new(), HashMap::new());
    for (pixel, &kept) in pixels.iter().zip(kept).filter(|(pixel, _)| is_solid(pixel)) {
        *if kept { &mut exact } else { &mut others }.entry(colour(pixel)).or_insert(0_u32) += 1;
    }
    // Some viewers show this colour where they know no clear pixels: black, as a cleared canvas has.
    let clear = (needs_clear || pixels.iter().any(|pixel| !is_solid(pixel))).then_some([0; 3]);
    let room = 256 - usize::from(clear.is_some());
    if exact.len() > room {
        for (colour, count) in exact.drain() {
            *others.entry(colour).or_insert(0) += count;
        }
    }
    others.retain(|colour, _| !exact.contains_key(colour));
    let mut palette: Vec<Colour> = exact.into_keys().collect();
    let free = room - palette.len();
    if others.len() <= free {
        palette.extend(others.into_keys());
    } else {
        palette.extend(median_cut(others.into_iter().collect(), free));
    }
    // Hash maps have no order; the same picture must make the same file.
    palette.sort_unstable();
    let mut known: HashMap<Colour, u8> = palette.iter().copied().zip(0..=255).collect();
    let clear = clear.map(|colour| {
        palette.push(colour);
        (palette.len() - 1) as u8
    });
    let solid = &palette[..palette.len() - usize::from(clear.is_some())];
    let indices = pixels
        .iter()
        .map(|pixel| match clear {
            Some(clear) if !is_solid(pixel) => clear,
            _ => *known.entry(colour(pixel)).or_insert_with_key(|colour| nearest(solid, *colour)),
        })
        .collect();
    Indexed { palette: palette.into_flattened(), clear, indices }
}

fn colour(pixel: &[u8; 4]) -> Colour {
    [pixel[0], pixel[1], pixel[2]]
}

fn nearest(palette: &[Colour], colour: Colour) -> u8 {
    let distance = |entry: &Colour| -> u32 {
        entry.iter().zip(colour).map(|(&a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
    };
    let best = palette.iter().enumerate().min_by_key(|(_, entry)| distance(entry));
    best.map_or(0, |(number, _)| number as u8)
}

/// Heckbert, "Color Image Quantization for Frame Buffer Display" (1982): boxes of colours are cut
/// at the median of their longest side until there are `count`, and each gives its mean.
fn median_cut(colours: Vec<(Colour, u32)>, count: usize) -> Vec<Colour> {
    if count == 0 || colours.is_empty() {
        return Vec::new();
    }
    let mut boxes = vec![Cell::new(colours)];
    while boxes.len() < count {
        let worst = boxes.iter().enumerate().max_by_key(|(_, cell)| cell.spread());
        let Some((number, _)) = worst.filter(|(_, cell)| cell.spread() > 0) else { break };
        let (low, high) = boxes.swap_remove(number).cut();
        boxes.extend([low, high]);
    }
    boxes.iter().map(Cell::mean).collect()
}

struct Cell {
    colours: Vec<(Colour, u32)>,
    /// Channel in which the colours differ most, and by how much.
    longest: (usize, u8),
    pixels: u64,
}

impl Cell {
    fn new(colours: Vec<(Colour, u32)>) -> Self {
        let side = |channel: usize| {
            let values = colours.iter().map(|(colour, _)| colour[channel]);
            values.clone().max().unwrap_or(0) - values.min().unwrap_or(0)
        };
        let longest = (0..3).map(|channel| (channel, side(channel))).max_by_key(|side| side.1);
        let pixels = colours.iter().map(|(_, count)| u64::from(*count)).sum();
        Self { longest: longest.unwrap_or((0, 0)), pixels, colours }
    }

    /// How much is gained by cutting: many pixels, far apart.
    fn spread(&self) -> u64 {
        u64::from(self.longest.1).pow(2) * self.pixels.isqrt().max(1)
    }

    fn cut(mut self) -> (Self, Self) {
        let channel = self.longest.0;
        self.colours.sort_unstable_by_key(|(colour, _)| (colour[channel], *colour));
        let mut below = 0;
        let half = self.colours.iter().position(|(_, count)| {
            below += u64::from(*count);
            below * 2 >= self.pixels
        });
        let middle = (half.unwrap_or(0) + 1).min(self.colours.len() - 1).max(1);
        let high = self.colours.split_off(middle);
        (Self::new(self.colours), Self::new(high))
    }

    fn mean(&self) -> Colour {
        let pixels = self.pixels.max(1);
        [0, 1, 2].map(|channel| {
            let sum: u64 = self
                .colours
                .iter()
                .map(|(colour, count)| u64::from(colour[channel]) * u64::from(*count))
                .sum();
            ((sum + pixels / 2) / pixels) as u8
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(indexed: &Indexed, pixel: usize) -> [u8; 3] {
        let entry = usize::from(indexed.indices[pixel]) * 3;
        indexed.palette[entry..entry + 3].try_into().unwrap()
    }

    #[test]
    fn few_colours_stay_exact() {
        let pixels: Vec<_> = (0..=255).map(|v| [v, 255 - v, v / 2, 255]).collect();
        let indexed = index(&pixels, &[false; 256], false);
        for (number, pixel) in pixels.iter().enumerate() {
            assert_eq!(shown(&indexed, number), pixel[..3]);
        }
    }

    #[test]
    fn kept_pixels_are_exact_and_others_near() {
        let mut pixels: Vec<_> = (0..200).map(|v| [v, 0, 0, 255]).collect();
        pixels.extend((0..2000_u32).map(|v| [(v * 7) as u8, ((v * 3) >> 4) as u8, (v >> 3) as u8, 255]));
        pixels.push([9, 9, 9, 0]);
        let kept: Vec<_> = (0..pixels.len()).map(|number| number < 200).collect();
        let indexed = index(&pixels, &kept, false);
        assert!(indexed.palette.len() <= 768);
        assert_eq!(Some(indexed.indices[2200]), indexed.clear);
        let mut error = 0;
        for (number, pixel) in pixels.iter().enumerate().take(2200) {
            let off: u32 =
                shown(&indexed, number).iter().zip(pixel).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
            assert!(off == 0 || number >= 200, "{number}");
            assert!(!is_solid(pixel) || Some(indexed.indices[number]) != indexed.clear);
            error += off;
        }
        assert!(error / 2000 < 60, "{error}");
    }
}
