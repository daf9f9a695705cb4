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
/// | 16..=31 | where a block begins: the difference to the DC value before, signed |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(in super::super) struct Step(pub(in super::super) u32);

impl Step {
    const fn new(bits: u32, coefficients: u32, end: bool) -> Self {
        Self(bits | (coefficients << 5) | ((end as u32) << 12))
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

/// The symbol that a window begins with and the length of its code.
type Symbols = Vec<(u8, u8)>;

/// Steps that begin a block: the DC symbol with its difference, then AC symbols as far as they fit.
pub(super) fn first_steps(dc: &Huffman, ac: &Huffman) -> Vec<Step> {
    let (dc, ac) = (by_window(dc), by_window(ac));
    let step = |window: u32| {
        let (symbol, length) = dc[window as usize];
        let size = u32::from(symbol);
        let bits = u32::from(length) + size;
        if length == 0 || size > 15 || bits > WINDOW {
            return Step(0);
        }
        let extra = window >> (WINDOW - bits) & ((1 << size) - 1);
        let more = ac_step(&ac, window, bits, 1);
        Step(more.0 | (extend(extra, size) as u32) << 16)
    };
    (0..1 << WINDOW).map(step).collect()
}

/// Steps within a block: AC symbols up to its end.
pub(super) fn next_steps(ac: &Huffman) -> Vec<Step> {
    let ac = by_window(ac);
    (0..1 << WINDOW).map(|window| ac_step(&ac, window, 0, 0)).collect()
}

/// AC symbols from bit `used` of the window on, `coefficients` having been passed before.
fn ac_step(symbols: &Symbols, window: u32, mut used: u32, mut coefficients: u32) -> Step {
    loop {
        // The bits behind the window are taken for zeros: a code that fits is not changed by them.
        let rest = (window << used) & ((1 << WINDOW) - 1);
        let (symbol, length) = symbols[rest as usize];
        let size = u32::from(symbol & 15);
        let bits = u32::from(length) + size;
        if length == 0 || used + bits > WINDOW {
            return Step::new(used, coefficients, false);
        }
        used += bits;
        match (symbol >> 4, size) {
            (15, 0) => coefficients += 16,
            // Runs below 15 of size 0 belong to progressive scans; libjpeg takes them for EOB.
            (_, 0) => return Step::new(used, coefficients, true),
            (run, _) => coefficients += u32::from(run) + 1,
        }
        if coefficients > 63 {
            return Step::new(used, coefficients.min(127), false);
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
