//! The coefficients of one row of MCUs.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::super::dct::ZIGZAG;
use super::super::frame::Frame;
use super::super::marker::{Scan, ScanComponent};
use super::super::redo::Redo;

/// Quantised coefficients in zigzag order, in which scans take them by ranges; the first is the DC value.
pub(super) type Zigzag = [i16; 64];

/// All blocks of a row of MCUs, component by component.
pub(super) struct Band {
    /// Which row.
    row: usize,
    mcus_across: usize,
    planes: Vec<Plane>,
}

/// One component's blocks of the band.
struct Plane {
    /// Blocks in a row, and rows.
    across: usize,
    down: usize,
    blocks: Vec<Zigzag>,
}

impl Band {
    pub(super) fn new(frame: &Frame) -> Self {
        let across = frame.mcus().0;
        let plane = |c: &super::super::frame::Component| {
            let (h, v) = if frame.components.len() == 1 { (1, 1) } else { (c.h, c.v) };
            Plane { across: across * h, down: v, blocks: vec![[0; 64]; across * h * v] }
        };
        Self { row: 0, mcus_across: across, planes: frame.components.iter().map(plane).collect() }
    }

    /// Goes to a row; all its coefficients are 0.
    pub(super) fn begin(&mut self, row: usize) {
        self.row = row;
        self.planes.iter_mut().for_each(|plane| plane.blocks.fill([0; 64]));
    }

    #[inline(always)]
    pub(super) fn block(&self, component: usize, number: usize) -> Option<&Zigzag> {
        self.planes[component].blocks.get(number)
    }

    #[inline(always)]
    pub(super) fn block_mut(&mut self, component: usize, number: usize) -> Option<&mut Zigzag> {
        self.planes[component].blocks.get_mut(number)
    }

    /// Changes the blocks under the stamps; gives how many.
    pub(super) fn change(&mut self, redo: &Redo<'_>) -> u64 {
        let mut changed = 0;
        for column in 0..self.mcus_across {
            let spot = redo.spot((column, self.row));
            if spot.is_clear() {
                continue;
            }
            for (component, plane) in self.planes.iter_mut().enumerate() {
                let wide = plane.across / self.mcus_across;
                for (y, x) in (0..plane.down).flat_map(|y| (0..wide).map(move |x| (y, x))) {
                    let block = &mut plane.blocks[y * plane.across + column * wide + x];
                    let mut rows = [0; 64];
                    ZIGZAG.iter().zip(&*block).for_each(|(&place, &value)| rows[place] = value);
                    if spot.block_of(component, (x, y), &mut rows) {
                        block.iter_mut().zip(&ZIGZAG).for_each(|(value, &place)| *value = rows[place]);
                        changed += 1;
                    }
                }
            }
        }
        changed
    }
}

/// One of a scan's components.
struct OfComponent {
    /// Its place in the frame.
    component: usize,
    /// Blocks of one of the scan's MCUs across and down.
    h: usize,
    v: usize,
    /// Blocks in a row of its plane.
    across: usize,
}

/// The blocks of a scan in the order of their coding (T.81, A.2). An MCU of a scan of one component is
/// one block.
pub(super) struct Order {
    components: Vec<OfComponent>,
    /// The scan's MCUs across and down.
    mcus: (usize, usize),
    /// Rows of its MCUs in a band.
    rows: usize,
}

impl Order {
    pub(super) fn new(frame: &Frame, scan: &Scan) -> Self {
        let (alone, all) = (scan.components.len() == 1, frame.mcus());
        let only = frame.components.len() == 1;
        let of = |scan: &ScanComponent| {
            let component = &frame.components[scan.component];
            let (h, v) = if alone { (1, 1) } else { (component.h, component.v) };
            let across = if only { all.0 } else { all.0 * component.h };
            OfComponent { component: scan.component, h, v, across }
        };
        let (mcus, rows) = match &scan.components[..] {
            [one] => {
                let component = &frame.components[one.component];
                (component.blocks(), if only { 1 } else { component.v })
            }
            _ => (all, 1),
        };
        Self { components: scan.components.iter().map(of).collect(), mcus, rows }
    }

    /// The scan's MCUs that lie in a band.
    pub(super) fn mcus(&self, band: &Band) -> Range<usize> {
        let row = |row: usize| row.min(self.mcus.1) * self.mcus.0;
        row(band.row * self.rows)..row((band.row + 1) * self.rows)
    }

    /// The blocks of the MCU `mcu` of the band that begins with MCU `first`: the scan's component, the
    /// frame's, and the block's number in its plane.
    #[inline(always)]
    pub(super) fn blocks(&self, first: usize, mcu: usize) -> impl Iterator<Item = (usize, usize, usize)> {
        let (column, row) = ((mcu - first) % self.mcus.0, (mcu - first) / self.mcus.0);
        self.components.iter().enumerate().flat_map(move |(number, c)| {
            (0..c.v * c.h).map(move |i| {
                let (x, y) = (column * c.h + i % c.h, row * c.v + i / c.h);
                (number, c.component, y * c.across + x)
            })
        })
    }
}
