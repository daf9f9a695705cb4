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
        for (component, plane) in self.frame.components.iter().zip(planes) {
            plane.extend_edge(component.size);
        }
    }
}

impl Plane<'_> {
    /// Repeats the last column and row of a component of this size in what stands behind them, which
    /// is not stamped but coded in the same blocks.
    fn extend_edge(&mut self, (width, height): (usize, usize)) {
        if self.stride > width {
            for row in self.samples.chunks_exact_mut(self.stride) {
                let last = row[width - 1];
                row[width..].fill(last);
            }
        }
        for from in height * self.stride..self.samples.len() {
            self.samples[from] = self.samples[from - self.stride];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_behind_an_edge_is_the_edge() {
        let mut samples = [1, 2, 3, 9, 4, 5, 6, 9, 9, 9, 9, 9];
        Plane { samples: &mut samples, stride: 4 }.extend_edge((3, 2));
        assert_eq!(samples, [1, 2, 3, 3, 4, 5, 6, 6, 4, 5, 6, 6]);
        let mut whole = [1, 2, 3, 4];
        Plane { samples: &mut whole, stride: 2 }.extend_edge((2, 2));
        assert_eq!(whole, [1, 2, 3, 4]);
    }
}
