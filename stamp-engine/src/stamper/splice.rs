//! Which pictures take the splice path, and how the stamps are handed to it.

#![forbid(unsafe_code)]

use super::{Part, Stamper};
use crate::jpeg::{self, Fault};
use crate::{Depth, Error, Format, Layer, Metadata, Mode, Orientation, Path, Picture, Probe, Result};

/// Whether all that is put on is an affine change of encoded values, which may be made in any colour
/// space that is affine to RGB.
pub(super) fn are_affine(layers: &[Layer]) -> bool {
    layers.iter().all(|layer| layer.placement.blend == Mode::Over && !layer.placement.linear)
}

/// What came of the splice path.
pub(super) enum Spliced {
    /// The stamped picture.
    Done(jpeg::Spliced),
    /// The picture or the settings are not for this path; why.
    NotHere(&'static str),
}

impl Stamper {
    /// Stamps a JPEG without decoding it, where that can be done.
    pub(super) fn splice_way(
        &self,
        layers: &[Layer],
        picture: &Picture<'_>,
        probe: &Probe,
        metadata: &Metadata,
        target: Format,
    ) -> Result<Spliced> {
        if let Some(reason) = self.reason_against(layers, probe, target) {
            return self.not_here(reason);
        }
        let stored = (probe.width, probe.height);
        let parts = self.plan(layers, picture, probe, metadata, stored, probe.layout, Depth::Sixteen)?;
        let parts: Vec<_> = parts.iter().map(Part::for_splice).collect();
        let spliced = match self.options.strip {
            false => jpeg::splice(picture.bytes, &parts, &self.reuse, self.options.lenient),
            true => self.stripped(picture.bytes, &parts, metadata.orientation()),
        };
        match spliced {
            Ok(spliced) => Ok(Spliced::Done(spliced)),
            Err(Fault::Damaged(_)) if self.options.lenient => {
                self.not_here("it is damaged where it would have to be read")
            }
            Err(Fault::Damaged(reason)) => Err(Error::decode(Format::Jpeg, reason)),
            Err(Fault::NotHere(reason)) => self.not_here(reason),
            Err(Fault::NoCode) => self.not_here("its Huffman tables have no room for the codes of the stamp"),
        }
    }

    /// Takes the metadata out first, then splices; nothing of the picture as it was follows.
    fn stripped(
        &self,
        raw: &[u8],
        parts: &[jpeg::Part<'_>],
        orientation: Orientation,
    ) -> Result<jpeg::Spliced, Fault> {
        let without = jpeg::stripped(raw, orientation)?;
        let mut spliced = jpeg::splice(&without, parts, &self.reuse, self.options.lenient)?;
        spliced.bytes.extend_from_slice(&without[spliced.rest..]);
        Ok(jpeg::Spliced { rest: raw.len(), ..spliced })
    }

    /// Why the settings, or the picture's format, rule the splice path out.
    pub(super) fn reason_against(
        &self,
        layers: &[Layer],
        probe: &Probe,
        target: Format,
    ) -> Option<&'static str> {
        match () {
            () if self.options.path == Path::Pixel => Some("the pixel path was asked for"),
            () if probe.format != Format::Jpeg => Some("the picture is not a JPEG"),
            () if target != Format::Jpeg => Some("another format was asked for"),
            () if self.options.encode.quality.is_some() => Some("a quality was asked for"),
            () if !are_affine(layers) => Some("only source-over in encoded values can be spliced"),
            () => None,
        }
    }

    fn not_here(&self, reason: &'static str) -> Result<Spliced> {
        match self.options.path {
            Path::Splice => Err(Error::Setting(format!("cannot be spliced: {reason}; let --path choose"))),
            Path::Auto | Path::Pixel => Ok(Spliced::NotHere(reason)),
        }
    }
}
