//! Where a stamp goes and how large: from words (`bottom-right`, `20%`) to rectangles of pixels.
//!
//! Everything here is in the picture *as viewed*, that is with its EXIF orientation applied;
//! [`Orientation`](crate::Orientation) carries the result into the stored grid.

mod parse;
mod resolve;

pub use resolve::Resolved;
pub(crate) use resolve::rotated_bounds;

use crate::blend::Mode;

/// A distance: pixels, or a share of a side of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Length {
    /// Pixels of the picture as viewed.
    Px(f64),
    /// Per cent; of which side is said where the length is used.
    Percent(f64),
}

impl Length {
    /// In pixels, given the side (in pixels) that per cents are taken of.
    pub fn of(self, side: u32) -> f64 {
        match self {
            Self::Px(pixels) => pixels,
            Self::Percent(percent) => f64::from(side) * percent / 100.0,
        }
    }
}

/// One of the nine gravities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it all")]
pub enum Gravity {
    TopLeft,
    Top,
    TopRight,
    Left,
    Center,
    Right,
    BottomLeft,
    Bottom,
    BottomRight,
}

impl Gravity {
    /// All nine, in reading order.
    pub const ALL: [Self; 9] = [
        Self::TopLeft,
        Self::Top,
        Self::TopRight,
        Self::Left,
        Self::Center,
        Self::Right,
        Self::BottomLeft,
        Self::Bottom,
        Self::BottomRight,
    ];

    /// The share of the free width and height that lies left of and above the stamp: 0, ½ or 1.
    const fn shares(self) -> (f64, f64) {
        let at = self as usize;
        ([0.0, 0.5, 1.0][at % 3], [0.0, 0.5, 1.0][at / 3])
    }
}

/// Where the stamp goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum At {
    /// Against an edge or corner or in the middle, [`Placement::margin`] away from the edges.
    Gravity(Gravity),
    /// The stamp's top left corner, from the picture's top left corner; per cents are of the
    /// picture's width and height. Margins do not apply.
    Point(Length, Length),
}

/// How large the stamp is drawn, before it is rotated. The stamp's proportions are always kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Size {
    /// The stamp's own pixels.
    Original,
    /// So wide; per cents are of the picture's width.
    Width(Length),
    /// So high; per cents are of the picture's height.
    Height(Length),
    /// So wide, per cents being of the picture's *shorter side*: equally large on a portrait and
    /// a landscape picture.
    Shorter(f64),
    /// As large as fits into the picture less its margins.
    Fit,
    /// As small as covers the picture; what stands over is cut off. Margins do not apply.
    Fill,
}

/// Repeats the stamp over the whole picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tile {
    /// Between neighbours, in both directions; per cents are of the (rotated) stamp's width.
    pub gap: Length,
    /// How far every second row is shifted, as a share of the distance between two stamps in a
    /// row: 0 makes a grid, ½ a brick wall.
    pub stagger: f64,
}

/// Where, how large, how turned and how mixed a stamp is drawn.
///
/// ```
/// use stamp_engine::{At, Gravity, Placement, Size};
///
/// let placement = Placement { at: At::Gravity(Gravity::TopLeft), opacity: 0.8, ..Placement::default() };
/// assert_eq!(placement.size, "20%".parse()?);
/// # Ok::<(), stamp_engine::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Placement {
    /// Where. Default: bottom right.
    pub at: At,
    /// Added to where [`at`](Self::at) puts the stamp: right and down are positive; per cents are
    /// of the picture's width and height. Default: 0.
    pub offset: (Length, Length),
    /// From the edges; per cents are of the picture's shorter side, so that the distance is the
    /// same to both edges of a corner. Default: 2 %.
    pub margin: Length,
    /// How large. Default: as wide as 20 % of the picture.
    pub size: Size,
    /// Degrees clockwise, about the stamp's middle. The rotated stamp's bounding box is what is
    /// placed. Default: 0.
    pub rotate: f64,
    /// Repeats the stamp over the picture; [`at`](Self::at) then places one of the repeats.
    pub tile: Option<Tile>,
    /// 0 (not to be seen) to 1 (as the stamp is). Default: 1.
    pub opacity: f64,
    /// How colours are mixed. Default: source-over.
    pub blend: Mode,
    /// Mix in linear light rather than in the picture's encoded values. Default: false, as every
    /// browser and image tool does.
    pub linear: bool,
}

impl Default for Placement {
    fn default() -> Self {
        Self {
            at: At::Gravity(Gravity::BottomRight),
            offset: (Length::Px(0.0), Length::Px(0.0)),
            margin: Length::Percent(2.0),
            size: Size::Width(Length::Percent(20.0)),
            rotate: 0.0,
            tile: None,
            opacity: 1.0,
            blend: Mode::Over,
            linear: false,
        }
    }
}
