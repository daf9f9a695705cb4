//! EXIF orientation: how the stored grid of pixels relates to the picture as viewed.

/// The EXIF Orientation tag (0x0112; Exif 2.32, 4.6.4 A): what a viewer does to the stored rows to
/// show the picture upright.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Orientation {
    /// 1: stored upright.
    #[default]
    Normal,
    /// 2: mirrored left to right.
    FlipHorizontal,
    /// 3: turned by 180°.
    Rotate180,
    /// 4: mirrored top to bottom.
    FlipVertical,
    /// 5: mirrored along the main diagonal (rows and columns exchanged).
    Transpose,
    /// 6: a viewer turns it by 90° clockwise.
    Rotate90,
    /// 7: mirrored along the other diagonal.
    Transverse,
    /// 8: a viewer turns it by 270° clockwise.
    Rotate270,
}

impl Orientation {
    /// All eight, in the order of their EXIF values.
    pub const ALL: [Self; 8] = [
        Self::Normal,
        Self::FlipHorizontal,
        Self::Rotate180,
        Self::FlipVertical,
        Self::Transpose,
        Self::Rotate90,
        Self::Transverse,
        Self::Rotate270,
    ];

    /// From the tag's value; anything outside 1..=8 counts as upright, as viewers do.
    pub fn from_exif(value: u16) -> Self {
        Self::ALL.get(usize::from(value).wrapping_sub(1)).copied().unwrap_or_default()
    }

    /// The tag's value, 1..=8.
    pub fn to_exif(self) -> u16 {
        self as u16 + 1
    }

    /// Whether width and height change places between stored and viewed.
    pub const fn swaps_sides(self) -> bool {
        matches!(self, Self::Transpose | Self::Rotate90 | Self::Transverse | Self::Rotate270)
    }

    /// The orientation that undoes this one; only the quarter turns are not their own.
    pub const fn inverse(self) -> Self {
        match self {
            Self::Rotate90 => Self::Rotate270,
            Self::Rotate270 => Self::Rotate90,
            own => own,
        }
    }

    /// The size as viewed of a picture stored as `width × height`, and the other way round (the
    /// exchange of sides is its own inverse).
    pub const fn size(self, width: u32, height: u32) -> (u32, u32) {
        if self.swaps_sides() { (height, width) } else { (width, height) }
    }

    /// The pixel as viewed at which the stored pixel `(x, y)` of a `width × height` stored grid
    /// is shown.
    pub const fn stored_to_viewed(self, x: u32, y: u32, width: u32, height: u32) -> (u32, u32) {
        let (right, bottom) = (width - 1 - x, height - 1 - y);
        match self {
            Self::Normal => (x, y),
            Self::FlipHorizontal => (right, y),
            Self::Rotate180 => (right, bottom),
            Self::FlipVertical => (x, bottom),
            Self::Transpose => (y, x),
            Self::Rotate90 => (bottom, x),
            Self::Transverse => (bottom, right),
            Self::Rotate270 => (y, right),
        }
    }

    /// Where the top left corner of a rectangle lies in the stored grid. `(x, y)` and `width ×
    /// height` are the rectangle as viewed (it may lie partly outside), `stored` the size of the
    /// stored grid.
    pub const fn rect_to_stored(
        self,
        (x, y): (i64, i64),
        (width, height): (u32, u32),
        stored: (u32, u32),
    ) -> (i64, i64) {
        let (w, h) = (width as i64, height as i64);
        let (stored_w, stored_h) = (stored.0 as i64, stored.1 as i64);
        match self {
            Self::Normal => (x, y),
            Self::FlipHorizontal => (stored_w - x - w, y),
            Self::Rotate180 => (stored_w - x - w, stored_h - y - h),
            Self::FlipVertical => (x, stored_h - y - h),
            Self::Transpose => (y, x),
            Self::Rotate90 => (y, stored_h - x - w),
            Self::Transverse => (stored_w - y - h, stored_h - x - w),
            Self::Rotate270 => (stored_w - y - h, x),
        }
    }

    /// Turns a bitmap as viewed (`width × height` pixels of `channels` samples) into the stored
    /// grid; the result is `size(width, height)`.
    pub fn bitmap_to_stored<T: Copy + Default>(
        self,
        viewed: &[T],
        width: u32,
        height: u32,
        channels: usize,
    ) -> Vec<T> {
        if self == Self::Normal {
            return viewed.to_vec();
        }
        let (stored_w, stored_h) = self.size(width, height);
        let mut stored = vec![T::default(); viewed.len()];
        for y in 0..stored_h {
            for x in 0..stored_w {
                let (vx, vy) = self.stored_to_viewed(x, y, stored_w, stored_h);
                let from = (vy as usize * width as usize + vx as usize) * channels;
                let to = (y as usize * stored_w as usize + x as usize) * channels;
                stored[to..to + channels].copy_from_slice(&viewed[from..from + channels]);
            }
        }
        stored
    }
}

#[cfg(test)]
mod tests {
    use super::Orientation;

    /// The rectangle's corner and the pixel map are two statements of one fact.
    #[test]
    fn rectangles_and_pixels_agree() {
        let (stored_w, stored_h) = (13, 7);
        for orientation in Orientation::ALL {
            let (rect, at) = ((3, 2), (1_i64, 4_i64));
            let corner = orientation.rect_to_stored(at, rect, (stored_w, stored_h));
            let turned = orientation.size(rect.0, rect.1);
            let mut covered = Vec::new();
            for y in 0..stored_h {
                for x in 0..stored_w {
                    let (vx, vy) = orientation.stored_to_viewed(x, y, stored_w, stored_h);
                    let (dx, dy) = (i64::from(vx) - at.0, i64::from(vy) - at.1);
                    if (0..i64::from(rect.0)).contains(&dx) && (0..i64::from(rect.1)).contains(&dy) {
                        covered.push((i64::from(x), i64::from(y)));
                    }
                }
            }
            let viewed = orientation.size(stored_w, stored_h);
            if at.1 + i64::from(rect.1) <= i64::from(viewed.1) {
                assert_eq!(covered.len(), (rect.0 * rect.1) as usize, "{orientation:?}");
            }
            let first = covered.iter().map(|p| p.0).min().zip(covered.iter().map(|p| p.1).min());
            assert_eq!(first, Some(corner), "{orientation:?}");
            assert_eq!(
                covered.iter().map(|p| p.0).max(),
                Some(corner.0 + i64::from(turned.0) - 1),
                "{orientation:?}"
            );
        }
    }

    #[test]
    fn exif_values_round_trip() {
        for value in 1..=8 {
            assert_eq!(Orientation::from_exif(value).to_exif(), value);
        }
        assert_eq!(Orientation::from_exif(0), Orientation::Normal);
        assert_eq!(Orientation::from_exif(9), Orientation::Normal);
    }

    #[test]
    fn the_inverse_undoes() {
        let viewed: Vec<u8> = (0..12).collect();
        for orientation in Orientation::ALL {
            let stored = orientation.bitmap_to_stored(&viewed, 4, 3, 1);
            let (width, height) = orientation.size(4, 3);
            let back = orientation.inverse().bitmap_to_stored(&stored, width, height, 1);
            assert_eq!(back, viewed, "{orientation:?}");
        }
    }

    #[test]
    fn a_viewer_turns_rotate90_clockwise() {
        // Viewed: a b / c d / e f (2×3). Stored for 6: rows such that a clockwise turn gives it.
        let stored = Orientation::Rotate90.bitmap_to_stored(b"abcdef", 2, 3, 1);
        assert_eq!(&stored, b"bdface");
    }
}
