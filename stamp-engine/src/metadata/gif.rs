//! Blocks of GIF files (GIF89a specification, sections 18 to 27) and the metadata in them.

#![forbid(unsafe_code)]

use super::{Metadata, Native};
use crate::Format;

const COMMENT: u8 = 0xfe;
const APPLICATION: u8 = 0xff;
const XMP: &[u8] = b"XMP DataXMP";

/// A block after the header.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Block<'a> {
    /// An extension: its label and everything behind the label, with the sub-blocks' lengths and
    /// the terminator.
    Extension(u8, &'a [u8]),
    /// One frame.
    Frame,
}

/// The blocks of a GIF file up to the trailer; a file cut short ends with its last whole block.
pub(crate) fn blocks(bytes: &[u8]) -> impl Iterator<Item = Block<'_>> {
    let mut rest = after_palette(bytes.get(6..).unwrap_or_default(), 4, 7).unwrap_or_default();
    std::iter::from_fn(move || match rest {
        [0x21, label, body @ ..] => {
            let length = sub_blocks(body)?;
            rest = &body[length..];
            Some(Block::Extension(*label, &body[..length]))
        }
        [0x2c, body @ ..] => {
            let data = after_palette(body, 8, 9)?.get(1..)?;
            rest = data.get(sub_blocks(data)?..)?;
            Some(Block::Frame)
        }
        _ => None,
    })
}

/// What follows a descriptor of `length` bytes and the colour table that its flags announce.
fn after_palette(bytes: &[u8], flags: usize, length: usize) -> Option<&[u8]> {
    let flags = *bytes.get(flags)?;
    let palette = if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    bytes.get(length + palette..)
}

/// The length of a chain of sub-blocks with its terminator.
fn sub_blocks(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        match usize::from(*bytes.get(at)?) {
            0 => return Some(at + 1),
            length => at += 1 + length,
        }
    }
}

pub(crate) fn read(bytes: &[u8]) -> Metadata {
    let mut metadata = Metadata::default();
    let mut native = Vec::new();
    for block in blocks(bytes) {
        let Block::Extension(label, body) = block else { continue };
        let name = body.get(1..12).unwrap_or_default();
        match label {
            APPLICATION if name == XMP && metadata.xmp.is_none() => metadata.xmp = xmp(body.get(12..)),
            // The encoder writes the loop count itself.
            APPLICATION if matches!(name, b"NETSCAPE2.0" | b"ANIMEXTS1.0") => {}
            COMMENT | APPLICATION => {
                native.extend([0x21, label]);
                native.extend_from_slice(body);
            }
            _ => {}
        }
    }
    metadata.native = Native::new(Format::Gif, native);
    metadata
}

/// XMP specification, part 3, 1.1.2: the packet stands there without sub-blocks, and a trailer of
/// 258 bytes (1, 255 down to 0, and the terminator) leads any reader of sub-blocks out of it.
fn xmp(body: Option<&[u8]>) -> Option<Vec<u8>> {
    let packet = body?;
    let packet = packet.get(..packet.len().checked_sub(258)?)?;
    (!packet.is_empty()).then(|| packet.to_vec())
}

/// The extensions that carry `metadata`, with their introducers.
pub(crate) fn extensions(metadata: &Metadata) -> Vec<u8> {
    let mut bytes = metadata.native_of(Format::Gif).unwrap_or_default().to_vec();
    if let Some(packet) = &metadata.xmp {
        bytes.extend([0x21, APPLICATION, 11]);
        bytes.extend_from_slice(XMP);
        bytes.extend_from_slice(packet);
        bytes.push(1);
        bytes.extend((0..=255).rev());
        bytes.push(0);
    }
    bytes
}
