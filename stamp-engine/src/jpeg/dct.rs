//! The 8×8 discrete cosine transform and its inverse (T.81, A.3.3), in 32-bit floating point.
//!
//! Both are Arai, Agui and Nakajima's (Transactions of the IEICE E71, 1988): five multiplications
//! for each row, the rest of the scaling being part of the quantisation table. One vector holds a
//! row of eight values, so that a pass over all columns is a pass over one.

#![forbid(unsafe_code)]

use super::eight::Eight;

/// Eight rows of eight samples or coefficients.
pub(super) type Rows<V> = [V; 8];

/// The scale factors that the quick transforms leave out, for a row and a column each:
/// 1, then √2·cos(kπ/16).
const SCALES: [f64; 8] =
    [1.0, 1.387_039_845, 1.306_562_965, 1.175_875_602, 1.0, 0.785_694_958, 0.541_196_100, 0.275_899_379];

/// Where in its row-after-row order the coefficient of each zigzag place stands (T.81, figure A.6).
pub(super) const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
    14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39,
    46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// A quantisation table with the transforms' scaling.
#[derive(Clone, Debug)]
pub(super) struct Scaling {
    /// Multiplies a quantised coefficient for [`inverse`]; by row and column.
    pub(super) dequantise: [[f32; 8]; 8],
    /// Multiplies a result of [`forward`] to make it a quantised coefficient; by row and column.
    pub(super) quantise: [[f32; 8]; 8],
}

impl Scaling {
    /// Of a quantisation table in zigzag order.
    pub(super) fn new(table: &[u16; 64]) -> Self {
        let mut dequantise = [[0.0; 8]; 8];
        let mut quantise = [[0.0; 8]; 8];
        for (k, &step) in table.iter().enumerate() {
            let (row, column) = (ZIGZAG[k] / 8, ZIGZAG[k] % 8);
            let scale = SCALES[row] * SCALES[column] * 8.0;
            dequantise[row][column] = (f64::from(step) * SCALES[row] * SCALES[column] / 8.0) as f32;
            quantise[row][column] = (1.0 / (f64::from(step) * scale)) as f32;
        }
        Self { dequantise, quantise }
    }
}

/// Scaled coefficients to samples.
#[inline(always)]
pub(super) fn inverse<V: Eight>(rows: Rows<V>) -> Rows<V> {
    inverse_columns(V::transposed(inverse_columns(V::transposed(rows))))
}

/// Samples to scaled coefficients.
#[inline(always)]
pub(super) fn forward<V: Eight>(rows: Rows<V>) -> Rows<V> {
    forward_columns(V::transposed(forward_columns(V::transposed(rows))))
}

/// Sum and difference.
#[inline(always)]
fn both<V: Eight>(a: V, b: V) -> (V, V) {
    (a.plus(b), a.minus(b))
}

#[inline(always)]
fn inverse_columns<V: Eight>(c: Rows<V>) -> Rows<V> {
    let by = |value: V, factor: f32| value.times(V::splat(factor));
    let (sum, difference) = both(c[0], c[4]);
    let (even, apart) = both(c[2], c[6]);
    let rotated = by(apart, std::f32::consts::SQRT_2).minus(even);
    let (e0, e3) = both(sum, even);
    let (e1, e2) = both(difference, rotated);

    let (z13, z10) = both(c[5], c[3]);
    let (z11, z12) = both(c[1], c[7]);
    let o0 = z11.plus(z13);
    let z5 = by(z10.plus(z12), 1.847_759_1);
    let o1 = z5.minus(by(z10, 2.613_126)).minus(o0);
    let o2 = by(z11.minus(z13), std::f32::consts::SQRT_2).minus(o1);
    let o3 = z5.minus(by(z12, 1.082_392_2)).minus(o2);
    [
        e0.plus(o0),
        e1.plus(o1),
        e2.plus(o2),
        e3.plus(o3),
        e3.minus(o3),
        e2.minus(o2),
        e1.minus(o1),
        e0.minus(o0),
    ]
}

#[inline(always)]
fn forward_columns<V: Eight>(s: Rows<V>) -> Rows<V> {
    let by = |value: V, factor: f32| value.times(V::splat(factor));
    let (a0, a7) = both(s[0], s[7]);
    let (a1, a6) = both(s[1], s[6]);
    let (a2, a5) = both(s[2], s[5]);
    let (a3, a4) = both(s[3], s[4]);

    let (b0, b3) = both(a0, a3);
    let (b1, b2) = both(a1, a2);
    let z1 = by(b2.plus(b3), std::f32::consts::FRAC_1_SQRT_2);

    let (d0, d1, d2) = (a4.plus(a5), a5.plus(a6), a6.plus(a7));
    let z5 = by(d0.minus(d2), 0.382_683_43);
    let z2 = by(d0, 0.541_196_1).plus(z5);
    let z4 = by(d2, 1.306_563).plus(z5);
    let z3 = by(d1, std::f32::consts::FRAC_1_SQRT_2);
    let (z11, z13) = both(a7, z3);
    [
        b0.plus(b1),
        z11.plus(z4),
        b3.plus(z1),
        z13.minus(z2),
        b0.minus(b1),
        z13.plus(z2),
        b3.minus(z1),
        z11.minus(z4),
    ]
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use proptest::prelude::*;
    use wide::f32x8;

    use super::*;

    /// The defining formula (T.81, A.3.3), of samples to coefficients.
    fn definition(samples: &[[f64; 8]; 8]) -> [[f64; 8]; 8] {
        let c = |u: usize| if u == 0 { 1.0 / 2f64.sqrt() } else { 1.0 };
        let cosine = |x: usize, u: usize| ((2 * x + 1) as f64 * u as f64 * PI / 16.0).cos();
        let mut coefficients = [[0.0; 8]; 8];
        for (v, row) in coefficients.iter_mut().enumerate() {
            for (u, coefficient) in row.iter_mut().enumerate() {
                let sum: f64 =
                    (0..64).map(|i| samples[i / 8][i % 8] * cosine(i % 8, u) * cosine(i / 8, v)).sum();
                *coefficient = sum * c(u) * c(v) / 4.0;
            }
        }
        coefficients
    }

    proptest! {
        #[test]
        fn transforms_are_the_defined_ones(samples in prop::collection::vec(-128i32..128, 64)) {
            let at = |i: usize| f64::from(samples[i]);
            let samples: [[f64; 8]; 8] = std::array::from_fn(|y| std::array::from_fn(|x| at(8 * y + x)));
            let rows = samples.map(|row| f32x8::from(row.map(|v| v as f32)));
            let scaling = Scaling::new(&[1; 64]);
            let result = forward(rows);
            let expected = definition(&samples);
            let mut coefficients = [[0f32; 8]; 8];
            for (y, x) in (0..64).map(|place| (place / 8, place % 8)) {
                let quantised = result[y].to_array()[x] * scaling.quantise[y][x];
                prop_assert!((f64::from(quantised) - expected[y][x]).abs() < 2e-3, "{} {}", y, x);
                coefficients[y][x] = quantised * scaling.dequantise[y][x];
            }
            let back = inverse(coefficients.map(f32x8::from));
            for (row, expected) in back.iter().zip(&samples) {
                for (a, b) in row.to_array().iter().zip(expected) {
                    prop_assert!((f64::from(*a) - b).abs() < 2e-3);
                }
            }
        }
    }
}
