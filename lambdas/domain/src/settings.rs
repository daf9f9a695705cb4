//! What an owner wants done to the pictures of a job: the command's options, by the same names and with
//! the same meanings.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stamp_engine::{
    EncodeOptions, Format, Layer, Length, Options, Placement, Size, Source, Stamp, TextStyle, TextTemplate,
    Tile,
};

/// The options of a job. What is not said is as the command has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Settings {
    /// A text to put on, instead of or above the stamp; with variables such as `{year}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 1000))]
    pub text: Option<String>,
    /// A gravity such as `bottom-right`, or `X,Y`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// `X,Y`, from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<String>,
    /// From the edges: `40px` or `2%`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin: Option<String>,
    /// `original`, `fit`, `fill`, `300px`, `20%`, `h:120px`, `s:15%`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// Degrees clockwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotate: Option<f64>,
    /// `GAP` or `GAP,STAGGER`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tile: Option<String>,
    /// 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opacity: Option<f64>,
    /// `over`, `multiply` and so on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blend: Option<String>,
    /// Mix in linear light.
    #[serde(skip_serializing_if = "is_false")]
    pub linear: bool,
    /// A CSS colour for the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// The size of the text's letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_size: Option<String>,
    /// The format to write, by its extension: `jpg`, `png`, `webp`, `avif`, `tif`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// 1 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality: Option<u8>,
    /// Write WebP without loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lossless: Option<bool>,
    /// Remove all metadata but the colour profile.
    #[serde(skip_serializing_if = "is_false")]
    pub strip: bool,
    /// Stamp what is there of a damaged JPEG.
    #[serde(skip_serializing_if = "is_false")]
    pub lenient: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// A text has at most so many characters: it is in the message of each picture of a job.
const LONGEST_TEXT: usize = 1000;
/// No other setting that means anything is longer, in bytes.
const LONGEST: usize = 100;

/// A setting that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {reason}")]
pub struct WrongSetting {
    /// Its name.
    pub setting: &'static str,
    /// What is wrong with it, and what would be right.
    pub reason: String,
}

impl Settings {
    /// The engine's layers and options. `stamp` lies below the text, if there are both.
    ///
    /// # Errors
    /// [`WrongSetting`] names the first setting that is wrong.
    pub fn resolve(&self, stamp: Option<Arc<Stamp>>) -> Result<(Vec<Layer>, Options), WrongSetting> {
        self.check_lengths()?;
        let mut layers = Vec::new();
        let placement = self.placement()?;
        if let Some(stamp) = stamp {
            layers.push(Layer { source: Source::Stamp(stamp), placement: placement.clone() });
        }
        if let Some(text) = &self.text {
            let template: TextTemplate = parsed("text", text)?;
            let size = self.text_size.as_ref().map(|size| parsed("text-size", size)).transpose()?;
            let style = TextStyle {
                font: None,
                size: size.unwrap_or(Length::Percent(4.0)),
                color: self.color.as_ref().map_or(Ok([255; 4]), |color| css_color(color))?,
            };
            let size = if self.size.is_some() { placement.size } else { Size::Original };
            let placement = Placement { size, ..placement };
            layers.push(Layer { source: Source::Text { template, style }, placement });
        }
        if layers.is_empty() {
            return Err(wrong("stamp", "there is nothing to put on; name a stamp or a text"));
        }
        if self.quality.is_some_and(|quality| !(1..=100).contains(&quality)) {
            return Err(wrong("quality", "it must lie between 1 and 100"));
        }
        let options = Options {
            format: self.format.as_ref().map(|name| output_format(name)).transpose()?,
            encode: EncodeOptions { quality: self.quality, lossless: self.lossless },
            strip: self.strip,
            lenient: self.lenient,
            ..Options::default()
        };
        Ok((layers, options))
    }

    fn check_lengths(&self) -> Result<(), WrongSetting> {
        if self.text.as_ref().is_some_and(|text| text.chars().nth(LONGEST_TEXT).is_some()) {
            return Err(wrong("text", format!("it has more than {LONGEST_TEXT} characters; shorten it")));
        }
        let others = [
            ("at", &self.at),
            ("offset", &self.offset),
            ("margin", &self.margin),
            ("size", &self.size),
            ("tile", &self.tile),
            ("blend", &self.blend),
            ("color", &self.color),
            ("text-size", &self.text_size),
            ("format", &self.format),
        ];
        let long = others.iter().find(|(_, text)| text.as_ref().is_some_and(|text| text.len() > LONGEST));
        long.map_or(Ok(()), |(name, _)| Err(wrong(name, format!("it has more than {LONGEST} bytes"))))
    }

    fn placement(&self) -> Result<Placement, WrongSetting> {
        fn or<T: FromStr<Err: Display>>(
            name: &'static str,
            text: &Option<String>,
            otherwise: T,
        ) -> Result<T, WrongSetting> {
            text.as_ref().map_or(Ok(otherwise), |text| parsed(name, text))
        }
        let default = Placement::default();
        let offset = match &self.offset {
            None => default.offset,
            Some(text) => {
                let (x, y) = text.split_once(',').ok_or_else(|| wrong("offset", "write X,Y"))?;
                (parsed("offset", x.trim())?, parsed("offset", y.trim())?)
            }
        };
        let placement = Placement {
            at: or("at", &self.at, default.at)?,
            offset,
            margin: or("margin", &self.margin, default.margin)?,
            size: or("size", &self.size, default.size)?,
            rotate: self.rotate.unwrap_or(default.rotate),
            tile: self.tile.as_ref().map(|tile| parsed::<Tile>("tile", tile)).transpose()?,
            opacity: self.opacity.unwrap_or(default.opacity),
            blend: or("blend", &self.blend, default.blend)?,
            linear: self.linear,
        };
        if !(0.0..=1.0).contains(&placement.opacity) {
            return Err(wrong("opacity", "it must lie between 0 and 1"));
        }
        if !placement.rotate.is_finite() {
            return Err(wrong("rotate", "it must be a number of degrees"));
        }
        Ok(placement)
    }
}

fn wrong(setting: &'static str, reason: impl Into<String>) -> WrongSetting {
    WrongSetting { setting, reason: reason.into() }
}

fn parsed<T: FromStr<Err: Display>>(setting: &'static str, text: &str) -> Result<T, WrongSetting> {
    text.parse().map_err(|error: T::Err| wrong(setting, error.to_string()))
}

fn css_color(text: &str) -> Result<[u8; 4], WrongSetting> {
    let color: svgtypes::Color =
        text.parse().map_err(|_| wrong("color", "write a CSS colour such as white or #ff000080"))?;
    Ok([color.red, color.green, color.blue, color.alpha])
}

fn output_format(name: &str) -> Result<Format, WrongSetting> {
    // GIF and BMP are written where they were read; nobody chooses them.
    let chosen = Format::of_extension(name).filter(|format| !matches!(format, Format::Gif | Format::Bmp));
    chosen.ok_or_else(|| wrong("format", "write one of jpg, png, webp, avif or tif"))
}

#[cfg(test)]
mod tests {
    use stamp_engine::{At, Gravity, Layout, Mode, Pixels, Samples};

    use super::*;

    fn stamp() -> Option<Arc<Stamp>> {
        let pixels = Pixels::new(1, 1, Layout::Rgba, Samples::U8(vec![255; 4])).unwrap();
        Some(Arc::new(Stamp::from_pixels(pixels).unwrap()))
    }

    #[test]
    fn nothing_said_is_what_the_command_does() {
        let (layers, options) = Settings::default().resolve(stamp()).unwrap();
        assert_eq!(layers.len(), 1);
        assert_eq!(layers[0].placement, Placement::default());
        assert_eq!(options, Options::default());
    }

    #[test]
    fn settings_are_the_commands_options() {
        let json = r##"{
            "text": "© {year}", "at": "top-left", "offset": "3, -4%", "margin": "1%", "rotate": 30, "tile": "20px",
            "opacity": 0.5, "blend": "multiply", "linear": true, "color": "#ff000080", "text-size": "10%",
            "format": "webp", "quality": 70, "lossless": false, "strip": true, "lenient": true
        }"##;
        let settings: Settings = serde_json::from_str(json).unwrap();
        let (layers, options) = settings.resolve(stamp()).unwrap();
        let placement = &layers[0].placement;
        assert_eq!(placement.at, At::Gravity(Gravity::TopLeft));
        assert_eq!(placement.offset, (Length::Px(3.0), Length::Percent(-4.0)));
        assert_eq!(
            (placement.margin, placement.rotate, placement.opacity),
            (Length::Percent(1.0), 30.0, 0.5)
        );
        assert_eq!((placement.blend, placement.linear), (Mode::Multiply, true));
        assert_eq!(placement.tile.unwrap().gap, Length::Px(20.0));
        let Source::Text { style, .. } = &layers[1].source else { panic!("the text is above the stamp") };
        assert_eq!((style.color, style.size), ([255, 0, 0, 128], Length::Percent(10.0)));
        assert_eq!(layers[1].placement.size, Size::Original);
        assert_eq!((options.format, options.strip, options.lenient), (Some(Format::WebP), true, true));
        assert_eq!(options.encode, EncodeOptions { quality: Some(70), lossless: Some(false) });
        let again: Settings = serde_json::from_str(&serde_json::to_string(&settings).unwrap()).unwrap();
        assert_eq!(again, settings);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (json, named) in [
            (r#"{"at": "nowhere"}"#, "at: "),
            (r#"{"offset": "3"}"#, "offset: "),
            (r#"{"size": "-2px"}"#, "size: "),
            (r#"{"opacity": 1.5}"#, "opacity: "),
            (r#"{"blend": "burn"}"#, "blend: "),
            (r#"{"text": "{nothing}"}"#, "text: "),
            (r#"{"text": "x", "color": "nocolour"}"#, "color: "),
            (r#"{"format": "gif"}"#, "format: "),
            (r#"{"quality": 0}"#, "quality: "),
            (r#"{"tile": "a,b"}"#, "tile: "),
        ] {
            let settings: Settings = serde_json::from_str(json).unwrap();
            let error = settings.resolve(stamp()).unwrap_err().to_string();
            assert!(error.starts_with(named), "{json}: {error}");
        }
        let text = |length| Settings { text: Some("é".repeat(length)), ..Settings::default() };
        assert!(text(LONGEST_TEXT).resolve(None).is_ok());
        assert!(text(LONGEST_TEXT + 1).resolve(None).unwrap_err().to_string().starts_with("text: "));
        let color = Some(format!("red{}", " ".repeat(LONGEST)));
        let long = Settings { color, ..text(1) };
        assert!(long.resolve(None).unwrap_err().to_string().starts_with("color: "));
        assert!(serde_json::from_str::<Settings>(r#"{"opactiy": 1}"#).is_err(), "an unknown name");
        assert!(Settings::default().resolve(None).is_err());
    }
}
