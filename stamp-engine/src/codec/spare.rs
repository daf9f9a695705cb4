//! The sample buffer of a thread's last picture, for its next one: so much memory is got from the
//! system page by page each time, and two threads that did so took more system time than two processes.

#![forbid(unsafe_code)]

use std::cell::Cell;

use crate::{Pixels, Samples};

/// A longer buffer is not kept.
const LONGEST: usize = 128 << 20;

thread_local! {
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// `length` samples of any value: all are to be overwritten.
pub(super) fn take(length: usize) -> Vec<u8> {
    let mut samples = SPARE.take();
    if samples.capacity() < length {
        return vec![0; length];
    }
    samples.resize(length, 0);
    samples
}

/// Keeps the buffer of pixels that are no longer needed.
pub(super) fn keep(pixels: Pixels) {
    if let Samples::U8(samples) = pixels.into_samples()
        && samples.len() <= LONGEST
    {
        SPARE.set(samples);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Layout;

    #[test]
    fn a_buffer_is_used_again_where_it_is_long_enough() {
        let samples = vec![7; 12];
        let place = samples.as_ptr();
        keep(Pixels::new(2, 2, Layout::Rgb, Samples::U8(samples)).unwrap());
        let again = take(9);
        assert_eq!((again.len(), again.as_ptr()), (9, place));
        assert_eq!(take(5), [0; 5]);
    }
}
