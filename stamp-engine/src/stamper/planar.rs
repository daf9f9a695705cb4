//! The pixel path of a JPEG that stays a JPEG: decoded and encoded whole, but in its own planes.

#![forbid(unsafe_code)]

use super::{Part, Stamper};
use crate::codec::Planes;
use crate::jpeg::OnPlanes;
use crate::{Depth, Format, Layer, Layout, Metadata, Options, Picture, Probe, Result};

impl Stamper {
    /// `None` where the picture or the settings are not for this way.
    pub(super) fn planar_way(
        &self,
        layers: &[Layer],
        picture: &Picture<'_>,
        probe: &Probe,
        (read, kept): (&Metadata, &Metadata),
        target: Format,
    ) -> Result<Option<Vec<u8>>> {
        let is_jpeg = (probe.format, target, probe.layout) == (Format::Jpeg, Format::Jpeg, Layout::Rgb);
        if !is_jpeg || !super::splice::are_affine(layers) {
            return Ok(None);
        }
        let stored = (probe.width, probe.height);
        let parts = self.plan(layers, picture, probe, read, stored, probe.layout, Depth::Sixteen)?;
        let parts: Vec<_> = parts.iter().map(Part::for_splice).collect();
        let Ok(stamps) = OnPlanes::new(picture.bytes, &parts, &self.reuse) else { return Ok(None) };
        let Options { limits, lenient, encode, .. } = &self.options;
        let Some(mut planes) = Planes::decode(probe, picture.bytes, limits, *lenient, encode)? else {
            return Ok(None);
        };
        stamps.apply(&mut planes.each_mut());
        planes.encode(kept, encode, picture.bytes).map(Some)
    }
}
