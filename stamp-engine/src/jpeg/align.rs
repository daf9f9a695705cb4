//! Giving the last changed blocks of a scan a length that keeps what follows in its place within
//! its bytes.
//!
//! A run of zeros may be coded as ZRL (sixteen zeros) before the end-of-block code that would do
//! alone: the same coefficients in more bits (T.81, F.2.2.2 decodes it so). Some of these, at most
//! seven of each table, make up any missing bits as long as ZRL's length is odd in one of them.

#![forbid(unsafe_code)]

use super::Fault;
use super::bits::{Mark, Writer};
use super::block::{Coefficients, Encoder, non_zeros_in_zigzag};
use super::encoders::{Encoders, encode};
use super::walk::Walk;

/// The last blocks of a run, kept to be coded again.
#[derive(Default)]
pub(super) struct Align {
    start: Option<(Mark, [i32; 4])>,
    blocks: Vec<Coefficients>,
}

/// Zigzag places that one ZRL stands for.
const RUN: usize = 16;

impl Align {
    /// So many MCUs are kept: enough that their blocks have room.
    pub(super) const MCUS: usize = 4;

    /// Notes where the writer is, if this is the first MCU kept.
    pub(super) fn begin(&mut self, writer: &mut Writer, dc: [i32; 4]) {
        if self.start.is_none() {
            self.start = Some((writer.mark(), dc));
        }
    }

    pub(super) fn keep(&mut self, block: Coefficients) {
        self.blocks.push(block);
    }

    /// Codes the kept blocks again so that the writer ends at `phase` bits of a byte. Leaves things
    /// as they are where that cannot be done.
    pub(super) fn apply(
        self,
        walk: &Walk,
        encoders: &mut Encoders,
        writer: &mut Writer,
        phase: usize,
    ) -> Result<(), Fault> {
        let Some((mark, mut dc)) = self.start else { return Ok(()) };
        let missing = (phase + 8 - writer.phase() as usize) % 8;
        let Some(mut wanted) = self.runs_wanted(walk, encoders, missing) else { return Ok(()) };
        writer.go_back(&mark);
        for (block, slot) in self.blocks.iter().zip(walk.slots.iter().cycle()) {
            let zero_runs = wanted[slot.ac_table].min(room(block));
            wanted[slot.ac_table] -= zero_runs;
            encode(encoders, slot, block, &mut dc[slot.component], zero_runs, writer)?;
        }
        debug_assert_eq!(writer.phase() as usize, phase);
        Ok(())
    }

    /// How many ZRLs of each AC table make up `missing` bits modulo 8 with the fewest bits.
    fn runs_wanted(&self, walk: &Walk, encoders: &Encoders, missing: usize) -> Option<[usize; 4]> {
        let mut rooms = [0; 4];
        for (block, slot) in self.blocks.iter().zip(walk.slots.iter().cycle()) {
            rooms[slot.ac_table] += room(block);
        }
        let length = |table: usize| encoders.ac[table].as_ref().map_or(0, Encoder::zero_run_length);
        let mut best: Option<(usize, [usize; 4])> = None;
        let tables: Vec<usize> = (0..4).filter(|&table| rooms[table] > 0 && length(table) > 0).collect();
        let first = *tables.first()?;
        let second = tables.get(1).copied();
        for a in 0..=rooms[first].min(7) {
            for b in 0..=second.map_or(0, |second| rooms[second].min(7)) {
                let bits = a * length(first) + b * second.map_or(0, length);
                if bits % 8 == missing && best.is_none_or(|(least, _)| bits < least) {
                    let mut wanted = [0; 4];
                    wanted[first] = a;
                    if let Some(second) = second {
                        wanted[second] = b;
                    }
                    best = Some((bits, wanted));
                }
            }
        }
        best.map(|(_, wanted)| wanted)
    }
}

/// How many ZRLs fit between a block's last coefficient and its end-of-block code, which must stand for
/// one zero at least: a block that is full has none.
fn room(block: &Coefficients) -> usize {
    let last = non_zeros_in_zigzag(block).checked_ilog2().unwrap_or(0) as usize;
    62usize.saturating_sub(last) / RUN
}

#[cfg(test)]
mod tests {
    use super::super::dct::ZIGZAG;
    use super::*;

    #[test]
    fn a_zero_is_left_for_the_end_of_block() {
        let ends_at = |last: usize| {
            let mut block = [0; 64];
            block[ZIGZAG[last]] = 1;
            room(&block)
        };
        assert_eq!([0, 14, 15, 46, 47, 62, 63].map(ends_at), [3, 3, 2, 1, 0, 0, 0]);
    }
}
