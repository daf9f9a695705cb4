//! Walking a sequential scan: from one place to a later one, keeping only the place in the bits
//! and the DC values, as little as must be known to go on decoding there.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(test)]
pub(super) mod crafted;
pub(super) mod join;
pub(super) mod lanes;
pub(super) mod steps;

use self::steps::{Step, WINDOW, first_steps, next_steps};
use super::Fault;
use super::bits::peek;
use super::block::{self, Decoder};
use super::huffman::Huffman;
use super::marker::{Header, Tables};

/// A place in a scan at the beginning of an MCU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// In clean bits, from the beginning of the data.
    pub(super) bit: usize,
    /// The MCU that begins here.
    pub(super) mcu: usize,
    /// The last DC value of each component of the scan: a sum of differences, which only who decodes a block
    /// checks. In a picture made to harm it may pass all bounds, and wraps.
    pub(super) dc: [i32; 4],
}

/// One block of the MCU.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    /// Which component of the scan (and of the frame: all are in the scan).
    pub(super) component: usize,
    /// Its place among the MCU's blocks of this component.
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) dc_table: usize,
    pub(super) ac_table: usize,
    /// Its tables of steps, in [`Walk::steps`]: where the block begins, and within it.
    first_steps: usize,
    next_steps: usize,
}

/// One table of steps.
const TABLE: usize = 1 << WINDOW;

/// The scan's pattern of blocks and tables for walking it.
#[derive(Debug)]
pub(super) struct Walk {
    pub(super) slots: Vec<Slot>,
    /// Tables of [`TABLE`] steps one after another.
    steps: Vec<Step>,
    pub(super) dc_decoders: [Option<Decoder>; 4],
    pub(super) ac_decoders: [Option<Decoder>; 4],
}

/// Tables of steps, each made once.
#[derive(Default)]
struct Steps {
    all: Vec<Step>,
    firsts: Vec<((usize, usize), usize)>,
    nexts: Vec<(usize, usize)>,
}

impl Steps {
    /// The places of a component's two tables.
    fn of(&mut self, tables: &Tables, dc: usize, ac: usize) -> Result<(usize, usize), Fault> {
        let huffman = tables.dc[dc].as_ref().zip(tables.ac[ac].as_ref());
        let (dc_huffman, ac_huffman) = huffman.ok_or_else(|| Fault::damaged("a Huffman table is missing"))?;
        let mut add = |steps: Vec<Step>| {
            self.all.extend(steps);
            self.all.len() / TABLE - 1
        };
        let first = match self.firsts.iter().find(|(of, _)| *of == (dc, ac)) {
            Some(&(_, at)) => at,
            None => add(first_steps(dc_huffman, ac_huffman)),
        };
        let next = match self.nexts.iter().find(|(of, _)| *of == ac) {
            Some(&(_, at)) => at,
            None => add(next_steps(ac_huffman)),
        };
        self.firsts.push(((dc, ac), first));
        self.nexts.push((ac, next));
        Ok((first, next))
    }
}

impl Walk {
    /// For the one scan of a sequential picture, in which all components are interleaved.
    pub(super) fn new(header: &Header) -> Result<Self, Fault> {
        let alone = header.frame.components.len() == 1;
        let mut slots = Vec::new();
        let mut steps = Steps::default();
        for (i, scan) in header.scan.components.iter().enumerate() {
            let component = &header.frame.components[scan.component];
            let (h, v) = if alone { (1, 1) } else { (component.h, component.v) };
            let (first_steps, next_steps) = steps.of(&header.tables, scan.dc_table, scan.ac_table)?;
            let (dc_table, ac_table) = (scan.dc_table, scan.ac_table);
            for (y, x) in (0..v).flat_map(|y| (0..h).map(move |x| (y, x))) {
                slots.push(Slot { component: i, x, y, dc_table, ac_table, first_steps, next_steps });
            }
        }
        // T.81, B.2.3.
        if slots.len() > 10 {
            return Err(Fault::damaged("its MCU has more than ten blocks"));
        }
        let decoder = |table: &Option<Huffman>| table.as_ref().map(Decoder::new);
        Ok(Self {
            steps: steps.all,
            dc_decoders: header.tables.dc.each_ref().map(decoder),
            ac_decoders: header.tables.ac.each_ref().map(decoder),
            slots,
        })
    }

    /// The decoders of a slot.
    pub(super) fn decoders(&self, slot: &Slot) -> Result<(&Decoder, &Decoder), Fault> {
        let dc = self.dc_decoders[slot.dc_table].as_ref();
        dc.zip(self.ac_decoders[slot.ac_table].as_ref())
            .ok_or_else(|| Fault::damaged("a Huffman table is missing"))
    }

    /// Goes on from `place` until MCU `goal`, or until fewer bits than an MCU may need are left
    /// before bit `end` (from `base`, the place of `clean`'s first bit).
    pub(super) fn advance(
        &self,
        clean: &[u8],
        base: usize,
        place: &mut Place,
        goal: usize,
        end: usize,
    ) -> Result<(), Fault> {
        let mut bit = place.bit - base;
        let end = end - base;
        let mut dc = place.dc;
        while place.mcu < goal && bit < end {
            for slot in &self.slots {
                self.pass_block(clean, &mut bit, &mut dc[slot.component], slot)?;
            }
            place.mcu += 1;
            place.bit = bit + base;
            place.dc = dc;
        }
        Ok(())
    }

    #[inline(always)]
    fn table(&self, at: usize) -> &[Step; TABLE] {
        &self.steps.as_chunks::<TABLE>().0[at]
    }

    #[inline(always)]
    fn pass_block(&self, clean: &[u8], bit: &mut usize, dc: &mut i32, slot: &Slot) -> Result<(), Fault> {
        let start = *bit;
        let mut window = peek(clean, *bit);
        let step = self.table(slot.first_steps)[(window >> (64 - WINDOW)) as usize];
        if step.bits() == 0 {
            return self.pass_slowly(clean, bit, dc, slot);
        }
        let mut at = start + step.bits();
        let mut k = step.coefficients();
        let difference = step.difference();
        let mut ended = step.ends_block();
        window <<= step.bits();
        let table = self.table(slot.next_steps);
        // A window of 57 bits holds four steps.
        let mut left = 3;
        while !ended && k < 64 {
            if left == 0 {
                window = peek(clean, at);
                left = 4;
            }
            let step = table[(window >> (64 - WINDOW)) as usize];
            if step.bits() == 0 {
                return self.pass_slowly(clean, bit, dc, slot);
            }
            at += step.bits();
            k += step.coefficients();
            ended = step.ends_block();
            window <<= step.bits();
            left -= 1;
        }
        // Several symbols at once may run past the end of the block into the next.
        if k + u32::from(ended) > 64 {
            return self.pass_slowly(clean, bit, dc, slot);
        }
        *bit = at;
        *dc = dc.wrapping_add(difference);
        Ok(())
    }

    /// Passes the rest of a block of which `k` coefficients were passed.
    fn finish_block(&self, clean: &[u8], bit: &mut usize, k: usize, slot: &Slot) -> Result<(), Fault> {
        let (_, ac_table) = self.decoders(slot)?;
        block::decode_ac(clean, bit, k, ac_table, |_, _| {})
    }

    /// The whole block again, symbol by symbol.
    #[cold]
    fn pass_slowly(&self, clean: &[u8], bit: &mut usize, dc: &mut i32, slot: &Slot) -> Result<(), Fault> {
        let (dc_table, ac_table) = self.decoders(slot)?;
        block::decode_dc(clean, bit, dc, dc_table)?;
        block::decode_ac(clean, bit, 1, ac_table, |_, _| {})
    }
}
