//! Metadata in the directories of TIFF files.

#![forbid(unsafe_code)]

use super::exif::Directories;
use super::ifd::{BYTE, Block, Field, UNDEFINED};
use super::{Metadata, Native, photoshop};
use crate::Format;

/// XMP specification, part 3, 3.2.3.
const XMP: u16 = 700;
/// IPTC-NAA records.
const IPTC: u16 = 33_723;
/// Photoshop image resource blocks (Adobe, TIFF Technical Notes of 22 March 2002).
const RESOURCES: u16 = 34_377;
/// ICC.1:2022, B.5.
const ICC: u16 = 34_675;

pub(crate) fn read(bytes: &[u8]) -> Metadata {
    let Some((block, first)) = Block::new(bytes).and_then(|block| Some((block, block.first()?))) else {
        return Metadata::default();
    };
    let value = |tag| block.find(first, tag).map(|entry| entry.value.to_vec()).filter(|v| !v.is_empty());
    let resources = value(RESOURCES).unwrap_or_default();
    Metadata {
        exif: Directories::read(bytes).and_then(Directories::into_block),
        xmp: value(XMP),
        iptc: value(IPTC).or_else(|| photoshop::iptc(&resources)),
        icc: value(ICC),
        native: Native::new(Format::Tiff, resources),
    }
}

/// The fields of the first directory that hold XMP, IPTC, Photoshop's resources and ICC.
pub(crate) fn fields(metadata: &Metadata) -> Vec<Field> {
    let parts = [
        (XMP, BYTE, metadata.xmp.as_deref()),
        (IPTC, UNDEFINED, metadata.iptc.as_deref()),
        (RESOURCES, BYTE, metadata.native_of(Format::Tiff)),
        (ICC, UNDEFINED, metadata.icc.as_deref()),
    ];
    parts.into_iter().filter_map(|(tag, kind, part)| Some(Field::bytes(tag, kind, part?))).collect()
}
