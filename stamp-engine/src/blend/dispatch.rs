//! The one place where the instruction set is chosen: AVX2 where the processor has it, else what
//! the compiler may assume of every processor of its target (SSE2 on x86-64, NEON on aarch64).
//!
//! The kernels are generic code that is always inlined, so that each `target_feature` function
//! below is a whole compilation of them for its instruction set.
#![allow(unsafe_code)]

use super::{Mode, kernel, kernel16};
use crate::Layout;

/// An instruction set that the kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Isa {
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

impl Isa {
    /// The best one this processor has. The standard library remembers the answer.
    pub(super) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        if std::is_x86_feature_detected!("avx2") {
            return Self::Avx2;
        }
        Self::Baseline
    }
}

pub(super) fn row_u8(mode: Mode, layout: Layout, picture: &mut [u8], stamp: &[u8]) {
    row_u8_on(Isa::best(), mode, layout, picture, stamp);
}

pub(super) fn row_u16(mode: Mode, layout: Layout, picture: &mut [u16], stamp: &[u16]) {
    row_u16_on(Isa::best(), mode, layout, picture, stamp);
}

macro_rules! on_each_isa {
    ($on:ident, $baseline:ident, $avx2:ident, $sample:ty, $kernel:path) => {
        /// Runs the kernel compiled for `isa`; one that the processor lacks gives way to the best it has.
        pub(super) fn $on(isa: Isa, mode: Mode, layout: Layout, picture: &mut [$sample], stamp: &[$sample]) {
            match isa {
                Isa::Baseline => $baseline(mode, layout, picture, stamp),
                #[cfg(target_arch = "x86_64")]
                // SAFETY: `best` has found AVX2 on this processor.
                Isa::Avx2 if Isa::best() == Isa::Avx2 => unsafe { $avx2(mode, layout, picture, stamp) },
                #[cfg(target_arch = "x86_64")]
                Isa::Avx2 => $baseline(mode, layout, picture, stamp),
            }
        }

        fn $baseline(mode: Mode, layout: Layout, picture: &mut [$sample], stamp: &[$sample]) {
            $kernel(mode, layout, picture, stamp);
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2")]
        fn $avx2(mode: Mode, layout: Layout, picture: &mut [$sample], stamp: &[$sample]) {
            $kernel(mode, layout, picture, stamp);
        }
    };
}

on_each_isa!(row_u8_on, row_u8_baseline, row_u8_avx2, u8, kernel::row);
on_each_isa!(row_u16_on, row_u16_baseline, row_u16_avx2, u16, kernel16::row);

/// Asks for the cache line of the sample at `index`, if there is one. The processors' own
/// prefetch stops at the end of each 4 KiB page; on a picture in memory this doubles the rate.
#[inline(always)]
pub(super) fn prefetch<T>(samples: &[T], index: usize) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    if let Some(sample) = samples.get(index) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: SSE is part of x86-64; a prefetch reads nothing and the address is valid.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(sample).cast()) };
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = (samples, index);
}
