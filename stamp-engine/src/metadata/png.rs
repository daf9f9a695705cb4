//! Chunks of PNG files (W3C PNG, third edition, section 5) and the metadata in them.

#![forbid(unsafe_code)]

pub(crate) mod raw_profile;

use std::io::Read as _;

use flate2::read::ZlibDecoder;

use super::{Metadata, Native};
use crate::Format;

pub(crate) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
const XMP: &[u8] = b"XML:com.adobe.xmp\0";
/// No profile or packet is longer; a longer one is a decompression bomb.
const MOST_INFLATED: u64 = 16 << 20;

/// A chunk: its name, its data, and all of it with length and check sum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunk<'a> {
    pub(crate) name: [u8; 4],
    pub(crate) data: &'a [u8],
    whole: &'a [u8],
}

/// The chunks of a PNG file; a file cut short ends with its last whole chunk.
pub(crate) fn chunks(bytes: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    bare_chunks(bytes.strip_prefix(SIGNATURE).unwrap_or_default())
}

/// Chunks without the signature before them.
pub(crate) fn bare_chunks(mut rest: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (name, after) = after.split_first_chunk::<4>()?;
        let length = u32::from_be_bytes(*length) as usize;
        let data = after.get(..length)?;
        let whole = rest.get(..length.checked_add(12)?)?;
        rest = &rest[whole.len()..];
        Some(Chunk { name: *name, data, whole })
    })
}

/// The EXIF block.
pub(crate) fn exif(bytes: &[u8]) -> Option<&[u8]> {
    let data = chunks(bytes).find(|chunk| &chunk.name == b"eXIf")?.data;
    // Old writers put the JPEG prefix in.
    Some(data.strip_prefix(b"Exif\0\0").unwrap_or(data))
}

pub(crate) fn read(bytes: &[u8]) -> Metadata {
    let mut metadata = Metadata { exif: exif(bytes).map(<[u8]>::to_vec), ..Metadata::default() };
    let mut native = Vec::new();
    for chunk in chunks(bytes) {
        match &chunk.name {
            b"iCCP" if metadata.icc.is_none() => metadata.icc = profile(chunk.data),
            b"iTXt" if metadata.xmp.is_none() && chunk.data.starts_with(XMP) => {
                metadata.xmp = xmp(&chunk.data[XMP.len()..]);
            }
            b"tEXt" | b"zTXt" if metadata.iptc.is_none() => match raw_profile::iptc(chunk.name, chunk.data) {
                None => native.extend_from_slice(chunk.whole),
                iptc => metadata.iptc = iptc,
            },
            name if is_carried(name) => native.extend_from_slice(chunk.whole),
            _ => {}
        }
    }
    metadata.native = Native::new(Format::Png, native);
    metadata
}

/// Chunks that may be copied to a file whose pixels were changed (section 5.4: both the first and
/// the last letter small), and those that say what the samples mean, which stays the same.
fn is_carried(name: &[u8; 4]) -> bool {
    let copy_safely = name[0].is_ascii_lowercase() && name[3].is_ascii_lowercase();
    (copy_safely && name != b"eXIf") || is_colour(name)
}

fn is_colour(name: &[u8; 4]) -> bool {
    matches!(name, b"gAMA" | b"cHRM" | b"sRGB" | b"cICP" | b"mDCV" | b"cLLI")
}

/// Only those of the carried chunks that decide how the pixels look.
pub(crate) fn only_colour(native: &[u8]) -> Option<Native> {
    let colour = bare_chunks(native).filter(|chunk| is_colour(&chunk.name));
    Native::new(Format::Png, colour.flat_map(|chunk| chunk.whole).copied().collect())
}

/// Section 11.3.2.3: name, 0, compression method 0, zlib stream.
fn profile(data: &[u8]) -> Option<Vec<u8>> {
    let end = data.iter().position(|&byte| byte == 0)?;
    inflated(data.get(end + 2..)?)
}

/// Section 11.3.3.4, behind the keyword: compressed or not, method, language, 0, keyword in that
/// language, 0, text.
fn xmp(data: &[u8]) -> Option<Vec<u8>> {
    let compressed = *data.first()? == 1;
    let mut rest = data.get(2..)?;
    for _ in 0..2 {
        let end = rest.iter().position(|&byte| byte == 0)?;
        rest = &rest[end + 1..];
    }
    if compressed { inflated(rest) } else { Some(rest.to_vec()) }
}

fn inflated(zlib: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    ZlibDecoder::new(zlib).take(MOST_INFLATED).read_to_end(&mut bytes).ok()?;
    ((bytes.len() as u64) < MOST_INFLATED && !bytes.is_empty()).then_some(bytes)
}

/// The data of the iTXt chunk that holds an XMP packet.
pub(crate) fn xmp_chunk(packet: &[u8]) -> Vec<u8> {
    [XMP, b"\0\0\0\0", packet].concat()
}
