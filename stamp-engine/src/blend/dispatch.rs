//! The one place where the instruction set is chosen: AVX2 where the processor has it, else what
//! the compiler may assume of every processor of its target (SSE2 on x86-64, NEON on aarch64).
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use super::avx2::run_avx2;
use super::lanes::{Baseline, Lanes};

/// An instruction set that the kernels are compiled for and that this processor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Isa(Set);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

impl Isa {
    /// What every processor of the target has.
    pub(super) const BASELINE: Self = Self(Set::Baseline);

    /// The best one this processor has. The standard library remembers the answer.
    pub(super) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        if std::is_x86_feature_detected!("avx2") {
            return Self(Set::Avx2);
        }
        Self::BASELINE
    }
}

/// The compositing of a row in vectors of a given kind. What implements it is always inlined, so
/// that each `target_feature` function is a whole compilation of it for its instruction set.
pub(super) trait Kernel<T> {
    fn row<V: Lanes>(picture: &mut [T], stamp: &[T]);
}

/// Runs a kernel compiled for `isa`.
pub(super) fn run<T, K: Kernel<T>>(isa: Isa, picture: &mut [T], stamp: &[T]) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: this variant is made by `best` alone, when it has found AVX2.
        Isa(Set::Avx2) => unsafe { run_avx2::<T, K>(picture, stamp) },
        Isa(Set::Baseline) => K::row::<Baseline>(picture, stamp),
    }
}

/// Asks for the memory of the item `ahead` items after `item`. The processors' own prefetch stops
/// at the end of each 4 KiB page; this doubles the rate on a picture in memory.
#[inline(always)]
pub(super) fn prefetch<T>(item: &T, ahead: usize) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    for line in (0..size_of::<T>()).step_by(64) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let address = std::ptr::from_ref(item).wrapping_add(ahead).wrapping_byte_add(line);
        // SAFETY: SSE is part of x86-64; a prefetch reads nothing and faults on no address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = (item, ahead);
}
