//! Walking many places of a scan at once, one in each lane of a vector.
//!
//! A walk is one dependent chain: each look-up needs the length that the one before found, so a
//! core mostly waits. Walks from several places have nothing to wait for each other. This module
//! holds what the lanes do, in plain code (the specification), and the choice of the instruction
//! set; `join.rs` makes one walk of the lanes' walks.

#![allow(unsafe_code)]

use super::super::bits::peek;
#[cfg(test)]
use super::steps::WINDOW;
use super::steps::{Step, extend};
use super::{Slot, TABLE, Walk};

/// The most lanes there are.
pub(super) const MOST: usize = 32;
/// An MCU has at most ten blocks (T.81, B.2.3); a vector knows sixteen.
pub(super) const SLOTS: usize = 16;

/// Where each lane is; the values of one kind beside each other, as vectors load them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[repr(align(64))]
pub(in super::super) struct Lanes {
    /// The next bit, from the window's first.
    pub(super) bit: [u32; MOST],
    /// Coefficients of the block at hand that were passed; 0 between two blocks.
    pub(super) k: [u32; MOST],
    /// The block of the MCU.
    pub(super) slot: [u32; MOST],
    /// MCUs passed since the lane began.
    pub(super) mcu: [u32; MOST],
    /// What was added to each component's DC value since the lane began.
    pub(super) dc: [[i32; MOST]; 4],
    /// A lane stops between two blocks as soon as it is not before this bit.
    pub(super) end: [u32; MOST],
    /// Lanes that met what is no code, and stopped there.
    pub(super) dead: [bool; MOST],
}

impl Lanes {
    /// All lanes at bit 0 with nothing to do.
    pub(super) fn idle() -> Self {
        Self {
            bit: [0; MOST],
            k: [0; MOST],
            slot: [0; MOST],
            mcu: [0; MOST],
            dc: [[0; MOST]; 4],
            end: [0; MOST],
            dead: [false; MOST],
        }
    }
}

/// What the lanes look things up in, by block of the MCU.
#[derive(Debug)]
pub(in super::super) struct Tables<'a> {
    pub(super) steps: &'a [Step],
    /// Where the block's tables begin in `steps`.
    pub(super) first: [u32; SLOTS],
    pub(super) next: [u32; SLOTS],
    /// The block behind it.
    pub(super) follows: [u32; SLOTS],
    /// All ones where the MCU ends with this block.
    pub(super) is_last: [u32; SLOTS],
    pub(super) component: [u32; SLOTS],
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "only vectors need it"))]
    pub(super) components: usize,
    walk: &'a Walk,
}

/// Lanes are noted every so many steps.
pub(super) const STRIDE: usize = 512;

impl<'a> Tables<'a> {
    pub(super) fn new(walk: &'a Walk) -> Self {
        let count = walk.slots.len();
        let of = |value: fn(&Slot) -> usize| {
            std::array::from_fn(|at| walk.slots.get(at).map_or(0, |slot| value(slot) as u32))
        };
        Self {
            steps: &walk.steps,
            first: of(|slot| slot.first_steps * TABLE),
            next: of(|slot| slot.next_steps * TABLE),
            follows: std::array::from_fn(|at| if at + 1 < count { at as u32 + 1 } else { 0 }),
            is_last: std::array::from_fn(|at| if at + 1 == count { u32::MAX } else { 0 }),
            component: of(|slot| slot.component),
            components: walk.slots.iter().map(|slot| slot.component + 1).max().unwrap_or(1),
            walk,
        }
    }

    /// One symbol of lane `lane`, whose step was not to be looked up.
    #[cold]
    pub(super) fn symbol(&self, clean: &[u8], lanes: &mut Lanes, lane: usize) {
        let slot = lanes.slot[lane] as usize;
        let Ok((dc, ac)) = self.walk.decoders(&self.walk.slots[slot]) else { return lanes.kill(lane) };
        let window = peek(clean, lanes.bit[lane] as usize);
        let begins = lanes.k[lane] == 0;
        let Ok((symbol, length)) = (if begins { dc } else { ac }).symbol(window) else {
            return lanes.kill(lane);
        };
        let (passed, size, ends) = match (begins, symbol >> 4, u32::from(symbol & 15)) {
            (true, 0, size) => (1, size, false),
            (true, ..) => return lanes.kill(lane),
            (false, 15, 0) => (16, 0, false),
            (false, _, 0) => (0, 0, true),
            (false, run, size) => (u32::from(run) + 1, size, false),
        };
        let k = lanes.k[lane] + passed;
        if k > 64 {
            return lanes.kill(lane);
        }
        if begins {
            let extra = (window << length >> 1 >> (63 - size)) as u32;
            let dc = &mut lanes.dc[self.component[slot] as usize][lane];
            *dc = dc.wrapping_add(extend(extra, size));
        }
        lanes.bit[lane] += length + size;
        lanes.k[lane] = k;
        if ends || k == 64 {
            self.end_block(lanes, lane);
        }
    }

    fn end_block(&self, lanes: &mut Lanes, lane: usize) {
        let slot = lanes.slot[lane] as usize;
        lanes.k[lane] = 0;
        lanes.slot[lane] = self.follows[slot];
        lanes.mcu[lane] += self.is_last[slot] & 1;
    }
}

impl Lanes {
    fn kill(&mut self, lane: usize) {
        self.dead[lane] = true;
        self.end[lane] = 0;
        self.k[lane] = 0;
    }

    #[cfg(test)]
    fn is_done(&self, lane: usize) -> bool {
        self.k[lane] == 0 && self.bit[lane] >= self.end[lane]
    }
}

/// A way to run several lanes at once.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Kernel {
    /// So many lanes.
    pub(in super::super) lanes: usize,
    /// So many blocks of an MCU it can tell apart.
    pub(super) slots: usize,
    /// Runs the lanes until each is done, and notes where they are every [`STRIDE`] steps.
    pub(super) run: fn(&Tables<'_>, &[u8], &mut Lanes, &mut Vec<Lanes>),
}

/// Every kernel that this processor can run, the best first; none where one chain is best.
pub(in super::super) fn kernels() -> impl Iterator<Item = Kernel> {
    #[cfg(target_arch = "x86_64")]
    {
        use super::{avx2, avx512};
        let with_512 = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
        let in_512 = with_512.then_some(Kernel {
            lanes: avx512::COUNT,
            slots: SLOTS,
            // SAFETY: the features that the function is compiled for were just detected.
            run: |tables, clean, lanes, notes| unsafe { avx512::run(tables, clean, lanes, notes) },
        });
        let in_avx2 = is_x86_feature_detected!("avx2").then_some(Kernel {
            lanes: avx2::COUNT,
            slots: avx2::WIDTH,
            // SAFETY: the feature that the function is compiled for was just detected.
            run: |tables, clean, lanes, notes| unsafe { avx2::run(tables, clean, lanes, notes) },
        });
        in_512.into_iter().chain(in_avx2)
    }
    #[cfg(not(target_arch = "x86_64"))]
    std::iter::empty()
}

/// The specification of every [`Kernel`].
#[cfg(test)]
pub(super) fn run(
    tables: &Tables<'_>,
    clean: &[u8],
    lanes: &mut Lanes,
    count: usize,
    notes: &mut Vec<Lanes>,
) {
    for turn in 0.. {
        if (0..count).all(|lane| lanes.is_done(lane)) {
            return;
        }
        if turn % STRIDE == 0 {
            notes.push(lanes.clone());
        }
        for lane in (0..count).filter(|&lane| !lanes.clone().is_done(lane)).collect::<Vec<_>>() {
            let slot = lanes.slot[lane] as usize;
            let base = if lanes.k[lane] == 0 { tables.first[slot] } else { tables.next[slot] };
            let window = peek(clean, lanes.bit[lane] as usize) >> (64 - WINDOW);
            let step = tables.steps[base as usize + window as usize];
            let k = lanes.k[lane] + step.coefficients();
            if step.bits() == 0 || k + u32::from(step.ends_block()) > 64 {
                tables.symbol(clean, lanes, lane);
                continue;
            }
            lanes.bit[lane] += step.bits() as u32;
            let dc = &mut lanes.dc[tables.component[slot] as usize][lane];
            *dc = dc.wrapping_add(step.difference());
            lanes.k[lane] = k;
            if step.ends_block() || k == 64 {
                tables.end_block(lanes, lane);
            }
        }
    }
}
