//! Tone curves: encoded value to linear light and back, 16 bit.

#![forbid(unsafe_code)]

use std::sync::LazyLock;

/// sRGB's curve, made once.
pub(crate) static SRGB: LazyLock<Tone> = LazyLock::new(|| Tone {
    decode: (0..=u16::MAX).map(|code| srgb_to_linear(f64::from(code) / 65535.0) as f32).collect(),
    encode: Encoder::new(srgb_from_linear),
});

/// One tone curve in both directions.
#[derive(Debug)]
pub(crate) struct Tone {
    decode: Box<[f32]>,
    encode: Encoder,
}

impl Tone {
    /// Linear light, 0 to 1.
    pub(crate) fn decode(&self, code: u16) -> f32 {
        self.decode[usize::from(code)]
    }

    /// The nearest code of linear light; what lies outside of 0 to 1 is clamped.
    pub(crate) fn encode(&self, linear: f32) -> u16 {
        self.encode.encode(linear)
    }
}

/// From linear light to 16-bit codes, by a table over the square root: tone curves are nearly
/// straight over it, so that straight lines between the entries err by less than 0.02 codes.
#[derive(Debug)]
pub(crate) struct Encoder {
    codes: Box<[f32]>,
}

const STEPS: usize = 4096;

impl Encoder {
    /// From the function that encodes linear light, both 0 to 1.
    pub(crate) fn new(from_linear: impl Fn(f64) -> f64) -> Self {
        let code = |step: usize| {
            let root = step as f64 / STEPS as f64;
            (from_linear(root * root).clamp(0.0, 1.0) * 65535.0) as f32
        };
        Self { codes: (0..=STEPS).map(code).collect() }
    }

    /// The inverse of a decoding function that never falls.
    pub(crate) fn inverse_of(to_linear: impl Fn(f64) -> f64) -> Self {
        Self::new(|linear| {
            let (mut low, mut high) = (0.0_f64, 1.0_f64);
            for _ in 0..24 {
                let middle = 0.5 * (low + high);
                if to_linear(middle) < linear { low = middle } else { high = middle }
            }
            0.5 * (low + high)
        })
    }

    pub(crate) fn encode(&self, linear: f32) -> u16 {
        // A NaN stays one up to the casts, which make it 0.
        let place = linear.clamp(0.0, 1.0).sqrt() * STEPS as f32;
        let step = (place as usize).min(STEPS - 1);
        let (below, above) = (self.codes[step], self.codes[step + 1]);
        (below + (above - below) * (place - step as f32) + 0.5) as u16
    }
}

/// IEC 61966-2-1, decoding.
pub(crate) fn srgb_to_linear(encoded: f64) -> f64 {
    if encoded <= 0.04045 { encoded / 12.92 } else { ((encoded + 0.055) / 1.055).powf(2.4) }
}

/// IEC 61966-2-1, encoding.
pub(crate) fn srgb_from_linear(linear: f64) -> f64 {
    if linear <= 0.003_130_8 { linear * 12.92 } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_survives_linear_light() {
        for code in 0..=u16::MAX {
            assert_eq!(SRGB.encode(SRGB.decode(code)), code);
        }
    }

    #[test]
    fn encoding_is_the_standards_within_half_a_code() {
        for step in 0..=1_000_000 {
            let linear = f64::from(step) / 1e6;
            let exact = srgb_from_linear(linear) * 65535.0;
            let code = f64::from(SRGB.encode(linear as f32));
            assert!((code - exact).abs() < 0.6, "{linear}: {code} for {exact}");
        }
    }

    #[test]
    fn nothing_leaves_the_range() {
        for (linear, code) in [(-1.0, 0), (f32::NAN, 0), (2.0, 65535), (f32::INFINITY, 65535)] {
            assert_eq!(SRGB.encode(linear), code);
        }
    }

    #[test]
    fn a_curve_is_inverted_by_search() {
        let encoder = Encoder::inverse_of(|encoded| encoded.powf(2.2));
        for code in (0..=u16::MAX).step_by(257) {
            let linear = (f64::from(code) / 65535.0).powf(2.2) as f32;
            assert!(encoder.encode(linear).abs_diff(code) <= 8, "{code}: {}", encoder.encode(linear));
        }
    }
}
