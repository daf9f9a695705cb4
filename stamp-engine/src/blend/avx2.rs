//! The kernels' vectors in AVX2's registers of 256 bits. `wide` would do this too, but only in a
//! program compiled for AVX2 as a whole; compiled for any x86-64 it keeps to halves of 128 bits.
//!
//! Only `dispatch.rs` names [`Avx2`], in functions that run where AVX2 has been detected.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::dispatch::Kernel;
use super::lanes::Lanes;

/// Runs a kernel in AVX2's vectors, compiled for AVX2.
#[target_feature(enable = "avx2")]
pub(super) fn run_avx2<T, K: Kernel<T>>(picture: &mut [T], stamp: &[T]) {
    K::row::<Avx2>(picture, stamp);
}

/// 16 lanes of 16 bits in one register.
#[derive(Clone, Copy)]
pub(super) struct Avx2(__m256i);

macro_rules! intrinsics {
    ($($name:ident($($operand:ident),*) = $value:expr;)*) => {$(
        #[inline(always)]
        fn $name(self $(, $operand: Self)*) -> Self {
            $(let $operand = $operand.0;)*
            let this = self.0;
            // SAFETY: a vector exists only where AVX2 has been detected; the intrinsic has no
            // other condition.
            Self(unsafe { $value(this $(, $operand)*) })
        }
    )*};
}

impl Lanes for Avx2 {
    #[inline(always)]
    fn apart<T, K: Kernel<T>>(picture: &mut [T], stamp: &[T]) {
        // SAFETY: AVX2 has been detected, or nothing would run in its vectors.
        unsafe { run_avx2::<T, K>(picture, stamp) }
    }

    #[inline(always)]
    fn load(samples: &[u8; 32]) -> Self {
        // SAFETY: AVX2 has been detected; 32 bytes are readable and need no alignment.
        Self(unsafe { _mm256_loadu_si256(samples.as_ptr().cast()) })
    }

    #[inline(always)]
    fn store(self) -> [u8; 32] {
        bytemuck::must_cast(self.0)
    }

    #[inline(always)]
    fn from_lanes(lanes: [u16; 16]) -> Self {
        Self(bytemuck::must_cast(lanes))
    }

    #[inline(always)]
    fn to_lanes(self) -> [u16; 16] {
        bytemuck::must_cast(self.0)
    }

    #[inline(always)]
    fn splat(lane: u16) -> Self {
        // SAFETY: AVX2 has been detected.
        Self(unsafe { _mm256_set1_epi16(lane as i16) })
    }

    intrinsics! {
        add(other) = _mm256_add_epi16;
        sub(other) = _mm256_sub_epi16;
        saturating_sub(other) = _mm256_subs_epu16;
        mul(other) = _mm256_mullo_epi16;
        mul_high(other) = _mm256_mulhi_epu16;
        min(other) = _mm256_min_epu16;
        max(other) = _mm256_max_epu16;
        min_bytes(other) = _mm256_min_epu8;
        and(other) = _mm256_and_si256;
        or(other) = _mm256_or_si256;
        high_bytes() = _mm256_srli_epi16::<8>;
        to_high_bytes() = _mm256_slli_epi16::<8>;
    }

    #[inline(always)]
    fn fourth_samples(self) -> Self {
        // SAFETY: AVX2 has been detected.
        unsafe {
            let fourth = _mm256_srli_epi32::<24>(self.0);
            Self(_mm256_or_si256(fourth, _mm256_slli_epi32::<16>(fourth)))
        }
    }

    #[inline(always)]
    fn equals(self, other: Self) -> bool {
        // SAFETY: AVX2 has been detected.
        unsafe {
            let difference = _mm256_xor_si256(self.0, other.0);
            _mm256_testz_si256(difference, difference) == 1
        }
    }

    #[inline(always)]
    fn has_none(self, mask: Self) -> bool {
        // SAFETY: AVX2 has been detected.
        unsafe { _mm256_testz_si256(self.0, mask.0) == 1 }
    }

    #[inline(always)]
    fn has_all(self, mask: Self) -> bool {
        // SAFETY: AVX2 has been detected.
        unsafe { _mm256_testc_si256(self.0, mask.0) == 1 }
    }

    #[inline(always)]
    fn second_lanes(self) -> Self {
        // SAFETY: AVX2 has been detected.
        unsafe { Self(_mm256_shufflehi_epi16::<0xf5>(_mm256_shufflelo_epi16::<0xf5>(self.0))) }
    }

    #[inline(always)]
    fn fourth_lanes(self) -> Self {
        // SAFETY: AVX2 has been detected.
        unsafe { Self(_mm256_shufflehi_epi16::<0xff>(_mm256_shufflelo_epi16::<0xff>(self.0))) }
    }

    #[inline(always)]
    fn load_threes<const BYTES: usize>(samples: &[u8; 24]) -> Self {
        // The pixels of the last 12 bytes begin at byte 4 of the last 16.
        const { assert!(BYTES == 1 || BYTES == 2) };
        // SAFETY: AVX2 has been detected; both 16 bytes read lie within the 24.
        unsafe {
            let first = _mm_loadu_si128(samples.as_ptr().cast());
            let last = _mm_loadu_si128(samples.as_ptr().add(8).cast());
            let places = _mm256_set_m128i(spread::<BYTES>(4), spread::<BYTES>(0));
            Self(_mm256_shuffle_epi8(_mm256_set_m128i(last, first), places))
        }
    }

    #[inline(always)]
    fn store_threes<const BYTES: usize>(self) -> [u8; 24] {
        let mut samples = [0; 24];
        // SAFETY: AVX2 has been detected; 16 and 8 bytes are written into the 24.
        unsafe {
            let halves = _mm256_shuffle_epi8(self.0, _mm256_broadcastsi128_si256(gather::<BYTES>()));
            let whole = _mm256_permutevar8x32_epi32(halves, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
            _mm_storeu_si128(samples.as_mut_ptr().cast(), _mm256_castsi256_si128(whole));
            _mm_storel_epi64(samples.as_mut_ptr().add(16).cast(), _mm256_extracti128_si256::<1>(whole));
        }
        samples
    }
}

/// The places that 12 bytes from `start` on go to, as pixels of 4 samples instead of 3.
#[inline(always)]
fn spread<const BYTES: usize>(start: usize) -> __m128i {
    bytemuck::must_cast::<[u8; 16], _>(std::array::from_fn(|i| {
        let (pixel, byte) = (i / (4 * BYTES), i % (4 * BYTES));
        if byte < 3 * BYTES { (start + pixel * 3 * BYTES + byte) as u8 } else { 0x80 }
    }))
}

/// The places of the first 3 samples of each pixel of 4, moved to the front.
#[inline(always)]
fn gather<const BYTES: usize>() -> __m128i {
    bytemuck::must_cast::<[u8; 16], _>(std::array::from_fn(|i| {
        let (pixel, byte) = (i / (3 * BYTES), i % (3 * BYTES));
        if i < 12 { (pixel * 4 * BYTES + byte) as u8 } else { 0x80 }
    }))
}
