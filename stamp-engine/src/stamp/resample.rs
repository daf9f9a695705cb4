//! Resizing and rotating, in linear light and premultiplied: the only place where the average of
//! two pixels is what the eye sees from afar, and where clear pixels have no colour to bleed.

#![forbid(unsafe_code)]

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::F32x4;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use super::raster::Raster;
use crate::colour::tone::SRGB;
use crate::{Error, Result};

/// Linear light, premultiplied, 0 to 1 (a little over or under after resampling).
pub(super) struct Linear {
    width: u32,
    height: u32,
    rgba: Vec<[f32; 4]>,
}

impl Linear {
    pub(super) fn from_raster(raster: &Raster) -> Self {
        let linear = |&[r, g, b, alpha]: &[u16; 4]| {
            let alpha = f32::from(alpha) / 65535.0;
            [SRGB.decode(r) * alpha, SRGB.decode(g) * alpha, SRGB.decode(b) * alpha, alpha]
        };
        Self { width: raster.width, height: raster.height, rgba: raster.rgba.iter().map(linear).collect() }
    }

    pub(super) fn into_raster(self) -> Raster {
        let rgba = self.rgba.into_iter().map(encode).collect();
        Raster { width: self.width, height: self.height, rgba }
    }

    /// Lanczos 3 to shrink; Catmull-Rom, which rings less at hard edges, to enlarge.
    pub(super) fn resize(self, width: u32, height: u32) -> Result<Self> {
        let shrinks = width <= self.width && height <= self.height;
        let filter = if shrinks { FilterType::Lanczos3 } else { FilterType::CatmullRom };
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter)).use_alpha(false);
        let mut rgba = vec![[0.0; 4]; width as usize * height as usize];
        let bytes = bytemuck::must_cast_slice(&self.rgba);
        let from = TypedImageRef::from_buffer(self.width, self.height, bytes).map_err(Error::stamp)?;
        let bytes = bytemuck::must_cast_slice_mut(&mut rgba);
        let mut to = TypedImage::from_buffer(width, height, bytes).map_err(Error::stamp)?;
        // Typed: or the resizers of all pixel types are compiled into this crate, for minutes.
        Resizer::new().resize_typed::<F32x4>(&from, &mut to, &options).map_err(Error::stamp)?;
        Ok(Self { width, height, rgba })
    }

    /// Turns it by `degrees` clockwise about its middle into a bitmap of `width × height`, by
    /// Catmull-Rom interpolation over 4 × 4 pixels; outside all is clear, which softens the edges.
    pub(super) fn rotate(&self, degrees: f64, (width, height): (u32, u32)) -> Raster {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let middle = |side: u32| f64::from(side) / 2.0;
        let mut rgba = Vec::with_capacity(width as usize * height as usize);
        for row in 0..height {
            let y = f64::from(row) + 0.5 - middle(height);
            for column in 0..width {
                let x = f64::from(column) + 0.5 - middle(width);
                let from_x = x * cos + y * sin + middle(self.width) - 0.5;
                let from_y = y * cos - x * sin + middle(self.height) - 0.5;
                rgba.push(encode(self.sample(from_x, from_y)));
            }
        }
        Raster { width, height, rgba }
    }

    fn sample(&self, x: f64, y: f64) -> [f32; 4] {
        let (left, top) = (x.floor(), y.floor());
        let reach = |place: f64, side: u32| place >= -3.0 && place <= f64::from(side) + 2.0;
        if !reach(left, self.width) || !reach(top, self.height) {
            return [0.0; 4];
        }
        let (across, down) = (weights((x - left) as f32), weights((y - top) as f32));
        let mut sum = [0.0_f32; 4];
        for (dy, down) in (-1..).zip(down) {
            let row = top as i64 + dy;
            if !(0..i64::from(self.height)).contains(&row) {
                continue;
            }
            for (dx, across) in (-1..).zip(across) {
                let column = left as i64 + dx;
                if (0..i64::from(self.width)).contains(&column) {
                    let pixel = self.rgba[row as usize * self.width as usize + column as usize];
                    let weight = across * down;
                    sum.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += weight * value);
                }
            }
        }
        sum
    }
}

/// The Catmull-Rom spline's weights of the pixels at -1, 0, 1 and 2, at `t` between 0 and 1.
fn weights(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [-0.5 * t + t2 - 0.5 * t3, 1.0 - 2.5 * t2 + 1.5 * t3, 0.5 * t + 2.0 * t2 - 1.5 * t3, 0.5 * t3 - 0.5 * t2]
}

fn encode([r, g, b, alpha]: [f32; 4]) -> [u16; 4] {
    let code = (alpha.clamp(0.0, 1.0) * 65535.0 + 0.5) as u16;
    if code == 0 {
        return [0; 4];
    }
    let straight = |value: f32| SRGB.encode(value / alpha);
    [straight(r), straight(g), straight(b), code]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(width: u32, height: u32, pixel: [u16; 4]) -> Raster {
        Raster { width, height, rgba: vec![pixel; width as usize * height as usize] }
    }

    #[test]
    fn a_plain_colour_stays_itself_at_any_size() {
        let pixel = [40_000, 1234, 65535, 65535];
        for (width, height) in [(3, 2), (50, 1), (100, 70)] {
            let resized =
                Linear::from_raster(&plain(20, 10, pixel)).resize(width, height).unwrap().into_raster();
            assert_eq!(resized.rgba.len(), (width * height) as usize);
            for out in resized.rgba {
                assert!(out.iter().zip(pixel).all(|(a, b)| a.abs_diff(b) <= 2), "{out:?}");
            }
        }
    }

    #[test]
    fn black_and_white_average_to_the_gray_of_half_the_light() {
        let mut board = plain(64, 64, [0, 0, 0, 65535]);
        for (at, pixel) in board.rgba.iter_mut().enumerate() {
            if (at % 64 + at / 64) % 2 == 0 {
                *pixel = [65535; 4];
            }
        }
        let small = Linear::from_raster(&board).resize(4, 4).unwrap().into_raster();
        // Half of the light is 188 of 255 in sRGB.
        let middle = small.rgba[5][0] / 257;
        assert!(middle.abs_diff(188) <= 2, "{middle}");
    }

    #[test]
    fn clear_pixels_do_not_bleed_their_colour() {
        let mut raster = plain(40, 40, [0, 65535, 0, 0]);
        for row in 0..40 {
            raster.rgba[row * 40..row * 40 + 20].fill([65535, 0, 0, 65535]);
        }
        let small = Linear::from_raster(&raster).resize(7, 7).unwrap().into_raster();
        for pixel in small.rgba.iter().filter(|pixel| pixel[3] > 0) {
            assert!(pixel[0] >= 65533 && pixel[1] <= 2, "{pixel:?}");
        }
    }

    #[test]
    fn rotation_is_clockwise_and_keeps_the_area() {
        let mut raster = plain(41, 41, [0; 4]);
        // A spot right of the middle.
        for y in 18..23 {
            raster.rgba[y * 41 + 33..y * 41 + 38].fill([65535; 4]);
        }
        let bounds = crate::placement::rotated_bounds((41, 41), 30.0);
        let turned = Linear::from_raster(&raster).rotate(30.0, bounds);
        let (mut x, mut y, mut mass) = (0.0, 0.0, 0.0);
        for (at, pixel) in turned.rgba.iter().enumerate() {
            let weight = f64::from(pixel[3]) / 65535.0;
            x += weight * ((at as u32 % bounds.0) as f64 + 0.5);
            y += weight * ((at as u32 / bounds.0) as f64 + 0.5);
            mass += weight;
        }
        assert!((mass - 25.0).abs() < 0.5, "{mass}");
        let from_middle = (x / mass - f64::from(bounds.0) / 2.0, y / mass - f64::from(bounds.1) / 2.0);
        let wanted = (15.0 * 30_f64.to_radians().cos(), 15.0 * 30_f64.to_radians().sin());
        assert!(
            (from_middle.0 - wanted.0).abs() < 0.1 && (from_middle.1 - wanted.1).abs() < 0.1,
            "{from_middle:?}"
        );
    }
}
