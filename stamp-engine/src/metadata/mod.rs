//! EXIF, XMP, IPTC and ICC: taken out of one container, put into another.

use crate::{Format, Orientation, Result};

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
}

impl Metadata {
    /// Reads what `bytes` hold. Damaged metadata is left out, never an error: the pixels count.
    pub fn read(_format: Format, _bytes: &[u8]) -> Self {
        todo!()
    }

    /// The EXIF orientation.
    pub fn orientation(&self) -> Orientation {
        todo!()
    }

    /// Only what decides how the pixels look.
    pub fn stripped(&self) -> Self {
        todo!()
    }

    /// The same with the EXIF orientation set to upright.
    pub(crate) fn upright(&self) -> Self {
        todo!()
    }

    /// Puts this into `encoded`, a picture just encoded without metadata.
    pub(crate) fn embed(&self, _format: Format, _encoded: Vec<u8>) -> Result<Vec<u8>> {
        todo!()
    }
}
