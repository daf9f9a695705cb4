//! Huffman tables as DHT carries them (T.81, B.2.4.2 and annex C): canonical codes, the longest
//! 16 bits, no code of ones only.

#![forbid(unsafe_code)]

use super::Fault;

/// A Huffman table: how many codes there are of each length, and the symbols in order of codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Huffman {
    counts: [u8; 16],
    symbols: Vec<u8>,
}

/// A code and its length in bits; length 0 is no code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Code {
    pub(super) bits: u16,
    pub(super) length: u8,
}

impl Huffman {
    /// Reads one table; gives its length in bytes too.
    pub(super) fn parse(body: &[u8]) -> Result<(Self, usize), Fault> {
        let wrong = || Fault::damaged("a Huffman table breaks the rules");
        let counts: [u8; 16] = body.get(..16).and_then(|counts| counts.try_into().ok()).ok_or_else(wrong)?;
        let total: usize = counts.iter().map(|&count| usize::from(count)).sum();
        let symbols = body.get(16..16 + total).filter(|_| total <= 256).ok_or_else(wrong)?.to_vec();
        let table = Self { counts, symbols };
        // Codes must not run over their length.
        if table.free_at(16) < 0 { Err(wrong()) } else { Ok((table, 16 + total)) }
    }

    /// From how many codes there are of each length and the symbols in order.
    #[cfg(test)]
    pub(super) fn new(counts: [u8; 16], symbols: Vec<u8>) -> Self {
        Self { counts, symbols }
    }

    /// As DHT carries it.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        [&self.counts[..], &self.symbols].concat()
    }

    /// Each symbol with its code, in order of codes (T.81, C.2).
    pub(super) fn codes(&self) -> impl Iterator<Item = (u8, Code)> + '_ {
        let lengths =
            (1..=16u8).flat_map(|length| (0..self.counts[usize::from(length) - 1]).map(move |_| length));
        let mut next = 0u32;
        let mut last = 0;
        self.symbols.iter().zip(lengths).map(move |(&symbol, length)| {
            next <<= length - last;
            last = length;
            let code = Code { bits: next as u16, length };
            next += 1;
            (symbol, code)
        })
    }

    /// The code of every symbol.
    pub(super) fn by_symbol(&self) -> [Code; 256] {
        let mut codes = [Code::default(); 256];
        // Where a symbol stands twice, a decoder knows both codes; the first is no longer.
        for (symbol, code) in self.codes() {
            let known = &mut codes[usize::from(symbol)];
            if known.length == 0 {
                *known = code;
            }
        }
        codes
    }

    /// Codes of `length` bits that are still free behind all others; below 0, there are too many.
    fn free_at(&self, length: usize) -> i64 {
        let mut free = 1i64;
        for at in 0..length {
            free = 2 * free - i64::from(self.counts[at]);
        }
        free
    }

    /// Adds a code for `symbol` behind all others, so that no other code changes; `None` when
    /// there is no room for one (the code of ones only stays free).
    pub(super) fn extend(&mut self, symbol: u8) -> Option<Code> {
        if self.free_at(16) < 2 || self.counts[15] == u8::MAX || self.symbols.len() == 256 {
            return None;
        }
        self.counts[15] += 1;
        self.symbols.push(symbol);
        self.codes().last().map(|(_, code)| code)
    }

    /// How many codes can be added with [`extend`](Self::extend).
    pub(super) fn room(&self) -> usize {
        usize::try_from(self.free_at(16) - 1).unwrap_or(0)
    }

    /// A table with codes for `symbols` too, which hardly ever occur: the others' codes are hardly longer.
    pub(super) fn with_all(&self, symbols: impl Iterator<Item = u8>) -> Self {
        let mut frequencies = [0; 256];
        symbols.for_each(|symbol| frequencies[usize::from(symbol)] = 1);
        // A code of `n` bits is the best for a symbol that makes up 2⁻ⁿ of all.
        self.codes().for_each(|(symbol, code)| frequencies[usize::from(symbol)] = 1 << (22 - code.length));
        Self::optimal(&frequencies)
    }

    /// The shortest codes for symbols that occur so often (T.81, K.2).
    pub(super) fn optimal(frequencies: &[u32; 256]) -> Self {
        // One more symbol, the rarest, takes the code of ones only and is then left out.
        let mut weight: Vec<u64> = frequencies.iter().map(|&n| u64::from(n)).chain([1]).collect();
        let mut length = [0usize; 257];
        let mut group: Vec<Vec<usize>> = (0..257).map(|symbol| vec![symbol]).collect();
        loop {
            let least = |except: Option<usize>| {
                // Of equals the last, so that the extra symbol gets the longest code.
                let some = (0..257).filter(|&i| weight[i] > 0 && Some(i) != except);
                some.rev().min_by_key(|&i| weight[i])
            };
            let Some(one) = least(None) else { break };
            let Some(two) = least(Some(one)) else { break };
            weight[two] += std::mem::take(&mut weight[one]);
            let joined = std::mem::take(&mut group[one]);
            group[two].extend(joined);
            for &symbol in &group[two] {
                length[symbol] += 1;
            }
        }
        let mut counts = [0u32; 257];
        length.iter().filter(|&&n| n > 0).for_each(|&n| counts[n] += 1);
        shorten_to_16(&mut counts);
        // The extra symbol has one of the longest codes.
        if let Some(longest) = (1..=16).rev().find(|&n| counts[n] > 0) {
            counts[longest] -= 1;
        }
        let mut symbols: Vec<usize> = (0..256).filter(|&symbol| length[symbol] > 0).collect();
        symbols.sort_by_key(|&symbol| length[symbol]);
        let counts = std::array::from_fn(|i| counts[i + 1] as u8);
        Self { counts, symbols: symbols.into_iter().map(|symbol| symbol as u8).collect() }
    }
}

/// Moves codes of more than 16 bits up the tree (T.81, figure K.3).
fn shorten_to_16(counts: &mut [u32; 257]) {
    for from in (17..257).rev() {
        while counts[from] > 0 {
            let Some(to) = (1..from - 1).rev().find(|&n| counts[n] > 0) else { return };
            counts[from] -= 2;
            counts[from - 1] += 1;
            counts[to + 1] += 2;
            counts[to] -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// No code begins another, and none is of ones only.
    fn check(table: &Huffman) {
        let codes: Vec<_> = table.codes().collect();
        for (i, (_, a)) in codes.iter().enumerate() {
            assert_ne!(u32::from(a.bits), (1u32 << a.length) - 1, "a code of ones only");
            for (_, b) in &codes[i + 1..] {
                assert_ne!(a.bits, b.bits >> (b.length - a.length), "a code begins another");
            }
        }
    }

    proptest! {
        #[test]
        fn optimal_tables_are_prefix_codes(seed in prop::collection::vec(0u32..1_000_000, 256), cut in 1usize..256) {
            let mut frequencies = [0u32; 256];
            for i in 0..cut {
                // A wide spread makes codes longer than 16 bits before they are shortened.
                frequencies[i] = 1 + (seed[i] >> (seed[i] % 20));
            }
            let table = Huffman::optimal(&frequencies);
            check(&table);
            prop_assert_eq!(table.codes().count(), cut);
            let (again, _) = Huffman::parse(&table.to_bytes()).unwrap();
            prop_assert_eq!(again, table);
        }
    }

    #[test]
    fn steep_frequencies_stay_within_16_bits() {
        let mut frequencies = [0u32; 256];
        let (mut a, mut b) = (1u32, 1u32);
        for frequency in frequencies.iter_mut().take(40) {
            *frequency = a;
            (a, b) = (b, a.saturating_add(b));
        }
        let table = Huffman::optimal(&frequencies);
        check(&table);
        assert_eq!(table.codes().count(), 40);
    }

    #[test]
    fn an_extension_changes_no_other_code() {
        let mut table = Huffman::new([0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], vec![1, 2, 3]);
        let before: Vec<_> = table.codes().collect();
        let code = table.extend(9).unwrap();
        assert_eq!(code.length, 16);
        assert_eq!(table.codes().take(3).collect::<Vec<_>>(), before);
        check(&table);
    }

    #[test]
    fn too_many_codes_are_refused() {
        let mut body = [0u8; 16 + 3];
        body[0] = 3;
        assert!(Huffman::parse(&body).is_err());
        assert!(Huffman::parse(&[]).is_err());
    }
}
