//! Walking a sequential scan: from one place to a later one, keeping only the place in the bits
//! and the DC values, as little as must be known to go on decoding there.

#![forbid(unsafe_code)]

pub(super) mod steps;

use self::steps::{Step, WINDOW, ac_steps, dc_steps};
use super::Fault;
use super::bits::peek;
use super::block::{self, Decoder};
use super::marker::Header;

/// A place in a scan at the beginning of an MCU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// In clean bits, from the beginning of the data.
    pub(super) bit: usize,
    /// The MCU that begins here.
    pub(super) mcu: usize,
    /// The last DC value of each component of the scan.
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
}

/// The scan's pattern of blocks and tables for walking it.
#[derive(Debug)]
pub(super) struct Walk {
    pub(super) slots: Vec<Slot>,
    dc_steps: [Vec<Step>; 4],
    ac_steps: [Vec<Step>; 4],
    pub(super) dc_decoders: [Option<Decoder>; 4],
    pub(super) ac_decoders: [Option<Decoder>; 4],
}

impl Walk {
    /// For the one scan of a sequential picture, in which all components are interleaved.
    pub(super) fn new(header: &Header) -> Result<Self, Fault> {
        let alone = header.frame.components.len() == 1;
        let mut slots = Vec::new();
        for (i, scan) in header.scan.components.iter().enumerate() {
            let component = &header.frame.components[scan.component];
            let (h, v) = if alone { (1, 1) } else { (component.h, component.v) };
            for (y, x) in (0..v).flat_map(|y| (0..h).map(move |x| (y, x))) {
                slots.push(Slot { component: i, x, y, dc_table: scan.dc_table, ac_table: scan.ac_table });
            }
        }
        // T.81, B.2.3.
        if slots.len() > 10 {
            return Err(Fault::damaged("its MCU has more than ten blocks"));
        }
        let tables = &header.tables;
        let missing = || Fault::damaged("a Huffman table is missing");
        for slot in &slots {
            tables.dc[slot.dc_table].as_ref().and(tables.ac[slot.ac_table].as_ref()).ok_or_else(missing)?;
        }
        let used = |is_ac: bool, at: usize| {
            slots.iter().any(|slot| if is_ac { slot.ac_table == at } else { slot.dc_table == at })
        };
        let dc = |at: usize| tables.dc[at].as_ref().filter(|_| used(false, at));
        let ac = |at: usize| tables.ac[at].as_ref().filter(|_| used(true, at));
        Ok(Self {
            dc_steps: std::array::from_fn(|at| dc(at).map(dc_steps).unwrap_or_default()),
            ac_steps: std::array::from_fn(|at| ac(at).map(ac_steps).unwrap_or_default()),
            dc_decoders: std::array::from_fn(|at| dc(at).map(Decoder::new)),
            ac_decoders: std::array::from_fn(|at| ac(at).map(Decoder::new)),
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
    fn pass_block(&self, clean: &[u8], bit: &mut usize, dc: &mut i32, slot: &Slot) -> Result<(), Fault> {
        let (dc_steps, ac_steps) = (&self.dc_steps[slot.dc_table][..], &self.ac_steps[slot.ac_table][..]);
        let start = *bit;
        let mut window = peek(clean, *bit);
        let step = dc_steps[(window >> (64 - WINDOW)) as usize];
        if step.bits() == 0 {
            return self.pass_slowly(clean, bit, start, dc, slot);
        }
        let before = *dc;
        *dc += step.difference();
        *bit += step.bits();
        window <<= step.bits();
        let mut k = 1;
        // A window of 57 bits holds the DC step and three more, then four each.
        let mut steps = 3;
        loop {
            for _ in 0..steps {
                let step = ac_steps[(window >> (64 - WINDOW)) as usize];
                k += step.coefficients();
                // A step that is not whole, or that runs past the end of the block into the next.
                if step.bits() == 0 || k + u32::from(step.ends_block()) > 64 {
                    *dc = before;
                    return self.pass_slowly(clean, bit, start, dc, slot);
                }
                *bit += step.bits();
                window <<= step.bits();
                if step.ends_block() || k == 64 {
                    return Ok(());
                }
            }
            window = peek(clean, *bit);
            steps = 4;
        }
    }

    /// The whole block again, symbol by symbol.
    #[cold]
    fn pass_slowly(
        &self,
        clean: &[u8],
        bit: &mut usize,
        start: usize,
        dc: &mut i32,
        slot: &Slot,
    ) -> Result<(), Fault> {
        *bit = start;
        let (dc_table, ac_table) = self.decoders(slot)?;
        block::decode(clean, bit, dc, (dc_table, ac_table)).map(|_| ())
    }
}
