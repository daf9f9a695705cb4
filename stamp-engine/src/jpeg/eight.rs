//! Vectors of eight 32-bit floats, a row of a block each, in whose terms blocks are changed.
//!
//! No implementation fuses a multiplication with an addition, so all give the same bits; the one
//! of `wide` is the specification.

#![deny(unsafe_code)]

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
pub(super) mod avx2;

use wide::{f32x8, i16x8, i32x8};

/// What 8-bit samples can make, and what a baseline code can say (T.81, tables F.1 and F.2).
pub(super) const MOST: i16 = 1023;

/// Eight 32-bit floats.
pub(super) trait Eight: Copy {
    fn of(values: &[f32; 8]) -> Self;
    fn of_i16(values: &[i16; 8]) -> Self;
    fn splat(value: f32) -> Self;
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    /// Rows become columns.
    fn transposed(rows: [Self; 8]) -> [Self; 8];
    /// Rounds to whole numbers, halves to even, adds them to `to` and clamps to ±[`MOST`].
    fn add_rounded(self, to: &mut [i16; 8]);
}

impl Eight for f32x8 {
    #[inline(always)]
    fn of(values: &[f32; 8]) -> Self {
        Self::new(*values)
    }

    #[inline(always)]
    fn of_i16(values: &[i16; 8]) -> Self {
        i32x8::from_i16x8(i16x8::new(*values)).round_float()
    }

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self::new([value; 8])
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self + other
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        self - other
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        self * other
    }

    #[inline(always)]
    fn transposed(rows: [Self; 8]) -> [Self; 8] {
        Self::transpose(rows)
    }

    #[inline(always)]
    fn add_rounded(self, to: &mut [i16; 8]) {
        let rounded = self.round_int().to_array();
        for (to, rounded) in to.iter_mut().zip(rounded) {
            let sum = i32::from(*to).saturating_add(rounded);
            *to = sum.clamp(i32::from(-MOST), i32::from(MOST)) as i16;
        }
    }
}
