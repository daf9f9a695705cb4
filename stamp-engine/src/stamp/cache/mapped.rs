//! A file of the cache, mapped into memory. The only unsafe code of the stamps.

use std::fs::File;
use std::io;

use memmap2::Mmap;

/// What follows a header in a file.
#[derive(Debug)]
pub(in crate::stamp) struct Mapped {
    map: Mmap,
    header: usize,
}

impl Mapped {
    /// Maps `file`, whose first `header` bytes are left out of [`bytes`](Self::bytes).
    pub(super) fn new(file: &File, header: usize) -> io::Result<Self> {
        // SAFETY: the mapped bytes must not change and the file must not shrink while it is
        // mapped. The cache only opens regular files of this user that no other may write, in a
        // folder for which the same holds; it writes each under another name before it is renamed
        // into place, and never changes or truncates it after. Unlinking leaves the mapping whole.
        let map = unsafe { Mmap::map(file)? };
        Ok(Self { map, header })
    }

    /// The header.
    pub(super) fn header(&self) -> &[u8] {
        self.map.get(..self.header).unwrap_or_default()
    }

    /// All after the header. A mapping begins at a page, so these bytes are aligned as far as the
    /// header's length is.
    pub(in crate::stamp) fn bytes(&self) -> &[u8] {
        self.map.get(self.header..).unwrap_or_default()
    }
}
