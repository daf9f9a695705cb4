//! Marker segments of JPEG files (ITU-T T.81, annex B) and the metadata in them.

#![forbid(unsafe_code)]

use super::photoshop;
use super::{Metadata, Native};
use crate::{Error, Format, Result};

const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const ICC: &[u8] = b"ICC_PROFILE\0";
/// The most that one segment holds beside its own length field.
const MOST: usize = 65_533;

pub(crate) const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;
const APP11: u8 = 0xeb;
const APP13: u8 = 0xed;
pub(crate) const APP14: u8 = 0xee;
const APP15: u8 = 0xef;
const COM: u8 = 0xfe;
const SOS: u8 = 0xda;
const EOI: u8 = 0xd9;

/// A marker segment: the marker's second byte and what follows the length field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    pub(crate) marker: u8,
    pub(crate) data: &'a [u8],
    /// The segment with its marker and length.
    pub(crate) whole: &'a [u8],
}

/// The segments from the start of the image up to the first scan header, and that one too.
pub(crate) fn segments(bytes: &[u8]) -> impl Iterator<Item = Segment<'_>> {
    let mut rest = bytes.strip_prefix(b"\xff\xd8").unwrap_or_default();
    std::iter::from_fn(move || {
        loop {
            // Any number of fill bytes may stand before a marker (B.1.1.2), and libjpeg skips
            // whatever else stands there.
            let start = rest.windows(2).position(|pair| pair[0] == 0xff && !matches!(pair[1], 0 | 0xff))?;
            let marker = rest[start + 1];
            let body = &rest[start + 2..];
            match marker {
                EOI => return None,
                // Markers without a segment: TEM, RSTn, SOI.
                0x01 | 0xd0..=0xd8 => rest = body,
                _ => {
                    let length = usize::from(u16::from_be_bytes([*body.first()?, *body.get(1)?]));
                    let data = body.get(2..length)?;
                    let whole = &rest[start..start + 2 + length];
                    rest = if marker == SOS { &[] } else { &body[length..] };
                    return Some(Segment { marker, data, whole });
                }
            }
        }
    })
}

/// The file with its ICC segments under another name, for a reader that minds how they follow one another.
pub(crate) fn with_icc_hidden(bytes: &[u8]) -> Vec<u8> {
    let mut hidden = bytes.to_vec();
    for segment in segments(bytes).filter(|s| s.marker == APP2 && s.data.starts_with(ICC)) {
        let at = segment.data.as_ptr().addr() - bytes.as_ptr().addr();
        hidden[at] = b'-';
    }
    hidden
}

/// The EXIF block.
pub(crate) fn exif(bytes: &[u8]) -> Option<&[u8]> {
    segments(bytes).filter(|s| s.marker == APP1).find_map(|s| s.data.strip_prefix(EXIF))
}

pub(crate) fn read(bytes: &[u8]) -> Metadata {
    let mut metadata = Metadata { exif: exif(bytes).map(<[u8]>::to_vec), ..Metadata::default() };
    let mut icc: Vec<(u8, u8, &[u8])> = Vec::new();
    let mut resources = Vec::new();
    let mut native = Vec::new();
    for segment in segments(bytes) {
        let Segment { marker, data, whole } = segment;
        if let Some(part) = data.strip_prefix(ICC).filter(|_| marker == APP2) {
            if let [number, count, part @ ..] = part {
                icc.push((*number, *count, part));
            }
        } else if marker == APP1 && data.starts_with(EXIF) {
            // Taken out above.
        } else if let Some(packet) =
            data.strip_prefix(XMP).filter(|_| marker == APP1 && metadata.xmp.is_none())
        {
            metadata.xmp = Some(packet.to_vec());
        } else if let Some(blocks) = data.strip_prefix(photoshop::HEADER).filter(|_| marker == APP13) {
            resources.extend_from_slice(blocks);
            native.extend_from_slice(whole);
        } else if is_carried(&segment) {
            native.extend_from_slice(whole);
        }
    }
    metadata.iptc = photoshop::iptc(&resources);
    metadata.icc = joined(icc);
    metadata.native = Native::new(Format::Jpeg, native);
    metadata
}

/// Whether a segment stays true when the picture is encoded anew. Not so JFIF and Adobe, which
/// state what the encoder did, nor a multi-picture index (CIPA DC-007), which holds offsets, nor
/// JUMBF (APP11), which signs the old pixels.
fn is_carried(segment: &Segment<'_>) -> bool {
    match segment.marker {
        APP2 => !segment.data.starts_with(b"MPF\0"),
        APP0 | APP11 => false,
        APP14 => !segment.data.starts_with(b"Adobe"),
        COM | APP1..=APP15 => true,
        _ => false,
    }
}

/// ICC.1:2022, B.4: the parts in the order of their numbers, which begin at 1.
fn joined(mut parts: Vec<(u8, u8, &[u8])>) -> Option<Vec<u8>> {
    parts.sort_by_key(|part| part.0);
    let count = parts.first()?.1;
    let whole = parts.len() == usize::from(count)
        && parts.iter().zip(1..=count).all(|(part, number)| part.0 == number && part.1 == count);
    whole.then(|| parts.iter().flat_map(|part| part.2).copied().collect())
}

/// Puts `metadata` behind the JFIF header of `encoded`, a JPEG without any.
pub(crate) fn embed(metadata: &Metadata, encoded: &[u8]) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut push = |marker: u8, parts: [&[u8]; 2]| -> Result<()> {
        let length = parts[0].len() + parts[1].len();
        if length > MOST {
            return Err(Error::encode(Format::Jpeg, "its metadata is longer than a JPEG can hold; strip it"));
        }
        head.extend([0xff, marker]);
        head.extend(((length + 2) as u16).to_be_bytes());
        parts.iter().for_each(|part| head.extend_from_slice(part));
        Ok(())
    };
    if let Some(exif) = &metadata.exif {
        push(APP1, [EXIF, exif])?;
    }
    if let Some(xmp) = &metadata.xmp {
        push(APP1, [XMP, xmp])?;
    }
    let native = metadata.native_of(Format::Jpeg);
    if let Some(iptc) = &metadata.iptc
        && native.is_none()
    {
        push(APP13, [photoshop::HEADER, &photoshop::block(iptc)])?;
    }
    if let Some(icc) = &metadata.icc {
        let parts = icc.chunks(MOST - ICC.len() - 2);
        let Ok(count) = u8::try_from(parts.len()) else {
            return Err(Error::encode(Format::Jpeg, "its colour profile is longer than a JPEG can hold"));
        };
        for (part, number) in parts.zip(1..=count) {
            push(APP2, [&[ICC, &[number, count]].concat(), part])?;
        }
    }
    head.extend_from_slice(native.unwrap_or_default());
    // JFIF demands that its segment comes first.
    let start = match segments(encoded).next() {
        Some(first) if first.marker == APP0 => 2 + first.whole.len(),
        _ => 2,
    };
    let (before, after) = encoded.split_at_checked(start).unwrap_or((encoded, &[]));
    Ok([before, &head, after].concat())
}
