//! Decoding scans into coefficients (T.81, F.2.2 and G.2).

#![forbid(unsafe_code)]

use super::super::Fault;
use super::super::bits::peek;
use super::super::block::{self, Decoder, non_zeros};
use super::super::marker::{Header, Process, RST0, RST7, Scan};
use super::super::source::Source;
use super::super::stuffing::find_marker;
use super::super::walk::steps::extend;
use super::ScanPart;
use super::band::{Band, Order, Zigzag};

/// Bits of one stretch between two markers.
struct Bits<'a> {
    source: Source<'a>,
    bit: usize,
}

impl Bits<'_> {
    fn window(&self) -> u64 {
        peek(self.source.clean(), self.bit - self.source.base())
    }

    fn symbol(&mut self, decoder: &Decoder) -> Result<u8, Fault> {
        let (symbol, length) = decoder.symbol(self.window())?;
        self.bit += length as usize;
        Ok(symbol)
    }

    /// The next `count` bits, at most 16.
    fn take(&mut self, count: u32) -> u32 {
        let bits = (self.window() >> 1 >> (63 - count)) as u32;
        self.bit += count as usize;
        bits
    }
}

/// A scan that is being read.
pub(super) struct Reader<'a> {
    raw: &'a [u8],
    process: Process,
    part: &'a ScanPart,
    order: Order,
    /// For each component of the scan.
    decoders: Vec<(Option<Decoder>, Option<Decoder>)>,
    bits: Bits<'a>,
    state: State<'a>,
}

/// What a scan of one kind remembers between blocks.
struct State<'s> {
    scan: &'s Scan,
    dc: [i32; 4],
    /// Blocks still to come that hold nothing new (T.81, G.1.2.2).
    skip: u32,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        raw: &'a [u8],
        header: &Header,
        part: &'a ScanPart,
        order: Order,
    ) -> Result<Self, Fault> {
        let decoders = part.scan.components.iter().map(|c| {
            let ready = |tables: &[Option<_>; 4], at: usize| tables[at].as_ref().map(Decoder::new);
            (ready(&part.tables.dc, c.dc_table), ready(&part.tables.ac, c.ac_table))
        });
        let decoders: Vec<_> = decoders.collect();
        let (first, last) = part.scan.spectrum;
        let lacks = |(dc, ac): &(Option<Decoder>, Option<Decoder>)| {
            (first == 0 && part.scan.approximation.0 == 0 && dc.is_none()) || (last > 0 && ac.is_none())
        };
        if decoders.iter().any(lacks) {
            return Err(Fault::damaged("a Huffman table is missing"));
        }
        Ok(Self {
            raw,
            process: header.process,
            part,
            order,
            decoders,
            bits: Bits { source: Source::new(raw, part.data.start, Vec::new()), bit: 0 },
            state: State { scan: &part.scan, dc: [0; 4], skip: 0 },
        })
    }

    /// Reads the scan's part of a band; bands come in order.
    pub(super) fn read(&mut self, band: &mut Band) -> Result<(), Fault> {
        let (every, scan) = (self.part.tables.restart_interval, &self.part.scan);
        let missing = || Fault::damaged("a Huffman table is missing");
        let (bits, state) = (&mut self.bits, &mut self.state);
        let mcus = self.order.mcus(band);
        let first = mcus.start;
        for mcu in mcus {
            if every > 0 && mcu > 0 && mcu % every == 0 {
                behind_restart(self.raw, bits)?;
                *state = State { scan, dc: [0; 4], skip: 0 };
            }
            bits.source.ensure_mcu(bits.bit);
            for (number, component, at) in self.order.blocks(first, mcu) {
                let block =
                    band.block_mut(component, at).ok_or_else(|| Fault::damaged("a block is outside"))?;
                let (dc, ac) = &self.decoders[number];
                let (dc, ac) = (dc.as_ref().ok_or_else(missing), ac.as_ref().ok_or_else(missing));
                match (self.process, scan.spectrum.0, scan.approximation.0) {
                    (Process::Sequential, ..) => {
                        let mut at = bits.bit - bits.source.base();
                        let (clean, last) = (bits.source.clean(), &mut state.dc[number]);
                        let set = |k, value| block[k] = value;
                        block::decode_with(clean, &mut at, last, (dc?, ac?), set)?;
                        bits.bit = at + bits.source.base();
                    }
                    (Process::Progressive, 0, 0) => state.dc_first(bits, dc?, number, block)?,
                    (Process::Progressive, 0, _) => {
                        block[0] |= (bits.take(1) as i16) << scan.approximation.1;
                    }
                    (Process::Progressive, _, 0) => state.ac_first(bits, ac?, block)?,
                    (Process::Progressive, ..) => state.ac_refine(bits, ac?, block)?,
                }
            }
            bits.source.check(bits.bit)?;
        }
        Ok(())
    }
}

fn behind_restart(raw: &[u8], bits: &mut Bits<'_>) -> Result<(), Fault> {
    match find_marker(raw, bits.source.raw_place(bits.bit)) {
        Some((place, code)) if (RST0..=RST7).contains(&code) => {
            let fill = raw[place..].iter().take_while(|&&byte| byte == 0xff).count();
            bits.source.begin_again(place + fill + 1);
            bits.bit = 0;
            Ok(())
        }
        _ => Err(Fault::damaged("a restart marker is not where it belongs")),
    }
}

fn wrong() -> Fault {
    Fault::damaged("a progressive scan breaks the rules")
}

impl State<'_> {
    fn dc_first(
        &mut self,
        bits: &mut Bits<'_>,
        decoder: &Decoder,
        number: usize,
        block: &mut Zigzag,
    ) -> Result<(), Fault> {
        let size = u32::from(bits.symbol(decoder)?);
        if size > 15 {
            return Err(wrong());
        }
        let difference = extend(bits.take(size), size);
        let value = i16::try_from(self.dc[number] + difference).map_err(|_| wrong())?;
        self.dc[number] = i32::from(value);
        block[0] = i16::try_from(self.dc[number] << self.scan.approximation.1).map_err(|_| wrong())?;
        Ok(())
    }

    fn ac_first(&mut self, bits: &mut Bits<'_>, decoder: &Decoder, block: &mut Zigzag) -> Result<(), Fault> {
        if self.skip > 0 {
            self.skip -= 1;
            return Ok(());
        }
        let (first, last) = (usize::from(self.scan.spectrum.0), usize::from(self.scan.spectrum.1));
        let (clean, base) = (bits.source.clean(), bits.source.base());
        let mut bit = bits.bit - base;
        let mut k = first;
        while k <= last {
            // A code of 16 bits and 15 bits behind it.
            let window = peek(clean, bit);
            let (symbol, length) = decoder.symbol(window)?;
            let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
            let extra = |size: u32| (window << length >> 1 >> (63 - size)) as u32;
            bit += length as usize;
            match (run, size) {
                (15, 0) => k += 16,
                (_, 0) => {
                    self.skip = (1 << run) + extra(run) - 1;
                    bit += run as usize;
                    break;
                }
                _ => {
                    k += run as usize;
                    if k > last {
                        return Err(wrong());
                    }
                    let value = extend(extra(size), size) << self.scan.approximation.1;
                    block[k] = i16::try_from(value).map_err(|_| wrong())?;
                    bit += size as usize;
                    k += 1;
                }
            }
        }
        bits.bit = bit + base;
        Ok(())
    }

    fn ac_refine(&mut self, bits: &mut Bits<'_>, decoder: &Decoder, block: &mut Zigzag) -> Result<(), Fault> {
        let (first, last) = (usize::from(self.scan.spectrum.0), usize::from(self.scan.spectrum.1));
        let one = 1i16 << self.scan.approximation.1;
        let spectrum = u64::MAX << first & u64::MAX >> (63 - last);
        // The places that hold something already, and of the others those not passed yet.
        let known = non_zeros(block) & spectrum;
        let mut ahead = spectrum;
        let (clean, base) = (bits.source.clean(), bits.source.base());
        let mut bit = bits.bit - base;
        while self.skip == 0 && ahead != 0 {
            // A code of 16 bits and 14 bits behind it.
            let window = peek(clean, bit);
            let (symbol, length) = decoder.symbol(window)?;
            let (run, size) = (u32::from(symbol >> 4), symbol & 15);
            let extra = |size: u32| (window << length >> 1 >> (63 - size)) as u32;
            bit += length as usize;
            let new = match size {
                0 if run < 15 => {
                    self.skip = (1 << run) + extra(run);
                    bit += run as usize;
                    break;
                }
                0 => 0,
                1 => {
                    bit += 1;
                    if extra(1) == 1 { one } else { -one }
                }
                _ => return Err(wrong()),
            };
            // Known coefficients get a bit each; the new one stands behind `run` unknown ones.
            let mut free = ahead & !known;
            for _ in 0..run {
                free &= free.wrapping_sub(1);
            }
            let place = free & free.wrapping_neg();
            // What lies before that place, or all there is where nothing is left for it.
            let passed = ahead & place.wrapping_sub(1);
            correct(clean, &mut bit, block, passed & known, one);
            if place != 0 {
                block[place.trailing_zeros() as usize] = new;
            }
            ahead &= !(passed | place);
        }
        if self.skip > 0 {
            correct(clean, &mut bit, block, ahead & known, one);
            self.skip -= 1;
        }
        bits.bit = bit + base;
        Ok(())
    }
}

/// Reads a correction bit for each coefficient at `known`.
#[inline(always)]
fn correct(clean: &[u8], bit: &mut usize, block: &mut Zigzag, mut known: u64, one: i16) {
    while known != 0 {
        let mut window = peek(clean, *bit);
        let mut taken = 0;
        // As many as a window is sure to hold.
        while known != 0 && taken < 56 {
            let coefficient = &mut block[known.trailing_zeros() as usize];
            known &= known - 1;
            // Nobody can foretell these bits: no branch. What has the bit already is of a damaged picture.
            let bit = -((window >> 63) as i16) & -i16::from(*coefficient & one == 0);
            let sign = *coefficient >> 15;
            *coefficient = coefficient.saturating_add(((one ^ sign) - sign) & bit);
            window <<= 1;
            taken += 1;
        }
        *bit += taken;
    }
}
