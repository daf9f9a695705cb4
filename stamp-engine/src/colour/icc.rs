//! What is taken from an ICC profile (ICC.1:2022): whether it is sRGB, its tone curve, and the
//! transforms to and from sRGB. Relative colorimetric intent, no black point compensation.

#![forbid(unsafe_code)]

use std::sync::{Arc, LazyLock};

use moxcms::{
    ColorProfile, DataColorSpace, Layout, RenderingIntent, ToneReprCurve, TransformExecutor,
    TransformOptions, srgb_colorants,
};

use super::tone::{srgb_from_linear, srgb_to_linear};

/// A transform of interleaved samples.
pub(super) type Transform<T> = Arc<dyn TransformExecutor<T> + Send + Sync>;

static SRGB: LazyLock<ColorProfile> = LazyLock::new(ColorProfile::new_srgb);

/// A profile that can be used for pictures of `space`; `None` for a damaged one and for one that
/// is about other channels, as viewers ignore both.
pub(super) fn parse(icc: &[u8], space: DataColorSpace) -> Option<ColorProfile> {
    match ColorProfile::new_from_slice(icc) {
        Ok(mut profile) if profile.color_space == space => {
            for curve in [&mut profile.red_trc, &mut profile.green_trc, &mut profile.blue_trc] {
                *curve = curve.take().and_then(invertible);
            }
            Some(profile)
        }
        Ok(profile) => {
            tracing::debug!("ignoring an ICC profile for {:?} on {space:?} pixels", profile.color_space);
            None
        }
        Err(error) => {
            tracing::debug!("ignoring a damaged ICC profile: {error}");
            None
        }
    }
}

/// The longest table of a curve that is inverted as it is: makers of profiles write up to 4,096.
const LONGEST_TABLE: u16 = 4096;

/// The curve in a form that moxcms inverts in good time: it searches a table once for each of
/// 65,536 codes, counts its ends anew each time, and overflows on long ones. What has no inverse
/// in closed form it makes such a table of. `None` for what is no curve of a colour space.
fn invertible(curve: ToneReprCurve) -> Option<ToneReprCurve> {
    let decode = decoder(Some(&curve))?;
    let as_it_is = match &curve {
        ToneReprCurve::Lut(table) => table.len() <= usize::from(LONGEST_TABLE),
        ToneReprCurve::Parametric(_) => curve.inverse().is_ok(),
    };
    let sample =
        |step: u16| (decode(f64::from(step) / f64::from(LONGEST_TABLE - 1)) * 65535.0).round() as u16;
    Some(if as_it_is { curve } else { ToneReprCurve::Lut((0..LONGEST_TABLE).map(sample).collect()) })
}

/// Whether a profile means sRGB, however it says so: the primaries are sRGB's, and no 8-bit code
/// decodes to another one.
pub(super) fn is_srgb(profile: &ColorProfile) -> bool {
    let (own, srgb) = (profile.colorant_matrix(), srgb_colorants());
    let same_primaries =
        own.v.iter().flatten().zip(srgb.v.iter().flatten()).all(|(a, b)| (a - b).abs() < 0.002);
    let curves = [&profile.red_trc, &profile.green_trc, &profile.blue_trc];
    profile.is_matrix_shaper()
        && !has_tables(profile)
        && same_primaries
        && curves
            .into_iter()
            .all(|curve| decoder(curve.as_ref()).is_some_and(|decode| is_srgb_curve(&decode)))
}

/// Whether a curve is sRGB's for 8-bit pictures.
pub(super) fn is_srgb_curve(to_linear: &impl Fn(f64) -> f64) -> bool {
    (0..=255).all(|code| {
        let encoded = f64::from(code) / 255.0;
        (srgb_from_linear(to_linear(encoded)) - encoded).abs() < 0.5 / 255.0
    })
}

fn has_tables(profile: &ColorProfile) -> bool {
    profile.lut_a_to_b_perceptual.is_some()
        || profile.lut_a_to_b_colorimetric.is_some()
        || profile.lut_b_to_a_perceptual.is_some()
        || profile.lut_b_to_a_colorimetric.is_some()
}

/// The curve as a function on 0 to 1. `None` if there is none, or it falls somewhere or is flat
/// from end to end, which no colour space is.
pub(super) fn decoder(curve: Option<&ToneReprCurve>) -> Option<impl Fn(f64) -> f64 + use<>> {
    // An empty list of parameters is no curve; moxcms would index into it.
    let curve = curve.filter(|curve| !matches!(curve, ToneReprCurve::Parametric(list) if list.is_empty()))?;
    let evaluator = curve.make_linear_evaluator().ok()?;
    let decode = move |encoded: f64| f64::from(evaluator.evaluate_value(encoded as f32)).clamp(0.0, 1.0);
    let values: Vec<f64> = (0..=1024).map(|step| decode(f64::from(step) / 1024.0)).collect();
    let rises = values.windows(2).all(|pair| pair[0] <= pair[1]);
    (rises && values[1024] > values[0]).then_some(decode)
}

/// The tone curve for mixing in linear light: that of the gray or green channel, else sRGB's.
pub(super) fn tone_curve(icc: &[u8]) -> Box<dyn Fn(f64) -> f64> {
    let profile = ColorProfile::new_from_slice(icc).ok();
    let curve = profile.as_ref().and_then(|profile| match profile.color_space {
        DataColorSpace::Gray => profile.gray_trc.as_ref(),
        DataColorSpace::Rgb => profile.green_trc.as_ref(),
        _ => None,
    });
    match decoder(curve) {
        Some(decode) => Box::new(decode),
        None => Box::new(srgb_to_linear),
    }
}

/// From sRGB to the profile's channels, 16 bit. `source` is RGBA or RGB; for CMYK the result
/// counts ink.
pub(super) fn from_srgb(profile: &ColorProfile, source: Layout, target: Layout) -> Option<Transform<u16>> {
    SRGB.create_transform_16bit(source, profile, target, options())
        .inspect_err(|error| tracing::debug!("ignoring an ICC profile: {error}"))
        .ok()
}

/// From the profile's channels to sRGB, 8 bit.
pub(super) fn to_srgb_8(profile: &ColorProfile, source: Layout, target: Layout) -> Option<Transform<u8>> {
    profile
        .create_transform_8bit(source, &SRGB, target, options())
        .inspect_err(|error| tracing::debug!("ignoring an ICC profile: {error}"))
        .ok()
}

/// From the profile's channels to sRGB, 16 bit.
pub(super) fn to_srgb_16(profile: &ColorProfile, source: Layout, target: Layout) -> Option<Transform<u16>> {
    profile
        .create_transform_16bit(source, &SRGB, target, options())
        .inspect_err(|error| tracing::debug!("ignoring an ICC profile: {error}"))
        .ok()
}

fn options() -> TransformOptions {
    TransformOptions {
        rendering_intent: RenderingIntent::RelativeColorimetric,
        // The curve for linear light is read from the TRC tags; both must mean the same.
        allow_use_cicp_transfer: false,
        prefer_fixed_point: false,
        ..TransformOptions::default()
    }
}
