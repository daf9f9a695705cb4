//! The vectors that the 8-bit kernels are written in: 16 lanes of 16 bits.
#![forbid(unsafe_code)]

use super::dispatch::Kernel;
use wide::{u8x32, u16x16, u32x8};

/// 16 lanes of 16 bits. Arithmetic wraps.
///
/// Seen as bytes, a vector is 32 samples of 8 bits: the one at an even place is the low byte of
/// its lane, whatever the machine's order of bytes.
pub(super) trait Lanes: Copy {
    /// Runs a kernel in these vectors, compiled as a function of its own.
    fn apart<T, K: Kernel<T>>(picture: &mut [T], stamp: &[T]);

    fn load(samples: &[u8; 32]) -> Self;
    fn store(self) -> [u8; 32];
    fn from_lanes(lanes: [u16; 16]) -> Self;
    fn to_lanes(self) -> [u16; 16];
    fn splat(lane: u16) -> Self;

    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    /// The difference, or 0 where it is negative.
    fn saturating_sub(self, other: Self) -> Self;
    /// The low half of the product.
    fn mul(self, other: Self) -> Self;
    /// The high half of the product.
    fn mul_high(self, other: Self) -> Self;
    fn min(self, other: Self) -> Self;
    fn max(self, other: Self) -> Self;
    /// The lesser of each two bytes.
    fn min_bytes(self, other: Self) -> Self;
    fn and(self, other: Self) -> Self;
    fn or(self, other: Self) -> Self;
    /// Each lane divided by 256.
    fn high_bytes(self) -> Self;
    /// Each lane times 256.
    fn to_high_bytes(self) -> Self;
    /// The last sample of each pixel of 4, in both of its lanes.
    fn fourth_samples(self) -> Self;
    /// Whether all lanes are equal to those of `other`.
    fn equals(self, other: Self) -> bool;
    /// Whether none of the bits of `mask` is set.
    fn has_none(self, mask: Self) -> bool;
    /// Whether all of the bits of `mask` are set.
    fn has_all(self, mask: Self) -> bool;

    /// The second of each pair of lanes, in both.
    fn second_lanes(self) -> Self;
    /// The last of each four lanes, in all four.
    fn fourth_lanes(self) -> Self;

    /// Pixels of 3 samples of `BYTES` bytes (1 or 2), as pixels of 4 whose last is of no meaning.
    fn load_threes<const BYTES: usize>(samples: &[u8; 24]) -> Self;
    /// The first 3 samples of each pixel of 4.
    fn store_threes<const BYTES: usize>(self) -> [u8; 24];
}

/// The vectors of the compiler's target: SSE2 on x86-64, NEON on aarch64.
#[derive(Clone, Copy)]
pub(super) struct Baseline(u16x16);

impl Lanes for Baseline {
    #[inline(never)]
    fn apart<T, K: Kernel<T>>(picture: &mut [T], stamp: &[T]) {
        K::row::<Self>(picture, stamp);
    }

    #[inline(always)]
    fn load(samples: &[u8; 32]) -> Self {
        let lanes: [u16; 16] = bytemuck::must_cast(*samples);
        Self::from_lanes(lanes.map(u16::from_le))
    }

    #[inline(always)]
    fn store(self) -> [u8; 32] {
        bytemuck::must_cast(self.to_lanes().map(u16::to_le))
    }

    #[inline(always)]
    fn from_lanes(lanes: [u16; 16]) -> Self {
        Self(u16x16::new(lanes))
    }

    #[inline(always)]
    fn to_lanes(self) -> [u16; 16] {
        self.0.to_array()
    }

    #[inline(always)]
    fn splat(lane: u16) -> Self {
        Self(u16x16::splat(lane))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }

    #[inline(always)]
    fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0)
    }

    #[inline(always)]
    fn mul_high(self, other: Self) -> Self {
        Self(self.0.mul_keep_high(other.0))
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(self.0.max(other.0))
    }

    #[inline(always)]
    fn min_bytes(self, other: Self) -> Self {
        let (these, others): (u8x32, u8x32) = (bytemuck::must_cast(self.0), bytemuck::must_cast(other.0));
        Self(bytemuck::must_cast(these.min(others)))
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[inline(always)]
    fn high_bytes(self) -> Self {
        Self(self.0 >> 8)
    }

    #[inline(always)]
    fn to_high_bytes(self) -> Self {
        Self(self.0 << 8)
    }

    #[inline(always)]
    fn fourth_samples(self) -> Self {
        let pixels: u32x8 = bytemuck::must_cast(self.0);
        let fourth =
            if cfg!(target_endian = "little") { pixels >> 24 } else { (pixels >> 8) & u32x8::splat(255) };
        Self(bytemuck::must_cast(fourth | (fourth << 16)))
    }

    #[inline(always)]
    fn equals(self, other: Self) -> bool {
        let [a, b, c, d]: [u64; 4] = bytemuck::must_cast(self.0 ^ other.0);
        a | b | c | d == 0
    }

    #[inline(always)]
    fn has_none(self, mask: Self) -> bool {
        self.and(mask).equals(Self::splat(0))
    }

    #[inline(always)]
    fn has_all(self, mask: Self) -> bool {
        self.and(mask).equals(mask)
    }

    #[inline(always)]
    fn second_lanes(self) -> Self {
        let pairs: [u32; 8] = bytemuck::must_cast(self.0);
        let little = cfg!(target_endian = "little");
        let second = |pair: u32| if little { pair >> 16 } else { pair & 0xffff };
        Self(bytemuck::must_cast(pairs.map(|pair| second(pair) | second(pair) << 16)))
    }

    #[inline(always)]
    fn fourth_lanes(self) -> Self {
        let fours: [u64; 4] = bytemuck::must_cast(self.0);
        let little = cfg!(target_endian = "little");
        let fourth = |four: u64| if little { four >> 48 } else { four & 0xffff };
        Self(bytemuck::must_cast(fours.map(|four| {
            let pair = fourth(four) | fourth(four) << 16;
            pair | pair << 32
        })))
    }

    #[inline(always)]
    fn load_threes<const BYTES: usize>(samples: &[u8; 24]) -> Self {
        // Whole words are quicker than threes: the fourth sample is the next pixel's first.
        let mut fours = [0; 32];
        let pixels = fours.chunks_exact_mut(4 * BYTES).zip((0..24).step_by(3 * BYTES));
        for (four, start) in pixels {
            let end = (start + 4 * BYTES).min(24);
            four[..end - start].copy_from_slice(&samples[start..end]);
        }
        Self::load(&fours)
    }

    #[inline(always)]
    fn store_threes<const BYTES: usize>(self) -> [u8; 24] {
        let mut samples = [0; 24];
        let fours = self.store();
        let pixels = fours.chunks_exact(4 * BYTES).zip((0..24).step_by(3 * BYTES));
        for (four, start) in pixels {
            // The fourth sample is overwritten by the next pixel's first.
            let end = (start + 4 * BYTES).min(24);
            samples[start..end].copy_from_slice(&four[..end - start]);
        }
        samples
    }
}
