//! The words people write for places and sizes, on the command line and in configuration.

use std::fmt;
use std::str::FromStr;

use super::{At, Gravity, Length, Size};
use crate::{Error, Result};

impl FromStr for Length {
    type Err = Error;

    /// `12`, `12px`, `2%`, `2.5%`.
    fn from_str(text: &str) -> Result<Self> {
        let (digits, make): (&str, fn(f64) -> Self) = match text.strip_suffix('%') {
            Some(digits) => (digits, Self::Percent),
            None => (text.strip_suffix("px").unwrap_or(text), Self::Px),
        };
        number(digits)
            .map(make)
            .ok_or_else(|| Error::Setting(format!("“{text}” is not a length; write 40px or 2%")))
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Px(pixels) => write!(f, "{pixels}px"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl Gravity {
    /// The name, such as `bottom-right`.
    pub const fn name(self) -> &'static str {
        ["top-left", "top", "top-right", "left", "center", "right", "bottom-left", "bottom", "bottom-right"]
            [self as usize]
    }
}

impl FromStr for Gravity {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|gravity| gravity.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            Error::Setting(format!("“{text}” is not a place; write one of {names}, or X,Y"))
        })
    }
}

impl FromStr for At {
    type Err = Error;

    /// A gravity's name, or `X,Y`.
    fn from_str(text: &str) -> Result<Self> {
        match text.split_once(',') {
            Some((x, y)) => Ok(Self::Point(x.trim().parse()?, y.trim().parse()?)),
            None => Ok(Self::Gravity(text.parse()?)),
        }
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gravity(gravity) => f.write_str(gravity.name()),
            Self::Point(x, y) => write!(f, "{x},{y}"),
        }
    }
}

impl FromStr for Size {
    type Err = Error;

    /// `original`, `fit`, `fill`; `300px` or `20%` (width), `w:20%`, `h:120px`, `h:10%`, `s:15%`
    /// (of the shorter side).
    fn from_str(text: &str) -> Result<Self> {
        let size = match text {
            "original" => return Ok(Self::Original),
            "fit" => return Ok(Self::Fit),
            "fill" => return Ok(Self::Fill),
            _ => match text.split_once(':') {
                None => text.parse().map(Self::Width),
                Some(("w", length)) => length.parse().map(Self::Width),
                Some(("h", length)) => length.parse().map(Self::Height),
                Some(("s", length)) => length.parse().and_then(|length| match length {
                    Length::Percent(percent) => Ok(Self::Shorter(percent)),
                    Length::Px(_) => Err(Error::Setting(String::new())),
                }),
                Some(_) => Err(Error::Setting(String::new())),
            },
        };
        let positive = |size: &Self| match size {
            Self::Width(Length::Px(n) | Length::Percent(n))
            | Self::Height(Length::Px(n) | Length::Percent(n))
            | Self::Shorter(n) => *n > 0.0,
            _ => true,
        };
        size.ok().filter(positive).ok_or_else(|| {
            Error::Setting(format!(
                "“{text}” is not a size; write original, fit, fill, 300px, 20%, h:120px, h:10% or s:15%"
            ))
        })
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Original => f.write_str("original"),
            Self::Width(length) => write!(f, "{length}"),
            Self::Height(length) => write!(f, "h:{length}"),
            Self::Shorter(percent) => write!(f, "s:{percent}%"),
            Self::Fit => f.write_str("fit"),
            Self::Fill => f.write_str("fill"),
        }
    }
}

/// A finite number of a size that no picture can exceed.
fn number(digits: &str) -> Option<f64> {
    let number: f64 = digits.trim().parse().ok()?;
    (number.abs() <= 1e9).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip() {
        for text in ["bottom-right", "center", "10px,20px", "5%,0px", "-3.5px,7%"] {
            assert_eq!(text.parse::<At>().unwrap().to_string(), text);
        }
        for text in ["original", "fit", "fill", "300px", "20%", "h:120px", "h:10%", "s:15%"] {
            assert_eq!(text.parse::<Size>().unwrap().to_string(), text);
        }
        assert_eq!("10,20".parse::<At>().unwrap(), "10px,20px".parse().unwrap());
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for text in ["", "bottom_right", "1,", ",1", "1,2,3", "nan,0", "inf,0", "1e300,0"] {
            let error = text.parse::<At>().unwrap_err().to_string();
            assert!(error.contains("is not a"), "{text}: {error}");
        }
        for text in ["", "0", "0%", "-5%", "s:10px", "q:10%", "nan%", "20 %%"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }
}
