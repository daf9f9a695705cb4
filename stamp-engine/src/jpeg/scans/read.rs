//! Decoding scans into coefficients (T.81, F.2.2 and G.2).

#![forbid(unsafe_code)]

use super::super::Fault;
use super::super::bits::peek;
use super::super::block::{self, Coefficients, Decoder};
use super::super::marker::{Header, Process, RST0, RST7, Scan};
use super::super::source::Source;
use super::super::stuffing::find_marker;
use super::super::walk::steps::extend;
use super::{Order, Plane, ScanPart};

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

/// What a scan of one kind remembers between blocks.
struct Reader<'s> {
    scan: &'s Scan,
    dc: [i32; 4],
    /// Blocks still to come that hold nothing new (T.81, G.1.2.2).
    skip: u32,
}

/// Decodes one scan.
pub(super) fn scan(raw: &[u8], header: &Header, part: &ScanPart, planes: &mut [Plane]) -> Result<(), Fault> {
    let order = Order::new(&header.frame, &part.scan, planes);
    let missing = || Fault::damaged("a Huffman table is missing");
    let decoders: Vec<(Option<Decoder>, Option<Decoder>)> = part
        .scan
        .components
        .iter()
        .map(|c| {
            let ready = |tables: &[Option<_>; 4], at: usize| tables[at].as_ref().map(Decoder::new);
            (ready(&part.tables.dc, c.dc_table), ready(&part.tables.ac, c.ac_table))
        })
        .collect();
    let mut bits = Bits { source: Source::new(raw, part.data.start, Vec::new()), bit: 0 };
    let mut reader = Reader { scan: &part.scan, dc: [0; 4], skip: 0 };
    for mcu in 0..order.mcu_count() {
        if part.tables.restart_interval > 0 && mcu > 0 && mcu % part.tables.restart_interval == 0 {
            bits = behind_restart(raw, bits)?;
            reader = Reader { scan: &part.scan, dc: [0; 4], skip: 0 };
        }
        bits.source.ensure_mcu(bits.bit);
        for (number, component, at) in order.blocks(mcu) {
            let block =
                planes[component].blocks.get_mut(at).ok_or_else(|| Fault::damaged("a block is outside"))?;
            let (dc, ac) = &decoders[number];
            let (dc, ac) = (dc.as_ref().ok_or_else(missing), ac.as_ref().ok_or_else(missing));
            match (header.process, part.scan.spectrum.0, part.scan.approximation.0) {
                (Process::Sequential, ..) => {
                    let mut at = bits.bit - bits.source.base();
                    *block = block::decode(bits.source.clean(), &mut at, &mut reader.dc[number], (dc?, ac?))?;
                    bits.bit = at + bits.source.base();
                }
                (Process::Progressive, 0, 0) => reader.dc_first(&mut bits, dc?, number, block)?,
                (Process::Progressive, 0, _) => {
                    block[0] |= (bits.take(1) as i16) << part.scan.approximation.1
                }
                (Process::Progressive, _, 0) => reader.ac_first(&mut bits, ac?, block)?,
                (Process::Progressive, ..) => reader.ac_refine(&mut bits, ac?, block)?,
            }
        }
        bits.source.check(bits.bit)?;
    }
    Ok(())
}

fn behind_restart<'a>(raw: &'a [u8], bits: Bits<'a>) -> Result<Bits<'a>, Fault> {
    match find_marker(raw, bits.source.raw_place(bits.bit)) {
        Some((place, code)) if (RST0..=RST7).contains(&code) => {
            let fill = raw[place..].iter().take_while(|&&byte| byte == 0xff).count();
            Ok(Bits { source: Source::new(raw, place + fill + 1, bits.source.into_memory()), bit: 0 })
        }
        _ => Err(Fault::damaged("a restart marker is not where it belongs")),
    }
}

fn wrong() -> Fault {
    Fault::damaged("a progressive scan breaks the rules")
}

impl Reader<'_> {
    fn dc_first(
        &mut self,
        bits: &mut Bits<'_>,
        decoder: &Decoder,
        number: usize,
        block: &mut Coefficients,
    ) -> Result<(), Fault> {
        let size = u32::from(bits.symbol(decoder)?);
        if size > 15 {
            return Err(wrong());
        }
        let difference = extend(bits.take(size), size);
        self.dc[number] += difference;
        let value = self.dc[number] << self.scan.approximation.1;
        block[0] = i16::try_from(value).map_err(|_| wrong())?;
        Ok(())
    }

    /// The run of blocks that a symbol of size 0 and this exponent announces, this one included.
    fn run(bits: &mut Bits<'_>, exponent: u32) -> u32 {
        (1 << exponent) + bits.take(exponent)
    }

    fn ac_first(
        &mut self,
        bits: &mut Bits<'_>,
        decoder: &Decoder,
        block: &mut Coefficients,
    ) -> Result<(), Fault> {
        if self.skip > 0 {
            self.skip -= 1;
            return Ok(());
        }
        let (first, last) = (usize::from(self.scan.spectrum.0), usize::from(self.scan.spectrum.1));
        let mut k = first;
        while k <= last {
            let symbol = bits.symbol(decoder)?;
            let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
            match (run, size) {
                (15, 0) => k += 16,
                (_, 0) => {
                    self.skip = Self::run(bits, run) - 1;
                    return Ok(());
                }
                _ => {
                    k += run as usize;
                    if k > last {
                        return Err(wrong());
                    }
                    let value = extend(bits.take(size), size) << self.scan.approximation.1;
                    block[k] = i16::try_from(value).map_err(|_| wrong())?;
                    k += 1;
                }
            }
        }
        Ok(())
    }

    fn ac_refine(
        &mut self,
        bits: &mut Bits<'_>,
        decoder: &Decoder,
        block: &mut Coefficients,
    ) -> Result<(), Fault> {
        let (first, last) = (usize::from(self.scan.spectrum.0), usize::from(self.scan.spectrum.1));
        let one = 1i16 << self.scan.approximation.1;
        let mut k = first;
        while self.skip == 0 && k <= last {
            let symbol = bits.symbol(decoder)?;
            let (mut run, size) = (u32::from(symbol >> 4), symbol & 15);
            let new = match size {
                0 if run < 15 => {
                    self.skip = Self::run(bits, run);
                    break;
                }
                0 => 0,
                1 if bits.take(1) == 1 => one,
                1 => -one,
                _ => return Err(wrong()),
            };
            // Coefficients that are known get a bit each; the new one stands behind `run` unknown ones.
            loop {
                if k > last {
                    break;
                }
                if block[k] != 0 {
                    correct(bits, &mut block[k], one);
                } else if run == 0 {
                    block[k] = new;
                    k += 1;
                    break;
                } else {
                    run -= 1;
                }
                k += 1;
            }
        }
        if self.skip > 0 {
            block[k..=last].iter_mut().filter(|c| **c != 0).for_each(|c| correct(bits, c, one));
            self.skip -= 1;
        }
        Ok(())
    }
}

fn correct(bits: &mut Bits<'_>, coefficient: &mut i16, one: i16) {
    if bits.take(1) == 1 && *coefficient & one == 0 {
        // Its bits so far may fill it in a damaged picture.
        *coefficient = coefficient.saturating_add(if *coefficient > 0 { one } else { -one });
    }
}
