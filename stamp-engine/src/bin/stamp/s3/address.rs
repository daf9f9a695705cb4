//! `s3://BUCKET/KEY`.

use std::fmt;
use std::str::FromStr;

use stamp_engine::Format;

/// A bucket, or what begins with a prefix in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prefix {
    pub(super) bucket: String,
    pub(super) prefix: String,
}

impl Prefix {
    /// What stands behind the prefix's last folder: outputs keep it.
    pub(super) fn below<'k>(&self, key: &'k str) -> &'k str {
        let folder = self.prefix.rfind('/').map_or(0, |slash| slash + 1);
        key.get(folder..).unwrap_or(key)
    }

    /// The key of something below this one, as of a folder.
    pub(super) fn join(&self, below: &str) -> String {
        let between = if self.prefix.is_empty() || self.prefix.ends_with('/') { "" } else { "/" };
        format!("{}{between}{below}", self.prefix)
    }

    /// Whether a key lies here.
    pub(super) fn holds(&self, bucket: &str, key: &str) -> bool {
        self.bucket == bucket && key.starts_with(&self.prefix)
    }

    /// Whether outputs are written to a folder below `place`, and this key is one of them.
    pub(super) fn is_below(&self, place: &Self, key: &str) -> bool {
        let folder = self.join("");
        let is_below = place.holds(&self.bucket, &folder) && folder.len() > place.prefix.len();
        is_below && key.starts_with(&folder)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.prefix)
    }
}

impl FromStr for Prefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let place = text.strip_prefix("s3://").map(|place| place.split_once('/').unwrap_or((place, "")));
        match place {
            Some((bucket, prefix)) if !bucket.is_empty() => {
                Ok(Self { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
            }
            _ => Err(format!("{text} is no place in a bucket; write s3://BUCKET/PREFIX")),
        }
    }
}

/// Whether an object's name says that it is a picture: to look into each would be to read all of them.
pub(super) fn is_picture(key: &str) -> bool {
    let name = key.rsplit('/').next().unwrap_or_default();
    name.rsplit_once('.').is_some_and(|(_, extension)| Format::of_extension(extension).is_some())
}

/// The name below the output's prefix, with a suffix, and with another extension where another format is
/// written.
pub(super) fn renamed(below: &str, suffix: &str, format: Option<Format>) -> String {
    let name = format.map_or_else(|| below.to_owned(), |format| format.rename(below));
    match name.rsplit_once('.').filter(|(_, extension)| !extension.contains('/')) {
        Some((stem, extension)) => format!("{stem}{suffix}.{extension}"),
        None => format!("{name}{suffix}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_keep_what_is_below_the_last_folder() {
        let of = |text: &str, key: &str| text.parse::<Prefix>().unwrap().below(key).to_owned();
        assert_eq!(of("s3://b", "2026/a.jpg"), "2026/a.jpg");
        assert_eq!(of("s3://b/2026/", "2026/x/a.jpg"), "x/a.jpg");
        assert_eq!(of("s3://b/2026/a", "2026/a.jpg"), "a.jpg");
        assert_eq!("s3://o/x".parse::<Prefix>().unwrap().join("a.jpg"), "x/a.jpg");
        assert_eq!("s3://o".parse::<Prefix>().unwrap().join("a.jpg"), "a.jpg");
        assert!("https://o".parse::<Prefix>().is_err() && "s3://".parse::<Prefix>().is_err());
    }

    #[test]
    fn outputs_below_the_pictures_are_told_from_them() {
        let is_below = |out: &str, place: &str, key: &str| {
            out.parse::<Prefix>().unwrap().is_below(&place.parse().unwrap(), key)
        };
        assert!(is_below("s3://b/stamped", "s3://b", "stamped/a.jpg"));
        assert!(!is_below("s3://b/stamped", "s3://b", "stamped-too.jpg"));
        assert!(!is_below("s3://o/stamped", "s3://b", "stamped/a.jpg"));
        assert!(!is_below("s3://b", "s3://b", "a.jpg"), "the same place holds the pictures themselves");
    }

    #[test]
    fn names_change_as_files_do() {
        assert_eq!(renamed("a/b.tar.jpg", "-s", None), "a/b.tar-s.jpg");
        assert_eq!(renamed("a.b/c", "-s", None), "a.b/c-s");
        assert_eq!(renamed("a.JPG", "", Some(Format::Jpeg)), "a.JPG");
        assert_eq!(renamed("a.jpg", "", Some(Format::WebP)), "a.webp");
        assert!(is_picture("a/b.JPEG") && !is_picture("a.jpg/readme") && !is_picture("a/b.txt"));
    }
}
