//! Files of several images: the Multi-Picture Format (CIPA DC-007) lists, in an APP2 segment of the
//! first image, where the others lie. Gain maps, previews and stereo pairs are kept so.
//!
//! When the first image changes its length, its own size in that list and the places of the others
//! change by as much.

#![forbid(unsafe_code)]

use super::Fault;
use super::marker::{self, Header};

const APP2: u8 = 0xe2;
const LABEL: &[u8] = b"MPF\0";
/// The tag of the list of images (DC-007, 5.2.3).
const ENTRIES: u16 = 0xb002;
/// An entry: attributes, size, offset (4 bytes each), two dependent entries (2 bytes each).
const ENTRY: usize = 16;

/// Sets right the list in `out`, the new beginning of `raw`, which goes on with `raw` from `rest` on:
/// everything behind the first image is as it was.
pub(super) fn set_right(raw: &[u8], header: &Header, out: &mut [u8], rest: usize) -> Result<(), Fault> {
    let Some(old) = list(raw, header) else { return Ok(()) };
    let new = Header::parse(out)?;
    let Some(place) = list(out, &new) else { return Ok(()) };
    // The images lie as far from the end as before; the list itself may have moved.
    let length = out.len() + raw.len() - rest;
    let change = (length - place) as i64 - (raw.len() - old) as i64;
    let grown = length as i64 - raw.len() as i64;
    let cannot = || Fault::NotHere("its list of further images (MPF) cannot be set right");
    let entries = Entries::find(out, place).ok_or_else(cannot)?;
    for number in 0..entries.count {
        let at = entries.first + number * ENTRY;
        let size = entries.number(out, at + 4).ok_or_else(cannot)?;
        let offset = entries.number(out, at + 8).ok_or_else(cannot)?;
        // The first image has offset 0 (DC-007, 5.2.3.3.3).
        let (field, old, by) = if offset == 0 { (at + 4, size, grown) } else { (at + 8, offset, change) };
        let value = u32::try_from(i64::from(old) + by).map_err(|_| cannot())?;
        entries.set(out, field, value).ok_or_else(cannot)?;
    }
    Ok(())
}

/// Where the list's TIFF structure begins.
fn list(bytes: &[u8], header: &Header) -> Option<usize> {
    let segment = header
        .segments
        .iter()
        .find(|segment| segment.code == APP2 && marker::body(bytes, segment).starts_with(LABEL))?;
    Some(segment.place.end - marker::body(bytes, segment).len() + LABEL.len())
}

/// The list of images within a TIFF structure (TIFF 6.0, section 2).
struct Entries {
    is_little: bool,
    first: usize,
    count: usize,
}

impl Entries {
    fn find(bytes: &[u8], tiff: usize) -> Option<Self> {
        let is_little = match bytes.get(tiff..tiff + 4)? {
            b"II*\0" => true,
            b"MM\0*" => false,
            _ => return None,
        };
        let mut entries = Self { is_little, first: 0, count: 0 };
        let ifd = tiff + entries.number(bytes, tiff + 4)? as usize;
        let fields = usize::from(entries.short(bytes, ifd)?);
        let field =
            (0..fields).map(|i| ifd + 2 + 12 * i).find(|&at| entries.short(bytes, at) == Some(ENTRIES))?;
        let length = entries.number(bytes, field + 4)? as usize;
        entries.first = tiff.checked_add(entries.number(bytes, field + 8)? as usize)?;
        entries.count = length / ENTRY;
        bytes.get(entries.first..entries.first.checked_add(length)?)?;
        Some(entries)
    }

    fn short(&self, bytes: &[u8], at: usize) -> Option<u16> {
        let value = bytes.get(at..at + 2)?.try_into().ok()?;
        Some(if self.is_little { u16::from_le_bytes(value) } else { u16::from_be_bytes(value) })
    }

    fn number(&self, bytes: &[u8], at: usize) -> Option<u32> {
        let value = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(if self.is_little { u32::from_le_bytes(value) } else { u32::from_be_bytes(value) })
    }

    fn set(&self, bytes: &mut [u8], at: usize, value: u32) -> Option<()> {
        let value = if self.is_little { value.to_le_bytes() } else { value.to_be_bytes() };
        bytes.get_mut(at..at + 4)?.copy_from_slice(&value);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A JPEG with an MPF list in front and a second image behind it.
    fn two_images(raw: &[u8], second: &[u8], is_little: bool) -> Vec<u8> {
        let short = |value: u16| if is_little { value.to_le_bytes() } else { value.to_be_bytes() };
        let long = |value: u32| if is_little { value.to_le_bytes() } else { value.to_be_bytes() };
        let mut tiff = if is_little { b"II*\0".to_vec() } else { b"MM\0*".to_vec() };
        tiff.extend(long(8));
        tiff.extend(short(1));
        tiff.extend(short(ENTRIES));
        tiff.extend(short(7));
        tiff.extend(long(32));
        tiff.extend(long(26));
        tiff.extend(long(0));
        let length = LABEL.len() + tiff.len() + 32;
        let first_length = (raw.len() + length + 4) as u32;
        // SOI, marker, length, label.
        let list_at = 2 + 4 + LABEL.len() as u32;
        for number in [0, first_length, 0, 0, 0, second.len() as u32, first_length - list_at, 0] {
            tiff.extend(long(number));
        }
        let mut file = vec![0xff, marker::SOI, 0xff, APP2];
        file.extend(((length + 2) as u16).to_be_bytes());
        file.extend([LABEL, &tiff, &raw[2..], second].concat());
        file
    }

    #[test]
    fn the_second_image_is_found_where_the_list_says() {
        for (name, raw) in super::super::tests::pictures().into_iter().filter(|(_, raw)| raw.len() < 100_000)
        {
            for is_little in [true, false] {
                let second = b"\xff\xd8 another image \xff\xd9";
                let file = two_images(&raw, second, is_little);
                let header = Header::parse(&file).unwrap();
                let mut out = file.clone();
                // Grown by seven bytes of filling before EOI.
                let end = out.len() - second.len() - 2;
                out.splice(end..end, [0xff; 7]);
                // The list is set right in the first part of the file alone.
                let rest = file.len() - second.len();
                let mut head = out[..out.len() - second.len()].to_vec();
                set_right(&file, &header, &mut head, rest).unwrap();
                out.splice(..head.len(), head);
                let tiff = list(&out, &Header::parse(&out).unwrap()).unwrap();
                let entries = Entries::find(&out, tiff).unwrap();
                let number = |at: usize| entries.number(&out, entries.first + at).unwrap() as usize;
                assert_eq!(number(4), out.len() - second.len(), "{name}");
                assert_eq!(&out[tiff + number(24)..], second, "{name}");
                assert_eq!(number(20), second.len(), "{name}");
            }
        }
    }
}
