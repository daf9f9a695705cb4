//! Filters of rows (PNG, third edition, 9): of the five the one that leaves the least sum of absolute
//! differences (12.7), which is what most encoders choose by.

#![forbid(unsafe_code)]

/// Filters one row after another.
pub(super) struct Filters {
    bytes_per_pixel: usize,
    previous: Vec<u8>,
    best: Vec<u8>,
    tried: Vec<u8>,
}

/// By their number in the file.
#[derive(Clone, Copy, Debug)]
enum Filter {
    None,
    Sub,
    Up,
    Average,
    Paeth,
}

impl Filters {
    /// For rows of so many bytes; a pixel has at least one.
    pub(super) fn new(row: usize, bytes_per_pixel: usize) -> Self {
        let line = || vec![0; row];
        Self { bytes_per_pixel, previous: line(), best: line(), tried: line() }
    }

    /// Appends the filtered row, behind its filter's number.
    pub(super) fn append(&mut self, row: &[u8], to: &mut Vec<u8>) {
        let (mut least, mut chosen) = (u64::MAX, Filter::None);
        for filter in [Filter::Paeth, Filter::Up, Filter::Sub, Filter::Average, Filter::None] {
            filter.apply(row, &self.previous, self.bytes_per_pixel, &mut self.tried);
            let sum = differences(&self.tried);
            if sum < least {
                (least, chosen) = (sum, filter);
                std::mem::swap(&mut self.best, &mut self.tried);
            }
        }
        to.push(chosen as u8);
        to.extend_from_slice(&self.best);
        self.previous.copy_from_slice(row);
    }
}

impl Filter {
    /// `pixel` bytes before the row count as 0; `above` is the row before, unfiltered.
    fn apply(self, row: &[u8], above: &[u8], pixel: usize, out: &mut [u8]) {
        let first = pixel.min(row.len());
        for ((out, &x), &b) in out.iter_mut().zip(row).zip(above).take(first) {
            *out = self.difference(x, 0, b, 0);
        }
        let rest = out[first..].iter_mut().zip(&row[first..]).zip(&above[first..]);
        let left = row.iter().zip(above);
        let each = rest.zip(left).map(|(((out, &x), &b), (&a, &c))| (out, x, a, b, c));
        // A loop for each filter, so that each becomes vectors.
        match self {
            Self::None => each.for_each(|(out, x, a, b, c)| *out = Self::None.difference(x, a, b, c)),
            Self::Sub => each.for_each(|(out, x, a, b, c)| *out = Self::Sub.difference(x, a, b, c)),
            Self::Up => each.for_each(|(out, x, a, b, c)| *out = Self::Up.difference(x, a, b, c)),
            Self::Average => each.for_each(|(out, x, a, b, c)| *out = Self::Average.difference(x, a, b, c)),
            Self::Paeth => each.for_each(|(out, x, a, b, c)| *out = Self::Paeth.difference(x, a, b, c)),
        }
    }

    /// Of a byte `x`, with `a` left of it, `b` above it and `c` left of that (9.2).
    #[inline(always)]
    fn difference(self, x: u8, a: u8, b: u8, c: u8) -> u8 {
        x.wrapping_sub(match self {
            Self::None => 0,
            Self::Sub => a,
            Self::Up => b,
            Self::Average => ((u16::from(a) + u16::from(b)) / 2) as u8,
            Self::Paeth => paeth(a, b, c),
        })
    }
}

/// Which of the three is nearest to `a + b − c` (9.4).
#[inline(always)]
fn paeth(a: u8, b: u8, c: u8) -> u8 {
    let [wide_a, wide_b, wide_c] = [a, b, c].map(i16::from);
    let (to_a, to_b) = ((wide_b - wide_c).abs(), (wide_a - wide_c).abs());
    let to_c = (wide_a + wide_b - 2 * wide_c).abs();
    let nearer = if to_b <= to_c { b } else { c };
    if to_a <= to_b && to_a <= to_c { a } else { nearer }
}

fn differences(filtered: &[u8]) -> u64 {
    // In parts whose sums fit 32 bits, which are more to a vector; a check for what does not fit would leave none.
    let sum = |part: &[u8]| {
        part.iter().fold(0, |sum: u32, &byte| sum.wrapping_add(u32::from((byte as i8).unsigned_abs())))
    };
    filtered.chunks(1 << 16).map(|part| u64::from(sum(part))).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The reconstruction of 9.2, byte by byte.
    fn unfiltered(filter: u8, filtered: &[u8], above: &[u8], pixel: usize) -> Vec<u8> {
        let mut row: Vec<u8> = Vec::new();
        for (x, &byte) in filtered.iter().enumerate() {
            let left = |row: &[u8]| if x < pixel { 0 } else { row[x - pixel] };
            let (a, b, c) = (left(&row), above[x], left(above));
            let predictor = match filter {
                0 => 0,
                1 => a,
                2 => b,
                3 => ((u16::from(a) + u16::from(b)) / 2) as u8,
                4 => {
                    let p = i32::from(a) + i32::from(b) - i32::from(c);
                    let far = |other: u8| (p - i32::from(other)).abs();
                    // The first of them that is nearest, in this order.
                    [a, b, c].into_iter().min_by_key(|&other| far(other)).unwrap()
                }
                _ => panic!("there is no filter {filter}"),
            };
            row.push(byte.wrapping_add(predictor));
        }
        row
    }

    proptest! {
        #[test]
        fn every_row_is_what_it_was(pixel in 1_usize..=8, pixels in 1_usize..70, seed: u64) {
            let mut random = seed | 1;
            let mut byte = || {
                random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                (random >> 56) as u8
            };
            let length = pixel * pixels;
            let mut filters = Filters::new(length, pixel);
            let mut above = vec![0; length];
            for smooth in [1, 7, 64, 255_u8] {
                let row: Vec<u8> = (0..length).map(|x| (x as u8).wrapping_add(byte() % smooth)).collect();
                let mut out = Vec::new();
                filters.append(&row, &mut out);
                prop_assert_eq!(unfiltered(out[0], &out[1..], &above, pixel), &row[..]);
                above = row;
            }
        }
    }

    #[test]
    fn the_filter_that_fits_is_chosen() {
        let ramp: Vec<u8> = (0..120).collect();
        let mut filters = Filters::new(ramp.len(), 3);
        let mut out = Vec::new();
        filters.append(&ramp, &mut out);
        assert!([1, 3, 4].contains(&out[0]), "{}", out[0]);
        out.clear();
        filters.append(&ramp, &mut out);
        assert!(out[1..].iter().all(|&byte| byte == 0), "the same row again is all zeros");
    }
}
