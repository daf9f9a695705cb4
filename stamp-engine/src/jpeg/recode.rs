//! Where a Huffman table has no room for the codes of the changed blocks: all blocks of the scan are
//! coded again, with the shortest codes for what they hold. No coefficient outside of the stamp
//! changes, only its code.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::Fault;
use super::bits::Writer;
use super::block::{self, Coefficients, EOB, Encoder, ZRL, non_zeros_in_zigzag, places, size_and_bits};
use super::dct::ZIGZAG;
use super::encoders::{Encoders, encode};
use super::huffman::Huffman;
use super::marker::{Header, RST0, RST7};
use super::redo::Redo;
use super::source::Source;
use super::splice::{Coded, SpliceReport};
use super::stuffing::find_marker;
use super::walk::{Slot, Walk};

/// What a scan consists of.
enum Part<'a> {
    Block(&'a Slot, Coefficients),
    /// A restart marker of this code, behind which all DC values begin with 0 again.
    Restart(u8),
}

/// Codes the whole scan again behind `out`, the MCUs `runs` changed, and copies what follows.
pub(super) fn recode(
    raw: &[u8],
    header: &Header,
    walk: &Walk,
    redo: &Redo<'_>,
    runs: &[Range<usize>],
    out: Vec<u8>,
) -> Result<Coded, Fault> {
    let mut report = SpliceReport::default();
    let mut counts = Counts { dc: [[0; 256]; 4], ac: [[0; 256]; 4], last: [0; 4] };
    each_part(raw, header, walk, redo, runs, &mut report, |part| {
        counts.add(&part);
        Ok(())
    })?;
    report = SpliceReport::default();
    let mut encoders = counts.encoders(header);
    let mut writer = Writer::after(out);
    let mut dc = [0; 4];
    let end = each_part(raw, header, walk, redo, runs, &mut report, |part| match part {
        Part::Block(slot, block) => {
            encode(&mut encoders, slot, &block, &mut dc[slot.component], 0, &mut writer)
        }
        Part::Restart(code) => {
            dc = [0; 4];
            writer.align();
            writer.bytes_mut().extend([0xff, code]);
            Ok(())
        }
    })?;
    writer.align();
    let out = writer.into_bytes();
    report.bits_in = 8 * (end - header.data) as u64;
    report.codes_added = encoders.dc.iter().chain(&encoders.ac).flatten().count() as u32;
    Ok(Coded { out, rest: end, encoders, report })
}

/// Gives each part of the scan in order; where its data ends in the file.
fn each_part<'a>(
    raw: &[u8],
    header: &Header,
    walk: &'a Walk,
    redo: &Redo<'_>,
    runs: &[Range<usize>],
    report: &mut SpliceReport,
    mut take: impl FnMut(Part<'a>) -> Result<(), Fault>,
) -> Result<usize, Fault> {
    let (across, down) = header.frame.mcus();
    let mut source = Source::new(raw, header.data, Vec::new());
    let (mut bit, mut dc) = (0, [0; 4]);
    let mut runs = runs;
    for mcu in 0..across * down {
        if header.tables.restart_interval > 0 && mcu > 0 && mcu % header.tables.restart_interval == 0 {
            let (place, code) = marker_behind(raw, &source, bit)?;
            if !(RST0..=RST7).contains(&code) {
                return Err(Fault::damaged("a restart marker is not where it belongs"));
            }
            let fill = raw[place..].iter().take_while(|&&byte| byte == 0xff).count();
            source = Source::new(raw, place + fill + 1, source.into_memory());
            (bit, dc) = (0, [0; 4]);
            take(Part::Restart(code))?;
        }
        source.ensure_mcu(bit);
        while runs.first().is_some_and(|run| run.end <= mcu) {
            runs = &runs[1..];
        }
        let changes = runs.first().is_some_and(|run| run.contains(&mcu));
        let spot = redo.mcu(mcu);
        for slot in &walk.slots {
            let mut at = bit - source.base();
            let decoders = walk.decoders(slot)?;
            let mut block = block::decode(source.clean(), &mut at, &mut dc[slot.component], decoders)?;
            bit = at + source.base();
            if changes && spot.block(slot, &mut block) {
                report.blocks += 1;
            }
            take(Part::Block(slot, block))?;
        }
        source.check(bit)?;
    }
    Ok(marker_behind(raw, &source, bit)?.0)
}

fn marker_behind(raw: &[u8], source: &Source<'_>, bit: usize) -> Result<(usize, u8), Fault> {
    find_marker(raw, source.raw_place(bit)).ok_or_else(|| Fault::damaged("it ends without a marker"))
}

/// How often each symbol occurs.
struct Counts {
    dc: [[u32; 256]; 4],
    ac: [[u32; 256]; 4],
    last: [i32; 4],
}

impl Counts {
    fn add(&mut self, part: &Part<'_>) {
        let Part::Block(slot, block) = part else {
            self.last = [0; 4];
            return;
        };
        let (size, _) = size_and_bits(i32::from(block[0]) - self.last[slot.component]);
        self.last[slot.component] = i32::from(block[0]);
        self.dc[slot.dc_table][size as usize] += 1;
        let counts = &mut self.ac[slot.ac_table];
        let mut last = 0;
        for k in places(non_zeros_in_zigzag(block) & !1) {
            let run = k - last - 1;
            counts[usize::from(ZRL)] += run as u32 / 16;
            let (size, _) = size_and_bits(i32::from(block[ZIGZAG[k]]));
            counts[(run % 16) << 4 | size as usize] += 1;
            last = k;
        }
        if last < 63 {
            counts[usize::from(EOB)] += 1;
        }
    }

    /// Of the tables that the picture has.
    fn encoders(&self, header: &Header) -> Encoders {
        let new = |counts: &[u32; 256], table: &Option<Huffman>| {
            table.as_ref().map(|_| Encoder::new(&Huffman::optimal(counts)))
        };
        Encoders {
            dc: std::array::from_fn(|at| new(&self.dc[at], &header.tables.dc[at])),
            ac: std::array::from_fn(|at| new(&self.ac[at], &header.tables.ac[at])),
        }
    }
}
