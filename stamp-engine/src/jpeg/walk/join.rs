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

use super::super::Fault;
use super::lanes::{self, Lanes, Tables};
use super::{Place, Walk};

/// What is known of a stretch of a scan after walking it.
#[derive(Debug)]
pub(in super::super) struct Map {
    notes: Vec<Lanes>,
    lanes: Vec<Joined>,
    /// Where the window's bits count from, when the map was made.
    base: usize,
}

/// A lane whose walk is true from `bit` on, and what must be added to its counts.
#[derive(Clone, Debug)]
struct Joined {
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

impl Map {
    /// Walks `clean` from `place` to (about) bit `end`, both counted from the stretch's beginning,
    /// in which `clean` begins at `base`. `None` where one chain does it as well.
    pub(in super::super) fn new(
        walk: &Walk,
        clean: &[u8],
        base: usize,
        place: &Place,
        end: usize,
    ) -> Result<Option<Self>, Fault> {
        let Some(kernel) = lanes::kernels().next() else { return Ok(None) };
        Self::with(walk, clean, base, place, end, kernel, SHORTEST)
    }

    /// The same with a certain kernel and so many of its lanes that each has `shortest` bits to walk.
    pub(in super::super) fn with(
        walk: &Walk,
        clean: &[u8],
        base: usize,
        place: &Place,
        end: usize,
        kernel: lanes::Kernel,
        shortest: usize,
    ) -> Result<Option<Self>, Fault> {
        let (from, end) = (place.bit - base, end.max(place.bit) - base);
        let bits = end.saturating_sub(from);
        let count = kernel.lanes.min(bits / shortest);
        // Bits are counted in 31 bits.
        if count < FEWEST || walk.slots.len() > kernel.slots || end > 1 << 30 {
            return Ok(None);
        }
        let length = bits / count;
        let starts: Vec<usize> = (0..=count).map(|lane| from + lane * length).collect();
        let mut lanes = Lanes::idle();
        for lane in 0..count {
            lanes.bit[lane] = starts[lane] as u32;
            lanes.end[lane] = starts[lane + 1] as u32;
        }
        let tables = Tables::new(walk);
        let mut notes = Vec::new();
        (kernel.run)(&tables, clean, &mut lanes, &mut notes);
        let joined = join(walk, clean, place, &starts, &lanes, from)?;
        Ok(Some(Self { notes, lanes: joined, base }))
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
            known.push(Joined { lane, bit: bits.start as u32, mcu, dc: [0; 4], end_mcu: mcu });
        }
        let mut notes = Vec::new();
        (kernel.run)(&Tables::new(walk), clean, &mut lanes, &mut notes);
        // Where one met what is no code, the walk that comes there tells so.
        known.retain(|known| !lanes.dead[known.lane]);
        known.iter_mut().for_each(|known| known.end_mcu += lanes.mcu[known.lane] as usize);
        Some(Self { notes, lanes: known, base: 0 })
    }

    /// A place at or before the beginning of MCU `goal`, as near as is known.
    pub(in super::super) fn place_before(
        &self,
        walk: &Walk,
        clean: &[u8],
        goal: usize,
    ) -> Result<Option<Place>, Fault> {
        let at =
            self.lanes.partition_point(|lane| lane.mcu_at(lane.first_note(&self.notes), &self.notes) <= goal);
        let Some(lane) = at.checked_sub(1).map(|at| &self.lanes[at]) else { return Ok(None) };
        let first = lane.first_note(&self.notes);
        let Some(notes) = self.notes.get(first..) else { return Ok(None) };
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

    fn mcu_at(&self, note: usize, notes: &[Lanes]) -> usize {
        notes.get(note).map_or(self.end_mcu, |note| self.mcu + note.mcu[self.lane] as usize)
    }

    /// The beginning of the MCU behind the one that a note stands in, or that it stands before.
    fn place(&self, walk: &Walk, clean: &[u8], note: &Lanes, base: usize) -> Result<Place, Fault> {
        let lane = self.lane;
        let mut dc = self.dc;
        for (sum, added) in dc.iter_mut().zip(&note.dc) {
            *sum += added[lane];
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

/// Joins the lanes' walks, the first of which is true.
fn join(
    walk: &Walk,
    clean: &[u8],
    place: &Place,
    starts: &[usize],
    lanes: &Lanes,
    from: usize,
) -> Result<Vec<Joined>, Fault> {
    let count = starts.len() - 1;
    let end_of = |lane: usize, mcu: usize, dc: [i32; 4]| {
        let mut walker = Walker {
            bit: lanes.bit[lane] as usize,
            slot: lanes.slot[lane] as usize,
            mcu: mcu + lanes.mcu[lane] as usize,
            dc,
        };
        for (sum, added) in walker.dc.iter_mut().zip(&lanes.dc) {
            *sum += added[lane];
        }
        walker
    };
    let died = || Fault::damaged("its data holds a code that no table has");
    if lanes.dead[0] {
        return Err(died());
    }
    let mut truth = end_of(0, place.mcu, place.dc);
    let mut joined =
        vec![Joined { lane: 0, bit: from as u32, mcu: place.mcu, dc: place.dc, end_mcu: truth.mcu }];
    for lane in 1..count {
        let Some(guess) = meet(walk, clean, &mut truth, starts[lane], starts[lane + 1])? else { continue };
        if lanes.dead[lane] {
            return Err(died());
        }
        // MCUs are counted from the lane's own beginning, which may lie within one.
        let mcu = truth.mcu - guess.mcu;
        let dc = std::array::from_fn(|c| truth.dc[c] - guess.dc[c]);
        let bit = truth.bit as u32;
        truth = end_of(lane, mcu, dc);
        joined.push(Joined { lane, bit, mcu, dc, end_mcu: truth.mcu });
    }
    Ok(joined)
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
mod tests {
    use super::super::super::marker::Header;
    use super::super::super::source::Source;
    use super::super::super::tests::pictures;
    use super::super::crafted;
    use super::super::lanes::kernels;
    use super::*;

    /// Every place that a map tells is one that the serial walk passes.
    fn check_map(name: &str, walk: &Walk, source: &Source<'_>, total: usize, map: &Map, end: usize) -> usize {
        let mut serial = Place { bit: 0, mcu: 0, dc: [0; 4] };
        let mut told = 0;
        while serial.mcu < total && serial.bit < end {
            if serial.mcu.is_multiple_of(61)
                && let Some(mut place) = map.place_before(walk, source.clean(), serial.mcu).unwrap()
            {
                assert!(place.mcu <= serial.mcu, "{name}: {place:?} is behind {}", serial.mcu);
                walk.advance(source.clean(), 0, &mut place, serial.mcu, end).unwrap();
                assert_eq!(place, serial, "{name}");
                told += 1;
            }
            let next = serial.mcu + 1;
            walk.advance(source.clean(), 0, &mut serial, next, end).unwrap();
        }
        told
    }

    #[test]
    fn the_walk_of_many_places_is_the_serial_walk() {
        let mut mapped = 0;
        for (name, raw) in pictures() {
            let header = Header::parse(&raw).unwrap();
            if header.tables.restart_interval != 0 {
                continue;
            }
            let walk = Walk::new(&header).unwrap();
            let source = Source::new(&raw, header.data, Vec::new());
            let (across, down) = header.frame.mcus();
            let place = Place { bit: 0, mcu: 0, dc: [0; 4] };
            let end = source.safe_end();
            let Some(map) = Map::new(&walk, source.clean(), 0, &place, end).unwrap() else { continue };
            assert!(check_map(&name, &walk, &source, across * down, &map, end) > 0, "{name}");
            mapped += 1;
        }
        assert!(mapped > 0 || kernels().next().is_none());
    }

    #[test]
    fn every_kernel_is_the_specified_one() {
        for (name, raw) in pictures() {
            let header = Header::parse(&raw).unwrap();
            let walk = Walk::new(&header).unwrap();
            let source = Source::new(&raw, header.data, Vec::new());
            let tables = Tables::new(&walk);
            let end = (source.end().min(200_000) / 2) as u32;
            for kernel in kernels() {
                let count = kernel.lanes;
                if walk.slots.len() > kernel.slots {
                    continue;
                }
                let mut lanes = Lanes::idle();
                for lane in 0..count {
                    lanes.bit[lane] = end / count as u32 * lane as u32;
                    lanes.end[lane] = end / count as u32 * (lane as u32 + 1);
                }
                let mut specified = (lanes.clone(), Vec::new());
                lanes::run(&tables, source.clean(), &mut specified.0, count, &mut specified.1);
                let mut notes = Vec::new();
                (kernel.run)(&tables, source.clean(), &mut lanes, &mut notes);
                assert!(lanes == specified.0 && notes == specified.1, "{name} in {count} lanes");
            }
        }
    }

    /// A picture whose every guess stays out of step: what is known is true all the same.
    #[test]
    fn flat_and_periodic_pictures_are_walked_right() {
        for pattern in [[128u8; 4], [0, 255, 0, 255], [10, 10, 200, 200]] {
            let pixels: Vec<u8> = (0..2048 * 2048 * 3).map(|i| pattern[(i / 24) % 4]).collect();
            let image = turbojpeg::Image {
                pixels: &pixels[..],
                width: 2048,
                pitch: 6144,
                height: 2048,
                format: turbojpeg::PixelFormat::RGB,
            };
            for sampling in [turbojpeg::Subsamp::Sub2x2, turbojpeg::Subsamp::None] {
                let raw = turbojpeg::compress(image, 95, sampling).unwrap();
                let header = Header::parse(&raw).unwrap();
                let walk = Walk::new(&header).unwrap();
                let source = Source::new(&raw, header.data, Vec::new());
                let (across, down) = header.frame.mcus();
                let place = Place { bit: 0, mcu: 0, dc: [0; 4] };
                let end = source.safe_end();
                if let Some(map) = Map::new(&walk, source.clean(), 0, &place, end).unwrap() {
                    check_map("a pattern", &walk, &source, across * down, &map, end);
                }
            }
        }
    }

    /// Guesses that never meet the truth, that end at what is no code, and that stand at the same bits
    /// as the truth but before another block: what is told is the serial walk all the same.
    #[test]
    fn crafted_pictures_mislead_no_walk() {
        for (name, raw, resynchronises) in [
            ("nibbles", crafted::nibbles(300, 200, false), false),
            ("sparse nibbles", crafted::nibbles(300, 300, true), false),
            ("identical blocks, guessed right", crafted::identical_blocks(400, 300), true),
            ("identical blocks", crafted::identical_blocks(401, 307), false),
        ] {
            let header = Header::parse(&raw).unwrap();
            let walk = Walk::new(&header).unwrap();
            let mut source = Source::new(&raw, header.data, Vec::new());
            while !source.is_last() {
                source.fill(0);
            }
            let (across, down) = header.frame.mcus();
            let place = Place { bit: 0, mcu: 0, dc: [0; 4] };
            let end = source.end();
            for kernel in kernels() {
                let map = Map::with(&walk, source.clean(), 0, &place, end, kernel, SHORTEST).unwrap();
                let map = map.unwrap_or_else(|| panic!("{name} is too short for {} lanes", kernel.lanes));
                assert!(check_map(name, &walk, &source, across * down, &map, end) > 0, "{name}");
                // All lanes' bits would be used if their guesses had been right.
                assert!(
                    resynchronises || map.lanes.len() < kernel.lanes,
                    "{name}: {} lanes met",
                    map.lanes.len()
                );
            }
        }
    }
}
