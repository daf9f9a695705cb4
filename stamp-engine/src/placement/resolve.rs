//! From a [`Placement`] and two sizes to rectangles.

use super::{At, Placement, Size, Tile};
use crate::{Error, Result};

/// A placement worked out for one size of picture: how large the stamp is drawn and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// Width and height of the stamp before rotation, in pixels, each at least 1.
    pub size: (u32, u32),
    /// Width and height of the rotated stamp's bounding box, in pixels.
    pub bounds: (u32, u32),
    /// The top left corner of each bounding box, in the picture as viewed. A box may lie partly
    /// outside of the picture, never wholly.
    pub corners: Vec<(i64, i64)>,
}

/// A prepared stamp is at most so many pixels.
const MAX_STAMP_PIXELS: f64 = (1u64 << 28) as f64;
/// A picture bears at most so many repeats of a tiled stamp.
const MAX_TILES: f64 = 1e6;

impl Placement {
    /// Works out where a stamp of the size `stamp` goes in a picture of `picture` pixels as
    /// viewed.
    ///
    /// # Errors
    /// [`Error::Setting`] when the stamp would be absurdly large or repeated absurdly often, or
    /// a setting is out of its range.
    pub fn resolve(&self, picture: (u32, u32), stamp: (f64, f64)) -> Result<Resolved> {
        self.check()?;
        let size = self.drawn_size(picture, stamp)?;
        let bounds = rotated_bounds(size, self.rotate);
        let corner = self.corner(picture, bounds);
        let corners = match self.tile {
            Some(tile) => tiles(tile, picture, bounds, corner)?,
            None => vec![corner],
        };
        let visible = |&(x, y): &(i64, i64)| {
            x < i64::from(picture.0)
                && y < i64::from(picture.1)
                && x + i64::from(bounds.0) > 0
                && y + i64::from(bounds.1) > 0
        };
        Ok(Resolved { size, bounds, corners: corners.into_iter().filter(visible).collect() })
    }

    /// Refuses settings out of their ranges.
    pub(crate) fn check(&self) -> Result<()> {
        let wrong = |what: &str| Err(Error::Setting(what.to_owned()));
        if !(0.0..=1.0).contains(&self.opacity) {
            return wrong("the opacity must lie between 0 and 1");
        }
        if !self.rotate.is_finite() {
            return wrong("the rotation must be a number of degrees");
        }
        if let Some(tile) = self.tile {
            if !(0.0..=1.0).contains(&tile.stagger) {
                return wrong("the stagger of tiles must lie between 0 and 1");
            }
            if tile.gap.of(100) < 0.0 {
                return wrong("the gap between tiles must not be negative");
            }
        }
        Ok(())
    }

    fn drawn_size(&self, (width, height): (u32, u32), stamp: (f64, f64)) -> Result<(u32, u32)> {
        let margin = self.margin_px((width, height));
        let room = |side: u32| (f64::from(side) - 2.0 * margin).max(1.0);
        let turned = bounding_box(stamp, self.rotate);
        let scale = match self.size {
            Size::Original => 1.0,
            Size::Width(length) => length.of(width) / stamp.0,
            Size::Height(length) => length.of(height) / stamp.1,
            Size::Shorter(percent) => f64::from(width.min(height)) * percent / 100.0 / stamp.0,
            Size::Fit => (room(width) / turned.0).min(room(height) / turned.1),
            Size::Fill => (f64::from(width) / turned.0).max(f64::from(height) / turned.1),
        };
        let (w, h) = ((stamp.0 * scale).round().max(1.0), (stamp.1 * scale).round().max(1.0));
        if !(w * h <= MAX_STAMP_PIXELS) {
            return Err(Error::Setting(format!(
                "the stamp would be drawn {w} × {h} pixels large; choose a smaller size"
            )));
        }
        Ok((w as u32, h as u32))
    }

    fn margin_px(&self, (width, height): (u32, u32)) -> f64 {
        self.margin.of(width.min(height))
    }

    fn corner(&self, picture: (u32, u32), bounds: (u32, u32)) -> (i64, i64) {
        let (x, y) = match self.at {
            At::Point(x, y) => (x.of(picture.0), y.of(picture.1)),
            At::Gravity(gravity) => {
                let margin = if self.size == Size::Fill { 0.0 } else { self.margin_px(picture) };
                let along = |share: f64, side: u32, bound: u32| {
                    let free = f64::from(side) - f64::from(bound);
                    free * share + margin * (1.0 - 2.0 * share)
                };
                let (across, down) = gravity.shares();
                (along(across, picture.0, bounds.0), along(down, picture.1, bounds.1))
            }
        };
        let offset = (self.offset.0.of(picture.0), self.offset.1.of(picture.1));
        ((x + offset.0).round() as i64, (y + offset.1).round() as i64)
    }
}

/// The size of the bounding box of a `w × h` rectangle turned by `degrees`.
fn bounding_box((w, h): (f64, f64), degrees: f64) -> (f64, f64) {
    // Quarter turns are exact: sin and cos of a right angle in floating point are not.
    let quarter = (degrees / 90.0).rem_euclid(4.0);
    if quarter.fract() == 0.0 {
        return if quarter % 2.0 == 0.0 { (w, h) } else { (h, w) };
    }
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (sin, cos) = (sin.abs(), cos.abs());
    (w * cos + h * sin, w * sin + h * cos)
}

/// The bounding box in whole pixels of a stamp of `size` turned by `degrees`: the size of the
/// bitmap that [`Prepared`](crate::Prepared) makes of it.
pub(crate) fn rotated_bounds(size: (u32, u32), degrees: f64) -> (u32, u32) {
    let (w, h) = bounding_box((f64::from(size.0), f64::from(size.1)), degrees);
    // A hair less, so that rounding in the sine does not add an empty column.
    ((w - 1e-6).ceil().max(1.0) as u32, (h - 1e-6).ceil().max(1.0) as u32)
}

/// Repeats of a box in both directions from `first`, as many as touch the picture.
fn tiles(tile: Tile, picture: (u32, u32), bounds: (u32, u32), first: (i64, i64)) -> Result<Vec<(i64, i64)>> {
    let gap = tile.gap.of(bounds.0).round();
    let (step_x, step_y) = (f64::from(bounds.0) + gap, f64::from(bounds.1) + gap);
    let count = (f64::from(picture.0) / step_x + 2.0) * (f64::from(picture.1) / step_y + 2.0);
    if count > MAX_TILES {
        return Err(Error::Setting(format!(
            "the stamp would be repeated {count:.0} times; choose a larger size or gap"
        )));
    }
    let (step_x, step_y) = (step_x as i64, step_y as i64);
    let shift = (step_x as f64 * tile.stagger).round() as i64;
    let mut corners = Vec::new();
    let first_row = -(first.1 + i64::from(bounds.1) - 1).div_euclid(step_y);
    for row in first_row.. {
        let y = first.1 + row * step_y;
        if y >= i64::from(picture.1) {
            return Ok(corners);
        }
        let start = first.0 + if row.rem_euclid(2) == 1 { shift } else { 0 };
        let first_column = -(start + i64::from(bounds.0) - 1).div_euclid(step_x);
        let columns = (first_column..).map(|column| start + column * step_x);
        corners.extend(columns.take_while(|&x| x < i64::from(picture.0)).map(|x| (x, y)));
    }
    Ok(corners)
}

#[cfg(test)]
mod tests {
    use super::super::{Gravity, Length};
    use super::*;

    fn at(gravity: Gravity) -> Placement {
        Placement { at: At::Gravity(gravity), ..Placement::default() }
    }

    #[test]
    fn defaults_keep_the_margin_in_a_corner() {
        let resolved = Placement::default().resolve((1000, 500), (400.0, 100.0)).unwrap();
        assert_eq!(resolved.size, (200, 50));
        assert_eq!(resolved.corners, [(1000 - 200 - 10, 500 - 50 - 10)]);
    }

    #[test]
    fn gravities_stand_in_three_rows_and_columns() {
        let corners = Gravity::ALL.map(|g| at(g).resolve((1000, 500), (400.0, 100.0)).unwrap().corners[0]);
        let (xs, ys) = ([10, 400, 790], [10, 225, 440]);
        for (i, corner) in corners.into_iter().enumerate() {
            assert_eq!(corner, (xs[i % 3], ys[i / 3]), "{:?}", Gravity::ALL[i]);
        }
    }

    #[test]
    fn sizes_keep_proportions() {
        let size = |size: &str| {
            let placement = Placement { size: size.parse().unwrap(), ..Placement::default() };
            placement.resolve((1000, 500), (400.0, 100.0)).unwrap().size
        };
        assert_eq!(size("original"), (400, 100));
        assert_eq!(size("100px"), (100, 25));
        assert_eq!(size("h:20%"), (400, 100));
        assert_eq!(size("s:20%"), (100, 25));
        assert_eq!(size("fit"), (980, 245));
        assert_eq!(size("fill"), (2000, 500));
        assert_eq!(size("0.01px"), (1, 1));
    }

    #[test]
    fn points_and_offsets_count_from_the_top_left() {
        let mut placement = Placement { at: "10,20%".parse().unwrap(), ..Placement::default() };
        placement.offset = (Length::Px(-15.0), Length::Percent(1.0));
        assert_eq!(placement.resolve((1000, 500), (400.0, 100.0)).unwrap().corners, [(-5, 105)]);
        placement.at = "2000,0".parse().unwrap();
        assert!(placement.resolve((1000, 500), (400.0, 100.0)).unwrap().corners.is_empty());
    }

    #[test]
    fn quarter_turns_exchange_the_sides_exactly() {
        for (degrees, bounds) in [(90.0, (33, 77)), (-270.0, (33, 77)), (180.0, (77, 33)), (360.0, (77, 33))]
        {
            assert_eq!(rotated_bounds((77, 33), degrees), bounds);
        }
        assert_eq!(rotated_bounds((100, 100), 45.0), (142, 142));
    }

    #[test]
    fn tiles_cover_the_picture_with_no_overlap() {
        for (gap, stagger, point) in [("0", 0.0, "0,0"), ("7", 0.5, "13,-5"), ("25%", 0.25, "-900,700")] {
            let placement = Placement {
                at: point.parse().unwrap(),
                size: Size::Original,
                tile: Some(Tile { gap: gap.parse().unwrap(), stagger }),
                ..Placement::default()
            };
            let resolved = placement.resolve((101, 67), (16.0, 9.0)).unwrap();
            let mut hits = vec![0; 101 * 67];
            for &(x, y) in &resolved.corners {
                for dy in 0..9 {
                    for dx in 0..16 {
                        let (px, py) = (x + dx, y + dy);
                        if (0..101).contains(&px) && (0..67).contains(&py) {
                            hits[(py * 101 + px) as usize] += 1;
                        }
                    }
                }
            }
            assert!(hits.iter().all(|&n| n <= 1), "tiles overlap at gap {gap}");
            assert!(gap != "0" || hits.iter().all(|&n| n == 1), "a hole at gap {gap}");
        }
    }

    #[test]
    fn absurd_settings_are_refused() {
        let refuse = |placement: Placement| placement.resolve((1000, 500), (1.0, 1.0)).unwrap_err();
        refuse(Placement { opacity: f64::NAN, ..Placement::default() });
        refuse(Placement { rotate: f64::INFINITY, ..Placement::default() });
        refuse(Placement { size: Size::Width(Length::Px(1e9)), ..Placement::default() });
        let tile = Some(Tile { gap: Length::Px(0.0), stagger: 0.0 });
        let tiny = Placement { size: Size::Original, tile, ..Placement::default() };
        assert!(tiny.resolve((20_000, 20_000), (1.0, 1.0)).is_err());
    }
}
