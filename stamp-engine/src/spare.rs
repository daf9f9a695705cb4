//! The large buffers of a thread's last picture, for its next one: so much memory is got from the
//! system page by page each time, and two threads that did so took more system time than two processes.

#![forbid(unsafe_code)]

use std::cell::Cell;

/// A longer buffer is not kept.
const LONGEST: usize = 128 << 20;

/// What a buffer is for; one of each is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spare {
    /// A file that is read.
    Input,
    /// A file that is made.
    Output,
    /// Decoded samples.
    Samples,
    /// What an encoder writes.
    Encoded,
    /// Entropy-coded data without stuffing.
    Window,
    /// The same of restart intervals that are walked ahead.
    Ahead,
}

thread_local! {
    static KEPT: [Cell<Vec<u8>>; 6] = const { [const { Cell::new(Vec::new()) }; 6] };
}

impl Spare {
    /// An empty buffer with room for at least so many bytes.
    pub(crate) fn take(self, capacity: usize) -> Vec<u8> {
        let mut buffer = KEPT.with(|kept| kept[self as usize].take());
        if buffer.capacity() < capacity {
            return Vec::with_capacity(capacity);
        }
        buffer.clear();
        buffer
    }

    /// A buffer of `length` bytes of any value: all are to be overwritten.
    pub(crate) fn take_full(self, length: usize) -> Vec<u8> {
        let mut buffer = KEPT.with(|kept| kept[self as usize].take());
        if buffer.capacity() < length {
            return vec![0; length];
        }
        buffer.resize(length, 0);
        buffer
    }

    /// A buffer of `length` bytes or more, of any value. Where it is new, the system gives only those of
    /// its pages that are written to.
    pub(crate) fn take_at_least(self, length: usize) -> Vec<u8> {
        let buffer = KEPT.with(|kept| kept[self as usize].take());
        if buffer.len() < length { vec![0; length] } else { buffer }
    }

    /// Keeps a buffer that is no longer needed.
    pub(crate) fn keep(self, buffer: Vec<u8>) {
        if buffer.capacity() <= LONGEST {
            KEPT.with(|kept| kept[self as usize].set(buffer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_where_it_is_long_enough() {
        let buffer = vec![7; 12];
        let place = buffer.as_ptr();
        Spare::Samples.keep(buffer);
        assert_eq!(Spare::Input.take_full(5), [0; 5]);
        let again = Spare::Samples.take_full(9);
        assert_eq!((again.len(), again.as_ptr()), (9, place));
        Spare::Samples.keep(again);
        let empty = Spare::Samples.take(12);
        assert_eq!((empty.len(), empty.as_ptr()), (0, place));
        assert!(Spare::Samples.take(100).capacity() >= 100);
    }
}
