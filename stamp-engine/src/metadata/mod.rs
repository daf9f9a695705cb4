//! EXIF, XMP, IPTC and ICC: taken out of one container, put into another.

#![forbid(unsafe_code)]

#[cfg(feature = "avif")]
pub(crate) mod avif;
pub(crate) mod exif;
pub(crate) mod gif;
pub(crate) mod ifd;
pub(crate) mod jpeg;
pub(crate) mod photoshop;
pub(crate) mod png;
pub(crate) mod tiff;
pub(crate) mod webp;

use crate::{Format, Orientation};

/// What a picture says about itself beside its pixels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The EXIF block: a TIFF structure beginning with `II*\0` or `MM\0*`.
    pub exif: Option<Vec<u8>>,
    /// The XMP packet: UTF-8 XML.
    pub xmp: Option<Vec<u8>>,
    /// IPTC-IIM records (beginning with 0x1c), without the Photoshop resource around them.
    pub iptc: Option<Vec<u8>>,
    /// The ICC profile.
    pub icc: Option<Vec<u8>>,
    /// What only files of the picture's own format can hold.
    pub(crate) native: Option<Native>,
}

/// Segments, chunks or blocks that are carried over as they stand when the format stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Native {
    format: Format,
    bytes: Vec<u8>,
}

impl Metadata {
    /// Reads what `bytes` hold. Damaged metadata is left out, never an error: the pixels count.
    pub fn read(format: Format, bytes: &[u8]) -> Self {
        match format {
            Format::Jpeg => jpeg::read(bytes),
            Format::Png => png::read(bytes),
            Format::WebP => webp::read(bytes),
            Format::Gif => gif::read(bytes),
            Format::Tiff => tiff::read(bytes),
            Format::Bmp => Self::default(),
            #[cfg(feature = "avif")]
            Format::Avif => avif::read(bytes),
            #[cfg(not(feature = "avif"))]
            Format::Avif => Self::default(),
        }
    }

    /// The EXIF orientation.
    pub fn orientation(&self) -> Orientation {
        self.exif.as_deref().map(ifd::orientation).unwrap_or_default()
    }

    /// Only what decides how the pixels look.
    pub fn stripped(&self) -> Self {
        let orientation = self.orientation();
        Self {
            exif: (orientation != Orientation::Normal).then(|| exif::only_orientation(orientation)),
            icc: self.icc.clone(),
            native: self.native.as_ref().and_then(Native::only_colour),
            ..Self::default()
        }
    }

    /// The same with the EXIF orientation set to upright.
    pub(crate) fn upright(&self) -> Self {
        let mut upright = self.clone();
        if let Some(exif) = &mut upright.exif {
            ifd::set_orientation(exif, Orientation::Normal);
        }
        upright
    }

    /// What is carried over to a file of `format` as it stands.
    pub(crate) fn native_of(&self, format: Format) -> Option<&[u8]> {
        self.native.as_ref().filter(|native| native.format == format).map(|native| native.bytes.as_slice())
    }
}

impl Native {
    /// `None` when there is nothing to carry over.
    fn new(format: Format, bytes: Vec<u8>) -> Option<Self> {
        (!bytes.is_empty()).then_some(Self { format, bytes })
    }

    /// What of it decides how the pixels look.
    fn only_colour(&self) -> Option<Self> {
        match self.format {
            Format::Png => png::only_colour(&self.bytes),
            // Nothing but the colour description is carried.
            Format::Avif => Some(self.clone()),
            _ => None,
        }
    }
}

/// The orientation of the picture `bytes`, without copying its metadata.
pub(crate) fn orientation(format: Format, bytes: &[u8]) -> Orientation {
    let exif = match format {
        Format::Jpeg => jpeg::exif(bytes),
        Format::Png => png::exif(bytes),
        Format::WebP => webp::exif(bytes),
        Format::Tiff => Some(bytes),
        // AVIF is decoded upright; GIF and BMP cannot say.
        Format::Gif | Format::Bmp | Format::Avif => None,
    };
    exif.map(ifd::orientation).unwrap_or_default()
}

#[cfg(test)]
mod tests;
