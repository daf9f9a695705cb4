//! Why a JPEG is not spliced.

#![forbid(unsafe_code)]

/// Why a JPEG is not spliced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It breaks the rules of its format.
    Damaged(&'static str),
    /// A sound picture of a kind that this path does not handle; the pixel path may.
    NotHere(&'static str),
    /// A Huffman table lacks a code that a new block needs, and has no room for it.
    NoCode,
}

impl Fault {
    pub(super) const fn damaged(reason: &'static str) -> Self {
        Self::Damaged(reason)
    }
}
