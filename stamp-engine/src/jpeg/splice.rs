//! The splice: blocks under the stamp are decoded, changed and coded again; every other bit of the
//! entropy-coded data is copied.
//!
//! Between the last changed block and the end nothing is even parsed. There is a catch: a scan ends
//! with up to seven ones that fill its last byte, and without parsing nobody knows how many of its
//! last ones are filling. Moved by some bits, they could fill a whole byte more, which readers
//! complain about. So the last run of changed blocks is given such a length that the rest keeps its
//! place in its bytes and is copied as bytes, filling and stuffing and all: see [`Align`].

#![forbid(unsafe_code)]

use std::ops::Range;

use super::Fault;
use super::ahead::Ahead;
use super::align::Align;
use super::bits::Writer;
use super::block;
use super::encoders::{Encoders, encode};
use super::marker::{Header, RST0, RST7};
use super::plan::Placed;
use super::redo::Redo;
use super::source::Source;
use super::stuffing::find_marker;
use super::walk::join::Map;
use super::walk::{Place, Walk};
use crate::spare::Spare;

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpliceReport {
    /// Blocks decoded, changed and coded again.
    pub blocks: u64,
    /// Bits of entropy-coded data in and out.
    pub bits_in: u64,
    /// Of these, bits that were copied as they are.
    pub bits_copied: u64,
    /// Codes that were added to the Huffman tables.
    pub codes_added: u32,
}

/// A picture as it was coded anew.
pub(super) struct Coded {
    /// The new bytes, from the picture's beginning.
    pub(super) out: Vec<u8>,
    /// What follows them is the old picture from here on.
    pub(super) rest: usize,
    /// The tables, with what was added to them.
    pub(super) encoders: Encoders,
    pub(super) report: SpliceReport,
}

/// The walk of many places through a window, which may have come to nothing.
struct Tried {
    /// The window's first bit: another window has another map.
    base: usize,
    map: Option<Map>,
}

/// One picture's splice.
pub(super) struct Splice<'a> {
    raw: &'a [u8],
    header: &'a Header,
    walk: &'a Walk,
    redo: Redo<'a>,
    encoders: Encoders,
    writer: Writer,
    lenient: bool,
    memory: Vec<u8>,
    ahead: Ahead,
    map: Option<Tried>,
    /// The last MCU to walk to.
    last_goal: usize,
    bits_per_mcu: u64,
    report: SpliceReport,
}

impl<'a> Splice<'a> {
    /// `out` holds what stands before the scan's data.
    pub(super) fn new(
        raw: &'a [u8],
        header: &'a Header,
        walk: &'a Walk,
        placed: &'a [Placed],
        out: Vec<u8>,
        lenient: bool,
    ) -> Result<Self, Fault> {
        let (across, down) = header.frame.mcus();
        Ok(Self {
            raw,
            header,
            walk,
            redo: Redo::new(header, placed)?,
            encoders: Encoders::new(header),
            writer: Writer::after(out),
            lenient,
            memory: Spare::Window.take(0),
            ahead: Ahead::none(Spare::Ahead.take(0)),
            map: None,
            last_goal: 0,
            bits_per_mcu: 8 * (raw.len() - header.data) as u64 / (across * down).max(1) as u64,
            report: SpliceReport::default(),
        })
    }

    /// Splices the scan's data, which begins at `at`.
    pub(super) fn run(mut self, runs: &[Range<usize>], at: usize) -> Result<Coded, Fault> {
        let (across, down) = self.header.frame.mcus();
        let total = across * down;
        let every = match self.header.tables.restart_interval {
            0 => total,
            every => every,
        };
        let (mut at, mut first, mut runs) = (at, 0, runs);
        while !runs.is_empty() {
            let interval = first..(first + every).min(total);
            let split = runs.partition_point(|run| run.start < interval.end);
            // A run may go on behind a restart marker: each interval takes its own part.
            let here = runs;
            let own: Vec<_> =
                runs[..split].iter().map(|run| run.start.max(first)..run.end.min(interval.end)).collect();
            let unfinished = runs[..split].last().is_some_and(|run| run.end > interval.end);
            runs = &runs[split - usize::from(unfinished)..];
            if every < total && !own.is_empty() && !self.ahead.has(first) {
                let memory = std::mem::replace(&mut self.ahead, Ahead::none(Vec::new())).into_memory();
                self.ahead = Ahead::look(self.walk, self.raw, at, first..total, every, here, memory);
            }
            at = match own.is_empty() {
                true => self.copy_interval(at)?,
                false => self.interval(&interval, &own, at, runs.is_empty())?,
            };
            first = interval.end;
            if first >= total {
                break;
            }
            if !runs.is_empty() {
                at = self.copy_restart(at)?;
            }
        }
        let end = self.end_of_scan(at)?;
        self.report.bits_in = 8 * (end - self.header.data) as u64;
        self.report.bits_copied += 8 * (end - at) as u64;
        for encoder in self.encoders.dc.iter().chain(&self.encoders.ac).flatten() {
            self.report.codes_added += encoder.added as u32;
        }
        Spare::Window.keep(self.memory);
        Spare::Ahead.keep(self.ahead.into_memory());
        let out = self.writer.into_bytes();
        Ok(Coded { out, rest: at, encoders: self.encoders, report: self.report })
    }

    /// Copies an interval that no stamp touches; gives the place of the marker behind it.
    fn copy_interval(&mut self, at: usize) -> Result<usize, Fault> {
        let (end, _) = find_marker(self.raw, at).ok_or_else(|| Fault::damaged("its data ends too early"))?;
        self.writer.bytes_mut().extend_from_slice(&self.raw[at..end]);
        self.report.bits_copied += 8 * (end - at) as u64;
        Ok(end)
    }

    /// Copies the restart marker at `at`, with any fill bytes.
    fn copy_restart(&mut self, at: usize) -> Result<usize, Fault> {
        match find_marker(self.raw, at) {
            Some((place, code)) if place == at && (RST0..=RST7).contains(&code) => {
                let fill = self.raw[at..].iter().take_while(|&&byte| byte == 0xff).count();
                let end = at + fill + 1;
                self.writer.bytes_mut().extend_from_slice(&self.raw[at..end]);
                Ok(end)
            }
            _ => Err(Fault::damaged("a restart marker is not where it belongs")),
        }
    }

    /// Splices one interval; gives the place in the file where copying goes on: the marker behind it
    /// or, behind the last changed block of the picture (`is_last`), already before.
    fn interval(
        &mut self,
        mcus: &Range<usize>,
        runs: &[Range<usize>],
        at: usize,
        is_last: bool,
    ) -> Result<usize, Fault> {
        let mut source = Source::new(self.raw, at, std::mem::take(&mut self.memory));
        self.map = None;
        self.last_goal = runs.last().map_or(0, |run| run.start);
        let mut place = Place { bit: 0, mcu: mcus.start, dc: [0; 4] };
        let mut copied = 0;
        for (i, run) in runs.iter().enumerate() {
            self.seek(&mut source, &mut place, run.start, &mut copied)?;
            let behind = (run.end + 1).min(mcus.end);
            // Behind the last MCU of the interval nothing is left to keep its place.
            let must_align = i + 1 == runs.len() && behind < mcus.end;
            self.change(&mut source, &mut place, run.clone(), behind, must_align)?;
            copied = place.bit;
        }
        let next = self.finish_interval(&mut source, &mut place, mcus.end, is_last);
        self.memory = source.into_memory();
        next
    }

    /// Walks to MCU `goal` and copies the bits passed.
    fn seek(
        &mut self,
        source: &mut Source<'_>,
        place: &mut Place,
        goal: usize,
        copied: &mut usize,
    ) -> Result<(), Fault> {
        loop {
            self.leap(source, place, goal)?;
            self.walk.advance(source.clean(), source.base(), place, goal, source.safe_end())?;
            source.check(place.bit)?;
            self.writer.copy(source.clean(), *copied - source.base(), place.bit - source.base());
            self.report.bits_copied += (place.bit - *copied) as u64;
            *copied = place.bit;
            if place.mcu == goal {
                return Ok(());
            }
            if source.is_last() {
                return Err(Fault::damaged("its data ends too early"));
            }
            source.fill(place.bit);
        }
    }

    /// Moves to a place near before MCU `goal` that the walk of many places tells of. That walk is
    /// made once a window, as far as its goals probably lie.
    fn leap(&mut self, source: &Source<'_>, place: &mut Place, goal: usize) -> Result<(), Fault> {
        let known = self.ahead.place_before(self.walk, goal)?;
        if let Some(nearer) = known.filter(|known| known.bit < source.safe_end()) {
            if nearer.mcu > place.mcu {
                *place = nearer;
            }
            return Ok(());
        }
        if self.map.as_ref().is_none_or(|tried| tried.base != source.base()) {
            let ahead = self.last_goal.saturating_sub(place.mcu) as u64 * self.bits_per_mcu;
            // The last bits may be filling, and no code.
            let codes = source.safe_end().min(source.end().saturating_sub(7));
            let end = codes.min(place.bit.saturating_add((ahead + ahead / 8) as usize));
            let map = Map::new(self.walk, source.clean(), source.base(), place, end.max(place.bit));
            self.map = Some(Tried { base: source.base(), map });
        }
        if let Some(Tried { map: Some(map), .. }) = &self.map
            && let Some(nearer) = map.place_before(self.walk, source.clean(), goal)?
            && nearer.mcu > place.mcu
        {
            *place = nearer;
        }
        Ok(())
    }

    /// Decodes MCUs `run`, changes and encodes them, and encodes the MCUs up to `behind` unchanged:
    /// their DC values are coded as differences to changed ones.
    fn change(
        &mut self,
        source: &mut Source<'_>,
        place: &mut Place,
        run: Range<usize>,
        behind: usize,
        must_align: bool,
    ) -> Result<(), Fault> {
        let mut dc = place.dc;
        // The last MCUs are kept, to be coded again in another length.
        let mut align = Align::default();
        while place.mcu < behind {
            source.ensure_mcu(place.bit);
            let changes = run.contains(&place.mcu);
            let spot = self.redo.mcu(place.mcu);
            let keep = must_align && place.mcu + Align::MCUS >= behind;
            if keep {
                align.begin(&mut self.writer, dc);
            }
            for slot in &self.walk.slots {
                let decoders = self.walk.decoders(slot)?;
                let mut bit = place.bit - source.base();
                let mut block =
                    block::decode(source.clean(), &mut bit, &mut place.dc[slot.component], decoders)?;
                place.bit = bit + source.base();
                if changes && spot.block(slot, &mut block) {
                    self.report.blocks += 1;
                }
                if keep {
                    align.keep(block);
                }
                encode(&mut self.encoders, slot, &block, &mut dc[slot.component], 0, &mut self.writer)?;
            }
            source.check(place.bit)?;
            place.mcu += 1;
        }
        if must_align && self.writer.phase() as usize != place.bit % 8 {
            align.apply(self.walk, &mut self.encoders, &mut self.writer, place.bit % 8)?;
        }
        Ok(())
    }

    /// Copies the rest of an interval as bytes, if its bits stand where they stood; else walks it to
    /// know where its filling begins. The rest of the last one is left to who writes the picture out.
    fn finish_interval(
        &mut self,
        source: &mut Source<'_>,
        place: &mut Place,
        end: usize,
        is_last: bool,
    ) -> Result<usize, Fault> {
        if self.writer.phase() as usize != place.bit % 8 {
            let mut copied = place.bit;
            self.seek(source, place, end, &mut copied)?;
        }
        if place.mcu == end {
            self.writer.align();
            return self.end_of_data(source.raw_place(place.bit));
        }
        let whole = place.bit.div_ceil(8) * 8;
        self.writer.copy(source.clean(), place.bit - source.base(), whole - source.base());
        self.report.bits_copied += (whole - place.bit) as u64;
        let from = source.raw_place(whole);
        let marker = self.end_of_data(from)?;
        if is_last {
            return Ok(from);
        }
        self.writer.bytes_mut().extend_from_slice(&self.raw[from..marker]);
        self.report.bits_copied += 8 * (marker - from) as u64;
        Ok(marker)
    }

    /// Where the scan whose data holds `at` ends: at the first marker that is not a restart.
    fn end_of_scan(&self, mut at: usize) -> Result<usize, Fault> {
        loop {
            at = self.end_of_data(at)?;
            match find_marker(self.raw, at) {
                Some((place, RST0..=RST7)) => at = place + 2,
                _ => return Ok(at),
            }
        }
    }

    /// The place of the marker that ends the data, of which `at` is a part.
    fn end_of_data(&self, at: usize) -> Result<usize, Fault> {
        match find_marker(self.raw, at) {
            Some((marker, _)) => Ok(marker),
            None if self.lenient => Ok(self.raw.len()),
            None => Err(Fault::damaged("it ends without a marker")),
        }
    }
}
