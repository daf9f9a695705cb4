//! Sixteen lanes in AVX-512's registers. What a lane does is specified by `lanes::run`.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::lanes::{Lanes, MOST, STRIDE, Tables};
use super::steps::WINDOW;

#[target_feature(enable = "avx512f,avx512bw")]
fn load(values: &[u32; MOST]) -> __m512i {
    // SAFETY: the array's 64 bytes are read; no alignment is needed.
    unsafe { _mm512_loadu_si512(values.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn store(values: &mut [u32; MOST], vector: __m512i) {
    // SAFETY: the array's 64 bytes are written; no alignment is needed.
    unsafe { _mm512_storeu_si512(values.as_mut_ptr().cast(), vector) }
}

/// The lanes' state in registers.
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
    fn load(lanes: &Lanes) -> Self {
        Self {
            bit: load(&lanes.bit),
            k: load(&lanes.k),
            slot: load(&lanes.slot),
            mcu: load(&lanes.mcu),
            dc: [0, 1, 2, 3].map(|c| load(bytemuck::must_cast_ref(&lanes.dc[c]))),
            end: load(&lanes.end),
        }
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    fn store(&self, lanes: &mut Lanes) {
        store(&mut lanes.bit, self.bit);
        store(&mut lanes.k, self.k);
        store(&mut lanes.slot, self.slot);
        store(&mut lanes.mcu, self.mcu);
        for (values, vector) in lanes.dc.iter_mut().zip(self.dc) {
            store(bytemuck::must_cast_mut(values), vector);
        }
    }
}

/// Runs sixteen lanes.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn run(tables: &Tables<'_>, clean: &[u8], lanes: &mut Lanes, notes: &mut Vec<Lanes>) {
    // A gather reads four bytes: none may begin behind this one.
    let Some(last_byte) = clean.len().checked_sub(4) else { return };
    if tables.steps.is_empty() {
        return;
    }
    let last_byte = _mm512_set1_epi32(i32::try_from(last_byte).unwrap_or(i32::MAX));
    let last_step = _mm512_set1_epi32(i32::try_from(tables.steps.len() - 1).unwrap_or(0));
    let (first, next) = (load(&tables.first), load(&tables.next));
    let (follows, is_last, component) =
        (load(&tables.follows), load(&tables.is_last), load(&tables.component));
    let zero = _mm512_setzero_si512();
    let one = _mm512_set1_epi32(1);
    let sixty_four = _mm512_set1_epi32(64);
    let swap = _mm512_broadcast_i32x4(_mm_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));
    let mut state = State::load(lanes);
    for turn in 0usize.. {
        let between = _mm512_cmpeq_epi32_mask(state.k, zero);
        let idle = between & _mm512_cmpge_epu32_mask(state.bit, state.end);
        if idle == u16::MAX {
            break;
        }
        if turn % STRIDE == 0 {
            state.store(lanes);
            notes.push(lanes.clone());
        }
        let byte = _mm512_min_epu32(_mm512_srli_epi32::<3>(state.bit), last_byte);
        // SAFETY: each lane reads four bytes from an offset that is at most `clean.len() − 4`.
        let word = unsafe { _mm512_i32gather_epi32::<1>(byte, clean.as_ptr().cast()) };
        let word = _mm512_sllv_epi32(
            _mm512_shuffle_epi8(word, swap),
            _mm512_and_si512(state.bit, _mm512_set1_epi32(7)),
        );
        let window = _mm512_srli_epi32::<{ 32 - WINDOW }>(word);
        let of_slot = |table: __m512i| _mm512_permutexvar_epi32(state.slot, table);
        let base = _mm512_mask_blend_epi32(between, of_slot(next), of_slot(first));
        let index = _mm512_min_epu32(_mm512_add_epi32(base, window), last_step);
        // SAFETY: each index is at most that of the last step, and a step is four bytes.
        let step = unsafe { _mm512_i32gather_epi32::<4>(index, tables.steps.as_ptr().cast()) };
        let bits = _mm512_and_si512(step, _mm512_set1_epi32(31));
        let passed = _mm512_and_si512(_mm512_srli_epi32::<5>(step), _mm512_set1_epi32(127));
        let ends = _mm512_and_si512(_mm512_srli_epi32::<12>(step), one);
        let k = _mm512_add_epi32(state.k, passed);
        let not_whole = _mm512_testn_epi32_mask(bits, bits)
            | _mm512_cmpgt_epi32_mask(_mm512_add_epi32(k, ends), sixty_four);
        let moves = !(not_whole | idle);
        state.bit = _mm512_mask_add_epi32(state.bit, moves, state.bit, bits);
        let difference = _mm512_srai_epi32::<16>(step);
        let of = of_slot(component);
        for c in 0..tables.components.min(4) {
            let here = _mm512_mask_cmpeq_epi32_mask(moves, of, _mm512_set1_epi32(c as i32));
            state.dc[c] = _mm512_mask_add_epi32(state.dc[c], here, state.dc[c], difference);
        }
        let is_end = moves & (_mm512_test_epi32_mask(ends, ends) | _mm512_cmpeq_epi32_mask(k, sixty_four));
        state.k = _mm512_maskz_mov_epi32(!is_end, _mm512_mask_mov_epi32(state.k, moves, k));
        state.mcu = _mm512_mask_sub_epi32(state.mcu, is_end, state.mcu, of_slot(is_last));
        state.slot = _mm512_mask_mov_epi32(state.slot, is_end, of_slot(follows));
        let mut by_hand = not_whole & !idle;
        if by_hand != 0 {
            state.store(lanes);
            while by_hand != 0 {
                tables.symbol(clean, lanes, by_hand.trailing_zeros() as usize % MOST);
                by_hand &= by_hand - 1;
            }
            state = State::load(lanes);
        }
    }
    state.store(lanes);
}
