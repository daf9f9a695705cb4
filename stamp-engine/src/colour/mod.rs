//! Colour spaces: what a picture's ICC profile means for the stamp.

#![forbid(unsafe_code)]

mod icc;
mod to_srgb;
pub(crate) mod tone;

use std::fmt;
use std::sync::{Arc, OnceLock};

use moxcms::{DataColorSpace, Layout};

pub(crate) use to_srgb::to_srgb;

use self::icc::Transform;
use self::tone::{Encoder, SRGB};
use crate::blend::Curve;
use crate::{Ink, Result};

/// The colour space of a picture, as far as a stamp must be converted to it.
pub struct Profile {
    conversion: Conversion,
    /// The ICC profile that the tone curve is read from; empty for sRGB's.
    icc: Vec<u8>,
    curve: OnceLock<Arc<Curve>>,
    fingerprint: [u8; 32],
}

/// How a stamp's sRGB colours become the picture's.
enum Conversion {
    /// RGB is taken as it is; gray is the luminance with sRGB's curve; CMYK is the plain
    /// complement of RGB.
    Native,
    /// By the profile's matrix or tables.
    Rgb(Transform<u16>),
    /// Luminance with the profile's curve.
    Gray(Encoder),
    /// By the profile's tables.
    Cmyk(Transform<u16>),
}

impl Profile {
    /// sRGB, or the gray space with sRGB's tone curve, or CMYK without a profile.
    pub fn srgb() -> Self {
        Self {
            conversion: Conversion::Native,
            icc: Vec::new(),
            curve: OnceLock::new(),
            fingerprint: *blake3::hash(b"sRGB").as_bytes(),
        }
    }

    /// From a picture's embedded ICC profile. A damaged profile, one for other channels than
    /// `ink`'s, and one that says sRGB all mean [`Profile::srgb`]: pictures in the wild have such
    /// profiles, and viewers ignore them.
    ///
    /// RGB profiles of matrix and curves or of tables, gray profiles of a curve, and CMYK profiles
    /// of tables (`lut8`, `lut16`, `mBA`) are understood.
    ///
    /// # Errors
    /// None at present.
    pub fn from_icc(icc: &[u8], ink: Ink) -> Result<Self> {
        let conversion = match ink {
            Ink::Rgb => icc::parse(icc, DataColorSpace::Rgb)
                .filter(|profile| !icc::is_srgb(profile))
                .and_then(|profile| icc::from_srgb(&profile, Layout::Rgba, Layout::Rgba))
                .map(Conversion::Rgb),
            Ink::Gray => icc::parse(icc, DataColorSpace::Gray)
                .and_then(|profile| icc::decoder(profile.gray_trc.as_ref()))
                .filter(|decode| !icc::is_srgb_curve(decode))
                .map(|decode| Conversion::Gray(Encoder::inverse_of(decode))),
            Ink::Cmyk => icc::parse(icc, DataColorSpace::Cmyk)
                .and_then(|profile| icc::from_srgb(&profile, Layout::Rgb, Layout::Rgba))
                .map(Conversion::Cmyk),
        };
        let Some(conversion) = conversion else { return Ok(Self::srgb()) };
        Ok(Self {
            conversion,
            icc: icc.to_vec(),
            curve: OnceLock::new(),
            fingerprint: *blake3::hash(icc).as_bytes(),
        })
    }

    /// The tone curve, for mixing in linear light. CMYK has none of its own and gets sRGB's.
    pub fn curve(&self) -> Arc<Curve> {
        let make = || match self.icc.is_empty() {
            true => Arc::new(Curve::srgb()),
            false => Arc::new(Curve::new(icc::tone_curve(&self.icc))),
        };
        Arc::clone(self.curve.get_or_init(make))
    }

    /// The same for profiles that mean the same conversion.
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }

    /// Converts a row of sRGB pixels with straight alpha to `ink`'s channels with the same alpha;
    /// CMYK counts paper, not ink: 65535 is none. `out` is `row.len() × ink.channels()` long.
    pub(crate) fn convert_row(&self, ink: Ink, row: &[[u16; 4]], out: &mut [u16]) -> Result<()> {
        match (ink, &self.conversion) {
            (Ink::Rgb, Conversion::Rgb(transform)) => apply(transform, row.as_flattened(), out)?,
            (Ink::Rgb, _) => out.copy_from_slice(row.as_flattened()),
            (Ink::Gray, Conversion::Gray(encoder)) => {
                write(row, out, |rgb| [encoder.encode(luminance(rgb))]);
            }
            (Ink::Gray, _) => write(row, out, |rgb| [gray(rgb)]),
            (Ink::Cmyk, Conversion::Cmyk(transform)) => {
                let rgb: Vec<u16> = row.iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect();
                let mut inks = vec![0; row.len() * 4];
                apply(transform, &rgb, &mut inks)?;
                for ((out, inks), pixel) in out.chunks_exact_mut(5).zip(inks.chunks_exact(4)).zip(row) {
                    out[..4].iter_mut().zip(inks).for_each(|(out, ink)| *out = 65535 - ink);
                    out[4] = pixel[3];
                }
            }
            (Ink::Cmyk, _) => write(row, out, cmyk),
        }
        Ok(())
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let conversion = match self.conversion {
            Conversion::Native => "native",
            Conversion::Rgb(_) => "RGB profile",
            Conversion::Gray(_) => "gray profile",
            Conversion::Cmyk(_) => "CMYK profile",
        };
        f.debug_struct("Profile").field("conversion", &conversion).finish_non_exhaustive()
    }
}

fn apply<T: Copy + Default>(transform: &Transform<T>, from: &[T], to: &mut [T]) -> Result<()> {
    transform
        .transform(from, to)
        .map_err(|error| crate::Error::stamp(format!("colour conversion failed: {error}")))
}

/// Writes `of(rgb)` and then the pixel's alpha for every pixel.
fn write<const N: usize>(row: &[[u16; 4]], out: &mut [u16], of: impl Fn([u16; 3]) -> [u16; N]) {
    for (out, &[r, g, b, alpha]) in out.chunks_exact_mut(N + 1).zip(row) {
        out[..N].copy_from_slice(&of([r, g, b]));
        out[N] = alpha;
    }
}

/// Relative luminance of an sRGB pixel (IEC 61966-2-1), 0 to 1.
fn luminance([r, g, b]: [u16; 3]) -> f32 {
    0.2126 * SRGB.decode(r) + 0.7152 * SRGB.decode(g) + 0.0722 * SRGB.decode(b)
}

/// The luminance with sRGB's curve; exact where the pixel is gray already.
fn gray(rgb: [u16; 3]) -> u16 {
    if rgb[0] == rgb[1] && rgb[1] == rgb[2] { rgb[0] } else { SRGB.encode(luminance(rgb)) }
}

/// RGB as CMYK with the least ink: all gray is black ink. The plain way back, each of C, M, Y
/// times K, gives the very RGB.
fn cmyk(rgb: [u16; 3]) -> [u16; 4] {
    let black = rgb.into_iter().max().unwrap_or(0);
    let of = |value: u16| match black {
        0 => 65535,
        _ => ((u32::from(value) * 65535 + u32::from(black) / 2) / u32::from(black)) as u16,
    };
    [of(rgb[0]), of(rgb[1]), of(rgb[2]), black]
}

#[cfg(test)]
mod tests;
