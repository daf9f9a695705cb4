//! Restart intervals walked ahead, a lane each: where an interval begins is known, so that lanes need no
//! guess and no joining.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::Fault;
use super::bits::PADDING;
use super::marker::{RST0, RST7};
use super::stuffing::{self, find_marker};
use super::walk::join::Map;
use super::walk::lanes::{Kernel, kernels};
use super::walk::{Place, Walk};

/// Several intervals, and what walking them told.
pub(super) struct Ahead {
    map: Option<Map>,
    /// The intervals' clean bytes, each with its padding.
    clean: Vec<u8>,
    intervals: Vec<Interval>,
    /// What lies before this MCU was looked at.
    end: usize,
}

/// An interval that stamps touch.
pub(super) struct Interval {
    /// Its MCUs.
    mcus: Range<usize>,
    /// Its bits in the clean bytes.
    pub(super) bits: Range<usize>,
    /// The last MCU in it to walk to.
    goal: usize,
}

/// Clean bytes held at once, so that memory does not grow with the picture.
const MOST_BYTES: usize = 1 << 20;
/// With fewer bits to walk in an interval on average, lanes are not worth their setting up.
const SHORTEST: usize = 2 << 10;

impl Ahead {
    /// Nothing was looked at.
    pub(super) fn none(memory: Vec<u8>) -> Self {
        Self { map: None, clean: memory, intervals: Vec::new(), end: 0 }
    }

    /// Whether MCU `mcu` was looked at.
    pub(super) fn has(&self, mcu: usize) -> bool {
        mcu < self.end
    }

    /// Looks at the intervals of `every` MCUs in `mcus`, the first of which begins at byte `at`, as far as
    /// there are lanes. `memory` is used again.
    pub(super) fn look(
        walk: &Walk,
        raw: &[u8],
        at: usize,
        mcus: Range<usize>,
        every: usize,
        runs: &[Range<usize>],
        mut memory: Vec<u8>,
    ) -> Self {
        memory.clear();
        let mut ahead = Self { end: mcus.start + every, ..Self::none(memory) };
        let Some(kernel) = kernels().next() else { return ahead };
        ahead.collect(raw, at, mcus, every, runs, kernel.lanes);
        let to_walk: usize = ahead.intervals.iter().map(Interval::to_walk).sum();
        let count = ahead.intervals.len();
        // One interval's own walk uses all lanes, though it must join them.
        if count >= kernel.lanes / 2 && to_walk >= count * SHORTEST {
            ahead.map = ahead.walk(walk, kernel);
            ahead.end = ahead.intervals.last().map_or(ahead.end, |last| last.mcus.end);
        }
        ahead
    }

    /// Takes the next intervals that are touched, at most `most`.
    fn collect(
        &mut self,
        raw: &[u8],
        mut at: usize,
        mcus: Range<usize>,
        every: usize,
        runs: &[Range<usize>],
        most: usize,
    ) {
        let last = runs.last().map_or(0, |run| run.end);
        for begin in (mcus.start..last).step_by(every) {
            let mcus = begin..(begin + every).min(mcus.end);
            let split = runs.partition_point(|run| run.start < mcus.end);
            let touching = runs[..split].last().filter(|run| run.end > begin);
            let end = match touching {
                Some(run) => {
                    let from = self.clean.len();
                    let (end, _) = stuffing::remove(raw, at, MOST_BYTES, &mut self.clean);
                    let bits = 8 * from..8 * self.clean.len();
                    self.clean.resize(self.clean.len() + PADDING, 0);
                    self.intervals.push(Interval { goal: run.start.max(begin), mcus, bits });
                    end
                }
                None => at,
            };
            if self.intervals.len() == most || self.clean.len() > MOST_BYTES {
                return;
            }
            // What is wrong is told when the interval's turn comes.
            match find_marker(raw, end) {
                Some((place, RST0..=RST7)) => {
                    at = place + raw[place..].iter().take_while(|&&byte| byte == 0xff).count() + 1;
                }
                _ => return,
            }
        }
    }

    fn walk(&self, walk: &Walk, kernel: Kernel) -> Option<Map> {
        let starts = self.intervals.iter().map(|interval| {
            let end = interval.bits.end.min(interval.bits.start + interval.to_walk());
            (interval.bits.start..end, interval.mcus.start)
        });
        Map::of_known(walk, &self.clean, starts, kernel)
    }

    /// A place in the interval of MCU `goal`, at or before it, as near as is known; its bit is counted
    /// from the interval's beginning.
    pub(super) fn place_before(&self, walk: &Walk, goal: usize) -> Result<Option<Place>, Fault> {
        let Some(map) = &self.map else { return Ok(None) };
        let interval = self.intervals.iter().find(|interval| interval.mcus.contains(&goal));
        let Some(interval) = interval else { return Ok(None) };
        let place = map.place_before(walk, &self.clean, goal)?;
        let inside = |place: &Place| place.mcu >= interval.mcus.start && place.bit <= interval.bits.end;
        let from_begin = |place: Place| Place { bit: place.bit - interval.bits.start, ..place };
        Ok(place.filter(inside).map(from_begin))
    }

    /// Gives the memory back.
    pub(super) fn into_memory(self) -> Vec<u8> {
        self.clean
    }
}

impl Interval {
    /// About as many bits as lie before the goal, and some more.
    fn to_walk(&self) -> usize {
        let before = self.bits.len() * (self.goal - self.mcus.start) / self.mcus.len();
        before + before / 8
    }
}
