//! A stamp in a JPEG's own terms: one plane for each component, in its sampling, as what source-over
//! adds to the level-shifted samples.
//!
//! Source-over is affine: on a sample `b` less 128 it is `b + (t − α·b)`, where `t` is the
//! premultiplied stamp in the component's colour (less `128·α` where that component is
//! level-shifted from unsigned samples). So no pixel of the picture leaves its colour space.

#![forbid(unsafe_code)]

use super::dct::Rows;
use super::eight::Eight;
use super::frame::Frame;
use super::marker::Transform;
use crate::{Ink, Prepared};

/// Samples either side of a row, so that a block may begin before it or end behind it.
const MARGIN: usize = 8;
/// Fixed point: `t` lies within ±128, `α` within 0..=1.
const COLOUR_ONE: f32 = 255.0;
const ALPHA_ONE: f32 = 32767.0;

/// A stamp's planes for pictures of one kind, at one place relative to the sampling grid.
#[derive(Debug)]
pub(super) struct Overlay {
    planes: Vec<Plane>,
    /// For each row of the stamp, its first column that shows and the one behind the last.
    extents: Vec<(u32, u32)>,
}

/// One component's part.
#[derive(Debug)]
struct Plane {
    /// Of its first sample, from the sample that the phase counts from.
    origin: (i64, i64),
    width: usize,
    height: usize,
    colour: Vec<i16>,
    alpha: Vec<i16>,
}

/// The samples of a stamp that one sample of a component covers along one axis, with weights.
struct Taps {
    first: usize,
    weights: Vec<f32>,
}

impl Overlay {
    /// Of a stamp prepared at 16 bits for pictures of this `frame`. `phase` is its corner's place
    /// within the frame's least repeating square of samples, `(h_max, v_max)`.
    pub(super) fn new(stamp: &Prepared, frame: &Frame, transform: Transform, phase: (u32, u32)) -> Self {
        let (width, height) = (stamp.width() as usize, stamp.height() as usize);
        let channels = stamp.ink().channels();
        let planes = frame.components.iter().enumerate().map(|(index, component)| {
            let columns = taps(phase.0 as usize, width, component.h, frame.h_max);
            let rows = taps(phase.1 as usize, height, component.v, frame.v_max);
            let origin =
                (phase.0 as usize * component.h / frame.h_max, phase.1 as usize * component.v / frame.v_max);
            let mut plane = Plane::empty(origin, columns.len(), rows.len());
            let colour = Colour::of(stamp.ink(), transform, index);
            let mut line = vec![(0.0, 0.0); width];
            let mut sums = vec![(0.0, 0.0); columns.len()];
            for (y, row) in rows.iter().enumerate() {
                sums.fill((0.0, 0.0));
                for (at, &weight) in row.weights.iter().enumerate() {
                    let samples = stamp.row_u16((row.first + at) as u32);
                    for (to, pixel) in line.iter_mut().zip(samples.chunks_exact(channels)) {
                        *to = colour.of_pixel(pixel);
                    }
                    for (sum, column) in sums.iter_mut().zip(&columns) {
                        for (&(t, alpha), &w) in line[column.first..].iter().zip(&column.weights) {
                            sum.0 += t * w * weight;
                            sum.1 += alpha * w * weight;
                        }
                    }
                }
                plane.set_row(y, &sums);
            }
            plane
        });
        Self { planes: planes.collect(), extents: extents(stamp) }
    }

    /// The columns that show in any of the stamp's rows `rows`.
    pub(super) fn extent(&self, rows: std::ops::Range<usize>) -> Option<(u32, u32)> {
        let rows = self.extents.get(rows)?.iter().filter(|(first, end)| first < end);
        rows.fold(None, |all: Option<(u32, u32)>, &(first, end)| {
            Some(all.map_or((first, end), |(a, b)| (a.min(first), b.max(end))))
        })
    }

    /// Composites onto the block of `component` whose top left sample is `at`, from the sample that
    /// the phase counts from.
    #[inline(always)]
    pub(super) fn blend<V: Eight>(&self, component: usize, at: (i64, i64), samples: &mut Rows<V>) {
        let plane = &self.planes[component];
        let Some((start, rows)) = plane.under(at) else { return };
        for (y, row) in rows {
            let place = start + y * plane.stride();
            let alpha: [i16; 8] = take(&plane.alpha, place);
            if alpha == [0; 8] {
                continue;
            }
            let colour: [i16; 8] = take(&plane.colour, place);
            let t = V::of_i16(&colour).times(V::splat(1.0 / COLOUR_ONE));
            let alpha = V::of_i16(&alpha).times(V::splat(1.0 / ALPHA_ONE));
            samples[row] = samples[row].plus(t.minus(alpha.times(samples[row])));
        }
    }

    /// Composites onto a whole decoded component; `origin` is the sample that the phase counts from.
    /// Samples behind the component's `size` are left alone.
    pub(super) fn blend_plane(
        &self,
        component: usize,
        origin: (i64, i64),
        size: (usize, usize),
        samples: &mut [u8],
        stride: usize,
    ) {
        let plane = &self.planes[component];
        let corner = (origin.0 + plane.origin.0, origin.1 + plane.origin.1);
        let (first, end) = clip(corner.0, plane.width, size.0);
        let (top, bottom) = clip(corner.1, plane.height, size.1);
        if first >= end {
            return;
        }
        for y in top..bottom {
            let from = (corner.1 + y as i64) as usize * stride + (corner.0 + first as i64) as usize;
            let Some(row) = samples.get_mut(from..from + (end - first)) else { return };
            let over = y * plane.stride() + MARGIN;
            blend_row(row, &plane.colour[over + first..over + end], &plane.alpha[over + first..over + end]);
        }
    }

    /// Whether anything shows on that block.
    pub(super) fn shows(&self, component: usize, at: (i64, i64)) -> bool {
        let plane = &self.planes[component];
        plane.under(at).is_some_and(|(start, mut rows)| {
            rows.any(|(y, _)| take(&plane.alpha, start + y * plane.stride()) != [0; 8])
        })
    }
}

impl Plane {
    fn empty(origin: (usize, usize), width: usize, height: usize) -> Self {
        let length = (width + 2 * MARGIN) * height;
        let origin = (origin.0 as i64, origin.1 as i64);
        Self { origin, width, height, colour: vec![0; length], alpha: vec![0; length] }
    }

    fn stride(&self) -> usize {
        self.width + 2 * MARGIN
    }

    fn set_row(&mut self, y: usize, sums: &[(f32, f32)]) {
        let start = y * self.stride() + MARGIN;
        for (x, &(t, alpha)) in sums.iter().enumerate() {
            self.colour[start + x] = (t * COLOUR_ONE).round() as i16;
            self.alpha[start + x] = (alpha * ALPHA_ONE).round() as i16;
        }
    }

    /// Where the rows of the block at `at` begin in the plane's first row, and the block's rows that
    /// lie on the plane: (row of the plane, row of the block).
    #[inline(always)]
    fn under(&self, at: (i64, i64)) -> Option<(usize, impl Iterator<Item = (usize, usize)>)> {
        let (x, y) = (at.0 - self.origin.0, at.1 - self.origin.1);
        if x <= -8 || y <= -8 || x >= self.width as i64 || y >= self.height as i64 {
            return None;
        }
        let first = (-y).max(0) as usize;
        let end = (self.height as i64 - y).min(8) as usize;
        let start = (x + MARGIN as i64) as usize;
        Some((start, (first..end).map(move |row| ((y + row as i64) as usize, row))))
    }
}

/// Of `length` samples from `corner` on, the first one inside of a component of `size` and the one
/// behind the last.
fn clip(corner: i64, length: usize, size: usize) -> (usize, usize) {
    let inside = |place: i64| (place - corner).clamp(0, length as i64) as usize;
    (inside(0), inside(size as i64))
}

/// As [`Overlay::blend`] does, on samples that are not level-shifted. Rounds to the nearest.
fn blend_row(samples: &mut [u8], colour: &[i16], alpha: &[i16]) {
    for ((sample, &t), &alpha) in samples.iter_mut().zip(colour).zip(alpha) {
        let below = f32::from(*sample);
        let change =
            f32::from(t) * (1.0 / COLOUR_ONE) - f32::from(alpha) * (1.0 / ALPHA_ONE) * (below - 128.0);
        *sample = ((below + change + 0.5) as i32).clamp(0, 255) as u8;
    }
}

#[inline(always)]
fn take(samples: &[i16], at: usize) -> [i16; 8] {
    // Always there, by the margin; zeros would only show nothing.
    samples.get(at..at + 8).and_then(|samples| samples.try_into().ok()).unwrap_or_default()
}

/// How a stamp's pixel becomes `t` of one component.
struct Colour {
    weights: [f32; 4],
    /// What one of alpha adds, the level shift taken off.
    of_alpha: f32,
}

impl Colour {
    /// Of the component `index`. The weights are those of JFIF 1.02 (Rec. 601, full range).
    fn of(ink: Ink, transform: Transform, index: usize) -> Self {
        const YCC: [[f32; 3]; 3] =
            [[0.299, 0.587, 0.114], [-0.168_735_9, -0.331_264_1, 0.5], [0.5, -0.418_687_6, -0.081_312_4]];
        let plain = |index: usize| {
            let mut weights = [0.0; 4];
            weights[index.min(3)] = 1.0;
            Self { weights, of_alpha: -128.0 }
        };
        match (ink, transform) {
            (Ink::Rgb, Transform::Ycc) if index < 3 => {
                let [r, g, b] = YCC[index];
                Self { weights: [r, g, b, 0.0], of_alpha: if index == 0 { -128.0 } else { 0.0 } }
            }
            // YCCK holds Y, Cb and Cr of what the inks leave over: R = 255 − C (Adobe TN 5116, 18).
            (Ink::Cmyk, Transform::Ycc) if index < 3 => {
                let [c, m, y] = YCC[index];
                Self { weights: [-c, -m, -y, 0.0], of_alpha: if index == 0 { 255.0 - 128.0 } else { 0.0 } }
            }
            _ => plain(index),
        }
    }

    fn of_pixel(&self, pixel: &[u16]) -> (f32, f32) {
        let Some((&alpha, colours)) = pixel.split_last() else { return (0.0, 0.0) };
        let alpha = f32::from(alpha) / 65535.0;
        let sum: f32 = colours.iter().zip(&self.weights).map(|(&c, w)| f32::from(c) * w).sum();
        (sum * (255.0 / 65535.0) + self.of_alpha * alpha, alpha)
    }
}

/// The box filter: which of `count` stamp samples, the first one at `phase`, lie in each sample of a
/// component of `factor` samples where the finest has `finest`.
fn taps(phase: usize, count: usize, factor: usize, finest: usize) -> Vec<Taps> {
    // In units of 1/factor of a stamp sample: a component's sample is `finest` long, a stamp's `factor`.
    let first = phase * factor / finest;
    let end = ((phase + count) * factor).div_ceil(finest);
    let tap = |sample: usize| {
        let (from, to) = (sample * finest, (sample + 1) * finest);
        let (a, b) = (from / factor, to.div_ceil(factor));
        let inside = a.max(phase)..b.min(phase + count);
        let share = |pixel: usize| {
            let overlap = to.min((pixel + 1) * factor) - from.max(pixel * factor);
            overlap as f32 / finest as f32
        };
        Taps { first: inside.start - phase, weights: inside.map(share).collect() }
    };
    (first..end).map(tap).collect()
}

fn extents(stamp: &Prepared) -> Vec<(u32, u32)> {
    let channels = stamp.ink().channels();
    let extent = |y: u32| {
        let alphas = || stamp.row_u16(y).chunks_exact(channels).map(|pixel| pixel[channels - 1]);
        let first = alphas().position(|alpha| alpha > 0);
        let last = alphas().rposition(|alpha| alpha > 0);
        first.zip(last).map_or((0, 0), |(first, last)| (first as u32, last as u32 + 1))
    };
    (0..stamp.height()).map(extent).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_cover_every_sample_once() {
        for (factor, finest) in [(1, 1), (1, 2), (2, 2), (1, 4), (2, 3), (3, 4), (1, 3)] {
            for phase in 0..finest {
                for count in [1, 2, 5, 16] {
                    let mut covered = vec![0.0; count];
                    for tap in taps(phase, count, factor, finest) {
                        for (i, weight) in tap.weights.iter().enumerate() {
                            covered[tap.first + i] += weight;
                        }
                    }
                    let each = factor as f32 / finest as f32;
                    assert!(
                        covered.iter().all(|sum: &f32| (sum - each).abs() < 1e-5),
                        "{factor}/{finest}: {covered:?}"
                    );
                }
            }
        }
    }
}
