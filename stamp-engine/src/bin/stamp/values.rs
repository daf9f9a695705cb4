//! Kinds of values that only the command knows.

use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};
use stamp_engine::{Length, Tile, available_memory};

/// `X,Y`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Offset(pub(crate) Length, pub(crate) Length);

impl FromStr for Offset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (x, y) = text.split_once(',').ok_or_else(|| format!("“{text}” is not an offset; write X,Y"))?;
        let length = |text: &str| text.trim().parse::<Length>().map_err(|error| error.to_string());
        Ok(Self(length(x)?, length(y)?))
    }
}

/// `WxH`, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Dimensions(pub(crate) u32, pub(crate) u32);

impl FromStr for Dimensions {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(['x', '×']).and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
        let (width, height) =
            parts.ok_or_else(|| format!("“{text}” is not a size; write WxH, such as 200x100"))?;
        Ok(Self(width, height))
    }
}

/// Bytes: `500000`, `512MB`, `2GiB`, or a share of the memory there is: `25%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bytes(pub(crate) u64);

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("“{text}” is not an amount; write bytes, 512MB, 2GiB or 25%");
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%' || c == ' ');
        let number: f64 = digits.parse().map_err(|_| wrong())?;
        let unit = match text[digits.len()..].trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1.0,
            "k" | "kb" => 1e3,
            "m" | "mb" => 1e6,
            "g" | "gb" => 1e9,
            "t" | "tb" => 1e12,
            "kib" => 1024.0,
            "mib" => 1024.0 * 1024.0,
            "gib" => 1024.0 * 1024.0 * 1024.0,
            "%" => {
                available_memory().ok_or("the system does not tell its memory; write an amount")? as f64
                    / 100.0
            }
            _ => return Err(wrong()),
        };
        let bytes = number * unit;
        if !(1.0..1e18).contains(&bytes) {
            return Err(wrong());
        }
        Ok(Self(bytes as u64))
    }
}

/// A CSS colour: red, green, blue and straight alpha.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Color(pub(crate) [u8; 4]);

impl FromStr for Color {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let color = svgtypes::Color::from_str(text).map_err(|_| {
            format!("“{text}” is not a colour; write a CSS colour such as white or #ff000080")
        })?;
        Ok(Self([color.red, color.green, color.blue, color.alpha]))
    }
}

/// Whether and how a layer is tiled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TileWish(pub(crate) Option<Tile>);

impl FromStr for TileWish {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "true" => Ok(Self(Some(Tile::default()))),
            "false" => Ok(Self(None)),
            _ => text
                .parse()
                .map(|tile| Self(Some(tile)))
                .map_err(|error: stamp_engine::Error| error.to_string()),
        }
    }
}

/// Reads a TOML string, number or boolean as the command line would read its text.
pub(crate) fn word<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: Display,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Word {
        Truth(bool),
        Whole(i64),
        Real(f64),
        Text(String),
    }
    let text = match Word::deserialize(from)? {
        Word::Truth(truth) => truth.to_string(),
        Word::Whole(number) => number.to_string(),
        Word::Real(number) => number.to_string(),
        Word::Text(text) => text,
    };
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

macro_rules! read_as_words {
    ($($kind:ty),*) => {$(
        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                word(from)?.ok_or_else(|| serde::de::Error::custom("no value"))
            }
        }
    )*};
}
read_as_words!(Dimensions, Bytes);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_units() {
        for (text, bytes) in [("1", 1), ("512MB", 512_000_000), ("2 GiB", 2 << 30), ("1.5k", 1500)] {
            assert_eq!(text.parse::<Bytes>().unwrap().0, bytes, "{text}");
        }
        for text in ["", "GB", "-1", "1XB", "nan", "0", "1e30"] {
            assert!(text.parse::<Bytes>().is_err(), "{text}");
        }
    }

    #[test]
    fn colours_are_css() {
        assert_eq!("white".parse::<Color>().unwrap().0, [255; 4]);
        assert_eq!("#ff000080".parse::<Color>().unwrap().0, [255, 0, 0, 128]);
        assert!("whitish".parse::<Color>().unwrap_err().contains("whitish"));
    }

    #[test]
    fn sizes_and_offsets_are_pairs() {
        assert_eq!("20x10".parse::<Dimensions>().unwrap(), Dimensions(20, 10));
        assert_eq!("-3,5%".parse::<Offset>().unwrap(), Offset(Length::Px(-3.0), Length::Percent(5.0)));
        assert!("20".parse::<Dimensions>().is_err() && "20".parse::<Offset>().is_err());
    }
}
