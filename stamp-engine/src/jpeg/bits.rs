//! Bits of entropy-coded data: read from clean bytes at any place, written behind one another.

#![forbid(unsafe_code)]

use super::huffman::Code;
use super::stuffing;

/// So many bytes of zeros stand behind clean data, so that reading needs no check at each symbol:
/// the longest block is 64 codes of 16 bits with 15 bits each.
pub(super) const PADDING: usize = 256;

/// The 57 bits (or more) from `bit` on, first bit uppermost. Behind the end come zeros.
#[inline(always)]
pub(super) fn peek(clean: &[u8], bit: usize) -> u64 {
    let at = bit >> 3;
    match clean.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()) {
        Some(bytes) => u64::from_be_bytes(bytes) << (bit & 7),
        None => 0,
    }
}

/// Bytes written before their stuffing is put in.
const STAGE: usize = 8 << 10;

/// Writes bits with byte stuffing.
///
/// A code has some bits, and whether it fills a byte nobody can foretell. So there is no branch for it:
/// each time all pending bits are stored and the place moves on by the whole bytes among them. Stuffing
/// is put in when the stage is full.
#[derive(Debug)]
pub(super) struct Writer {
    out: Vec<u8>,
    /// Whole bytes to go to `out`, `staged` of them, with room for what is stored behind.
    stage: Box<[u8; STAGE + 8]>,
    staged: usize,
    /// Bits not yet staged, the last one lowermost; `count` of them, at most 7. Above them lies what was
    /// staged before.
    pending: u64,
    count: u32,
    scratch: Vec<u8>,
}

/// A place in what was written, to go back to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    length: usize,
    pending: u64,
    count: u32,
}

impl Default for Writer {
    fn default() -> Self {
        Self::after(Vec::new())
    }
}

impl Writer {
    /// Goes on behind `out`, which ends at a whole byte.
    pub(super) fn after(out: Vec<u8>) -> Self {
        let stage = Box::new([0; STAGE + 8]);
        Self { out, stage, staged: 0, pending: 0, count: 0, scratch: Vec::new() }
    }

    /// What was written; whole bytes only, see [`align`](Self::align).
    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        self.unload();
        self.out
    }

    /// The bytes written so far, to append whole ones to after [`align`](Self::align).
    pub(super) fn bytes_mut(&mut self) -> &mut Vec<u8> {
        self.unload();
        &mut self.out
    }

    /// Where it is now.
    pub(super) fn mark(&mut self) -> Mark {
        self.unload();
        Mark { length: self.out.len(), pending: self.pending, count: self.count }
    }

    /// Forgets what was written since `mark`.
    pub(super) fn go_back(&mut self, mark: &Mark) {
        self.staged = 0;
        self.out.truncate(mark.length);
        (self.pending, self.count) = (mark.pending, mark.count);
    }

    /// Bits that do not fill a byte yet.
    pub(super) fn phase(&self) -> u32 {
        self.count
    }

    /// The lowermost `length` bits (at most 32) of `bits`.
    #[inline(always)]
    pub(super) fn put(&mut self, bits: u32, length: u32) {
        debug_assert!(length <= 32 && u64::from(bits) < 1 << length);
        self.pending = (self.pending << length) | u64::from(bits);
        self.count += length;
        if self.staged > STAGE {
            self.unload();
        }
        // Where no bit is pending, what is stored is not counted.
        let word = self.pending.wrapping_shl(64 - self.count);
        self.stage[self.staged..self.staged + 8].copy_from_slice(&word.to_be_bytes());
        self.staged += (self.count / 8) as usize;
        self.count %= 8;
    }

    /// A code and the bits that belong to it.
    #[inline(always)]
    pub(super) fn code(&mut self, code: Code, extra: u32, extra_length: u32) {
        let length = u32::from(code.length) + extra_length;
        self.put((u32::from(code.bits) << extra_length) | extra, length);
    }

    #[inline(never)]
    fn unload(&mut self) {
        stuffing::add(&self.stage[..self.staged], &mut self.out);
        self.staged = 0;
    }

    /// Fills the last byte up with ones (T.81, F.1.2.3).
    pub(super) fn align(&mut self) {
        let missing = (8 - self.count) % 8;
        self.put((1 << missing) - 1, missing);
    }

    /// Copies the bits `from..to` of clean data, by whole bytes shifted into place.
    pub(super) fn copy(&mut self, clean: &[u8], from: usize, to: usize) {
        if to - from < 64 {
            return self.copy_few(clean, from, to);
        }
        // Up to a byte boundary of the output, then bytes, then what is left.
        let head = ((8 - self.count) % 8) as usize;
        self.copy_few(clean, from, from + head);
        self.unload();
        let from = from + head;
        let bytes = (to - from) / 8;
        self.copy_bytes(clean, from, bytes);
        self.copy_few(clean, from + 8 * bytes, to);
    }

    fn copy_few(&mut self, clean: &[u8], mut from: usize, to: usize) {
        while from < to {
            let length = (to - from).min(32);
            self.put((peek(clean, from) >> (64 - length)) as u32, length as u32);
            from += length;
        }
    }

    /// Copies `count` bytes that begin at bit `from`; nothing is pending.
    fn copy_bytes(&mut self, clean: &[u8], from: usize, count: usize) {
        // A piece fits into the first-level cache together with its shifted copy.
        const PIECE: usize = 8 << 10;
        let shift = (from & 7) as u32;
        let bytes = &clean[from >> 3..];
        if shift == 0 {
            return stuffing::add(&bytes[..count], &mut self.out);
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        for start in (0..count).step_by(PIECE) {
            let length = PIECE.min(count - start);
            shift_bytes(&bytes[start..=start + length], shift, &mut scratch);
            stuffing::add(&scratch, &mut self.out);
        }
        self.scratch = scratch;
    }
}

/// `to` becomes the bytes of `from` less one, each moved up by `shift` bits, 1..=7.
fn shift_bytes(from: &[u8], shift: u32, to: &mut Vec<u8>) {
    to.clear();
    let pairs = from.iter().zip(&from[1..]);
    to.extend(pairs.map(|(&high, &low)| (high << shift) | (low >> (8 - shift))));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bit(bytes: &[u8], at: usize) -> bool {
        bytes[at / 8] >> (7 - at % 8) & 1 == 1
    }

    proptest! {
        #[test]
        fn copied_bits_are_the_same_bits(
            bytes in prop::collection::vec(prop_oneof![Just(0xffu8), any::<u8>()], 1..300),
            lead in 0u32..32, a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>(),
        ) {
            let (a, b) = (a.index(bytes.len() * 8 + 1), b.index(bytes.len() * 8 + 1));
            let (from, to) = (a.min(b), a.max(b));
            let mut padded = bytes.clone();
            padded.extend([0; PADDING]);
            let mut writer = Writer::default();
            writer.put(0, lead);
            writer.copy(&padded, from, to);
            writer.put(0b101, 3);
            writer.align();
            let mut clean = Vec::new();
            stuffing::remove(&writer.into_bytes(), 0, usize::MAX / 2, &mut clean);
            let lead = lead as usize;
            for i in 0..to - from {
                prop_assert_eq!(bit(&clean, lead + i), bit(&bytes, from + i), "bit {}", i);
            }
            let end = lead + to - from;
            prop_assert!(bit(&clean, end) && !bit(&clean, end + 1) && bit(&clean, end + 2));
            prop_assert!((end + 3..clean.len() * 8).all(|at| bit(&clean, at)));
            prop_assert_eq!(clean.len(), (end + 3).div_ceil(8));
        }
    }

    #[test]
    fn behind_the_end_are_zeros() {
        assert_eq!(peek(&[0xff; 8], 4) >> 56, 0xff);
        assert_eq!(peek(&[0xff; 8], 8), 0);
    }
}
