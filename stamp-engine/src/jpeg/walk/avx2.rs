//! Twenty-four lanes in AVX2's registers, in three groups: each group's look-ups depend on the ones before,
//! and while one group waits for memory another has work. What a lane does is specified by
//! `lanes::run`.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::lanes::{Lanes, MOST, SLOTS, STRIDE, Tables};
use super::steps::WINDOW;

/// Lanes in a register; a permutation of a register knows as many blocks of an MCU.
pub(super) const WIDTH: usize = 8;
const GROUPS: usize = 3;
/// Lanes in all.
pub(super) const COUNT: usize = WIDTH * GROUPS;

#[target_feature(enable = "avx2")]
fn load_slots(values: &[u32; SLOTS]) -> __m256i {
    bytemuck::must_cast(values.as_chunks::<WIDTH>().0[0])
}

#[target_feature(enable = "avx2")]
fn load(values: &[u32; MOST], group: usize) -> __m256i {
    bytemuck::must_cast(values.as_chunks::<WIDTH>().0[group])
}

#[target_feature(enable = "avx2")]
fn store(values: &mut [u32; MOST], group: usize, vector: __m256i) {
    values.as_chunks_mut::<WIDTH>().0[group] = bytemuck::must_cast(vector);
}

/// A group's state in registers.
struct State {
    bit: __m256i,
    k: __m256i,
    slot: __m256i,
    mcu: __m256i,
    dc: [__m256i; 4],
    end: __m256i,
}

impl State {
    #[target_feature(enable = "avx2")]
    fn load(lanes: &Lanes, group: usize) -> Self {
        Self {
            bit: load(&lanes.bit, group),
            k: load(&lanes.k, group),
            slot: load(&lanes.slot, group),
            mcu: load(&lanes.mcu, group),
            dc: [0, 1, 2, 3].map(|c| load(bytemuck::must_cast_ref(&lanes.dc[c]), group)),
            end: load(&lanes.end, group),
        }
    }

    #[target_feature(enable = "avx2")]
    fn store(&self, lanes: &mut Lanes, group: usize) {
        store(&mut lanes.bit, group, self.bit);
        store(&mut lanes.k, group, self.k);
        store(&mut lanes.slot, group, self.slot);
        store(&mut lanes.mcu, group, self.mcu);
        for (values, vector) in lanes.dc.iter_mut().zip(self.dc) {
            store(bytemuck::must_cast_mut(values), group, vector);
        }
    }

    /// All ones in the lanes that stand between two blocks at or behind their end. Bits are counted in
    /// 31 bits, so that comparing them with a sign is right.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn idle(&self) -> __m256i {
        let between = _mm256_cmpeq_epi32(self.k, _mm256_setzero_si256());
        _mm256_andnot_si256(_mm256_cmpgt_epi32(self.end, self.bit), between)
    }
}

/// [`Tables`] in registers.
struct Walker<'a> {
    tables: &'a Tables<'a>,
    clean: &'a [u8],
    last_byte: __m256i,
    last_step: __m256i,
    first: __m256i,
    next: __m256i,
    follows: __m256i,
    is_last: __m256i,
    component: __m256i,
}

impl<'a> Walker<'a> {
    /// `None` where there is nothing to look things up in.
    #[target_feature(enable = "avx2")]
    fn new(tables: &'a Tables<'a>, clean: &'a [u8]) -> Option<Self> {
        // A gather reads four bytes: none may begin behind this one.
        let last_byte = i32::try_from(clean.len().checked_sub(4)?).unwrap_or(i32::MAX);
        let last_step = i32::try_from(tables.steps.len().checked_sub(1)?).unwrap_or(0);
        Some(Self {
            tables,
            clean,
            last_byte: _mm256_set1_epi32(last_byte),
            last_step: _mm256_set1_epi32(last_step),
            first: load_slots(&tables.first),
            next: load_slots(&tables.next),
            follows: load_slots(&tables.follows),
            is_last: load_slots(&tables.is_last),
            component: load_slots(&tables.component),
        })
    }

    /// Takes one step in each lane that is not idle. Gives the lanes whose step was not to be looked up.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn step(&self, state: &mut State, idle: __m256i) -> i32 {
        let zero = _mm256_setzero_si256();
        let one = _mm256_set1_epi32(1);
        let sixty_four = _mm256_set1_epi32(64);
        let between = _mm256_cmpeq_epi32(state.k, zero);
        let byte = _mm256_min_epu32(_mm256_srli_epi32::<3>(state.bit), self.last_byte);
        // SAFETY: each lane reads four bytes from an offset that is at most `clean.len() − 4`.
        let word = unsafe { _mm256_i32gather_epi32::<1>(self.clean.as_ptr().cast(), byte) };
        let swap = _mm256_setr_epi8(
            3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15,
            14, 13, 12,
        );
        let word = _mm256_sllv_epi32(
            _mm256_shuffle_epi8(word, swap),
            _mm256_and_si256(state.bit, _mm256_set1_epi32(7)),
        );
        let window = _mm256_srli_epi32::<{ 32 - WINDOW as i32 }>(word);
        let of_slot = |table: __m256i| _mm256_permutevar8x32_epi32(table, state.slot);
        let base = _mm256_blendv_epi8(of_slot(self.next), of_slot(self.first), between);
        let index = _mm256_min_epu32(_mm256_add_epi32(base, window), self.last_step);
        // SAFETY: each index is at most that of the last step, and a step is four bytes.
        let step = unsafe { _mm256_i32gather_epi32::<4>(self.tables.steps.as_ptr().cast(), index) };
        let bits = _mm256_and_si256(step, _mm256_set1_epi32(31));
        let passed = _mm256_and_si256(_mm256_srli_epi32::<5>(step), _mm256_set1_epi32(127));
        let ends = _mm256_and_si256(_mm256_srli_epi32::<12>(step), one);
        let k = _mm256_add_epi32(state.k, passed);
        let not_whole = _mm256_or_si256(
            _mm256_cmpeq_epi32(bits, zero),
            _mm256_cmpgt_epi32(_mm256_add_epi32(k, ends), sixty_four),
        );
        let still = _mm256_or_si256(not_whole, idle);
        state.bit = _mm256_add_epi32(state.bit, _mm256_andnot_si256(still, bits));
        let difference = _mm256_andnot_si256(still, _mm256_srai_epi32::<16>(step));
        let of = of_slot(self.component);
        for (c, dc) in state.dc.iter_mut().enumerate().take(self.tables.components) {
            let here = _mm256_cmpeq_epi32(of, _mm256_set1_epi32(c as i32));
            *dc = _mm256_add_epi32(*dc, _mm256_and_si256(here, difference));
        }
        let is_end = _mm256_or_si256(_mm256_cmpeq_epi32(ends, one), _mm256_cmpeq_epi32(k, sixty_four));
        let is_end = _mm256_andnot_si256(still, is_end);
        state.k = _mm256_andnot_si256(is_end, _mm256_blendv_epi8(k, state.k, still));
        state.mcu = _mm256_sub_epi32(state.mcu, _mm256_and_si256(is_end, of_slot(self.is_last)));
        state.slot = _mm256_blendv_epi8(state.slot, of_slot(self.follows), is_end);
        _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_andnot_si256(idle, not_whole)))
    }
}

/// Runs the lanes.
#[target_feature(enable = "avx2")]
pub(super) fn run(tables: &Tables<'_>, clean: &[u8], lanes: &mut Lanes, notes: &mut Vec<Lanes>) {
    let Some(walker) = Walker::new(tables, clean) else { return };
    let mut states = [0, 1, 2].map(|group| State::load(lanes, group));
    for turn in 0usize.. {
        let idle = states.each_ref().map(|state| state.idle());
        if _mm256_movemask_epi8(_mm256_and_si256(_mm256_and_si256(idle[0], idle[1]), idle[2])) == -1 {
            break;
        }
        if turn % STRIDE == 0 {
            states.iter().enumerate().for_each(|(group, state)| state.store(lanes, group));
            notes.push(lanes.clone());
        }
        let by_hand = [0, 1, 2].map(|group| walker.step(&mut states[group], idle[group]));
        for group in 0..GROUPS {
            let mut by_hand = by_hand[group];
            if by_hand == 0 {
                continue;
            }
            states[group].store(lanes, group);
            while by_hand != 0 {
                tables.symbol(clean, lanes, WIDTH * group + by_hand.trailing_zeros() as usize % WIDTH);
                by_hand &= by_hand - 1;
            }
            states[group] = State::load(lanes, group);
        }
    }
    states.iter().enumerate().for_each(|(group, state)| state.store(lanes, group));
}
