//! An object of a bucket, of which no database knows.

use serde::{Deserialize, Serialize};

use super::{LONGEST_KEY, NOTHING_TO_PUT_ON};
use crate::settings::Settings;

/// One object to be stamped into another, wherever they lie: it belongs to no job, and nobody is told of it.
/// What cannot be stamped goes to the dead letters, with the reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ObjectTask {
    /// [`VERSION`](super::VERSION).
    pub version: u32,
    /// The picture. The last part of its key is its name, for the text's variables.
    pub picture: Address,
    /// Its number, for `{index}`.
    #[serde(default)]
    pub index: u64,
    /// Where the stamp lies; `None` where only a text is put on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamp: Option<Address>,
    /// How.
    #[serde(default)]
    pub settings: Settings,
    /// Where the output goes.
    pub output: Address,
    /// What caused it, for logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The trace that it belongs to (W3C Trace Context).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// An object of some bucket.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Address {
    /// The bucket's name.
    pub bucket: String,
    /// Any key: what others keep in their buckets follows no rule of ours.
    pub key: String,
}

/// Amazon S3 User Guide, "General purpose bucket naming rules"; old buckets have longer names.
const LONGEST_BUCKET: usize = 255;

impl Address {
    fn is_possible(&self) -> bool {
        let fits = |text: &str, most| (1..=most).contains(&text.len());
        fits(&self.bucket, LONGEST_BUCKET) && !self.bucket.contains('/') && fits(&self.key, LONGEST_KEY)
    }
}

impl std::fmt::Display for Address {
    /// `s3://BUCKET/KEY`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

impl ObjectTask {
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let mut addresses = [&self.picture, &self.output].into_iter().chain(&self.stamp);
        match () {
            () if !addresses.all(Address::is_possible) => Err("no object can have this bucket and key"),
            () if self.picture == self.output => Err("it would replace the picture by its stamped one"),
            () if self.stamp.is_none() && self.settings.text.is_none() => Err(NOTHING_TO_PUT_ON),
            () => Ok(()),
        }
    }
}
