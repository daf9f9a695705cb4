//! IPTC in PNG. The standard has no chunk for it; ImageMagick and ExifTool put it, as hexadecimal
//! digits, into a text chunk with the keyword "Raw profile type iptc", and so do we.

#![forbid(unsafe_code)]

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::inflated;
use crate::metadata::photoshop;

const IPTC: &[u8] = b"Raw profile type iptc\0";
/// Photoshop's resources as a whole, the IPTC records among them.
const RESOURCES: &[u8] = b"Raw profile type 8bim\0";
/// Bytes of the profile in a line of digits.
const LINE: usize = 36;

/// The IPTC records in the data of a chunk, if it is one that holds them.
pub(super) fn iptc(name: [u8; 4], data: &[u8]) -> Option<Vec<u8>> {
    let text = data.strip_prefix(IPTC).or_else(|| data.strip_prefix(RESOURCES))?;
    let text = match &name {
        b"tEXt" => text.to_vec(),
        // Behind the keyword: compression method 0, zlib stream.
        b"zTXt" => inflated(text.get(1..)?)?,
        _ => return None,
    };
    let profile = profile(&text)?;
    // Some writers leave the resource around the records out.
    if profile.first() == Some(&0x1c) { Some(profile) } else { photoshop::iptc(&profile) }
}

/// Line feed, name, line feed, length in decimal digits, line feed, hexadecimal digits.
fn profile(text: &[u8]) -> Option<Vec<u8>> {
    let mut lines = text.trim_ascii_start().splitn(3, |&byte| byte == b'\n');
    let (_name, length, digits) = (lines.next()?, lines.next()?, lines.next()?);
    let length: usize = std::str::from_utf8(length).ok()?.trim().parse().ok()?;
    let mut nibbles = digits.iter().filter(|byte| !byte.is_ascii_whitespace());
    let mut nibble = || char::from(*nibbles.next()?).to_digit(16);
    let mut bytes = Vec::with_capacity(length.min(digits.len() / 2));
    for _ in 0..length {
        bytes.push((nibble()? << 4 | nibble()?) as u8);
    }
    Some(bytes)
}

/// The data of a zTXt chunk that holds `iptc`.
pub(crate) fn chunk(iptc: &[u8]) -> std::io::Result<Vec<u8>> {
    let resource = photoshop::block(iptc);
    let mut encoder = ZlibEncoder::new([IPTC, b"\0"].concat(), Compression::default());
    write!(encoder, "\niptc\n{:8}\n", resource.len())?;
    for line in resource.chunks(LINE) {
        for byte in line {
            write!(encoder, "{byte:02x}")?;
        }
        encoder.write_all(b"\n")?;
    }
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDS: &[u8] = b"\x1c\x02\x50\0\x05Lange";

    #[test]
    fn what_is_written_is_read() {
        for length in [1, 5, 36, 37, 5000] {
            let records: Vec<u8> = RECORDS.iter().copied().cycle().take(length).collect();
            assert_eq!(iptc(*b"zTXt", &chunk(&records).unwrap()).unwrap(), records);
        }
    }

    #[test]
    fn bare_records_and_plain_text_are_read() {
        let text = [IPTC, b"\niptc\n      10\n1c0250\n00054C616e67\n65\n"].concat();
        assert_eq!(iptc(*b"tEXt", &text).unwrap(), RECORDS);
        assert_eq!(iptc(*b"iTXt", &text), None);
    }

    #[test]
    fn damage_is_left_out() {
        for text in [
            &b""[..],
            b"\niptc\n",
            b"\niptc\nten\n1c",
            b"\niptc\n 99\n1c0250",
            b"\niptc\n 2\n1cxx",
            b"\niptc\n 99999999999999\n1c02",
        ] {
            assert_eq!(iptc(*b"tEXt", &[IPTC, text].concat()), None, "{}", text.escape_ascii());
            assert_eq!(iptc(*b"zTXt", &[IPTC, b"\0", text].concat()), None);
        }
    }
}
