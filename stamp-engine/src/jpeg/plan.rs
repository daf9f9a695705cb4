//! Which MCUs a stamp touches.

#![forbid(unsafe_code)]

use std::ops::Range;
use std::sync::Arc;

use super::frame::Frame;
use super::overlay::Overlay;

/// A stamp's planes and one place where they go.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) overlay: Arc<Overlay>,
    /// The corner in the stored grid, in pixels.
    pub(super) corner: (i64, i64),
    pub(super) size: (u32, u32),
    /// For each component, where the planes' own count of samples begins: the corner of the least
    /// repeating square that holds the stamp's corner.
    pub(super) origins: Vec<(i64, i64)>,
}

/// Untouched MCUs between two touched ones of a row are touched along when they are so few: copying
/// them would cost more.
const GAP: usize = 3;

impl Placed {
    pub(super) fn new(overlay: Arc<Overlay>, corner: (i64, i64), size: (u32, u32), frame: &Frame) -> Self {
        let along =
            |corner: i64, finest: usize, factor: usize| corner.div_euclid(finest as i64) * factor as i64;
        let origins = frame.components.iter().map(|component| {
            (along(corner.0, frame.h_max, component.h), along(corner.1, frame.v_max, component.v))
        });
        Self { overlay, corner, size, origins: origins.collect() }
    }

    /// The stamp's rows that lie on pixel rows `rows` of the picture.
    fn rows_on(&self, rows: &Range<usize>) -> Range<usize> {
        let clip = |row: usize| (row as i64 - self.corner.1).clamp(0, i64::from(self.size.1)) as usize;
        clip(rows.start)..clip(rows.end)
    }
}

/// The touched MCUs of each row that has some: ranges of MCU numbers in order.
pub(super) fn runs(frame: &Frame, placed: &[Placed]) -> Vec<Range<usize>> {
    let (across, down) = frame.mcus();
    let (mcu_width, mcu_height) = mcu_size(frame);
    let mut runs: Vec<Range<usize>> = Vec::new();
    let mut of_row: Vec<Range<usize>> = Vec::new();
    for row in 0..down {
        let rows = row * mcu_height..((row + 1) * mcu_height).min(frame.height);
        of_row.clear();
        for stamp in placed {
            let Some((first, end)) = stamp.overlay.extent(stamp.rows_on(&rows)) else { continue };
            let first = (stamp.corner.0 + i64::from(first)).clamp(0, frame.width as i64) as usize;
            let end = (stamp.corner.0 + i64::from(end)).clamp(0, frame.width as i64) as usize;
            if first < end {
                of_row.push(first / mcu_width..end.div_ceil(mcu_width).min(across));
            }
        }
        of_row.sort_unstable_by_key(|run| run.start);
        for run in &of_row {
            let run = row * across + run.start..row * across + run.end;
            match runs.last_mut() {
                Some(last) if run.start <= last.end + GAP => last.end = last.end.max(run.end),
                _ => runs.push(run),
            }
        }
    }
    runs
}

/// Width and height of an MCU in pixels.
pub(super) fn mcu_size(frame: &Frame) -> (usize, usize) {
    match frame.components.len() {
        1 => (8, 8),
        _ => (8 * frame.h_max, 8 * frame.v_max),
    }
}
