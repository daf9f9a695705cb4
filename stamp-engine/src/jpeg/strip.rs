//! Metadata taken out of a JPEG without touching its entropy-coded data.

#![forbid(unsafe_code)]

use super::Fault;
use super::marker::{EOI, RST0, RST7, SOI, SOS, body, next_segment};
use super::stuffing::find_marker;
use crate::Orientation;
use crate::metadata::exif::only_orientation;

const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;
const APP14: u8 = 0xee;
const APP15: u8 = 0xef;
const COM: u8 = 0xfe;
/// The fields of a JFIF header before the size of its thumbnail (JFIF 1.02).
const JFIF: usize = 12;

/// The picture with nothing but what decides its look: coding, JFIF density, the colour profile, Adobe's
/// colour transform, and an orientation that is not upright. What stands behind its end is left out.
pub(crate) fn stripped(raw: &[u8], orientation: Orientation) -> Result<Vec<u8>, Fault> {
    let mut out = Vec::with_capacity(raw.len());
    out.extend([0xff, SOI]);
    let mut orientation = (orientation != Orientation::Normal).then_some(orientation);
    let mut at = 2;
    loop {
        let segment = next_segment(raw, at)?;
        let whole = &raw[segment.place.clone()];
        let body = body(raw, &segment);
        at = segment.place.end;
        // JFIF demands that its segment comes first.
        if segment.code != APP0
            && let Some(orientation) = orientation.take()
        {
            push(&mut out, APP1, &[b"Exif\0\0", &only_orientation(orientation)[..]].concat());
        }
        match segment.code {
            APP0 if body.starts_with(b"JFIF\0") && body.len() >= JFIF => {
                push(&mut out, APP0, &[&body[..JFIF], &[0, 0]].concat());
            }
            APP2 if body.starts_with(b"ICC_PROFILE\0") => out.extend_from_slice(whole),
            APP14 if body.starts_with(b"Adobe") => out.extend_from_slice(whole),
            APP0..=APP15 | COM => {}
            EOI => {
                out.extend_from_slice(whole);
                return Ok(out);
            }
            SOS => {
                let end = end_of_scan(raw, at)?;
                out.extend_from_slice(whole);
                out.extend_from_slice(&raw[at..end]);
                at = end;
            }
            _ => out.extend_from_slice(whole),
        }
    }
}

/// Where entropy-coded data that begins at `at` ends: at the first marker that is not a restart.
fn end_of_scan(raw: &[u8], mut at: usize) -> Result<usize, Fault> {
    loop {
        match find_marker(raw, at) {
            Some((place, RST0..=RST7)) => at = place + 2,
            Some((place, _)) => return Ok(place),
            None => return Err(Fault::damaged("it ends without a marker")),
        }
    }
}

/// A segment of at most 65,533 bytes.
fn push(out: &mut Vec<u8>, code: u8, body: &[u8]) {
    out.extend([0xff, code]);
    out.extend((body.len() as u16 + 2).to_be_bytes());
    out.extend_from_slice(body);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jpeg::tests::all_pictures;
    use crate::{Format, Metadata};

    #[test]
    fn pixels_colours_and_orientation_stay_and_nothing_else() {
        let decode = |raw: &[u8]| turbojpeg::decompress(raw, turbojpeg::PixelFormat::RGB).map(|i| i.pixels);
        for (name, raw) in all_pictures() {
            let before = Metadata::read(Format::Jpeg, &raw);
            let out =
                stripped(&raw, before.orientation()).unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
            let after = Metadata::read(Format::Jpeg, &out);
            assert_eq!(after, before.stripped(), "{name}");
            assert!(decode(&out).ok() == decode(&raw).ok(), "{name}");
            assert_eq!(stripped(&out, before.orientation()).unwrap(), out, "{name}: stripped again");
        }
    }

    #[test]
    fn cut_pictures_are_faults_and_no_panics() {
        let (_, raw) = all_pictures().into_iter().min_by_key(|(_, raw)| raw.len()).unwrap();
        for end in 0..raw.len() - 2 {
            assert!(stripped(&raw[..end], Orientation::Rotate90).is_err(), "{end}");
        }
    }
}
