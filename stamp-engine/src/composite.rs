//! Lays a prepared stamp over a decoded picture, touching only the rows and columns under it.

use crate::blend::{self, Curve};
use crate::{Mode, Pixels, Prepared, Samples};

/// How the colours are mixed.
#[derive(Clone, Copy)]
pub(crate) struct Mix<'a> {
    pub(crate) mode: Mode,
    /// The picture's tone curve when the mixing is done in linear light.
    pub(crate) linear: Option<&'a Curve>,
}

/// Composites `stamp` with its top left corner at `corner` of the stored grid; what stands over
/// an edge is cut off. `stamp` must have been prepared for the picture's channels and depth.
pub(crate) fn composite(pixels: &mut Pixels, stamp: &Prepared, corner: (i64, i64), mix: Mix<'_>) {
    let Some(columns) = overlap(corner.0, stamp.width(), pixels.width()) else { return };
    let Some(rows) = overlap(corner.1, stamp.height(), pixels.height()) else { return };
    let layout = pixels.layout();
    let stride = pixels.row_len();
    let channels = layout.channels();
    let stamp_channels = stamp.ink().channels();
    for row in 0..rows.len {
        let start = (rows.picture + row) * stride + columns.picture * channels;
        let under = start..start + columns.len * channels;
        let over = columns.stamp * stamp_channels..(columns.stamp + columns.len) * stamp_channels;
        let y = (rows.stamp + row) as u32;
        match pixels.samples_mut() {
            Samples::U8(samples) => {
                let Some(over) = stamp.row_u8(y).get(over) else { return };
                match mix.linear {
                    None => blend::row_u8(mix.mode, layout, &mut samples[under], over),
                    Some(curve) => blend::row_linear_u8(mix.mode, layout, &mut samples[under], over, curve),
                }
            }
            Samples::U16(samples) => {
                let Some(over) = stamp.row_u16(y).get(over) else { return };
                match mix.linear {
                    None => blend::row_u16(mix.mode, layout, &mut samples[under], over),
                    Some(curve) => blend::row_linear_u16(mix.mode, layout, &mut samples[under], over, curve),
                }
            }
        }
    }
}

/// The common part of a stamp and a picture along one axis.
struct Overlap {
    picture: usize,
    stamp: usize,
    len: usize,
}

fn overlap(corner: i64, stamp: u32, picture: u32) -> Option<Overlap> {
    let start = corner.max(0);
    let end = corner.saturating_add(i64::from(stamp)).min(i64::from(picture));
    (start < end).then(|| Overlap {
        picture: start as usize,
        stamp: (start - corner) as usize,
        len: (end - start) as usize,
    })
}

#[cfg(test)]
mod tests {
    use super::overlap;

    #[test]
    fn overlaps_are_cut_at_both_edges() {
        let parts =
            |corner, stamp, picture| overlap(corner, stamp, picture).map(|o| (o.picture, o.stamp, o.len));
        assert_eq!(parts(2, 3, 10), Some((2, 0, 3)));
        assert_eq!(parts(-2, 3, 10), Some((0, 2, 1)));
        assert_eq!(parts(8, 3, 10), Some((8, 0, 2)));
        assert_eq!(parts(-5, 20, 10), Some((0, 5, 10)));
        assert_eq!(parts(10, 3, 10), None);
        assert_eq!(parts(-3, 3, 10), None);
        assert_eq!(parts(i64::MAX, 3, 10), None);
    }
}
