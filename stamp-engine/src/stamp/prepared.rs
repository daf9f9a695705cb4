//! A stamp made ready for pictures of one kind: resized, rotated, turned into the stored grid,
//! converted to the picture's colours, opacity folded in, premultiplied.

#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::sync::Arc;

use super::Stamp;
use super::cache::Mapped;
use super::raster::Raster;
use super::resample::Linear;
use crate::colour::Profile;
use crate::placement::rotated_bounds;
use crate::{Depth, Error, Layout, Orientation, Result, Samples};

/// The colour channels of a prepared stamp; premultiplied and followed by alpha.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ink {
    /// Luminance and alpha: 2 samples a pixel, for gray pictures.
    Gray,
    /// Red, green, blue and alpha: 4 samples a pixel.
    Rgb,
    /// Cyan, magenta, yellow, black (255 is no ink) and alpha: 5 samples a pixel.
    Cmyk,
}

impl Ink {
    /// The channels of a stamp for pictures of this layout.
    pub const fn of(layout: Layout) -> Self {
        match layout {
            Layout::Gray | Layout::GrayAlpha => Self::Gray,
            Layout::Rgb | Layout::Rgba => Self::Rgb,
            Layout::Cmyk => Self::Cmyk,
        }
    }

    /// Samples per pixel, alpha included.
    pub const fn channels(self) -> usize {
        match self {
            Self::Gray => 2,
            Self::Rgb => 4,
            Self::Cmyk => 5,
        }
    }
}

/// Which form of a stamp a picture needs.
#[derive(Clone, Debug)]
pub struct Request {
    /// Width as viewed before rotation, in pixels, at least 1.
    pub width: u32,
    /// Height as viewed before rotation, in pixels, at least 1.
    pub height: u32,
    /// Degrees clockwise.
    pub rotate: f64,
    /// 0 to 1.
    pub opacity: f64,
    /// The stored grid of the pictures.
    pub orientation: Orientation,
    /// The colour channels of the pictures.
    pub ink: Ink,
    /// The sample depth of the pictures.
    pub depth: Depth,
    /// The colour space of the pictures.
    pub profile: Arc<Profile>,
}

/// A prepared stamp.
#[derive(Debug)]
pub struct Prepared {
    width: u32,
    height: u32,
    ink: Ink,
    samples: Store,
}

#[derive(Debug)]
enum Store {
    Owned(Samples),
    Mapped(Mapped, Depth),
}

/// A prepared stamp is at most so many pixels.
const MAX_PIXELS: u64 = 1 << 28;

impl Prepared {
    /// Makes it, without any cache.
    ///
    /// Nothing here runs on rayon's threads: the cache makes others wait for the result, and a
    /// thread that waits must not be the one that is to steal the work.
    ///
    /// # Errors
    /// [`Error::Setting`] for a request out of range, [`Error::Stamp`] when the stamp cannot be
    /// drawn.
    pub fn new(stamp: &Stamp, request: &Request) -> Result<Self> {
        let (bounds, ink) = (check(request)?, request.ink);
        let upright = turned(sized(stamp, request)?, request.rotate, bounds);
        let (width, height) = request.orientation.size(bounds.0, bounds.1);
        let samples = match request.depth {
            Depth::Eight => {
                let samples = lay_down(&upright, request, 255, |code| code as u8)?;
                Samples::U8(turn(samples, request.orientation, bounds, ink.channels()))
            }
            Depth::Sixteen => {
                let samples = lay_down(&upright, request, 65535, |code| code as u16)?;
                Samples::U16(turn(samples, request.orientation, bounds, ink.channels()))
            }
        };
        Ok(Self { width, height, ink, samples: Store::Owned(samples) })
    }

    /// From a file of the cache, which holds samples of this size.
    pub(super) fn from_mapped(width: u32, height: u32, ink: Ink, depth: Depth, samples: Mapped) -> Self {
        Self { width, height, ink, samples: Store::Mapped(samples, depth) }
    }

    /// The colour channels.
    pub fn ink(&self) -> Ink {
        self.ink
    }

    /// Width in the stored grid.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in the stored grid.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Bits per sample.
    pub fn depth(&self) -> Depth {
        match &self.samples {
            Store::Owned(samples) => samples.depth(),
            Store::Mapped(_, depth) => *depth,
        }
    }

    /// One row of 8-bit samples; empty when the stamp was prepared for 16 bits or has no such row.
    pub fn row_u8(&self, y: u32) -> &[u8] {
        match &self.samples {
            Store::Owned(Samples::U8(samples)) => self.row(samples, y),
            Store::Mapped(samples, Depth::Eight) => self.row(samples.bytes(), y),
            _ => &[],
        }
    }

    /// One row of 16-bit samples; empty when the stamp was prepared for 8 bits or has no such row.
    pub fn row_u16(&self, y: u32) -> &[u16] {
        match &self.samples {
            Store::Owned(Samples::U16(samples)) => self.row(samples, y),
            Store::Mapped(samples, Depth::Sixteen) => {
                self.row(bytemuck::try_cast_slice(samples.bytes()).unwrap_or_default(), y)
            }
            _ => &[],
        }
    }

    fn row<'a, T>(&self, samples: &'a [T], y: u32) -> &'a [T] {
        let length = self.width as usize * self.ink.channels();
        let start = (y as usize).saturating_mul(length);
        samples.get(start..start.saturating_add(length)).unwrap_or_default()
    }

    /// All samples in memory order.
    pub(super) fn bytes(&self) -> &[u8] {
        match &self.samples {
            Store::Owned(Samples::U8(samples)) => samples,
            Store::Owned(Samples::U16(samples)) => bytemuck::must_cast_slice(samples),
            Store::Mapped(samples, _) => samples.bytes(),
        }
    }
}

/// The size of the bitmap, if the request is in range.
fn check(request: &Request) -> Result<(u32, u32)> {
    let wrong = |what: &str| Err(Error::Setting(what.to_owned()));
    if !request.rotate.is_finite() {
        return wrong("the rotation must be a number of degrees");
    }
    if !(0.0..=1.0).contains(&request.opacity) {
        return wrong("the opacity must lie between 0 and 1");
    }
    let bounds = rotated_bounds((request.width, request.height), request.rotate);
    for (width, height) in [(request.width, request.height), bounds] {
        let pixels = u64::from(width) * u64::from(height);
        if pixels == 0 || pixels > MAX_PIXELS {
            return Err(Error::Setting(format!(
                "a stamp cannot be drawn {width} × {height} pixels large; choose another size"
            )));
        }
    }
    Ok(bounds)
}

/// The stamp in the size asked for; untouched where that is its own.
fn sized<'a>(stamp: &'a Stamp, request: &Request) -> Result<Cow<'a, Raster>> {
    let raster = stamp.raster(request.width, request.height)?;
    if (raster.width, raster.height) == (request.width, request.height) {
        return Ok(raster);
    }
    let resized = Linear::from_raster(&raster).resize(request.width, request.height)?;
    Ok(Cow::Owned(resized.into_raster()))
}

/// The stamp rotated; quarter turns only move pixels.
fn turned(raster: Cow<'_, Raster>, degrees: f64, bounds: (u32, u32)) -> Cow<'_, Raster> {
    let quarters = (degrees / 90.0).rem_euclid(4.0);
    if quarters.fract() != 0.0 {
        return Cow::Owned(Linear::from_raster(&raster).rotate(degrees, bounds));
    }
    // A grid that a viewer turns anticlockwise is stored turned clockwise.
    let orientation = match quarters as u8 {
        1 => Orientation::Rotate270,
        2 => Orientation::Rotate180,
        3 => Orientation::Rotate90,
        _ => return raster,
    };
    let rgba = orientation.bitmap_to_stored(&raster.rgba, raster.width, raster.height, 1);
    Cow::Owned(Raster { width: bounds.0, height: bounds.1, rgba })
}

/// Converts the colours, folds the opacity in and premultiplies, row by row; codes run to `max`.
fn lay_down<T>(raster: &Raster, request: &Request, max: u16, narrow: impl Fn(u32) -> T) -> Result<Vec<T>> {
    let channels = request.ink.channels();
    let mut straight = vec![0_u16; raster.width as usize * channels];
    let mut samples = Vec::with_capacity(raster.height as usize * straight.len());
    let scale = request.opacity * f64::from(max) / 65535.0;
    for row in raster.rgba.chunks_exact(raster.width as usize) {
        request.profile.convert_row(request.ink, row, &mut straight)?;
        for pixel in straight.chunks_exact(channels) {
            let Some((&alpha, colours)) = pixel.split_last() else { continue };
            let alpha = (f64::from(alpha) * scale + 0.5) as u32;
            // At most 65535² + 32767, which 32 bits hold.
            samples.extend(colours.iter().map(|&colour| narrow((u32::from(colour) * alpha + 32767) / 65535)));
            samples.push(narrow(alpha));
        }
    }
    Ok(samples)
}

/// Turns samples as viewed into the stored grid.
fn turn<T: Copy + Default>(samples: Vec<T>, to: Orientation, viewed: (u32, u32), channels: usize) -> Vec<T> {
    match to {
        Orientation::Normal => samples,
        _ => to.bitmap_to_stored(&samples, viewed.0, viewed.1, channels),
    }
}

#[cfg(test)]
mod tests;
