//! One walk made of many: a stretch is cut into segments, each lane walks one, and the walks are
//! joined where they meet.
//!
//! Nobody knows where a block begins in a later segment, so its lane guesses: here, with the first
//! block of an MCU. Huffman codes resynchronise by themselves, and after some hundred bits the
//! guess is mostly as good as the truth. But only this counts: the walk of the segment before, which
//! is known to be true, goes on until it stands between two blocks at the same bit and before the
//! same block of the MCU as the guessed walk once did. From there on both see the same, so the
//! guessed walk is true; before it, nothing of it is used. Where they do not meet, the true walk goes
//! on alone through that segment.

#![forbid(unsafe_code)]

use std::ops::Range;

use rayon::prelude::*;

use super::super::Fault;
use super::lanes::{self, Lanes, Tables};
use super::{Place, Walk};

/// What is known of a stretch of a scan after walking it.
#[derive(Debug)]
pub(in super::super) struct Map {
    /// The notes of each gang of lanes.
    gangs: Vec<Vec<Lanes>>,
    lanes: Vec<Joined>,
    /// Where the window's bits count from, when the map was made.
    base: usize,
}

/// How a stretch is cut into segments.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Cut {
    /// What walks the lanes.
    pub(in super::super) kernel: lanes::Kernel,
    /// Each segment has at least so many bits.
    pub(in super::super) shortest: usize,
    /// There are at most so many gangs of lanes, each of which may have a thread.
    pub(in super::super) gangs: usize,
}

/// A lane whose walk is true from `bit` on, and what must be added to its counts.
#[derive(Clone, Debug)]
struct Joined {
    gang: usize,
    lane: usize,
    bit: u32,
    mcu: usize,
    dc: [i32; 4],
    /// Where it ended.
    end_mcu: usize,
}

/// A walker between two blocks.
#[derive(Clone, Copy, Debug)]
struct Walker {
    bit: usize,
    slot: usize,
    mcu: usize,
    dc: [i32; 4],
}

/// Fewer lanes are not worth joining.
const FEWEST: usize = 8;
/// Segments shorter than this many bits are not worth a lane each: guesses that fell into step after
/// some hundred bits must be caught up with.
pub(in super::super) const SHORTEST: usize = 6 << 10;
/// A stretch of more bits is worth a thread for each so many.
const PER_THREAD: usize = 1 << 21;

impl Map {
    /// Walks `clean` from `place` to (about) bit `end`, both counted from the stretch's beginning,
    /// in which `clean` begins at `base`. `None` where one chain does it as well.
    pub(in super::super) fn new(
        walk: &Walk,
        clean: &[u8],
        base: usize,
        place: &Place,
        end: usize,
    ) -> Option<Self> {
        let kernel = lanes::kernels().next()?;
        // A thread of a pool whose others are busy does it all itself.
        let gangs = match end.saturating_sub(place.bit) / PER_THREAD {
            0 | 1 => 1,
            worth => worth.min(rayon::current_num_threads()),
        };
        Self::with(walk, clean, base, place, end, Cut { kernel, shortest: SHORTEST, gangs })
    }

    /// The same, cut in a certain way.
    pub(in super::super) fn with(
        walk: &Walk,
        clean: &[u8],
        base: usize,
        place: &Place,
        end: usize,
        cut: Cut,
    ) -> Option<Self> {
        let Cut { kernel, shortest, gangs } = cut;
        let (from, end) = (place.bit - base, end.max(place.bit) - base);
        let bits = end.saturating_sub(from);
        let count = (kernel.lanes * gangs).min(bits / shortest);
        // Bits are counted in 31 bits.
        if count < FEWEST || walk.slots.len() > kernel.slots || end > 1 << 30 {
            return None;
        }
        let length = bits / count;
        let starts: Vec<usize> = (0..=count).map(|segment| from + segment * length).collect();
        let gang = |segments: &[usize]| {
            let mut lanes = Lanes::idle();
            for (lane, ends) in segments.windows(2).enumerate() {
                lanes.bit[lane] = ends[0] as u32;
                lanes.end[lane] = ends[1] as u32;
            }
            lanes
        };
        // Each gang's segments with the end of the last one.
        let firsts = (0..count).step_by(kernel.lanes);
        let mut gangs: Vec<_> = firsts
            .map(|first| (gang(&starts[first..=(first + kernel.lanes).min(count)]), Vec::new()))
            .collect();
        let tables = Tables::new(walk);
        match &mut gangs[..] {
            [(lanes, notes)] => (kernel.run)(&tables, clean, lanes, notes),
            gangs => gangs.par_iter_mut().for_each(|(lanes, notes)| {
                (kernel.run)(&tables, clean, lanes, notes);
            }),
        }
        let (ends, gangs): (Vec<_>, Vec<_>) = gangs.into_iter().unzip();
        let lanes = join(walk, clean, place, &starts, &ends, kernel.lanes);
        Some(Self { gangs, lanes, base })
    }

    /// Walks stretches of `clean` whose beginnings are known, each with its MCU, in order and at most as
    /// many as there are lanes. `None` where the kernel does not know such MCUs.
    pub(in super::super) fn of_known(
        walk: &Walk,
        clean: &[u8],
        stretches: impl Iterator<Item = (Range<usize>, usize)>,
        kernel: lanes::Kernel,
    ) -> Option<Self> {
        if walk.slots.len() > kernel.slots || 8 * clean.len() > 1 << 30 {
            return None;
        }
        let mut lanes = Lanes::idle();
        let mut known = Vec::new();
        for (lane, (bits, mcu)) in stretches.enumerate().take(kernel.lanes) {
            lanes.bit[lane] = bits.start as u32;
            lanes.end[lane] = bits.end as u32;
            known.push(Joined { gang: 0, lane, bit: bits.start as u32, mcu, dc: [0; 4], end_mcu: mcu });
        }
        let mut notes = Vec::new();
        (kernel.run)(&Tables::new(walk), clean, &mut lanes, &mut notes);
        // Where one met what is no code, the walk that comes there tells so.
        known.retain(|known| !lanes.dead[known.lane]);
        known.iter_mut().for_each(|known| known.end_mcu += lanes.mcu[known.lane] as usize);
        Some(Self { gangs: vec![notes], lanes: known, base: 0 })
    }

    /// A place at or before the beginning of MCU `goal`, as near as is known.
    pub(in super::super) fn place_before(
        &self,
        walk: &Walk,
        clean: &[u8],
        goal: usize,
    ) -> Result<Option<Place>, Fault> {
        let at = self.lanes.partition_point(|lane| lane.first_mcu(&self.gangs[lane.gang]) <= goal);
        let Some(lane) = at.checked_sub(1).map(|at| &self.lanes[at]) else { return Ok(None) };
        let notes = &self.gangs[lane.gang];
        let Some(notes) = notes.get(lane.first_note(notes)..) else { return Ok(None) };
        // A note within the MCU before the goal is of use too: its rest is walked.
        let later = notes.partition_point(|note| lane.mcu + (note.mcu[lane.lane] as usize) < goal);
        let Some(note) = later.checked_sub(1).map(|at| &notes[at]) else { return Ok(None) };
        lane.place(walk, clean, note, self.base).map(Some)
    }
}

impl Joined {
    /// The first note in which the lane's walk is true.
    fn first_note(&self, notes: &[Lanes]) -> usize {
        notes.partition_point(|note| note.bit[self.lane] < self.bit)
    }

    /// The MCU that it stands in there.
    fn first_mcu(&self, notes: &[Lanes]) -> usize {
        notes.get(self.first_note(notes)).map_or(self.end_mcu, |note| self.mcu + note.mcu[self.lane] as usize)
    }

    /// The beginning of the MCU behind the one that a note stands in, or that it stands before.
    fn place(&self, walk: &Walk, clean: &[u8], note: &Lanes, base: usize) -> Result<Place, Fault> {
        let lane = self.lane;
        let mut dc = self.dc;
        for (sum, added) in dc.iter_mut().zip(&note.dc) {
            *sum = sum.wrapping_add(added[lane]);
        }
        let mut walker = Walker {
            bit: note.bit[lane] as usize,
            slot: note.slot[lane] as usize,
            mcu: self.mcu + note.mcu[lane] as usize,
            dc,
        };
        if note.k[lane] > 0 {
            walk.finish_block(clean, &mut walker.bit, note.k[lane] as usize, &walk.slots[walker.slot])?;
            walker.step_on(walk);
        }
        while walker.slot != 0 {
            walker.pass_block(walk, clean)?;
        }
        Ok(Place { bit: walker.bit + base, mcu: walker.mcu, dc: walker.dc })
    }
}

impl Walker {
    fn pass_block(&mut self, walk: &Walk, clean: &[u8]) -> Result<(), Fault> {
        let slot = &walk.slots[self.slot];
        walk.pass_block(clean, &mut self.bit, &mut self.dc[slot.component], slot)?;
        self.step_on(walk);
        Ok(())
    }

    fn step_on(&mut self, walk: &Walk) {
        self.slot += 1;
        if self.slot == walk.slots.len() {
            self.slot = 0;
            self.mcu += 1;
        }
    }

    fn stands_with(&self, other: &Self) -> bool {
        self.bit == other.bit && self.slot == other.slot
    }
}

/// Joins the walks of gangs of so many lanes, the first of which is true, up to the one that met what
/// is no code. That may be no fault: behind the last block stand bits that fill its byte, and anything.
/// Where it is one, the walk that must come there tells so.
fn join(
    walk: &Walk,
    clean: &[u8],
    place: &Place,
    starts: &[usize],
    gangs: &[Lanes],
    width: usize,
) -> Vec<Joined> {
    let end_of = |segment: usize, mcu: usize, dc: [i32; 4]| {
        let (lanes, lane) = (&gangs[segment / width], segment % width);
        let mut walker = Walker {
            bit: lanes.bit[lane] as usize,
            slot: lanes.slot[lane] as usize,
            mcu: mcu + lanes.mcu[lane] as usize,
            dc,
        };
        for (sum, added) in walker.dc.iter_mut().zip(&lanes.dc) {
            *sum = sum.wrapping_add(added[lane]);
        }
        walker
    };
    if gangs[0].dead[0] {
        return Vec::new();
    }
    let mut truth = end_of(0, place.mcu, place.dc);
    let bit = starts[0] as u32;
    let mut joined = vec![Joined { gang: 0, lane: 0, bit, mcu: place.mcu, dc: place.dc, end_mcu: truth.mcu }];
    for segment in 1..starts.len() - 1 {
        let (start, end) = (starts[segment], starts[segment + 1]);
        let Ok(met) = meet(walk, clean, &mut truth, start, end) else { break };
        let Some(guess) = met else { continue };
        let (gang, lane) = (segment / width, segment % width);
        if gangs[gang].dead[lane] {
            break;
        }
        // MCUs are counted from the lane's own beginning, which may lie within one.
        let mcu = truth.mcu - guess.mcu;
        let dc = std::array::from_fn(|c| truth.dc[c].wrapping_sub(guess.dc[c]));
        let bit = truth.bit as u32;
        truth = end_of(segment, mcu, dc);
        joined.push(Joined { gang, lane, bit, mcu, dc, end_mcu: truth.mcu });
    }
    joined
}

/// Walks on with the truth until it meets the walk that was guessed to begin at `start`; gives that
/// one there. `None` when the truth passes `end` alone.
fn meet(
    walk: &Walk,
    clean: &[u8],
    truth: &mut Walker,
    start: usize,
    end: usize,
) -> Result<Option<Walker>, Fault> {
    let mut guess = Some(Walker { bit: start, slot: 0, mcu: 0, dc: [0; 4] });
    while truth.bit < end {
        match &mut guess {
            Some(guess) if guess.bit < truth.bit => {
                if guess.pass_block(walk, clean).is_ok() {
                    continue;
                }
            }
            Some(guess) if guess.stands_with(truth) && truth.mcu >= guess.mcu => return Ok(Some(*guess)),
            _ => {
                truth.pass_block(walk, clean)?;
                continue;
            }
        }
        guess = None;
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
