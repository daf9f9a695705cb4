//! The TIFF structure (TIFF 6.0, section 2) that EXIF blocks and TIFF files share: reading it
//! from hostile bytes, patching the orientation, and writing directories anew.

#![forbid(unsafe_code)]

use crate::Orientation;

/// The Orientation tag.
pub(crate) const ORIENTATION: u16 = 0x0112;
/// Points to the Exif directory.
pub(crate) const EXIF_IFD: u16 = 0x8769;
/// Points to the GPS directory.
pub(crate) const GPS_IFD: u16 = 0x8825;
/// Points from the Exif directory to the Interoperability directory.
pub(crate) const INTEROP_IFD: u16 = 0xa005;

/// Field types (TIFF 6.0, section 2).
pub(crate) const BYTE: u16 = 1;
pub(crate) const SHORT: u16 = 3;
pub(crate) const LONG: u16 = 4;
pub(crate) const UNDEFINED: u16 = 7;

/// A directory of more entries than this is damage.
const MOST_ENTRIES: u64 = 4096;

/// Byte order of a TIFF structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Little,
    Big,
}

impl Order {
    pub(crate) fn u16(self, value: u16) -> [u8; 2] {
        if self == Self::Big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    pub(crate) fn u32(self, value: u32) -> [u8; 4] {
        if self == Self::Big { value.to_be_bytes() } else { value.to_le_bytes() }
    }
}

/// A TIFF structure in memory, classic or BigTIFF.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block<'a> {
    bytes: &'a [u8],
    order: Order,
    /// BigTIFF: 64-bit counts and offsets.
    wide: bool,
}

/// One entry of a directory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) tag: u16,
    pub(crate) kind: u16,
    pub(crate) count: u32,
    /// The value, in the block's byte order.
    pub(crate) value: &'a [u8],
    /// Where the value stands in the block.
    at: usize,
}

impl<'a> Block<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        let (order, wide) = match bytes.get(..4)? {
            b"II*\0" => (Order::Little, false),
            b"MM\0*" => (Order::Big, false),
            b"II+\0" => (Order::Little, true),
            b"MM\0+" => (Order::Big, true),
            _ => return None,
        };
        Some(Self { bytes, order, wide })
    }

    pub(crate) fn order(&self) -> Order {
        self.order
    }

    fn number(&self, at: usize, size: usize) -> Option<u64> {
        let bytes = self.bytes.get(at..at.checked_add(size)?)?;
        let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        Some(match self.order {
            Order::Big => bytes.iter().fold(0, fold),
            Order::Little => bytes.iter().rev().fold(0, fold),
        })
    }

    fn offset(&self, at: usize) -> Option<usize> {
        usize::try_from(self.number(at, if self.wide { 8 } else { 4 })?).ok()
    }

    /// Where the first directory stands.
    pub(crate) fn first(&self) -> Option<usize> {
        self.offset(if self.wide { 8 } else { 4 })
    }

    /// (Where its entries begin, how many there are.)
    fn directory(&self, at: usize) -> Option<(usize, usize)> {
        let size = if self.wide { 8 } else { 2 };
        let count = self.number(at, size)?;
        (count <= MOST_ENTRIES).then_some((at.checked_add(size)?, count as usize))
    }

    /// The directory's sound entries; those that point outside of the block are left out.
    pub(crate) fn entries(&self, at: usize) -> Vec<Entry<'a>> {
        let Some((start, count)) = self.directory(at) else { return Vec::new() };
        let size = if self.wide { 20 } else { 12 };
        (0..count).map_while(|n| start.checked_add(n * size)).filter_map(|at| self.entry(at)).collect()
    }

    fn entry(&self, at: usize) -> Option<Entry<'a>> {
        let field = if self.wide { 8 } else { 4 };
        let tag = self.number(at, 2)? as u16;
        let kind = self.number(at + 2, 2)? as u16;
        let count = u32::try_from(self.number(at + 4, field)?).ok()?;
        let length = usize::try_from(count).ok()?.checked_mul(size_of_kind(kind)?)?;
        let own = at + 4 + field;
        let at = if length <= field { own } else { self.offset(own)? };
        let value = self.bytes.get(at..at.checked_add(length)?)?;
        Some(Entry { tag, kind, count, value, at })
    }

    /// The entry of this tag in the directory at `at`.
    pub(crate) fn find(&self, at: usize, tag: u16) -> Option<Entry<'a>> {
        self.entries(at).into_iter().find(|entry| entry.tag == tag)
    }

    /// The first number of a BYTE, SHORT, LONG, IFD or LONG8 entry.
    pub(crate) fn unsigned(&self, entry: &Entry<'_>) -> Option<u64> {
        let integer = matches!(entry.kind, 1 | 3 | 4 | 13 | 16 | 18) && entry.count > 0;
        self.number(entry.at, size_of_kind(entry.kind).filter(|_| integer)?)
    }

    /// The numbers of a SHORT entry.
    pub(crate) fn shorts(&self, entry: &Entry<'_>) -> Vec<u16> {
        let number = |pair: &[u8; 2]| match self.order {
            Order::Big => u16::from_be_bytes(*pair),
            Order::Little => u16::from_le_bytes(*pair),
        };
        entry.value.as_chunks::<2>().0.iter().map(number).collect()
    }

    /// Writes the value of a SHORT entry over in `copy`, a copy of this block.
    pub(crate) fn overwrite_short(&self, at: usize, tag: u16, value: u16, copy: &mut [u8]) {
        let entry = self.find(at, tag).filter(|entry| entry.kind == SHORT);
        if let Some(place) = entry.and_then(|entry| copy.get_mut(entry.at..entry.at + 2)) {
            place.copy_from_slice(&self.order.u16(value));
        }
    }

    /// The directory that an entry of the directory at `at` points to.
    pub(crate) fn pointed(&self, at: usize, tag: u16) -> Option<usize> {
        usize::try_from(self.unsigned(&self.find(at, tag)?)?).ok()
    }

    /// The directory after the one at `at`.
    pub(crate) fn next(&self, at: usize) -> Option<usize> {
        let (start, count) = self.directory(at)?;
        let size = if self.wide { 20 } else { 12 };
        self.offset(start.checked_add(count * size)?).filter(|&next| next != 0)
    }

    fn orientation_entry(&self) -> Option<Entry<'a>> {
        self.find(self.first()?, ORIENTATION)
    }
}

fn size_of_kind(kind: u16) -> Option<usize> {
    Some(match kind {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16 | 17 | 18 => 8,
        _ => return None,
    })
}

/// The orientation that a TIFF structure states.
pub(crate) fn orientation(block: &[u8]) -> Orientation {
    let value = Block::new(block).and_then(|block| block.unsigned(&block.orientation_entry()?));
    Orientation::from_exif(value.and_then(|value| u16::try_from(value).ok()).unwrap_or(1))
}

/// Writes an orientation over the one that the block states; a block that states none stays.
pub(crate) fn set_orientation(block: &mut [u8], orientation: Orientation) {
    let Some((order, entry)) =
        Block::new(block).and_then(|b| Some((b.order, b.orientation_entry().map(|e| (e.kind, e.at))?)))
    else {
        return;
    };
    let value = orientation.to_exif();
    let (at, bytes) = match entry {
        (SHORT, at) => (at, order.u16(value).to_vec()),
        (LONG, at) => (at, order.u32(value.into()).to_vec()),
        _ => return,
    };
    if let Some(field) = block.get_mut(at..at + bytes.len()) {
        field.copy_from_slice(&bytes);
    }
}

/// An entry to write, its value in the byte order of what is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) tag: u16,
    pub(crate) kind: u16,
    pub(crate) count: u32,
    pub(crate) value: Vec<u8>,
}

impl From<Entry<'_>> for Field {
    fn from(entry: Entry<'_>) -> Self {
        Self { tag: entry.tag, kind: entry.kind, count: entry.count, value: entry.value.to_vec() }
    }
}

impl Field {
    pub(crate) fn shorts(tag: u16, values: &[u16], order: Order) -> Self {
        let value = values.iter().flat_map(|&value| order.u16(value)).collect();
        Self { tag, kind: SHORT, count: values.len() as u32, value }
    }

    pub(crate) fn longs(tag: u16, values: &[u32], order: Order) -> Self {
        let value = values.iter().flat_map(|&value| order.u32(value)).collect();
        Self { tag, kind: LONG, count: values.len() as u32, value }
    }

    pub(crate) fn bytes(tag: u16, kind: u16, value: &[u8]) -> Self {
        Self { tag, kind, count: value.len() as u32, value: value.to_vec() }
    }
}

/// Appends a directory to `out`, whose start is offset 0 of the structure, and gives its offset.
/// `None` when that lies beyond the 4 GiB that offsets reach.
pub(crate) fn write_directory(out: &mut Vec<u8>, mut fields: Vec<Field>, order: Order) -> Option<u32> {
    fields.sort_by_key(|field| field.tag);
    let mut values = Vec::with_capacity(fields.len());
    for field in &fields {
        if field.value.len() <= 4 {
            let mut own = [0; 4];
            own[..field.value.len()].copy_from_slice(&field.value);
            values.push(own);
            continue;
        }
        out.resize(out.len().next_multiple_of(2), 0);
        values.push(order.u32(u32::try_from(out.len()).ok()?));
        out.extend_from_slice(&field.value);
    }
    out.resize(out.len().next_multiple_of(2), 0);
    let at = u32::try_from(out.len()).ok()?;
    out.extend(order.u16(u16::try_from(fields.len()).ok()?));
    for (field, value) in fields.iter().zip(values) {
        out.extend(order.u16(field.tag));
        out.extend(order.u16(field.kind));
        out.extend(order.u32(field.count));
        out.extend(value);
    }
    out.extend([0; 4]);
    Some(at)
}

/// The 8 bytes that begin a classic TIFF structure, its first directory at offset `first`.
pub(crate) fn header(order: Order, first: u32) -> [u8; 8] {
    let mut bytes = [0; 8];
    bytes[..4].copy_from_slice(if order == Order::Big { b"MM\0*" } else { b"II*\0" });
    bytes[4..].copy_from_slice(&order.u32(first));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn orientation_is_patched_in_both_byte_orders() {
        for order in [Order::Little, Order::Big] {
            let mut block = header(order, 0).to_vec();
            let long = Field::bytes(0x010f, 2, b"Halden Works\0");
            let fields = vec![Field::shorts(ORIENTATION, &[6], order), long];
            let first = write_directory(&mut block, fields, order).unwrap();
            block[..8].copy_from_slice(&header(order, first));
            assert_eq!(orientation(&block), Orientation::Rotate90);
            let before = block.clone();
            set_orientation(&mut block, Orientation::Normal);
            assert_eq!(orientation(&block), Orientation::Normal);
            assert_eq!(before.iter().zip(&block).filter(|(a, b)| a != b).count(), 1);
            let read = Block::new(&block).unwrap();
            assert_eq!(read.find(first as usize, 0x010f).unwrap().value, b"Halden Works\0");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..200), wide: bool) {
            let magic: &[u8] = if wide { b"II+\0" } else { b"MM\0*" };
            for (to, from) in bytes.iter_mut().zip(magic) {
                *to = *from;
            }
            orientation(&bytes);
            set_orientation(&mut bytes, Orientation::Rotate90);
            if let Some(block) = Block::new(&bytes) {
                let first = block.first().unwrap_or_default();
                block.entries(first);
                block.next(first);
                block.entries(usize::MAX);
            }
        }
    }
}
