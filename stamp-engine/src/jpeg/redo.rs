//! One block under a stamp: dequantise, inverse transform, blend, forward transform, requantise.

#![forbid(unsafe_code)]

use wide::f32x8;

use super::Fault;
use super::block::Coefficients;
use super::dct::{self, Scaling, ZIGZAG};
use super::marker::Header;
use super::plan::Placed;
use super::walk::Slot;

/// Everything needed to change blocks.
pub(super) struct Redo<'a> {
    components: Vec<Grid>,
    placed: &'a [Placed],
    /// For each stamp and component, where the stamp's planes count from.
    origins: Vec<Vec<(i64, i64)>>,
    mcus_across: usize,
    /// The frame's component of each of the scan's.
    of_scan: Vec<usize>,
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
        let origins =
            placed.iter().map(|stamp| (0..frame.components.len()).map(|c| stamp.origin(frame, c)).collect());
        Ok(Self {
            components: frame.components.iter().map(grid).collect::<Result<_, Fault>>()?,
            origins: origins.collect(),
            placed,
            mcus_across: frame.mcus().0,
            of_scan: header.scan.components.iter().map(|c| c.component).collect(),
        })
    }

    /// Changes a block of MCU `mcu`; gives whether a stamp shows on it.
    #[inline(always)]
    pub(super) fn block(&self, mcu: usize, slot: &Slot, block: &mut Coefficients) -> bool {
        let component = self.of_scan[slot.component];
        let per_mcu = self.components[component].per_mcu;
        let x = (mcu % self.mcus_across) * per_mcu.0 + slot.x;
        let y = (mcu / self.mcus_across) * per_mcu.1 + slot.y;
        self.block_at(component, (x, y), block)
    }

    /// Changes the block of a component in column and row `at` of its blocks.
    pub(super) fn block_at(&self, component: usize, at: (usize, usize), block: &mut Coefficients) -> bool {
        let grid = &self.components[component];
        if at.0 >= grid.blocks.0 || at.1 >= grid.blocks.1 {
            return false;
        }
        let sample = (8 * at.0 as i64, 8 * at.1 as i64);
        let relative = |origin: (i64, i64)| (sample.0 - origin.0, sample.1 - origin.1);
        let shows = |(stamp, origins): (&Placed, &Vec<(i64, i64)>)| {
            stamp.overlay.shows(component, relative(origins[component]))
        };
        if !self.placed.iter().zip(&self.origins).any(shows) {
            return false;
        }
        let before = dct::inverse(dequantise(block, &grid.scaling));
        let mut samples = before;
        for (stamp, origins) in self.placed.iter().zip(&self.origins) {
            stamp.overlay.blend(component, relative(origins[component]), &mut samples);
        }
        // Only the difference is transformed and added: where a stamp changes nothing, no rounding does.
        let difference = std::array::from_fn(|row| samples[row] - before[row]);
        add(block, dct::forward(difference), &grid.scaling);
        true
    }
}

#[inline(always)]
fn dequantise(block: &Coefficients, scaling: &Scaling) -> dct::Rows {
    let mut rows = [[0f32; 8]; 8];
    for (k, &coefficient) in block.iter().enumerate() {
        rows[ZIGZAG[k] / 8][ZIGZAG[k] % 8] = f32::from(coefficient) * scaling.dequantise[k];
    }
    rows.map(f32x8::from)
}

#[inline(always)]
fn add(block: &mut Coefficients, difference: dct::Rows, scaling: &Scaling) {
    let rows: [[i32; 8]; 8] =
        std::array::from_fn(|row| (difference[row] * scaling.quantise[row]).round_int().to_array());
    for (k, coefficient) in block.iter_mut().enumerate() {
        let new = i32::from(*coefficient) + rows[ZIGZAG[k] / 8][ZIGZAG[k] % 8];
        // What 8-bit samples can make, and what a baseline code can say (T.81, table F.1 and F.2).
        *coefficient = new.clamp(-1023, 1023) as i16;
    }
}
