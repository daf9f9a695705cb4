//! Thirty-two lanes in AVX-512's registers, in two groups: each group's look-ups depend on the ones
//! before, and while one group waits for memory the other has work. What a lane does is specified by
//! `lanes::run`.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::lanes::{Lanes, MOST, SLOTS, STRIDE, Tables};
use super::steps::WINDOW;

/// Lanes in a register.
const WIDTH: usize = 16;
const GROUPS: usize = 2;
/// Lanes in all.
pub(super) const COUNT: usize = WIDTH * GROUPS;

#[target_feature(enable = "avx512f,avx512bw")]
fn load_array(values: &[u32; WIDTH]) -> __m512i {
    // SAFETY: the array's 64 bytes are read; no alignment is needed.
    unsafe { _mm512_loadu_si512(values.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn load_slots(values: &[u32; SLOTS]) -> __m512i {
    load_array(values)
}

#[target_feature(enable = "avx512f,avx512bw")]
fn load(values: &[u32; MOST], group: usize) -> __m512i {
    load_array(&values.as_chunks::<WIDTH>().0[group])
}

#[target_feature(enable = "avx512f,avx512bw")]
fn store(values: &mut [u32; MOST], group: usize, vector: __m512i) {
    let group = &mut values.as_chunks_mut::<WIDTH>().0[group];
    // SAFETY: the array's 64 bytes are written; no alignment is needed.
    unsafe { _mm512_storeu_si512(group.as_mut_ptr().cast(), vector) }
}

/// A group's state in registers.
struct State {
    bit: __m512i,
    k: __m512i,
    slot: __m512i,
    mcu: __m512i,
    dc: [__m512i; 4],
    end: __m512i,
}

impl State {
    #[target_feature(enable = "avx512f,avx512bw")]
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

    #[target_feature(enable = "avx512f,avx512bw")]
    fn store(&self, lanes: &mut Lanes, group: usize) {
        store(&mut lanes.bit, group, self.bit);
        store(&mut lanes.k, group, self.k);
        store(&mut lanes.slot, group, self.slot);
        store(&mut lanes.mcu, group, self.mcu);
        for (values, vector) in lanes.dc.iter_mut().zip(self.dc) {
            store(bytemuck::must_cast_mut(values), group, vector);
        }
    }

    /// Lanes that stand between two blocks at or behind their end.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn idle(&self) -> u16 {
        _mm512_cmpge_epu32_mask(self.bit, self.end) & _mm512_testn_epi32_mask(self.k, self.k)
    }
}

/// [`Tables`] in registers.
struct Walker<'a> {
    tables: &'a Tables<'a>,
    clean: &'a [u8],
    last_byte: __m512i,
    last_step: __m512i,
    first: __m512i,
    next: __m512i,
    follows: __m512i,
    is_last: __m512i,
    component: __m512i,
}

impl<'a> Walker<'a> {
    /// `None` where there is nothing to look things up in.
    #[target_feature(enable = "avx512f,avx512bw")]
    fn new(tables: &'a Tables<'a>, clean: &'a [u8]) -> Option<Self> {
        // A gather reads four bytes: none may begin behind this one.
        let last_byte = i32::try_from(clean.len().checked_sub(4)?).unwrap_or(i32::MAX);
        let last_step = i32::try_from(tables.steps.len().checked_sub(1)?).unwrap_or(0);
        Some(Self {
            tables,
            clean,
            last_byte: _mm512_set1_epi32(last_byte),
            last_step: _mm512_set1_epi32(last_step),
            first: load_slots(&tables.first),
            next: load_slots(&tables.next),
            follows: load_slots(&tables.follows),
            is_last: load_slots(&tables.is_last),
            component: load_slots(&tables.component),
        })
    }

    /// Takes one step in each lane that is not idle. Gives the lanes whose step was not to be looked up.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn step(&self, state: &mut State, idle: u16) -> u16 {
        let between = _mm512_testn_epi32_mask(state.k, state.k);
        let byte = _mm512_min_epu32(_mm512_srli_epi32::<3>(state.bit), self.last_byte);
        // SAFETY: each lane reads four bytes from an offset that is at most `clean.len() − 4`.
        let word = unsafe { _mm512_i32gather_epi32::<1>(byte, self.clean.as_ptr().cast()) };
        let swap =
            _mm512_broadcast_i32x4(_mm_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));
        let word = _mm512_sllv_epi32(
            _mm512_shuffle_epi8(word, swap),
            _mm512_and_si512(state.bit, _mm512_set1_epi32(7)),
        );
        let window = _mm512_srli_epi32::<{ 32 - WINDOW }>(word);
        let of_slot = |table: __m512i| _mm512_permutexvar_epi32(state.slot, table);
        let base = _mm512_mask_blend_epi32(between, of_slot(self.next), of_slot(self.first));
        let index = _mm512_min_epu32(_mm512_add_epi32(base, window), self.last_step);
        // SAFETY: each index is at most that of the last step, and a step is four bytes.
        let step = unsafe { _mm512_i32gather_epi32::<4>(index, self.tables.steps.as_ptr().cast()) };
        let bits = _mm512_and_si512(step, _mm512_set1_epi32(31));
        let passed = _mm512_and_si512(_mm512_srli_epi32::<5>(step), _mm512_set1_epi32(127));
        let ends = _mm512_and_si512(_mm512_srli_epi32::<12>(step), _mm512_set1_epi32(1));
        let k = _mm512_add_epi32(state.k, passed);
        let sixty_four = _mm512_set1_epi32(64);
        let not_whole = _mm512_testn_epi32_mask(bits, bits)
            | _mm512_cmpgt_epi32_mask(_mm512_add_epi32(k, ends), sixty_four);
        let moves = !(not_whole | idle);
        state.bit = _mm512_mask_add_epi32(state.bit, moves, state.bit, bits);
        let difference = _mm512_srai_epi32::<16>(step);
        let of = of_slot(self.component);
        for (c, dc) in state.dc.iter_mut().enumerate().take(self.tables.components) {
            let here = _mm512_mask_cmpeq_epi32_mask(moves, of, _mm512_set1_epi32(c as i32));
            *dc = _mm512_mask_add_epi32(*dc, here, *dc, difference);
        }
        let is_end = moves & (_mm512_test_epi32_mask(ends, ends) | _mm512_cmpeq_epi32_mask(k, sixty_four));
        state.k = _mm512_maskz_mov_epi32(!is_end, _mm512_mask_mov_epi32(state.k, moves, k));
        state.mcu = _mm512_mask_sub_epi32(state.mcu, is_end, state.mcu, of_slot(self.is_last));
        state.slot = _mm512_mask_mov_epi32(state.slot, is_end, of_slot(self.follows));
        not_whole & !idle
    }
}

/// Runs the lanes.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn run(tables: &Tables<'_>, clean: &[u8], lanes: &mut Lanes, notes: &mut Vec<Lanes>) {
    let Some(walker) = Walker::new(tables, clean) else { return };
    let mut states = [State::load(lanes, 0), State::load(lanes, 1)];
    for turn in 0usize.. {
        let idle = [states[0].idle(), states[1].idle()];
        if idle == [u16::MAX; GROUPS] {
            break;
        }
        if turn % STRIDE == 0 {
            states.iter().enumerate().for_each(|(group, state)| state.store(lanes, group));
            notes.push(lanes.clone());
        }
        let by_hand = [walker.step(&mut states[0], idle[0]), walker.step(&mut states[1], idle[1])];
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
