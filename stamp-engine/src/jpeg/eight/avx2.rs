//! Eight floats in one register of AVX2. `wide` would do this too, but only in a program compiled for
//! AVX2 as a whole.
//!
//! Only `redo.rs` names [`Avx2`], in a function that runs where AVX2 has been detected.

use std::arch::x86_64::*;

use super::{Eight, MOST};

/// Eight 32-bit floats in one register.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Avx2(__m256);

impl Eight for Avx2 {
    #[inline(always)]
    fn of(values: &[f32; 8]) -> Self {
        Self(bytemuck::must_cast(*values))
    }

    #[inline(always)]
    fn of_i16(values: &[i16; 8]) -> Self {
        // SAFETY: these vectors are only made where AVX2 has been detected.
        Self(unsafe { _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(bytemuck::must_cast(*values))) })
    }

    #[inline(always)]
    fn splat(value: f32) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm256_set1_ps(value) })
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm256_add_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm256_sub_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm256_mul_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn transposed(rows: [Self; 8]) -> [Self; 8] {
        let [a, b, c, d, e, f, g, h] = rows.map(|row| row.0);
        // SAFETY: as above.
        unsafe {
            let pairs = |a, b| (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
            let (ab0, ab1) = pairs(a, b);
            let (cd0, cd1) = pairs(c, d);
            let (ef0, ef1) = pairs(e, f);
            let (gh0, gh1) = pairs(g, h);
            let fours = |a, b| (_mm256_shuffle_ps::<0x44>(a, b), _mm256_shuffle_ps::<0xee>(a, b));
            let (p0, p1) = fours(ab0, cd0);
            let (p2, p3) = fours(ab1, cd1);
            let (q0, q1) = fours(ef0, gh0);
            let (q2, q3) = fours(ef1, gh1);
            let low = |p, q| Self(_mm256_permute2f128_ps::<0x20>(p, q));
            let high = |p, q| Self(_mm256_permute2f128_ps::<0x31>(p, q));
            [
                low(p0, q0),
                low(p1, q1),
                low(p2, q2),
                low(p3, q3),
                high(p0, q0),
                high(p1, q1),
                high(p2, q2),
                high(p3, q3),
            ]
        }
    }

    #[inline(always)]
    fn add_rounded(self, to: &mut [i16; 8]) {
        // SAFETY: as above.
        let sum = unsafe {
            // The rounding of the processor's default mode, which Rust programs never change.
            let rounded = _mm256_cvtps_epi32(self.0);
            let low = _mm256_castsi256_si128(rounded);
            let rounded = _mm_packs_epi32(low, _mm256_extracti128_si256::<1>(rounded));
            let sum = _mm_adds_epi16(bytemuck::must_cast(*to), rounded);
            _mm_max_epi16(_mm_min_epi16(sum, _mm_set1_epi16(MOST)), _mm_set1_epi16(-MOST))
        };
        *to = bytemuck::must_cast(sum);
    }
}
