//! One block under a stamp: dequantise, inverse transform, blend, forward transform, requantise.

#![deny(unsafe_code)]

use std::ops::Range;

use wide::f32x8;

use super::Fault;
use super::block::Coefficients;
use super::dct::{self, Scaling};
use super::eight::Eight;
#[cfg(target_arch = "x86_64")]
use super::eight::avx2::Avx2;
use super::frame::Frame;
use super::marker::Header;
use super::overlay::Overlay;
use super::plan::{Placed, mcu_size};
use super::walk::Slot;

/// Everything needed to change blocks.
pub(super) struct Redo<'a> {
    components: Vec<Grid>,
    /// For each row of MCUs, the stamps that reach it: a picture may be tiled with hundreds.
    rows: Vec<Vec<Near<'a>>>,
    mcus_across: usize,
    #[cfg(target_arch = "x86_64")]
    has_avx2: bool,
    /// The frame's component of each of the scan's.
    of_scan: Vec<usize>,
}

/// A stamp in a row of MCUs.
struct Near<'a> {
    placed: &'a Placed,
    /// The MCUs of the row that it reaches.
    columns: Range<usize>,
}

/// An MCU, and the stamps that may show on it.
pub(super) struct Spot<'a> {
    redo: &'a Redo<'a>,
    /// Its column and row.
    at: (usize, usize),
    near: &'a [Near<'a>],
}

/// A component's blocks.
struct Grid {
    scaling: Scaling,
    /// Blocks of an MCU across and down.
    per_mcu: (usize, usize),
    /// Blocks with samples of the picture across and down.
    blocks: (usize, usize),
}

impl<'a> Redo<'a> {
    pub(super) fn new(header: &Header, placed: &'a [Placed]) -> Result<Self, Fault> {
        let frame = &header.frame;
        let alone = frame.components.len() == 1;
        let grid = |component: &super::frame::Component| {
            let scaling = Scaling::new(header.quantisation_of(component)?);
            let per_mcu = if alone { (1, 1) } else { (component.h, component.v) };
            Ok(Grid { scaling, per_mcu, blocks: component.blocks() })
        };
        Ok(Self {
            components: frame.components.iter().map(grid).collect::<Result<_, Fault>>()?,
            rows: near(frame, placed),
            mcus_across: frame.mcus().0,
            #[cfg(target_arch = "x86_64")]
            has_avx2: is_x86_feature_detected!("avx2"),
            of_scan: header.scan.components.iter().map(|c| c.component).collect(),
        })
    }

    /// An MCU by its number.
    pub(super) fn mcu(&self, mcu: usize) -> Spot<'_> {
        self.spot((mcu % self.mcus_across, mcu / self.mcus_across))
    }

    /// The MCU in a column and row.
    pub(super) fn spot(&self, at: (usize, usize)) -> Spot<'_> {
        let row = self.rows.get(at.1).map(Vec::as_slice).unwrap_or_default();
        let reaches = |near: &Near<'_>| near.columns.contains(&at.0);
        let first = row.iter().position(reaches).unwrap_or(row.len());
        let last = row.iter().rposition(reaches).map_or(first, |last| last + 1);
        Spot { redo: self, at, near: &row[first..last] }
    }
}

impl Spot<'_> {
    /// Whether no stamp can show on it.
    pub(super) fn is_clear(&self) -> bool {
        self.near.is_empty()
    }

    /// Changes the block of a slot; gives whether a stamp shows on it.
    #[inline(always)]
    pub(super) fn block(&self, slot: &Slot, block: &mut Coefficients) -> bool {
        self.block_of(self.redo.of_scan[slot.component], (slot.x, slot.y), block)
    }

    /// Changes the block of a component of the frame that stands in column and row `inside` of the MCU's.
    #[inline(always)]
    pub(super) fn block_of(
        &self,
        component: usize,
        inside: (usize, usize),
        block: &mut Coefficients,
    ) -> bool {
        let Grid { per_mcu, blocks, .. } = &self.redo.components[component];
        let at = (self.at.0 * per_mcu.0 + inside.0, self.at.1 * per_mcu.1 + inside.1);
        let shows = at.0 < blocks.0
            && at.1 < blocks.1
            && self.overlays(component, at).any(|(overlay, from)| overlay.shows(component, from));
        if shows {
            self.change(component, at, block);
        }
        shows
    }

    /// The stamps that may show on a block, and where the block lies from where each one's planes
    /// count from.
    #[inline(always)]
    fn overlays(&self, component: usize, at: (usize, usize)) -> impl Iterator<Item = (&Overlay, (i64, i64))> {
        self.near.iter().filter(|near| near.columns.contains(&self.at.0)).map(move |near| {
            let origin = near.placed.origins[component];
            (&*near.placed.overlay, (8 * at.0 as i64 - origin.0, 8 * at.1 as i64 - origin.1))
        })
    }

    fn change(&self, component: usize, at: (usize, usize), block: &mut Coefficients) {
        #[cfg(target_arch = "x86_64")]
        if self.redo.has_avx2 {
            #[allow(unsafe_code)]
            // SAFETY: AVX2 has been detected.
            return unsafe { self.change_in_avx2(component, at, block) };
        }
        self.change_in::<f32x8>(component, at, block);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn change_in_avx2(&self, component: usize, at: (usize, usize), block: &mut Coefficients) {
        self.change_in::<Avx2>(component, at, block);
    }

    #[inline(always)]
    fn change_in<V: Eight>(&self, component: usize, at: (usize, usize), block: &mut Coefficients) {
        let scaling = &self.redo.components[component].scaling;
        let rows = block.as_chunks_mut::<8>().0;
        let before =
            dct::inverse(std::array::from_fn(|y| V::of_i16(&rows[y]).times(V::of(&scaling.dequantise[y]))));
        let mut samples = before;
        for (overlay, from) in self.overlays(component, at) {
            overlay.blend(component, from, &mut samples);
        }
        // Only the difference is transformed and added: where a stamp changes nothing, no rounding does.
        let difference = dct::forward(std::array::from_fn(|y| samples[y].minus(before[y])));
        for (y, row) in rows.iter_mut().enumerate() {
            difference[y].times(V::of(&scaling.quantise[y])).add_rounded(row);
        }
    }
}

/// The stamps that reach each row of MCUs.
fn near<'a>(frame: &Frame, placed: &'a [Placed]) -> Vec<Vec<Near<'a>>> {
    let (across, down) = frame.mcus();
    let (width, height) = mcu_size(frame);
    let reach = |corner: i64, size: u32, unit: usize, count: usize| {
        let along = |pixel: i64| pixel.clamp(0, (unit * count) as i64) as usize;
        along(corner) / unit..along(corner + i64::from(size)).div_ceil(unit)
    };
    let mut rows: Vec<Vec<Near<'_>>> = (0..down).map(|_| Vec::new()).collect();
    for placed in placed {
        let columns = reach(placed.corner.0, placed.size.0, width, across);
        for row in reach(placed.corner.1, placed.size.1, height, down) {
            rows[row].push(Near { placed, columns: columns.clone() });
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::{Depth, Ink, Layout, Orientation, Pixels, Prepared, Profile, Request, Samples, Stamp};

    /// A stamp of 40 × 40 whose alpha and colours run through all values.
    fn placed(header: &Header) -> Placed {
        let samples = (0..40 * 40u32).flat_map(|n| [n, n * 7, n * 31, n * 13].map(|v| (v % 256) as u8));
        let pixels = Pixels::new(40, 40, Layout::Rgba, Samples::U8(samples.collect())).unwrap();
        let request = Request {
            width: 40,
            height: 40,
            rotate: 0.0,
            opacity: 1.0,
            orientation: Orientation::Normal,
            ink: Ink::Rgb,
            depth: Depth::Sixteen,
            profile: Arc::new(Profile::srgb()),
        };
        let stamp = Prepared::new(&Stamp::from_pixels(pixels).unwrap(), &request).unwrap();
        let overlay = Arc::new(Overlay::new(&stamp, &header.frame, header.transform, (1, 1)));
        Placed::new(overlay, (1, 1), (40, 40), &header.frame)
    }

    proptest! {
        /// Blocks under the stamp, half under it and beside it, with any coefficients.
        #[test]
        fn every_instruction_set_gives_the_specified_bits(
            values in prop::collection::vec((0usize..64, -1023i16..=1023), 0..64),
            component in 0usize..3, at in (0usize..6, 0usize..6),
        ) {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/pictures/variants");
            let raw = std::fs::read(folder.join("baseline-420.jpg")).unwrap();
            let header = Header::parse(&raw).unwrap();
            let placed = [placed(&header)];
            let redo = Redo::new(&header, &placed).unwrap();
            let mut block = [0; 64];
            values.iter().for_each(|&(k, value)| block[k] = value);
            let mut specified = block;
            let per_mcu = redo.components[component].per_mcu;
            let spot = redo.spot((at.0 / per_mcu.0, at.1 / per_mcu.1));
            spot.change_in::<f32x8>(component, at, &mut specified);
            spot.change(component, at, &mut block);
            prop_assert_eq!(block, specified);
        }
    }
}
