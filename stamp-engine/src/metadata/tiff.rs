//! Metadata in the directories of TIFF files.

#![forbid(unsafe_code)]

use super::Metadata;
use super::exif::Directories;
use super::ifd::{BYTE, Block, Field, UNDEFINED};

/// XMP specification, part 3, 3.2.3.
const XMP: u16 = 700;
/// IPTC-NAA records.
const IPTC: u16 = 33_723;
/// ICC.1:2022, B.5.
const ICC: u16 = 34_675;

pub(crate) fn read(bytes: &[u8]) -> Metadata {
    let Some((block, first)) = Block::new(bytes).and_then(|block| Some((block, block.first()?))) else {
        return Metadata::default();
    };
    let value = |tag| block.find(first, tag).map(|entry| entry.value.to_vec()).filter(|v| !v.is_empty());
    Metadata {
        exif: Directories::read(bytes).and_then(Directories::into_block),
        xmp: value(XMP),
        iptc: value(IPTC),
        icc: value(ICC),
        native: None,
    }
}

/// The fields of the first directory that hold XMP, IPTC and ICC.
pub(crate) fn fields(metadata: &Metadata) -> Vec<Field> {
    let parts =
        [(XMP, BYTE, &metadata.xmp), (IPTC, UNDEFINED, &metadata.iptc), (ICC, UNDEFINED, &metadata.icc)];
    parts
        .into_iter()
        .filter_map(|(tag, kind, part)| Some(Field::bytes(tag, kind, part.as_deref()?)))
        .collect()
}
