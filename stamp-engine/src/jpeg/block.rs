//! One block of a sequential scan: from codes to coefficients and back (T.81, F.1.2 and F.2.2).

#![forbid(unsafe_code)]

use wide::i16x8;

use super::Fault;
use super::bits::{Writer, peek};
use super::dct::ZIGZAG;
use super::huffman::{Code, Huffman};
use super::walk::steps::extend;

/// Quantised coefficients row after row; the first is the DC value.
pub(super) type Coefficients = [i16; 64];

/// Bits that index the quick table of a decoder.
const QUICK: u32 = 10;

/// The symbol for sixteen zeros (T.81, F.1.2.2.1).
pub(super) const ZRL: u8 = 0xf0;
/// The symbol for nothing but zeros to the end of the block.
pub(super) const EOB: u8 = 0;

/// Bits that index the table of whole coefficients: a code and its extra bits mostly fit.
const WHOLE: u32 = 12;
/// A window holds so many of these for sure.
const IN_WINDOW: u32 = 57 / WHOLE;

/// What a window begins with: an AC symbol with its value, or the end of the block.
///
/// | bits | what |
/// |---|---|
/// | 0..=7 | bits used; 0: the code and its extra bits do not fit, or it is no code |
/// | 8..=11 | zeros before the coefficient |
/// | 12 | the end of the block |
/// | 16..=31 | the coefficient, signed |
#[derive(Clone, Copy, Debug, Default)]
struct Whole(u32);

impl Whole {
    /// Of the window `bits` that a code begins, `length` bits long and standing for `symbol`.
    fn new(bits: u32, symbol: u8, length: u32) -> Self {
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        let used = length + size;
        match (run, size) {
            // Sixteen zeros: rare, and no coefficient.
            (15, 0) => Self(0),
            (_, 0) => Self(used | 1 << 12),
            _ if used > WHOLE => Self(0),
            _ => {
                let extra = bits >> (WHOLE - used) & ((1 << size) - 1);
                Self(used | run << 8 | (extend(extra, size) as u32) << 16)
            }
        }
    }

    #[inline(always)]
    const fn length(self) -> u32 {
        self.0 & 0xff
    }

    #[inline(always)]
    const fn run(self) -> usize {
        (self.0 >> 8 & 15) as usize
    }

    #[inline(always)]
    const fn ends(self) -> bool {
        self.0 >> 12 & 1 == 1
    }

    #[inline(always)]
    const fn value(self) -> i16 {
        (self.0 >> 16) as i16
    }
}

/// A Huffman table made ready for decoding.
#[derive(Debug)]
pub(super) struct Decoder {
    whole: Box<[Whole; 1 << WHOLE]>,
    /// Length and symbol for every window of [`QUICK`] bits; length 0: the code is longer.
    quick: Vec<(u8, u8)>,
    /// Codes longer than that, in order.
    long: Vec<(u8, Code)>,
}

/// A Huffman table made ready for encoding. A code that is missing is added where there is room.
#[derive(Clone, Debug)]
pub(super) struct Encoder {
    codes: [Code; 256],
    table: Huffman,
    /// How many codes were added.
    pub(super) added: usize,
}

impl Decoder {
    pub(super) fn new(table: &Huffman) -> Self {
        let mut whole = Box::new([Whole::default(); 1 << WHOLE]);
        for (symbol, code) in table.codes() {
            let Some(free) = WHOLE.checked_sub(u32::from(code.length)) else { continue };
            let first = u32::from(code.bits) << free;
            for bits in first..first + (1 << free) {
                whole[bits as usize] = Whole::new(bits, symbol, code.length.into());
            }
        }
        let mut quick = vec![(0, 0); 1 << QUICK];
        let mut long = Vec::new();
        for (symbol, code) in table.codes() {
            match QUICK.checked_sub(u32::from(code.length)) {
                Some(free) => {
                    let first = usize::from(code.bits) << free;
                    quick[first..first + (1 << free)].fill((code.length, symbol));
                }
                None => long.push((symbol, code)),
            }
        }
        Self { whole, quick, long }
    }

    /// The symbol at the top of `window` and its length in bits.
    #[inline(always)]
    pub(super) fn symbol(&self, window: u64) -> Result<(u8, u32), Fault> {
        let (length, symbol) = self.quick[(window >> (64 - QUICK)) as usize];
        if length > 0 { Ok((symbol, u32::from(length))) } else { self.long_symbol(window) }
    }

    #[cold]
    fn long_symbol(&self, window: u64) -> Result<(u8, u32), Fault> {
        let matches = |code: Code| window >> (64 - u32::from(code.length)) == u64::from(code.bits);
        let found = self.long.iter().find(|(_, code)| matches(*code));
        found.map(|(symbol, code)| (*symbol, u32::from(code.length))).ok_or_else(no_code)
    }
}

fn no_code() -> Fault {
    Fault::damaged("its data holds a code that no table has")
}

fn dc_out_of_range() -> Fault {
    Fault::damaged("a DC value is out of range")
}

/// The longest size category of a difference between DC values, that of 12-bit samples (T.81, F.1.2.1.2).
pub(super) const LONGEST: u32 = 15;

/// A value of `size` bits at the top of `window`.
#[inline(always)]
fn value(window: u64, size: u32) -> i32 {
    // Two shifts, since one by 64 is not defined.
    extend((window >> 1 >> (63 - size)) as u32, size)
}

/// Decodes the block at `bit`, whose component's last DC value was `dc`. Both go on to the next.
#[inline]
pub(super) fn decode(
    clean: &[u8],
    bit: &mut usize,
    dc: &mut i32,
    tables: (&Decoder, &Decoder),
) -> Result<Coefficients, Fault> {
    let mut block = [0; 64];
    decode_with(clean, bit, dc, tables, |k, value| block[ZIGZAG[k]] = value)?;
    Ok(block)
}

/// The same; each coefficient is told with its zigzag place.
#[inline(always)]
pub(super) fn decode_with(
    clean: &[u8],
    bit: &mut usize,
    dc: &mut i32,
    tables: (&Decoder, &Decoder),
    mut set: impl FnMut(usize, i16),
) -> Result<(), Fault> {
    decode_dc(clean, bit, dc, tables.0)?;
    set(0, i16::try_from(*dc).map_err(|_| dc_out_of_range())?);
    decode_ac(clean, bit, 1, tables.1, set)
}

/// Adds a block's difference to `dc`. The sum is whatever it is, and wraps: only who needs it checks it.
#[inline(always)]
pub(super) fn decode_dc(clean: &[u8], bit: &mut usize, dc: &mut i32, table: &Decoder) -> Result<(), Fault> {
    let window = peek(clean, *bit);
    let (size, length) = table.symbol(window)?;
    let size = u32::from(size);
    if size > LONGEST {
        return Err(no_code());
    }
    *dc = dc.wrapping_add(value(window << length, size));
    *bit += (length + size) as usize;
    Ok(())
}

/// Decodes a block's AC coefficients from zigzag place `k` on.
#[inline(always)]
pub(super) fn decode_ac(
    clean: &[u8],
    bit: &mut usize,
    mut k: usize,
    table: &Decoder,
    mut set: impl FnMut(usize, i16),
) -> Result<(), Fault> {
    'windows: while k < 64 {
        let mut window = peek(clean, *bit);
        'whole: {
            for _ in 0..IN_WINDOW {
                let whole = table.whole[(window >> (64 - WHOLE)) as usize];
                if whole.length() == 0 {
                    break 'whole;
                }
                *bit += whole.length() as usize;
                window <<= whole.length();
                if whole.ends() {
                    return Ok(());
                }
                k += whole.run();
                if k > 63 {
                    return Err(overrun());
                }
                set(k, whole.value());
                k += 1;
                if k == 64 {
                    return Ok(());
                }
            }
            continue 'windows;
        }
        let window = peek(clean, *bit);
        let (symbol, length) = table.symbol(window)?;
        let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
        *bit += (length + size) as usize;
        if size == 0 {
            if run != 15 {
                break;
            }
            k += 16;
            if k > 64 {
                return Err(overrun());
            }
            continue;
        }
        k += run;
        if k > 63 {
            return Err(overrun());
        }
        set(k, value(window << length, size) as i16);
        k += 1;
    }
    Ok(())
}

fn overrun() -> Fault {
    Fault::damaged("a block has more than 64 coefficients")
}

impl Encoder {
    pub(super) fn new(table: &Huffman) -> Self {
        Self { codes: table.by_symbol(), table: table.clone(), added: 0 }
    }

    /// The table with what was added.
    pub(super) fn table(&self) -> &Huffman {
        &self.table
    }

    /// The length of ZRL's code in bits; 0 where there is none.
    pub(super) fn zero_run_length(&self) -> usize {
        usize::from(self.codes[usize::from(ZRL)].length)
    }

    /// The code of a symbol.
    ///
    /// # Errors
    /// [`Fault::NoCode`] when it has none and there is no room for one.
    #[inline(always)]
    pub(super) fn code(&mut self, symbol: u8) -> Result<Code, Fault> {
        let code = self.codes[usize::from(symbol)];
        if code.length > 0 { Ok(code) } else { self.add(symbol) }
    }

    #[cold]
    fn add(&mut self, symbol: u8) -> Result<Code, Fault> {
        let code = self.table.extend(symbol).ok_or(Fault::NoCode)?;
        self.codes[usize::from(symbol)] = code;
        self.added += 1;
        Ok(code)
    }
}

/// Encodes a block; `dc` is the DC value of the component's block before and becomes this one's.
/// Before the end-of-block code, if there is one, stand `zero_runs` ZRL that say nothing new.
#[inline]
pub(super) fn encode(
    block: &Coefficients,
    dc: &mut i32,
    tables: (&mut Encoder, &mut Encoder),
    zero_runs: usize,
    writer: &mut Writer,
) -> Result<(), Fault> {
    let (size, extra) = size_and_bits(i32::from(block[0]).wrapping_sub(*dc));
    if size > LONGEST {
        return Err(dc_out_of_range());
    }
    let mut pen = writer.pen();
    pen.code(tables.0.code(size as u8)?, extra, size);
    let mut last = 0;
    for k in places(non_zeros_in_zigzag(block) & !1) {
        let mut run = k - last - 1;
        while run > 15 {
            pen.code(tables.1.code(ZRL)?, 0, 0);
            run -= 16;
        }
        let (size, extra) = size_and_bits(i32::from(block[ZIGZAG[k]]));
        pen.code(tables.1.code((run << 4) as u8 | size as u8)?, extra, size);
        last = k;
    }
    if last < 63 {
        for _ in 0..zero_runs {
            pen.code(tables.1.code(ZRL)?, 0, 0);
        }
        pen.code(tables.1.code(EOB)?, 0, 0);
    }
    pen.lift();
    *dc = i32::from(block[0]);
    Ok(())
}

/// For each row of a block and each set of its columns, the zigzag places of these.
static IN_ZIGZAG: [[u64; 256]; 8] = {
    let mut all = [[0; 256]; 8];
    let mut k = 0;
    while k < 64 {
        let (row, column) = (ZIGZAG[k] / 8, ZIGZAG[k] % 8);
        let mut columns = 0;
        while columns < 256 {
            all[row][columns] |= (columns as u64 >> column & 1) << k;
            columns += 1;
        }
        k += 1;
    }
    all
};

/// Which coefficients are not 0, a bit for each zigzag place.
#[inline(always)]
pub(super) fn non_zeros_in_zigzag(block: &Coefficients) -> u64 {
    let rows = non_zeros(block).to_le_bytes();
    rows.iter().zip(&IN_ZIGZAG).fold(0, |places, (&columns, row)| places | row[usize::from(columns)])
}

/// Which coefficients are not 0, a bit for each in its order.
#[inline(always)]
pub(super) fn non_zeros(block: &Coefficients) -> u64 {
    let zeros = block.as_chunks::<8>().0.iter().enumerate().fold(0, |zeros, (i, &eight)| {
        let zero = i16x8::new(eight).simd_eq(i16x8::ZERO).to_bitmask() & 0xff;
        zeros | u64::from(zero) << (8 * i)
    });
    !zeros
}

/// The places of the ones.
#[inline(always)]
pub(super) fn places(mut ones: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = (ones != 0).then(|| ones.trailing_zeros() as usize);
        ones &= ones.wrapping_sub(1);
        place
    })
}

/// The size category of a value and its bits (T.81, F.1.2.1).
#[inline(always)]
pub(super) fn size_and_bits(value: i32) -> (u32, u32) {
    let sign = value >> 31;
    // Twice the magnitude and one: the logarithm of 0 is not asked for.
    let size = (2 * value.unsigned_abs() + 1).ilog2();
    (size, (value + sign) as u32 & ((1 << size) - 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_and_bits_round_trip() {
        for value in -2047..=2047 {
            let (size, bits) = size_and_bits(value);
            assert_eq!(extend(bits, size), value);
        }
    }

    proptest! {
        #[test]
        fn blocks_round_trip(
            values in prop::collection::vec((0usize..64, -1023i16..=1023), 0..40),
            before in -1024i32..1024,
        ) {
            let mut block = [0; 64];
            values.iter().for_each(|&(k, value)| block[ZIGZAG[k]] = value);
            let frequencies = [1; 256];
            let table = Huffman::optimal(&frequencies);
            let (mut dc_codes, mut ac_codes) = (Encoder::new(&table), Encoder::new(&table));
            let mut writer = Writer::default();
            let mut dc = before;
            encode(&block, &mut dc, (&mut dc_codes, &mut ac_codes), 0, &mut writer).unwrap();
            writer.align();
            let mut clean = Vec::new();
            super::super::stuffing::remove(&writer.into_bytes(), 0, usize::MAX / 2, &mut clean);
            let length = clean.len() * 8;
            clean.extend([0; super::super::bits::PADDING]);
            let decoder = Decoder::new(&table);
            let (mut bit, mut dc) = (0, before);
            let back = decode(&clean, &mut bit, &mut dc, (&decoder, &decoder)).unwrap();
            prop_assert_eq!(back, block);
            prop_assert_eq!(dc, i32::from(block[0]));
            prop_assert!(length - bit < 8);
        }
    }

    #[test]
    fn a_missing_code_is_added_while_there_is_room() {
        let mut counts = [0; 16];
        counts[1] = 2;
        let mut codes = Encoder::new(&Huffman::new(counts, vec![0, 1]));
        assert_eq!(codes.code(7).unwrap().length, 16);
        assert_eq!((codes.added, codes.table().codes().count()), (1, 3));
        counts[0] = 1;
        let mut full = Encoder::new(&Huffman::new(counts, vec![0, 1, 2]));
        assert!(matches!(full.code(7), Err(Fault::NoCode)));
    }
}
