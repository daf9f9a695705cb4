//! YUV to RGB (ITU-T H.273), with chroma brought to full size by linear interpolation.

#![forbid(unsafe_code)]

use re_rav1d::dav1d::PixelLayout;

/// How the chroma planes are sampled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chroma {
    /// Half the columns.
    across: bool,
    /// Half the rows.
    down: bool,
}

impl Chroma {
    /// `None` for a picture without chroma.
    pub(super) fn of(layout: PixelLayout) -> Option<Self> {
        match layout {
            PixelLayout::I400 => None,
            PixelLayout::I420 => Some(Self { across: true, down: true }),
            PixelLayout::I422 => Some(Self { across: true, down: false }),
            PixelLayout::I444 => Some(Self { across: false, down: false }),
        }
    }

    /// Makes row `y` of a `width × height` plane of the picture's own size out of the plane whose
    /// rows `read` gives. Chroma samples lie in the middle of the pixels that share them, so the
    /// two nearest weigh 3 to 1.
    pub(super) fn read_row(
        self,
        y: usize,
        (width, height): (usize, usize),
        scratch: &mut [Vec<u16>; 2],
        row: &mut [u16],
        read: impl Fn(usize, &mut [u16]),
    ) {
        let [near, far] = scratch;
        let columns = if self.across { width.div_ceil(2) } else { width };
        let (near, far) = (&mut near[..columns], &mut far[..columns]);
        if self.down {
            let last = height.div_ceil(2) - 1;
            let other = if y.is_multiple_of(2) { (y / 2).saturating_sub(1) } else { (y / 2 + 1).min(last) };
            read(y / 2, near);
            read(other, far);
            near.iter_mut().zip(&*far).for_each(|(near, &far)| *near = mixed(*near, far));
        } else {
            read(y, near);
        }
        if !self.across {
            row.copy_from_slice(near);
            return;
        }
        for (x, out) in row.iter_mut().enumerate() {
            let other =
                if x.is_multiple_of(2) { (x / 2).saturating_sub(1) } else { (x / 2 + 1).min(columns - 1) };
            *out = mixed(near[x / 2], near[other]);
        }
    }
}

fn mixed(near: u16, far: u16) -> u16 {
    ((3 * u32::from(near) + u32::from(far) + 2) / 4) as u16
}

/// How colours are made from luma and chroma.
#[derive(Clone, Copy, Debug)]
pub(super) enum Matrix {
    /// The planes are green, blue and red.
    Identity,
    /// Factors of Cr for red, of Cb and Cr for green, of Cb for blue.
    Factors([f32; 4]),
}

impl Matrix {
    /// H.273, equations 38 to 40, from the luma weights of red and blue.
    pub(super) fn weights(red: f32, blue: f32) -> Self {
        let green = 1.0 - red - blue;
        let (cr, cb) = (2.0 * (1.0 - red), 2.0 * (1.0 - blue));
        Self::Factors([cr, -cb * blue / green, -cr * red / green, cb])
    }
}

/// What the numbers of a plane mean (H.273, equations 20 to 31).
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    black: f32,
    white: f32,
    neutral: f32,
    /// From neutral to most.
    chroma: f32,
}

impl Range {
    pub(super) fn new(bits: u32, full: bool) -> Self {
        let step = (1_u32 << (bits - 8)) as f32;
        let most = ((1_u32 << bits) - 1) as f32;
        let neutral = 128.0 * step;
        match full {
            true => Self { black: 0.0, white: most, neutral, chroma: most },
            false => Self { black: 16.0 * step, white: 235.0 * step, neutral, chroma: 224.0 * step },
        }
    }

    fn luma(self, value: u16) -> f32 {
        (f32::from(value) - self.black) / (self.white - self.black)
    }

    /// -0.5 to 0.5.
    fn chroma(self, value: u16) -> f32 {
        (f32::from(value) - self.neutral) / self.chroma
    }

    pub(super) fn gray(self, value: u16, most: u32) -> u16 {
        rounded(self.luma(value), most as f32)
    }
}

fn rounded(value: f32, most: f32) -> u16 {
    // A cast of a float to an integer saturates.
    (value * most + 0.5).min(most) as u16
}

/// Writes one row of RGB with `channels` samples a pixel, 0 to `most`.
pub(super) fn row_to_rgb(
    [ys, us, vs]: [&[u16]; 3],
    matrix: Matrix,
    range: Range,
    most: u32,
    out: &mut [u16],
    channels: usize,
) {
    let most = most as f32;
    for (pixel, ((&y, &u), &v)) in out.chunks_exact_mut(channels).zip(ys.iter().zip(us).zip(vs)) {
        let rgb = match matrix {
            Matrix::Identity => [range.luma(v), range.luma(y), range.luma(u)],
            Matrix::Factors([red, green_b, green_r, blue]) => {
                let (y, cb, cr) = (range.luma(y), range.chroma(u), range.chroma(v));
                [y + red * cr, y + green_b * cb + green_r * cr, y + blue * cb]
            }
        };
        for (to, from) in pixel.iter_mut().zip(rgb) {
            *to = rounded(from, most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Code values of 75 % colour bars in 8 bits, limited range (ITU-R BT.709 and BT.601).
    #[test]
    fn colour_bars_come_out_right() {
        let cases = [
            (Matrix::weights(0.2126, 0.0722), [63, 102, 240], [255, 0, 0]),
            (Matrix::weights(0.299, 0.114), [81, 90, 240], [255, 0, 0]),
            (Matrix::weights(0.299, 0.114), [145, 54, 34], [0, 255, 0]),
            (Matrix::weights(0.299, 0.114), [41, 240, 110], [0, 0, 255]),
            (Matrix::weights(0.299, 0.114), [235, 128, 128], [255, 255, 255]),
        ];
        for (matrix, [y, u, v], wanted) in cases {
            let mut out = [0; 3];
            row_to_rgb([&[y], &[u], &[v]], matrix, Range::new(8, false), 255, &mut out, 3);
            for (ours, wanted) in out.iter().zip(wanted) {
                assert!(ours.abs_diff(wanted) <= 2, "{out:?} instead of {wanted:?}");
            }
        }
    }

    #[test]
    fn chroma_is_interpolated_between_its_samples() {
        let chroma = Chroma { across: true, down: true };
        let plane = [[0, 100], [200, 300]];
        let mut rows = [[0; 3]; 4];
        for (y, row) in rows.iter_mut().enumerate() {
            let mut scratch = [vec![0; 3], vec![0; 3]];
            chroma.read_row(y, (3, 4), &mut scratch, row, |y, row| row.copy_from_slice(&plane[y]));
        }
        assert_eq!(rows, [[0, 25, 75], [50, 75, 125], [150, 175, 225], [200, 225, 275]]);
    }
}
