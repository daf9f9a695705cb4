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
    // In parts whose sums fit 32 bits, which are more to a vector.
    let sum = |part: &[u8]| part.iter().map(|&byte| u32::from((byte as i8).unsigned_abs())).sum::<u32>();
    filtered.chunks(1 << 16).map(|part| u64::from(sum(part))).sum()
}
