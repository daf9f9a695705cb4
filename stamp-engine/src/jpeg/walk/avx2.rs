//! Eight lanes in AVX2's registers. What a lane does is specified by `lanes::run`.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::lanes::{Lanes, MOST, STRIDE, Tables};
use super::steps::WINDOW;

const COUNT: usize = 8;

#[target_feature(enable = "avx2")]
fn load(values: &[u32; MOST]) -> __m256i {
    // SAFETY: 32 of the array's 64 bytes are read; no alignment is needed.
    unsafe { _mm256_loadu_si256(values.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
fn store(values: &mut [u32; MOST], vector: __m256i) {
    // SAFETY: 32 of the array's 64 bytes are written; no alignment is needed.
    unsafe { _mm256_storeu_si256(values.as_mut_ptr().cast(), vector) }
}

/// The lanes' state in registers.
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

    #[target_feature(enable = "avx2")]
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

/// Runs eight lanes.
#[target_feature(enable = "avx2")]
pub(super) fn run(tables: &Tables<'_>, clean: &[u8], lanes: &mut Lanes, notes: &mut Vec<Lanes>) {
    // A gather reads four bytes: none may begin behind this one.
    let Some(last_byte) = clean.len().checked_sub(4) else { return };
    // Offsets within a permutation hold for eight blocks of the MCU; rarer patterns are walked serially.
    let last_byte = _mm256_set1_epi32(i32::try_from(last_byte).unwrap_or(i32::MAX));
    let (first, next) = (load(&tables.first), load(&tables.next));
    let (follows, is_last, component) =
        (load(&tables.follows), load(&tables.is_last), load(&tables.component));
    let zero = _mm256_setzero_si256();
    let one = _mm256_set1_epi32(1);
    let sixty_four = _mm256_set1_epi32(64);
    let swap = _mm256_setr_epi8(
        3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14,
        13, 12,
    );
    let last_step = _mm256_set1_epi32(i32::try_from(tables.steps.len().saturating_sub(1)).unwrap_or(0));
    if tables.steps.is_empty() {
        return;
    }
    let mut state = State::load(lanes);
    for turn in 0usize.. {
        let between = _mm256_cmpeq_epi32(state.k, zero);
        let idle = _mm256_andnot_si256(_mm256_cmpgt_epi32(state.end, state.bit), between);
        if _mm256_movemask_epi8(idle) == -1 {
            break;
        }
        if turn % STRIDE == 0 {
            state.store(lanes);
            notes.push(lanes.clone());
        }
        let byte = _mm256_min_epu32(_mm256_srli_epi32::<3>(state.bit), last_byte);
        // SAFETY: each lane reads four bytes from an offset that is at most `clean.len() − 4`.
        let word = unsafe { _mm256_i32gather_epi32::<1>(clean.as_ptr().cast(), byte) };
        let word = _mm256_sllv_epi32(
            _mm256_shuffle_epi8(word, swap),
            _mm256_and_si256(state.bit, _mm256_set1_epi32(7)),
        );
        let window = _mm256_srli_epi32::<{ 32 - WINDOW as i32 }>(word);
        let of_slot = |table: __m256i| _mm256_permutevar8x32_epi32(table, state.slot);
        let base = _mm256_blendv_epi8(of_slot(next), of_slot(first), between);
        let index = _mm256_min_epu32(_mm256_add_epi32(base, window), last_step);
        // SAFETY: each index is at most that of the last step, and a step is four bytes.
        let step = unsafe { _mm256_i32gather_epi32::<4>(tables.steps.as_ptr().cast(), index) };
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
        let of = of_slot(component);
        for c in 0..tables.components.min(4) {
            let here = _mm256_cmpeq_epi32(of, _mm256_set1_epi32(c as i32));
            state.dc[c] = _mm256_add_epi32(state.dc[c], _mm256_and_si256(here, difference));
        }
        let is_end = _mm256_or_si256(_mm256_cmpeq_epi32(ends, one), _mm256_cmpeq_epi32(k, sixty_four));
        let is_end = _mm256_andnot_si256(still, is_end);
        state.k = _mm256_andnot_si256(is_end, _mm256_blendv_epi8(k, state.k, still));
        state.mcu = _mm256_sub_epi32(state.mcu, _mm256_and_si256(is_end, of_slot(is_last)));
        state.slot = _mm256_blendv_epi8(state.slot, of_slot(follows), is_end);
        let by_hand = _mm256_andnot_si256(idle, not_whole);
        let mut by_hand = _mm256_movemask_ps(_mm256_castsi256_ps(by_hand));
        if by_hand != 0 {
            state.store(lanes);
            while by_hand != 0 {
                tables.symbol(clean, lanes, by_hand.trailing_zeros() as usize % COUNT);
                by_hand &= by_hand - 1;
            }
            state = State::load(lanes);
        }
    }
    state.store(lanes);
}
