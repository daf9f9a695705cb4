//! Tone curves as tables: encoded value to linear light and back.
#![forbid(unsafe_code)]

/// The tone curve of a picture's colour space: encoded value to linear light and back.
///
/// Values in between are never interpolated: what is decoded is always one of 65,536 code
/// values, and what is encoded goes to the nearest code value of its depth.
pub struct Curve {
    /// Linear light of each 16-bit code value. An 8-bit code value `v` is the 16-bit one `257 v`.
    decode: Vec<f32>,
    encode_8: Encode,
    encode_16: Encode,
}

impl std::fmt::Debug for Curve {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let middle = self.decode.get(32768);
        f.debug_struct("Curve").field("linear_at_half", &middle).finish_non_exhaustive()
    }
}

impl Curve {
    /// From the function that decodes one encoded value (0 to 1) to linear light (0 to 1), which
    /// must be monotone. Where it is not, each value is raised to the greatest one before it;
    /// values outside 0 to 1 are clamped, and what is not a number counts as 0.
    pub fn new(to_linear: impl Fn(f64) -> f64) -> Self {
        let decode = rising((0..=65535).map(|code| to_linear(f64::from(code) / 65535.0)));
        Self {
            decode,
            encode_8: Encode::new(255, 4096, &to_linear),
            encode_16: Encode::new(65535, 16384, &to_linear),
        }
    }

    /// The curve of sRGB (IEC 61966-2-1).
    pub fn srgb() -> Self {
        Self::new(
            |encoded| {
                if encoded <= 0.04045 { encoded / 12.92 } else { ((encoded + 0.055) / 1.055).powf(2.4) }
            },
        )
    }

    /// Linear light, 0 to 1, of a 16-bit code value.
    pub(super) fn decode(&self, code: u16) -> f32 {
        self.decode.get(usize::from(code)).copied().unwrap_or(1.0)
    }

    /// The 8-bit code value nearest (in encoded terms, halves up) to a linear light.
    pub(super) fn encode_8(&self, linear: f32) -> u8 {
        self.encode_8.code(linear) as u8
    }

    /// The 16-bit code value nearest (in encoded terms, halves up) to a linear light.
    pub(super) fn encode_16(&self, linear: f32) -> u16 {
        self.encode_16.code(linear) as u16
    }
}

/// Values clamped to 0 to 1 and made monotone.
fn rising(values: impl Iterator<Item = f64>) -> Vec<f32> {
    let mut greatest = 0.0_f64;
    values
        .map(|value| {
            // `max` leaves a NaN aside.
            greatest = greatest.max(value.min(1.0));
            greatest as f32
        })
        .collect()
}

/// The way from linear light to the code values of one depth.
struct Encode {
    /// Linear light of the points half way between neighbouring code values: from the `i`-th
    /// on, the code value is at least `i + 1`.
    thresholds: Vec<f32>,
    /// For equal steps of linear light, how many thresholds lie at or below the step's start.
    starts: Vec<u16>,
}

impl Encode {
    fn new(max: u16, steps: u16, to_linear: impl Fn(f64) -> f64) -> Self {
        let between = (0..max).map(|code| to_linear((f64::from(code) + 0.5) / f64::from(max)));
        let thresholds = rising(between);
        let starts = (0..=steps)
            .map(|step| {
                let linear = f32::from(step) / f32::from(steps);
                thresholds.partition_point(|&threshold| threshold <= linear) as u16
            })
            .collect();
        Self { thresholds, starts }
    }

    fn code(&self, linear: f32) -> usize {
        let steps = self.starts.len() - 1;
        // A cast clamps, and takes a NaN as 0.
        let step = ((linear * steps as f32) as usize).min(steps - 1);
        let (start, end) = (usize::from(self.starts[step]), usize::from(self.starts[step + 1]));
        let within = self.thresholds.get(start..end).unwrap_or_default();
        start + within.partition_point(|&threshold| threshold <= linear)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn srgb_encoded(linear: f64) -> f64 {
        if linear <= 0.003_130_8 { linear * 12.92 } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 }
    }

    #[test]
    fn every_code_value_comes_back() {
        for curve in [Curve::srgb(), Curve::new(|x| x), Curve::new(|x| x.powf(1.8))] {
            for code in (0..=65535).step_by(if cfg!(miri) { 4369 } else { 1 }) {
                assert_eq!(curve.encode_16(curve.decode(code)), code);
            }
            for code in 0..=255 {
                assert_eq!(curve.encode_8(curve.decode(u16::from(code) * 257)), code);
            }
        }
    }

    #[test]
    fn encodes_to_the_nearest_code_value() {
        let curve = Curve::srgb();
        let steps = if cfg!(miri) { 100 } else { 1_000_000 };
        for step in 0..=steps {
            let linear = (step as f32 / steps as f32).powi(2);
            for (code, max) in
                [(f64::from(curve.encode_8(linear)), 255.0), (f64::from(curve.encode_16(linear)), 65535.0)]
            {
                let exact = srgb_encoded(f64::from(linear)) * max;
                // The two pieces of the standard's curve do not quite meet; so much more room.
                assert!((code - exact).abs() <= 0.5 + 0.01, "{linear} of {max}: {code}, not {exact}");
            }
        }
    }

    #[test]
    fn odd_curves_and_lights_do_no_harm() {
        let flat = Curve::new(|_| 0.5);
        let falling = Curve::new(|x| 1.0 - x);
        let not_a_number = Curve::new(|_| f64::NAN);
        let infinite = Curve::new(|_| f64::INFINITY);
        for curve in [flat, falling, not_a_number, infinite] {
            for linear in [0.0, 0.5, 1.0, -1.0, 2.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                curve.encode_8(linear);
                curve.encode_16(linear);
            }
            assert!((0.0..=1.0).contains(&curve.decode(65535)));
        }
        assert_eq!(Curve::srgb().encode_8(2.0), 255);
        assert_eq!(Curve::srgb().encode_16(-1.0), 0);
    }
}
