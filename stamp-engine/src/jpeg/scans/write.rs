//! Coding coefficients in the scans that they came in (T.81, F.1.2 and G.1), each with its own Huffman
//! tables: they were made for nearly the same symbols. Where one lacks a code and has no room for it,
//! the symbols are counted and the scan gets the shortest codes for what it holds.

#![forbid(unsafe_code)]

use wide::i16x8;

use super::super::bits::Writer;
use super::super::block::{EOB, Encoder, LONGEST, ZRL, places, size_and_bits};
use super::super::huffman::Huffman;
use super::super::marker::{DHT, Header, Process, RST0, Scan};
use super::ScanPart;
use super::band::{Band, Order, Zigzag};

/// Where symbols and bits go: they are counted or coded.
pub(super) trait Sink {
    fn symbol(&mut self, is_ac: bool, table: usize, symbol: u8, extra: u32, length: u32);
    /// Bits without a code.
    fn bits(&mut self, bits: u32, length: u32);
    fn restart(&mut self, number: usize);
    /// The scan is at its end.
    fn end(&mut self) {}
}

/// How often each symbol of each table occurs: DC tables, then AC tables.
pub(super) struct Counter([[u32; 256]; 8]);

impl Default for Counter {
    fn default() -> Self {
        Self([[0; 256]; 8])
    }
}

impl Sink for Counter {
    #[inline(always)]
    fn symbol(&mut self, is_ac: bool, table: usize, symbol: u8, _: u32, _: u32) {
        self.0[usize::from(is_ac) * 4 + table][usize::from(symbol)] += 1;
    }
    fn bits(&mut self, _: u32, _: u32) {}
    fn restart(&mut self, _: usize) {}
}

/// Codes with the tables that the scan had, or new ones; codes that are missing are added.
pub(super) struct Extender {
    encoders: Vec<Option<Encoder>>,
    used: [bool; 8],
    writer: Writer,
    lacks: bool,
}

impl Sink for Extender {
    #[inline(always)]
    fn symbol(&mut self, is_ac: bool, table: usize, symbol: u8, extra: u32, length: u32) {
        let number = usize::from(is_ac) * 4 + table;
        self.used[number] = true;
        self.lacks |= !is_ac && u32::from(symbol) > LONGEST;
        match self.encoders[number].as_mut().map(|encoder| encoder.code(symbol)) {
            Some(Ok(code)) => self.writer.code(code, extra, length),
            _ => self.lacks = true,
        }
    }
    #[inline(always)]
    fn bits(&mut self, bits: u32, length: u32) {
        self.writer.put(bits, length);
    }
    fn restart(&mut self, number: usize) {
        self.writer.align();
        self.writer.bytes_mut().extend([0xff, RST0 + (number % 8) as u8]);
    }
    fn end(&mut self) {
        self.writer.align();
    }
}

/// A scan's tables, DC and then AC, and its data.
pub(super) struct Coded {
    tables: Vec<Option<Huffman>>,
    pub(super) data: Vec<u8>,
}

impl Coded {
    /// Writes DHT segments (T.81, B.2.4.2).
    pub(super) fn write_tables(&self, out: &mut Vec<u8>) {
        for (number, table) in (0u8..).zip(&self.tables) {
            let Some(table) = table else { continue };
            let bytes = table.to_bytes();
            out.extend([0xff, DHT]);
            // One table: at most 16 + 256 bytes.
            out.extend((bytes.len() as u16 + 3).to_be_bytes());
            out.push(number / 4 * 16 + number % 4);
            out.extend(bytes);
        }
    }
}

/// A table to which so many codes can be added will do.
const ROOM: usize = 12;

impl Extender {
    /// With the tables that the scan had, or, where they are as good as full, such as have codes for
    /// every symbol.
    pub(super) fn of_scan(part: &ScanPart) -> Self {
        let roomy = |table: &Huffman, symbols: &mut dyn Iterator<Item = u8>| match table.room() {
            0..ROOM => Encoder::new(&table.with_all(symbols)),
            _ => Encoder::new(table),
        };
        // What 8-bit samples can make (T.81, tables F.1 and F.2; G.1.2.2 for runs of ended blocks).
        let dc = part.tables.dc.iter().map(|table| Some(roomy(table.as_ref()?, &mut (0..=11))));
        let all_ac = || (0..=255u8).filter(|symbol| symbol & 15 <= 10);
        let ac = part.tables.ac.iter().map(|table| Some(roomy(table.as_ref()?, &mut all_ac())));
        Self::new(dc.chain(ac).collect(), part.data.len() + part.data.len() / 8)
    }

    /// With the best tables for what was counted.
    pub(super) fn of_counts(counter: &Counter) -> Self {
        let best = |counts: &[u32; 256]| {
            counts.iter().any(|&count| count > 0).then(|| Encoder::new(&Huffman::optimal(counts)))
        };
        Self::new(counter.0.iter().map(best).collect(), 0)
    }

    fn new(encoders: Vec<Option<Encoder>>, capacity: usize) -> Self {
        let writer = Writer::after(Vec::with_capacity(capacity));
        Self { encoders, used: [false; 8], writer, lacks: false }
    }

    /// `None` when a table had no room for a code.
    pub(super) fn finish(self) -> Option<Coded> {
        let tables = self.encoders.iter().zip(self.used);
        let tables =
            tables.map(|(encoder, used)| encoder.as_ref().filter(|_| used).map(|e| e.table().clone()));
        let tables = tables.collect();
        (!self.lacks).then(|| Coded { tables, data: self.writer.into_bytes() })
    }
}

/// A scan that is being written.
pub(super) struct ScanWriter<'a> {
    process: Process,
    part: &'a ScanPart,
    order: Order,
    state: State<'a>,
}

impl<'a> ScanWriter<'a> {
    pub(super) fn new(header: &Header, part: &'a ScanPart, order: Order) -> Self {
        Self { process: header.process, part, order, state: State::new(&part.scan) }
    }

    /// Hands the scan's part of a band to `sink`; bands come in order.
    pub(super) fn write(&mut self, band: &Band, sink: &mut impl Sink) {
        let (every, scan) = (self.part.tables.restart_interval, &self.part.scan);
        let state = &mut self.state;
        let mcus = self.order.mcus(band);
        let first = mcus.start;
        for mcu in mcus {
            if every > 0 && mcu > 0 && mcu % every == 0 {
                state.end_run(sink);
                sink.restart(mcu / every - 1);
                *state = State::new(scan);
            }
            for (number, component, at) in self.order.blocks(first, mcu) {
                let Some(block) = band.block(component, at) else { continue };
                match (self.process, scan.spectrum.0, scan.approximation.0) {
                    (Process::Sequential, ..) => state.sequential(number, block, sink),
                    (Process::Progressive, 0, 0) => state.dc(number, i32::from(block[0]) >> state.low, sink),
                    (Process::Progressive, 0, _) => sink.bits((block[0] >> state.low) as u32 & 1, 1),
                    (Process::Progressive, _, 0) => state.ac_first(block, sink),
                    (Process::Progressive, ..) => state.ac_refine(block, sink),
                }
            }
        }
    }

    pub(super) fn finish(&mut self, sink: &mut impl Sink) {
        self.state.end_run(sink);
        sink.end();
    }
}

/// What a scan remembers between blocks.
struct State<'s> {
    scan: &'s Scan,
    low: u8,
    dc: [i32; 4],
    /// Blocks that ended without anything more, not yet coded (T.81, G.1.2.2).
    run: u32,
    /// The correction bits of these blocks.
    corrections: Vec<Corrections>,
    /// The places of the scan's coefficients.
    spectrum: u64,
}

/// The longest run of ended blocks that has a code.
const LONGEST_RUN: u32 = 0x7fff;

impl<'s> State<'s> {
    fn new(scan: &'s Scan) -> Self {
        let (first, last) = scan.spectrum;
        let spectrum = u64::MAX << first & u64::MAX >> (63 - last);
        Self { scan, low: scan.approximation.1, dc: [0; 4], run: 0, corrections: Vec::new(), spectrum }
    }

    fn ac_table(&self) -> usize {
        // A progressive scan of AC coefficients has one component (T.81, G.1.1.1.1).
        self.scan.components[0].ac_table
    }

    fn dc(&mut self, number: usize, value: i32, sink: &mut impl Sink) {
        let (size, bits) = size_and_bits(value - self.dc[number]);
        self.dc[number] = value;
        sink.symbol(false, self.scan.components[number].dc_table, size as u8, bits, size);
    }

    fn sequential(&mut self, number: usize, block: &Zigzag, sink: &mut impl Sink) {
        self.dc(number, i32::from(block[0]), sink);
        let table = self.scan.components[number].ac_table;
        let mut next = 1;
        for k in places(sizes(block, 0, self.spectrum).known & self.spectrum & !1) {
            let mut zeros = k - next;
            while zeros > 15 {
                sink.symbol(true, table, ZRL, 0, 0);
                zeros -= 16;
            }
            let (size, bits) = size_and_bits(i32::from(block[k]));
            sink.symbol(true, table, (zeros << 4) as u8 | size as u8, bits, size);
            next = k + 1;
        }
        if next < 64 {
            sink.symbol(true, table, EOB, 0, 0);
        }
    }

    fn ac_first(&mut self, block: &Zigzag, sink: &mut impl Sink) {
        let mut next = usize::from(self.scan.spectrum.0);
        for k in places(sizes(block, self.low, self.spectrum).known & self.spectrum) {
            self.end_run(sink);
            let mut zeros = k - next;
            while zeros > 15 {
                sink.symbol(true, self.ac_table(), ZRL, 0, 0);
                zeros -= 16;
            }
            let value = i32::from(block[k].unsigned_abs() >> self.low);
            let (size, bits) = size_and_bits(if block[k] < 0 { -value } else { value });
            sink.symbol(true, self.ac_table(), (zeros << 4) as u8 | size as u8, bits, size);
            next = k + 1;
        }
        if next <= usize::from(self.scan.spectrum.1) {
            self.run += 1;
            if self.run == LONGEST_RUN {
                self.end_run(sink);
            }
        }
    }

    fn ac_refine(&mut self, block: &Zigzag, sink: &mut impl Sink) {
        let Sizes { known, new, bits } = sizes(block, self.low, self.spectrum);
        let (known, mut new) = (known & self.spectrum, new & self.spectrum);
        // Not passed yet, of which the unknown ones stand for zeros; correction bits not coded yet.
        let mut ahead = self.spectrum;
        let mut own = Corrections::default();
        while new != 0 {
            let place = new & new.wrapping_neg();
            let before = ahead & (place - 1);
            let mut zeros = before & !known;
            // A ZRL ends with its sixteenth zero; behind it come the correction bits up to there.
            let mut passed = 0;
            while zeros.count_ones() > 15 {
                let rest = (0..15).fold(zeros, |zeros, _| zeros & (zeros - 1));
                let stretch = before & (rest ^ (rest - 1)) & !passed;
                own.add(stretch & known, bits);
                passed |= stretch;
                self.end_run(sink);
                sink.symbol(true, self.ac_table(), ZRL, 0, 0);
                std::mem::take(&mut own).put(sink);
                zeros = rest & (rest - 1);
            }
            own.add(before & known & !passed, bits);
            self.end_run(sink);
            let sign = u32::from(block[place.trailing_zeros() as usize] > 0);
            let symbol = (zeros.count_ones() << 4) as u8 | 1;
            sink.symbol(true, self.ac_table(), symbol, sign, 1);
            std::mem::take(&mut own).put(sink);
            ahead &= !(before | place);
            new &= new - 1;
        }
        own.add(ahead & known, bits);
        if ahead != 0 {
            self.run += 1;
            self.corrections.push(own);
            if self.run == LONGEST_RUN {
                self.end_run(sink);
            }
        }
    }

    fn put_run(&mut self, sink: &mut impl Sink) {
        let exponent = self.run.ilog2();
        sink.symbol(true, self.ac_table(), (exponent << 4) as u8, self.run - (1 << exponent), exponent);
        self.run = 0;
    }

    /// Codes the run of ended blocks, if there is one, and their correction bits.
    fn end_run(&mut self, sink: &mut impl Sink) {
        if self.run == 0 {
            return;
        }
        self.put_run(sink);
        self.corrections.drain(..).for_each(|corrections| corrections.put(sink));
    }
}

/// Correction bits of one block (T.81, G.1.2.3): the last one lowermost, at most 63.
#[derive(Clone, Copy, Debug, Default)]
struct Corrections {
    bits: u64,
    count: u32,
}

impl Corrections {
    /// The bits of these coefficients.
    #[inline(always)]
    fn add(&mut self, coefficients: u64, bits: u64) {
        for k in places(coefficients) {
            self.bits = self.bits << 1 | (bits >> k & 1);
        }
        self.count += coefficients.count_ones();
    }

    #[inline(always)]
    fn put(self, sink: &mut impl Sink) {
        if self.count > 32 {
            sink.bits((self.bits >> 32) as u32, self.count - 32);
        }
        if self.count > 0 {
            sink.bits(self.bits as u32, self.count.min(32));
        }
    }
}

/// Which coefficients are not 0 without their lowest bits, by place; which of these are ±1; the lowest
/// bits of what is left.
struct Sizes {
    known: u64,
    new: u64,
    bits: u64,
}

#[inline(always)]
fn sizes(block: &Zigzag, low: u8, spectrum: u64) -> Sizes {
    let mut sizes = Sizes { known: 0, new: 0, bits: 0 };
    let eights = (64 - spectrum.leading_zeros() as usize).div_ceil(8);
    for (i, &eight) in block.as_chunks::<8>().0[..eights].iter().enumerate() {
        let size = i16x8::from(eight).abs() >> i32::from(low);
        let is = |value: i16| u64::from(size.simd_eq(i16x8::splat(value)).to_bitmask() & 0xff);
        sizes.known |= (is(0) ^ 0xff) << (8 * i);
        sizes.new |= is(1) << (8 * i);
        let odd = (size & i16x8::splat(1)).simd_eq(i16x8::splat(1)).to_bitmask() & 0xff;
        sizes.bits |= u64::from(odd) << (8 * i);
    }
    sizes
}
