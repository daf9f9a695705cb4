//! What a picture is, from its headers, without decoding it.

#![forbid(unsafe_code)]

use crate::{Depth, Error, Format, Layout, Limits, Orientation, Result, codec, metadata};

/// A picture's headline facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The format, by content.
    pub format: Format,
    /// Width of the stored grid, in pixels.
    pub width: u32,
    /// Height of the stored grid, in pixels.
    pub height: u32,
    /// How the stored grid is viewed.
    pub orientation: Orientation,
    /// The channels that decoding gives.
    pub layout: Layout,
    /// The sample depth that decoding gives.
    pub depth: Depth,
    /// Whether there is more than one frame.
    pub animated: bool,
}

/// Reads the headers of `bytes` and checks them against `limits`.
///
/// # Errors
/// [`Error::UnknownFormat`], [`Error::Decode`] for damaged headers, [`Error::Unsupported`] for
/// kinds of picture that cannot be stamped, [`Error::Limit`].
pub fn probe(bytes: &[u8], limits: &Limits) -> Result<Probe> {
    limits.check_bytes(bytes.len() as u64)?;
    let Some(format) = Format::of(bytes) else {
        return Err(Error::UnknownFormat(look(bytes)));
    };
    let mut probe = codec::probe(format, bytes)?;
    limits.check_pixels(probe.width, probe.height)?;
    probe.orientation = metadata::orientation(format, bytes);
    Ok(probe)
}

/// What bytes of no format that we read look like, and what to do about it.
fn look(bytes: &[u8]) -> String {
    const CONVERT: &str = "convert it to one of these first";
    let brand = bytes.get(8..12).filter(|_| bytes.get(4..8) == Some(b"ftyp"));
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    let name = match brand {
        Some(b"heic" | b"heix" | b"hevc" | b"heim" | b"heis" | b"mif1" | b"msf1") => "HEIC",
        Some(b"crx ") => "a Canon raw picture (CR3)",
        Some(b"jxl ") => "JPEG XL",
        Some(b"qt  ") => "a QuickTime film",
        Some(_) => "a film (MP4)",
        None if bytes.is_empty() => return "it is empty".to_owned(),
        None if starts(b"\xff\x0a") || starts(b"\0\0\0\x0cJXL \r\n\x87\n") => "JPEG XL",
        None if starts(b"\0\0\0\x0cjP  \r\n\x87\n") || starts(b"\xff\x4f\xff\x51") => "JPEG 2000",
        None if starts(b"%PDF") => "a PDF document",
        None if starts(b"%!PS") => "a PostScript document",
        None if starts(b"8BPS") => "a Photoshop document",
        None if starts(b"FUJIFILMCCD-RAW") => "a Fujifilm raw picture (RAF)",
        None if starts(b"IIRO") || starts(b"IIRS") || starts(b"IIU\0") => "a raw picture",
        None if starts(b"qoif") => "QOI",
        None if starts(b"\0\0\x01\0") => "an icon (ICO)",
        None if starts(b"\x1f\x8b") || starts(b"PK\x03\x04") => {
            return "it is an archive; unpack it first".to_owned();
        }
        None => return text(bytes),
    };
    format!("it is {name}; {CONVERT}")
}

fn text(bytes: &[u8]) -> String {
    let head = &bytes[..bytes.len().min(1024)];
    let lower = head.to_ascii_lowercase();
    let holds = |what: &[u8]| lower.windows(what.len()).any(|window| window == what);
    if holds(b"<svg") {
        return "it is SVG, which can be the stamp but not the picture".to_owned();
    }
    if holds(b"<html") || holds(b"<!doctype html") {
        return "it is a web page, perhaps the answer to a failed download".to_owned();
    }
    let first = &head[..head.len().min(12)];
    format!("it begins with “{}”", first.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(bytes: &[u8]) -> String {
        probe(bytes, &Limits::default()).unwrap_err().to_string()
    }

    #[test]
    fn neighbours_are_named() {
        let cases: &[(&[u8], &str)] = &[
            (b"", "empty"),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
            (b"<?xml version='1.0'?><SVG xmlns=''/>", "SVG"),
            (b"<!DOCTYPE HTML><title>404</title>", "web page"),
            (b"%PDF-1.7", "PDF"),
            (b"\xff\x0a\0\0", "JPEG XL"),
            (b"just a text", "just a text"),
            (b"\0\x01\x02", "\\x00\\x01\\x02"),
        ];
        for (bytes, words) in cases {
            let message = refusal(bytes);
            assert!(message.contains(words) && message.starts_with("not a picture"), "{message}");
        }
    }

    #[test]
    fn limits_are_checked_before_anything_else() {
        let picture = include_bytes!("../../fixtures/pictures/variants/baseline-420.jpg");
        let small = Limits { pixels: 599 * 400, ..Limits::default() };
        assert!(matches!(probe(picture, &small), Err(Error::Limit { option: "--limit-pixels", .. })));
        let short = Limits { input_bytes: 100, ..Limits::default() };
        assert!(matches!(probe(picture, &short), Err(Error::Limit { option: "--limit-bytes", .. })));
    }
}
