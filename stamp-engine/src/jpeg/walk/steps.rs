//! Look-up tables for walking: one look-up resolves as many whole symbols of a block as fit into
//! the window, without making coefficients of them.

#![forbid(unsafe_code)]

use super::super::huffman::Huffman;

/// Bits that index a table.
pub(in super::super) const WINDOW: u32 = 13;

/// What a window of bits means, in 32 bits:
///
/// | bits | what |
/// |---|---|
/// | 0..=4 | bits used; 0: not even one symbol is whole in the window, or it is no code |
/// | 5..=11 | coefficients passed |
/// | 12 | the end of the block was met (EOB) |
/// | 16..=31 | DC tables: the difference to the DC value before, signed |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Step(pub(in super::super) u32);

impl Step {
    const fn new(bits: u32, coefficients: u32, end: bool, difference: i32) -> Self {
        Self(bits | (coefficients << 5) | ((end as u32) << 12) | ((difference as u32) << 16))
    }

    #[inline(always)]
    pub(in super::super) const fn bits(self) -> usize {
        (self.0 & 31) as usize
    }

    #[inline(always)]
    pub(in super::super) const fn coefficients(self) -> u32 {
        self.0 >> 5 & 127
    }

    #[inline(always)]
    pub(in super::super) const fn ends_block(self) -> bool {
        self.0 >> 12 & 1 == 1
    }

    #[inline(always)]
    pub(in super::super) const fn difference(self) -> i32 {
        self.0 as i32 >> 16
    }
}

/// Code, length and symbol of each code, to be looked up by a window.
type Symbols = Vec<(u8, u8)>;

/// The DC table's steps: one symbol each, with its difference.
pub(super) fn dc_steps(table: &Huffman) -> Vec<Step> {
    let symbols = by_window(table);
    let step = |(window, &(symbol, length)): (u32, &(u8, u8))| {
        let size = u32::from(symbol);
        let bits = u32::from(length) + size;
        if length == 0 || size > 15 || bits > WINDOW {
            return Step(0);
        }
        let extra = window >> (WINDOW - bits) & ((1 << size) - 1);
        Step::new(bits, 1, false, extend(extra, size))
    };
    (0..).zip(&symbols).map(step).collect()
}

/// The AC table's steps: symbols up to the end of the block.
pub(super) fn ac_steps(table: &Huffman) -> Vec<Step> {
    let symbols = by_window(table);
    (0..1u32 << WINDOW).map(|window| ac_step(&symbols, window)).collect()
}

fn ac_step(symbols: &Symbols, window: u32) -> Step {
    let (mut used, mut coefficients) = (0, 0);
    loop {
        // What is left of the window, the unknown bits behind it 0: a code that fits is not changed by them.
        let rest = (window << used) & ((1 << WINDOW) - 1);
        let (symbol, length) = symbols[rest as usize];
        let size = u32::from(symbol & 15);
        let bits = u32::from(length) + size;
        if length == 0 || used + bits > WINDOW {
            return Step::new(used, coefficients, false, 0);
        }
        match (symbol >> 4, size) {
            (15, 0) => coefficients += 16,
            // Runs below 15 of size 0 belong to progressive scans; libjpeg takes them for EOB.
            (_, 0) => return Step::new(used + bits, coefficients, true, 0),
            (run, _) => coefficients += u32::from(run) + 1,
        }
        used += bits;
        if coefficients > 63 {
            return Step::new(used, coefficients.min(127), false, 0);
        }
    }
}

fn by_window(table: &Huffman) -> Symbols {
    let mut symbols = vec![(0, 0); 1 << WINDOW];
    for (symbol, code) in table.codes().filter(|(_, code)| u32::from(code.length) <= WINDOW) {
        let free = WINDOW - u32::from(code.length);
        let first = usize::from(code.bits) << free;
        symbols[first..first + (1 << free)].fill((symbol, code.length));
    }
    symbols
}

/// The value of `extra` bits of a size category (T.81, F.2.2.1, EXTEND).
#[inline(always)]
pub(in super::super) const fn extend(extra: u32, size: u32) -> i32 {
    if size > 0 && extra >> (size - 1) == 0 { extra as i32 - ((1 << size) - 1) } else { extra as i32 }
}
