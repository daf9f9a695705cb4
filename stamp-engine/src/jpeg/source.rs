//! Entropy-coded data without its stuffing, a window at a time: the memory does not grow with the
//! picture.

#![forbid(unsafe_code)]

use std::ops::Range;

use memchr::memchr_iter;

use super::Fault;
use super::bits::PADDING;
use super::stuffing::{self, End};

/// Clean bytes are made so many at a time; fewer in tests, whose pictures are small.
const WINDOW: usize = if cfg!(test) { 1 << 16 } else { 1 << 20 };
/// More than an MCU of ten blocks can be long, in bits: then the next one is whole in the window.
pub(super) const MCU_BITS: usize = 10 * 64 * 32;

/// A window on one stretch of entropy-coded data, between two markers.
#[derive(Debug)]
pub(super) struct Source<'a> {
    raw: &'a [u8],
    /// Where the window's first byte and the byte behind its last one stand in `raw`.
    window: Range<usize>,
    /// The window's bytes, then [`PADDING`].
    clean: Vec<u8>,
    /// The window's first bit, counted from the stretch's beginning.
    base: usize,
    ended: bool,
}

impl<'a> Source<'a> {
    /// The stretch that begins at `at`; `clean` is memory to use again.
    pub(super) fn new(raw: &'a [u8], at: usize, mut clean: Vec<u8>) -> Self {
        clean.clear();
        let mut source = Self { raw, window: at..at, clean, base: 0, ended: false };
        source.fill(0);
        source
    }

    /// Goes on with the stretch that begins at `at`.
    pub(super) fn begin_again(&mut self, at: usize) {
        let clean = std::mem::take(&mut self.clean);
        *self = Self::new(self.raw, at, clean);
    }

    /// Gives the memory back.
    pub(super) fn into_memory(self) -> Vec<u8> {
        self.clean
    }

    /// The window's bytes with their padding.
    pub(super) fn clean(&self) -> &[u8] {
        &self.clean
    }

    /// The window's first bit.
    pub(super) fn base(&self) -> usize {
        self.base
    }

    /// The bit behind the window.
    pub(super) fn end(&self) -> usize {
        self.base + 8 * (self.clean.len() - PADDING)
    }

    /// A bit before which every MCU that begins is whole in the window.
    pub(super) fn safe_end(&self) -> usize {
        if self.ended { self.end() } else { self.end().saturating_sub(MCU_BITS).max(self.base) }
    }

    /// Whether the window reaches the end of the stretch.
    pub(super) fn is_last(&self) -> bool {
        self.ended
    }

    /// Moves the window on: it begins at the byte of `bit`, what is before is forgotten.
    pub(super) fn fill(&mut self, bit: usize) {
        self.clean.truncate(self.clean.len().saturating_sub(PADDING));
        let keep = (bit - self.base) / 8;
        let start = self.raw_place(bit);
        self.clean.drain(..keep.min(self.clean.len()));
        self.base += 8 * keep;
        if !self.ended {
            let (next, stop) = stuffing::remove(self.raw, self.window.end, WINDOW, &mut self.clean);
            self.window = start..next;
            self.ended = stop != End::Limit;
        }
        self.window.start = start;
        self.clean.resize(self.clean.len() + PADDING, 0);
    }

    /// Where in the file the byte of `bit`, which lies in the window, stands.
    pub(super) fn raw_place(&self, bit: usize) -> usize {
        let bytes = (bit - self.base) / 8;
        let stuffed = memchr_iter(0xff, &self.clean[..bytes.min(self.clean.len())]).count();
        self.window.start + bytes + stuffed
    }

    /// Moves the window on until it holds an MCU that begins at `bit` as a whole, or all there is.
    pub(super) fn ensure_mcu(&mut self, bit: usize) {
        while !self.ended && bit >= self.safe_end() {
            self.fill(bit);
        }
    }

    /// Refuses a place behind the end.
    pub(super) fn check(&self, bit: usize) -> Result<(), Fault> {
        if bit > self.end() { Err(Fault::damaged("its data ends too early")) } else { Ok(()) }
    }
}
