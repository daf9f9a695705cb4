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
/// A block is at most so many bytes: 64 codes of 16 bits with 15 bits each, and some codes that say
/// nothing new.
const BLOCK: usize = 512;

/// Writes bits with byte stuffing, which is put in when the stage is full.
#[derive(Debug)]
pub(super) struct Writer {
    out: Vec<u8>,
    /// Whole bytes to go to `out`, with room for a block behind.
    stage: Box<[u8; STAGE + BLOCK]>,
    at: At,
    scratch: Vec<u8>,
}

/// Where a writer is in its stage.
#[derive(Clone, Copy, Debug, Default)]
struct At {
    /// Whole bytes staged.
    staged: usize,
    /// Bits not yet staged, the last one lowermost; `count` of them, at most 7. Above them lies what was
    /// staged before.
    pending: u64,
    count: u32,
}

/// Writes the bits of one block: where it is stays in registers.
#[derive(Debug)]
pub(super) struct Pen<'a> {
    stage: &'a mut [u8; STAGE + BLOCK],
    home: &'a mut At,
    at: At,
}

/// A place in what was written, to go back to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    length: usize,
    at: At,
}

impl Default for Writer {
    fn default() -> Self {
        Self::after(Vec::new())
    }
}

impl Writer {
    /// Goes on behind `out`, which ends at a whole byte.
    pub(super) fn after(out: Vec<u8>) -> Self {
        Self { out, stage: Box::new([0; STAGE + BLOCK]), at: At::default(), scratch: Vec::new() }
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
        Mark { length: self.out.len(), at: self.at }
    }

    /// Forgets what was written since `mark`.
    pub(super) fn go_back(&mut self, mark: &Mark) {
        self.out.truncate(mark.length);
        self.at = mark.at;
    }

    /// Bits that do not fill a byte yet.
    pub(super) fn phase(&self) -> u32 {
        self.at.count
    }

    /// For the bits of one block, at most [`BLOCK`] bytes.
    #[inline(always)]
    pub(super) fn pen(&mut self) -> Pen<'_> {
        if self.at.staged > STAGE {
            self.unload();
        }
        Pen { stage: &mut self.stage, at: self.at, home: &mut self.at }
    }

    /// The lowermost `length` bits (at most 32) of `bits`.
    #[inline(always)]
    pub(super) fn put(&mut self, bits: u32, length: u32) {
        let mut pen = self.pen();
        pen.put(bits, length);
        pen.lift();
    }

    /// A code and the bits that belong to it.
    #[inline(always)]
    pub(super) fn code(&mut self, code: Code, extra: u32, extra_length: u32) {
        let mut pen = self.pen();
        pen.code(code, extra, extra_length);
        pen.lift();
    }

    #[inline(never)]
    fn unload(&mut self) {
        stuffing::add(&self.stage[..self.at.staged], &mut self.out);
        self.at.staged = 0;
    }

    /// Fills the last byte up with ones (T.81, F.1.2.3).
    pub(super) fn align(&mut self) {
        let missing = (8 - self.at.count) % 8;
        self.put((1 << missing) - 1, missing);
    }

    /// Copies the bits `from..to` of clean data, by whole bytes shifted into place.
    pub(super) fn copy(&mut self, clean: &[u8], from: usize, to: usize) {
        if to - from < 64 {
            return self.copy_few(clean, from, to);
        }
        // Up to a byte boundary of the output, then bytes, then what is left.
        let head = ((8 - self.at.count) % 8) as usize;
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

impl Pen<'_> {
    /// The lowermost `length` bits (at most 32) of `bits`.
    ///
    /// Whether a code fills a byte nobody can foretell. So there is no branch for it: all pending bits are
    /// stored each time, and the place moves on by the whole bytes among them.
    #[inline(always)]
    pub(super) fn put(&mut self, bits: u32, length: u32) {
        debug_assert!(length <= 32 && u64::from(bits) < 1 << length);
        let At { staged, pending, count } = &mut self.at;
        *pending = (*pending << length) | u64::from(bits);
        *count += length;
        // Where no bit is pending, what is stored is not counted.
        let word = pending.wrapping_shl(64 - *count);
        self.stage[*staged..*staged + 8].copy_from_slice(&word.to_be_bytes());
        *staged += (*count / 8) as usize;
        *count %= 8;
    }

    /// A code and the bits that belong to it.
    #[inline(always)]
    pub(super) fn code(&mut self, code: Code, extra: u32, extra_length: u32) {
        let length = u32::from(code.length) + extra_length;
        self.put((u32::from(code.bits) << extra_length) | extra, length);
    }

    /// Ends writing; what was written without this is forgotten.
    #[inline(always)]
    pub(super) fn lift(self) {
        *self.home = self.at;
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
