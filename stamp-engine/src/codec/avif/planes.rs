//! Decoded planes joined to interleaved pixels.

#![forbid(unsafe_code)]

use re_rav1d::dav1d::pixel::{MatrixCoefficients, YUVRange};
use re_rav1d::dav1d::{Picture, PixelLayout, PlanarImageComponent, Plane};

use super::yuv::{Chroma, Matrix, Range, row_to_rgb};
use super::{damaged, unsupported};
use crate::metadata::avif::Nclx;
use crate::{Layout, Pixels, Result, Samples};

/// A plane whose rows are read as 16-bit numbers.
struct Rows {
    plane: Plane,
    stride: usize,
    wide: bool,
}

impl Rows {
    fn of(picture: &Picture, component: PlanarImageComponent) -> Self {
        let stride = picture.stride(component) as usize;
        Self { plane: picture.plane(component), stride, wide: picture.bit_depth() > 8 }
    }

    /// Fills `row` with row `y`; what the plane lacks stays as it is.
    fn read(&self, y: usize, row: &mut [u16]) {
        let bytes = self.plane.get(y * self.stride..).unwrap_or_default();
        if self.wide {
            row.iter_mut()
                .zip(bytes.as_chunks::<2>().0)
                .for_each(|(to, from)| *to = u16::from_ne_bytes(*from));
        } else {
            row.iter_mut().zip(bytes).for_each(|(to, &from)| *to = from.into());
        }
    }
}

/// How samples of `bits` bits, full range, become samples of 8 or 16 bits.
#[derive(Clone, Copy)]
struct Widen {
    most: u32,
    wanted: u32,
}

impl Widen {
    fn apply(self, value: u16) -> u16 {
        ((u32::from(value).min(self.most) * self.wanted + self.most / 2) / self.most) as u16
    }
}

pub(super) fn join(
    colour: &Picture,
    alpha: Option<&Picture>,
    nclx: Option<Nclx>,
    premultiplied: bool,
) -> Result<Pixels> {
    let (width, height) = (colour.width() as usize, colour.height() as usize);
    let bits = colour.bits_per_component().map_or(8, |bits| bits.0);
    let wanted = if bits > 8 { u32::from(u16::MAX) } else { 255 };
    let range = Range::new(bits as u32, is_full(colour, nclx));
    let layout = match (colour.pixel_layout(), alpha.is_some()) {
        (PixelLayout::I400, false) => Layout::Gray,
        (PixelLayout::I400, true) => Layout::GrayAlpha,
        (_, false) => Layout::Rgb,
        (_, true) => Layout::Rgba,
    };
    let channels = layout.channels();
    let chroma = Chroma::of(colour.pixel_layout());
    let matrix = matrix(colour, nclx)?;
    let luma = Rows::of(colour, PlanarImageComponent::Y);
    let chromas = chroma.map(|chroma| {
        let planes = [PlanarImageComponent::U, PlanarImageComponent::V].map(|part| Rows::of(colour, part));
        (chroma, planes)
    });
    let alphas = alpha.map(|alpha| {
        let most = (1 << alpha.bits_per_component().map_or(8, |bits| bits.0)) - 1;
        (Rows::of(alpha, PlanarImageComponent::Y), Widen { most, wanted })
    });
    let mut samples = vec![0_u16; width * channels];
    let (mut narrow, mut wide) = (Vec::new(), Vec::new());
    match bits {
        8 => narrow.reserve_exact(width * height * channels),
        _ => wide.reserve_exact(width * height * channels),
    }
    let mut y_row = vec![0; width];
    let (mut u_row, mut v_row) = (vec![0; width], vec![0; width]);
    let mut scratch = [vec![0; width], vec![0; width]];
    for y in 0..height {
        luma.read(y, &mut y_row);
        match &chromas {
            None => {
                for (pixel, &luma) in samples.chunks_exact_mut(channels).zip(&y_row) {
                    pixel[0] = range.gray(luma, wanted);
                }
            }
            Some((chroma, [us, vs])) => {
                chroma.read_row(y, (width, height), &mut scratch, &mut u_row, |y, row| us.read(y, row));
                chroma.read_row(y, (width, height), &mut scratch, &mut v_row, |y, row| vs.read(y, row));
                row_to_rgb([&y_row, &u_row, &v_row], matrix, range, wanted, &mut samples, channels);
            }
        }
        if let Some((rows, widen)) = &alphas {
            rows.read(y, &mut y_row);
            for (pixel, &alpha) in samples.chunks_exact_mut(channels).zip(&y_row) {
                pixel[channels - 1] = widen.apply(alpha);
                if premultiplied {
                    separate(pixel, wanted);
                }
            }
        }
        match bits {
            8 => narrow.extend(samples.iter().map(|&sample| sample as u8)),
            _ => wide.extend_from_slice(&samples),
        }
    }
    let samples = if bits == 8 { Samples::U8(narrow) } else { Samples::U16(wide) };
    Pixels::new(colour.width(), colour.height(), layout, samples).map_err(damaged)
}

/// Divides the alpha out of the colours.
fn separate(pixel: &mut [u16], most: u32) {
    let Some((&mut alpha, colours)) = pixel.split_last_mut() else { return };
    let alpha = u32::from(alpha);
    for colour in colours.iter_mut().filter(|_| alpha > 0) {
        *colour = ((u32::from(*colour) * most + alpha / 2) / alpha).min(most) as u16;
    }
}

/// What the container says goes before what the stream says (ISO/IEC 23000-22, 7.3.6.4).
fn is_full(picture: &Picture, nclx: Option<Nclx>) -> bool {
    nclx.map_or(picture.color_range() == YUVRange::Full, |nclx| nclx.full_range)
}

/// Luma weights of red and blue (ITU-T H.273, table 4).
fn matrix(picture: &Picture, nclx: Option<Nclx>) -> Result<Matrix> {
    let code = nclx.map(|nclx| nclx.matrix).unwrap_or_else(|| match picture.matrix_coefficients() {
        MatrixCoefficients::Identity => 0,
        MatrixCoefficients::BT709 => 1,
        MatrixCoefficients::BT470M => 4,
        MatrixCoefficients::BT470BG | MatrixCoefficients::ST170M => 5,
        MatrixCoefficients::ST240M => 7,
        MatrixCoefficients::YCgCo => 8,
        MatrixCoefficients::BT2020NonConstantLuminance => 9,
        MatrixCoefficients::Unspecified => 2,
        _ => 255,
    });
    Ok(match code {
        0 if picture.pixel_layout() == PixelLayout::I444 => Matrix::Identity,
        1 => Matrix::weights(0.2126, 0.0722),
        4 => Matrix::weights(0.30, 0.11),
        // Unspecified counts as BT.601, as other decoders have it.
        2 | 5 | 6 => Matrix::weights(0.299, 0.114),
        7 => Matrix::weights(0.212, 0.087),
        9 => Matrix::weights(0.2627, 0.0593),
        _ => return Err(unsupported("its colours are coded in a rare way; convert it first")),
    })
}
