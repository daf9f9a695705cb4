//! The same planes of a stamp laid over a picture that was decoded to planes: for who wants all of it
//! encoded anew.

#![forbid(unsafe_code)]

use super::frame::Frame;
use super::marker::{Header, Transform};
use super::plan::Placed;
use super::{Fault, Part, Reuse, place};

/// A decoded component: rows of `stride` samples.
#[derive(Debug)]
pub(crate) struct Plane<'a> {
    pub(crate) samples: &'a mut [u8],
    pub(crate) stride: usize,
}

/// Stamps ready to be laid over the planes of one picture.
#[derive(Debug)]
pub(crate) struct OnPlanes {
    frame: Frame,
    placed: Vec<Placed>,
}

impl OnPlanes {
    /// For the JPEG `raw`.
    ///
    /// # Errors
    /// [`Fault`], also where its components are not Y, Cb and Cr.
    pub(crate) fn new(raw: &[u8], parts: &[Part<'_>], reuse: &Reuse) -> Result<Self, Fault> {
        let header = Header::parse(raw)?;
        if header.transform != Transform::Ycc || header.frame.components.len() != 3 {
            return Err(Fault::NotHere("its components are not Y, Cb and Cr"));
        }
        let placed = place(&header, parts, &reuse.overlays)?;
        Ok(Self { frame: header.frame, placed })
    }

    /// Composites source-over, in the encoded values.
    pub(crate) fn apply(&self, planes: &mut [Plane<'_>; 3]) {
        for placed in &self.placed {
            let components = self.frame.components.iter().zip(&placed.origins).zip(planes.iter_mut());
            for (index, ((component, &origin), plane)) in components.enumerate() {
                placed.overlay.blend_plane(index, origin, component.size, plane.samples, plane.stride);
            }
        }
    }
}
