//! What is noted of an object.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Fault;

/// What is known of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object {
    /// Its length.
    pub bytes: u64,
    /// Its media type.
    pub content_type: String,
    /// Changes when the content does.
    pub etag: String,
    /// What was noted when it was put.
    pub metadata: BTreeMap<String, String>,
}

/// What is noted of an object when it is put.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct About {
    /// Its media type; `application/octet-stream` where it is empty.
    pub content_type: String,
    /// Names of lower-case letters, digits, `-` and `_`, and values of visible ASCII, 2 KiB in all.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}

/// The media type of anything (RFC 2046, 4.5.1).
const ANYTHING: &str = "application/octet-stream";
/// The longest media type: both its names have at most 127 characters (RFC 6838, 4.2).
const LONGEST_TYPE: usize = 255;
/// Names and values together (Amazon S3 User Guide, "User-defined object metadata").
const MOST_METADATA: usize = 2 << 10;

impl About {
    /// Nothing but a media type.
    pub fn of_type(content_type: impl Into<String>) -> Self {
        Self { content_type: content_type.into(), metadata: BTreeMap::new() }
    }

    /// The same, if every store can keep it: in S3 all of it is HTTP headers.
    pub(crate) fn checked(&self) -> Result<Self, Fault> {
        let mut about = self.clone();
        if about.content_type.is_empty() {
            about.content_type = ANYTHING.to_owned();
        }
        if about.content_type.len() > LONGEST_TYPE || !is_header(&about.content_type) {
            return Err(Fault::About(format!("{:?} as its media type", about.content_type)));
        }
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
        for (name, value) in &about.metadata {
            if name.is_empty() || !name.chars().all(is_name) {
                return Err(Fault::About(format!("metadata called {name:?}")));
            }
            if !is_header(value) {
                return Err(Fault::About(format!("{value:?} as its {name}: write visible ASCII")));
            }
        }
        let bytes: usize = about.metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
        match bytes <= MOST_METADATA {
            true => Ok(about),
            false => Err(Fault::About(format!("{bytes} bytes of metadata, more than {MOST_METADATA}"))),
        }
    }
}

/// Whether a header brings it through as it is.
fn is_header(value: &str) -> bool {
    value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) && value.trim() == value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(name: &str, value: &str) -> Result<About, Fault> {
        let metadata = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        About { content_type: "image/png".to_owned(), metadata }.checked()
    }

    #[test]
    fn what_fits_no_header_is_refused() {
        assert!(noted("width-2_x", "40 px").is_ok());
        for (name, value) in
            [("", "1"), ("Width", "1"), ("a b", "1"), ("a", "é"), ("a", " 1"), ("a", "1\r\nb: 2")]
        {
            assert!(matches!(noted(name, value), Err(Fault::About(_))), "{name:?}: {value:?}");
        }
        assert!(noted("a", &"1".repeat(2047)).is_ok());
        assert!(matches!(noted("a", &"1".repeat(2048)), Err(Fault::About(_))));
        assert!(matches!(About::of_type("image/png\r\n").checked(), Err(Fault::About(_))));
    }

    #[test]
    fn what_has_no_media_type_is_anything() {
        assert_eq!(About::default().checked().unwrap(), About::of_type(ANYTHING));
    }
}
