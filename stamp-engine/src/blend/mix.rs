//! The modes in vectors, on pictures without alpha or of full alpha, and on any others.
#![forbid(unsafe_code)]

use super::lanes::Lanes;
use super::scalar;

/// A mode as `U` (see `scalar.rs`). `U` is at most 255² and so fits its lane; what comes in
/// between may wrap.
pub(super) trait Mix {
    /// The mode's part of `U`, `255²·αs·B(Cb, Cs)`.
    fn blended<V: Lanes>(s: V, a: V, b: V) -> V;

    #[inline(always)]
    fn mix<V: Lanes>(s: V, a: V, b: V) -> V {
        Self::blended(s, a, b).add(V::splat(255).sub(a).mul(b))
    }

    /// The colour on a picture of full alpha.
    #[inline(always)]
    fn colour<V: Lanes>(s: V, a: V, b: V) -> V {
        div255(Self::mix(s, a, b))
    }

    /// The colours, two in each lane as in memory, on a picture of full alpha; `a` is the alpha
    /// for each lane. `stamp` may be above it.
    #[inline(always)]
    fn colours<V: Lanes>(stamp: V, a: V, picture: V) -> V {
        let ((s_even, s_odd), (b_even, b_odd)) = (halves(stamp), halves(picture));
        let even = Self::colour(s_even.min(a), a, b_even);
        let odd = Self::colour(s_odd.min(a), a, b_odd);
        even.or(odd.to_high_bytes())
    }
}

/// The samples at even and at odd places.
#[inline(always)]
pub(super) fn halves<V: Lanes>(samples: V) -> (V, V) {
    (samples.and(V::splat(255)), samples.high_bytes())
}

/// `x / 255` rounded half up, for `x` up to 255²: `257 (x + 128) / 2¹⁶`.
#[inline(always)]
pub(super) fn div255<V: Lanes>(x: V) -> V {
    x.add(V::splat(128)).mul_high(V::splat(257))
}

pub(super) struct Over;
pub(super) struct Multiply;
pub(super) struct Screen;
pub(super) struct Overlay;
pub(super) struct Darken;
pub(super) struct Lighten;
pub(super) struct SoftLight;

impl Mix for Over {
    #[inline(always)]
    fn blended<V: Lanes>(s: V, _a: V, _b: V) -> V {
        s.mul(V::splat(255))
    }

    #[inline(always)]
    fn colour<V: Lanes>(s: V, a: V, b: V) -> V {
        s.add(div255(V::splat(255).sub(a).mul(b)))
    }

    #[inline(always)]
    fn colours<V: Lanes>(stamp: V, a: V, picture: V) -> V {
        let clear = V::splat(255).sub(a);
        let (b_even, b_odd) = halves(picture);
        let (even, odd) = (div255(clear.mul(b_even)), div255(clear.mul(b_odd)));
        // No sum of two samples is above 255, so that none carries into the next.
        stamp.min_bytes(a.or(a.to_high_bytes())).add(even.or(odd.to_high_bytes()))
    }
}

impl Mix for Multiply {
    #[inline(always)]
    fn blended<V: Lanes>(s: V, _a: V, b: V) -> V {
        s.mul(b)
    }
}

impl Mix for Screen {
    #[inline(always)]
    fn blended<V: Lanes>(s: V, a: V, b: V) -> V {
        a.mul(b).add(s.mul(V::splat(255).sub(b)))
    }
}

impl Mix for Overlay {
    #[inline(always)]
    fn blended<V: Lanes>(s: V, a: V, b: V) -> V {
        let full = V::splat(255);
        let twice = b.add(b);
        let dark = s.mul(twice);
        let light = s.mul(full).add(a.sub(s).mul(twice.sub(full)));
        // From 128 on, the high byte of twice `b` is 1.
        let is_light = V::splat(0).sub(twice.high_bytes());
        dark.add(light.sub(dark).and(is_light))
    }
}

impl Mix for Darken {
    #[inline(always)]
    fn blended<V: Lanes>(s: V, a: V, b: V) -> V {
        s.mul(V::splat(255)).min(a.mul(b))
    }
}

impl Mix for Lighten {
    #[inline(always)]
    fn blended<V: Lanes>(s: V, a: V, b: V) -> V {
        s.mul(V::splat(255)).max(a.mul(b))
    }
}

impl Mix for SoftLight {
    #[inline(always)]
    fn blended<V: Lanes>(s: V, a: V, b: V) -> V {
        Self::mix(s, a, b).sub(V::splat(255).sub(a).mul(b))
    }

    #[inline(always)]
    fn mix<V: Lanes>(s: V, a: V, b: V) -> V {
        let (s, a, b) = (s.to_lanes(), a.to_lanes(), b.to_lanes());
        let mut u = [0; 16];
        for i in 0..16 {
            let exact = scalar::soft_light_u8(f32::from(s[i]), f32::from(a[i]), f32::from(b[i]));
            u[i] = (exact + ROUNDS).to_bits() as u16;
        }
        V::from_lanes(u)
    }
}

/// 2²³, where the unit of an f32's last place is 1: adding it rounds, ties to even, and leaves the
/// integer in the low bits.
const ROUNDS: f32 = 8_388_608.0;

/// The colours on a picture of alphas `ab`.
#[inline(always)]
pub(super) fn straight<V: Lanes, M: Mix>(s: V, a: V, b: V, ab: V) -> V {
    let u = M::mix(s, a, b).to_lanes();
    let (s, a, b, ab) = (s.to_lanes(), a.to_lanes(), b.to_lanes(), ab.to_lanes());
    let mut out = [0; 16];
    for i in 0..16 {
        let [s, a, ab, u] = [s[i], a[i], ab[i], u[i]].map(u32::from);
        let d = 255 * a + ab * (255 - a);
        let n = 255 * s * (255 - ab) + ab * u + (d >> 1);
        // The quotient in single precision may be off by its last place, so that rounding it to
        // an integer gives the floor of `n / d` or one more: the sign of the remainder tells.
        let near = (n as i32 as f32 / d.max(1) as i32 as f32 + ROUNDS).to_bits() & 0xffff;
        let over = n.wrapping_sub(near.wrapping_mul(d)) >> 31;
        let colour = near.wrapping_sub(over) as u16;
        out[i] = if d == 0 { b[i] } else { colour };
    }
    V::from_lanes(out)
}

/// The alphas over a picture of alphas `ab`.
#[inline(always)]
pub(super) fn alpha_over<V: Lanes>(a: V, ab: V) -> V {
    let full = V::splat(255);
    div255(full.mul(a).add(ab.mul(full.sub(a))))
}
