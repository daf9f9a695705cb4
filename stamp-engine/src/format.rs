//! The picture formats, told apart by their first bytes and never by a file's name.

use std::fmt;

/// A picture file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// JPEG (ITU-T T.81).
    Jpeg,
    /// PNG (W3C Portable Network Graphics, third edition).
    Png,
    /// WebP (RFC 9649), lossy or lossless.
    WebP,
    /// GIF89a, still or animated.
    Gif,
    /// TIFF 6.0.
    Tiff,
    /// Windows bitmap.
    Bmp,
    /// AVIF (AV1 Image File Format).
    Avif,
}

impl Format {
    /// All formats, in the order a person would list them.
    pub const ALL: [Self; 7] =
        [Self::Jpeg, Self::Png, Self::WebP, Self::Gif, Self::Tiff, Self::Bmp, Self::Avif];

    /// The format that `bytes` begin like; 12 bytes are enough for every format but AVIF, whose
    /// list of brands is looked through as far as it is there.
    ///
    /// ```
    /// use stamp_engine::Format;
    /// assert_eq!(Format::of(b"\x89PNG\r\n\x1a\n"), Some(Format::Png));
    /// assert_eq!(Format::of(b"plain text"), None);
    /// ```
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::WebP),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Some(Self::Tiff),
            [b'B', b'M', ..] if bytes.len() >= 26 => Some(Self::Bmp),
            [_, _, _, _, b'f', b't', b'y', b'p', ..] if has_avif_brand(bytes) => Some(Self::Avif),
            _ => None,
        }
    }

    /// The usual file name extension, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::WebP => "webp",
            Self::Gif => "gif",
            Self::Tiff => "tif",
            Self::Bmp => "bmp",
            Self::Avif => "avif",
        }
    }

    /// A file's name with an extension of this format; one that has such a one, or none, stays as it is.
    ///
    /// ```
    /// use stamp_engine::Format;
    /// assert_eq!(Format::WebP.rename("2026/a.jpg"), "2026/a.webp");
    /// assert_eq!(Format::Jpeg.rename("2026.1/a.JPEG"), "2026.1/a.JPEG");
    /// assert_eq!(Format::Jpeg.rename("2026.1/a"), "2026.1/a");
    /// ```
    pub fn rename(self, name: &str) -> String {
        match name.rsplit_once('.') {
            Some((stem, extension)) if !extension.contains('/') && !self.has_extension(extension) => {
                format!("{stem}.{}", self.extension())
            }
            _ => name.to_owned(),
        }
    }

    /// Whether `extension` (without the dot, any case) is one that files of this format bear.
    pub fn has_extension(self, extension: &str) -> bool {
        let names: &[&str] = match self {
            Self::Jpeg => &["jpg", "jpeg", "jpe", "jfif"],
            Self::Png => &["png"],
            Self::WebP => &["webp"],
            Self::Gif => &["gif"],
            Self::Tiff => &["tif", "tiff"],
            Self::Bmp => &["bmp", "dib"],
            Self::Avif => &["avif"],
        };
        names.iter().any(|name| extension.eq_ignore_ascii_case(name))
    }

    /// The format whose files bear `extension` (without the dot, any case).
    pub fn of_extension(extension: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.has_extension(extension))
    }

    /// The media type (IANA).
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Gif => "image/gif",
            Self::Tiff => "image/tiff",
            Self::Bmp => "image/bmp",
            Self::Avif => "image/avif",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
            Self::Gif => "GIF",
            Self::Tiff => "TIFF",
            Self::Bmp => "BMP",
            Self::Avif => "AVIF",
        })
    }
}

/// ISO/IEC 14496-12 `ftyp`: size, "ftyp", major brand, minor version, compatible brands.
fn has_avif_brand(bytes: &[u8]) -> bool {
    let size = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
    let end = size.min(bytes.len()).min(256);
    let brands = bytes.get(8..end).unwrap_or_default().chunks_exact(4);
    brands.enumerate().any(|(i, brand)| i != 1 && matches!(brand, b"avif" | b"avis"))
}
