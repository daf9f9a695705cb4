//! RIFF chunks of WebP files (RFC 9649, section 2) and the metadata in them.

#![forbid(unsafe_code)]

use super::Metadata;
use crate::{Error, Format, Result};

/// Flags of the VP8X chunk (RFC 9649, section 2.7).
const XMP: u8 = 0x04;
const EXIF: u8 = 0x08;
pub(crate) const ALPHA: u8 = 0x10;
const ICC: u8 = 0x20;

/// The chunks of a WebP file; a file cut short ends with its last whole chunk.
pub(crate) fn chunks(bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = bytes.get(12..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (name, after) = rest.split_first_chunk::<4>()?;
        let (length, after) = after.split_first_chunk::<4>()?;
        let length = u32::from_le_bytes(*length) as usize;
        let data = after.get(..length)?;
        rest = after.get(length.next_multiple_of(2)..).unwrap_or_default();
        Some((*name, data))
    })
}

/// The EXIF block.
pub(crate) fn exif(bytes: &[u8]) -> Option<&[u8]> {
    let (_, data) = chunks(bytes).find(|(name, _)| name == b"EXIF")?;
    // Some writers put the JPEG prefix in.
    Some(data.strip_prefix(b"Exif\0\0").unwrap_or(data))
}

pub(crate) fn read(bytes: &[u8]) -> Metadata {
    let find =
        |wanted: &[u8; 4]| chunks(bytes).find(|(name, _)| name == wanted).map(|(_, data)| data.to_vec());
    Metadata {
        exif: exif(bytes).map(<[u8]>::to_vec),
        xmp: find(b"XMP "),
        icc: find(b"ICCP"),
        ..Metadata::default()
    }
}

/// Whether the picture is compressed without loss.
pub(crate) fn is_lossless(bytes: &[u8]) -> bool {
    chunks(bytes).any(|(name, _)| &name == b"VP8L")
}

/// Whether the picture is VP8 and nothing else is compressed in it.
pub(crate) fn is_plain_vp8(bytes: &[u8]) -> bool {
    let has = |wanted: &[u8; 4]| chunks(bytes).any(|(name, _)| &name == wanted);
    has(b"VP8 ") && ![b"VP8L", b"ALPH", b"ANMF"].into_iter().any(has)
}

/// Puts `metadata` into `encoded`, a WebP of `width × height` pixels (1 to 16,383) without any.
pub(crate) fn embed(metadata: &Metadata, encoded: Vec<u8>, width: u32, height: u32) -> Result<Vec<u8>> {
    let (icc, exif, xmp) = (&metadata.icc, &metadata.exif, &metadata.xmp);
    if icc.is_none() && exif.is_none() && xmp.is_none() {
        return Ok(encoded);
    }
    let mut flags = if has_alpha(&encoded) { ALPHA } else { 0 };
    for (flag, part) in [(ICC, icc), (EXIF, exif), (XMP, xmp)] {
        flags |= if part.is_some() { flag } else { 0 };
    }
    let mut file = Vec::with_capacity(encoded.len() + 64);
    file.extend_from_slice(b"RIFF\0\0\0\0WEBP");
    let mut head = [0; 10];
    head[0] = flags;
    head[4..7].copy_from_slice(&(width - 1).to_le_bytes()[..3]);
    head[7..10].copy_from_slice(&(height - 1).to_le_bytes()[..3]);
    push(&mut file, b"VP8X", &head)?;
    if let Some(icc) = icc {
        push(&mut file, b"ICCP", icc)?;
    }
    for (name, data) in chunks(&encoded).filter(|(name, _)| matches!(name, b"ALPH" | b"VP8 " | b"VP8L")) {
        push(&mut file, &name, data)?;
    }
    if let Some(exif) = exif {
        push(&mut file, b"EXIF", exif)?;
    }
    if let Some(xmp) = xmp {
        push(&mut file, b"XMP ", xmp)?;
    }
    let length = u32::try_from(file.len() - 8).map_err(|_| too_long())?;
    file[4..8].copy_from_slice(&length.to_le_bytes());
    Ok(file)
}

/// RFC 9649, sections 2.6 and 3.4: bit 28 of a lossless header, or a VP8X flag.
fn has_alpha(encoded: &[u8]) -> bool {
    chunks(encoded).any(|(name, data)| match &name {
        b"ALPH" => true,
        b"VP8L" => data.get(4).is_some_and(|byte| byte & 0x10 != 0),
        _ => false,
    })
}

fn push(file: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) -> Result<()> {
    file.extend_from_slice(name);
    file.extend(u32::try_from(data.len()).map_err(|_| too_long())?.to_le_bytes());
    file.extend_from_slice(data);
    file.resize(file.len().next_multiple_of(2), 0);
    Ok(())
}

fn too_long() -> Error {
    Error::encode(Format::WebP, "it would be longer than 4 GiB")
}
