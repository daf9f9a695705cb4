//! What a stamper is asked to do: to stamp one item, or to put a job's results into a ZIP, as versioned
//! JSON on the queue. `schemas/message.json` describes it for others.

use serde::{Deserialize, Serialize};

use crate::id::{JobId, OwnerId};
use crate::settings::Settings;

/// The version that is written and read.
pub const VERSION: u32 = 1;
/// SQS takes 256 KiB; no message of ours comes near this.
pub const MOST_BYTES: usize = 64 << 10;
/// S3's limit for keys (Amazon S3 User Guide, "Naming Amazon S3 objects").
const LONGEST_KEY: usize = 1024;
const LONGEST_NAME: usize = 1024;

/// What is on the queue.
#[allow(clippy::large_enum_variant, reason = "most are the larger one")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Message {
    /// A picture is to be stamped.
    Stamp(Task),
    /// The results of a job are to be put into a ZIP.
    Zip(Zip),
}

/// One picture to be stamped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Task {
    /// [`VERSION`].
    pub version: u32,
    /// The job, and the item in it.
    pub job: JobId,
    /// Its number, from 0.
    pub item: u32,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// Whose it is.
    pub owner: OwnerId,
    /// The picture.
    pub picture: PictureObject,
    /// Where the stamp lies in the store; `None` where only a text is put on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamp: Option<String>,
    /// How.
    #[serde(default)]
    pub settings: Settings,
    /// Outputs lie below this key.
    pub output: String,
    /// The request that caused it, for logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The trace that it belongs to (W3C Trace Context).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// A picture in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PictureObject {
    /// Where it lies.
    pub key: String,
    /// The name it was uploaded under, for the text's variables.
    pub name: String,
    /// Its number in the job, from 1, for `{index}`.
    pub index: u64,
}

/// The results of a job to be put into a ZIP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Zip {
    /// [`VERSION`].
    pub version: u32,
    /// The job.
    pub job: JobId,
    /// Which ZIP of the job this is, from 1: a job whose items were retried gets another.
    pub attempt: u32,
    /// Whose it is.
    pub owner: OwnerId,
    /// Where a [`Manifest`] lies in the store: a list of thousands does not fit a message.
    pub manifest: String,
    /// Where the ZIP is to lie.
    pub output: String,
    /// The request that caused it, for logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The trace that it belongs to (W3C Trace Context).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// What a ZIP is to hold, as JSON in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Manifest {
    /// In this order.
    pub entries: Vec<Entry>,
}

/// One file of a ZIP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Entry {
    /// Where it lies in the store.
    pub key: String,
    /// Its name in the ZIP; no two have the same.
    pub name: String,
}

/// A message that is none of ours. It goes to the dead-letter queue: no retry mends it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Longer than any message.
    #[error("the message has {0} bytes, more than the {MOST_BYTES} a message may have")]
    Long(usize),
    /// Another version of Stampede wrote it.
    #[error("the message is of version {0}; this stamper reads version {VERSION}")]
    Version(u64),
    /// Not JSON, or not of a message's form.
    #[error("the message is none of ours: {0}")]
    Malformed(String),
}

impl Message {
    /// As JSON.
    pub fn to_json(&self) -> String {
        // Strings, numbers and nothing else: this cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a message.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn from_json(text: &[u8]) -> Result<Self, Refused> {
        if text.len() > MOST_BYTES {
            return Err(Refused::Long(text.len()));
        }
        let malformed = |error: serde_json::Error| Refused::Malformed(error.to_string());
        /// Enough to know whose it is; the rest may be anything.
        #[derive(Deserialize)]
        struct Versioned {
            version: u64,
        }
        let Versioned { version } = serde_json::from_slice(text).map_err(malformed)?;
        if version != u64::from(VERSION) {
            return Err(Refused::Version(version));
        }
        let message: Self = serde_json::from_slice(text).map_err(malformed)?;
        let checked = match &message {
            Self::Stamp(task) => task.check(),
            Self::Zip(zip) => zip.check(),
        };
        checked.map_err(|reason| Refused::Malformed(reason.to_owned()))?;
        Ok(message)
    }

    /// The request that caused it, for logs.
    pub fn request(&self) -> Option<&str> {
        match self {
            Self::Stamp(task) => task.request.as_deref(),
            Self::Zip(zip) => zip.request.as_deref(),
        }
    }
}

/// Whether a key is one that the store gives: parts between single slashes, so that it never lies above
/// the store's own folder, wherever a key is taken for a path.
pub fn is_key(key: &str) -> bool {
    let is_step = |part: &str| part.is_empty() || part == "." || part == "..";
    key.len() <= LONGEST_KEY && !key.contains(['\\', '\0']) && !key.split('/').any(is_step)
}

const NOT_A_KEY: &str = "a key is not one that the store gives";
const NO_ATTEMPT: &str = "attempts count from 1";

impl Task {
    fn check(&self) -> Result<(), &'static str> {
        let mut keys = [&self.picture.key, &self.output].into_iter().chain(&self.stamp);
        match () {
            () if !keys.all(|key| is_key(key)) => Err(NOT_A_KEY),
            () if self.picture.name.len() > LONGEST_NAME => Err("the picture's name is too long"),
            () if self.attempt == 0 => Err(NO_ATTEMPT),
            () if self.stamp.is_none() && self.settings.text.is_none() => {
                Err("it names neither a stamp nor a text")
            }
            () => Ok(()),
        }
    }
}

impl Zip {
    fn check(&self) -> Result<(), &'static str> {
        match () {
            () if !is_key(&self.manifest) || !is_key(&self.output) => Err(NOT_A_KEY),
            () if self.attempt == 0 => Err(NO_ATTEMPT),
            () => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn task() -> Task {
        Task {
            version: VERSION,
            job: JobId::from_bytes([1; 16]),
            item: 3,
            attempt: 1,
            owner: OwnerId::from_bytes([2; 16]),
            picture: PictureObject {
                key: "originals/own_02/pic_03".to_owned(),
                name: "Été.jpg".to_owned(),
                index: 4,
            },
            stamp: Some("stamps/own_02/stp_04".to_owned()),
            settings: Settings { at: Some("top".to_owned()), ..Settings::default() },
            output: "stamped/own_02/job_01".to_owned(),
            request: Some("req-1".to_owned()),
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        }
    }

    fn zip() -> Zip {
        Zip {
            version: VERSION,
            job: JobId::from_bytes([1; 16]),
            attempt: 2,
            owner: OwnerId::from_bytes([2; 16]),
            manifest: "zips/own_02/job_01/2.json".to_owned(),
            output: "zips/own_02/job_01/2.zip".to_owned(),
            request: None,
            traceparent: None,
        }
    }

    fn schema() -> jsonschema::Validator {
        let schema: Value = serde_json::from_str(include_str!("../schemas/message.json")).unwrap();
        jsonschema::validator_for(&schema).unwrap()
    }

    #[test]
    fn what_is_written_is_read_and_fits_the_schema() {
        let bare = Task { stamp: None, request: None, traceparent: None, ..task() };
        let text = Settings { text: Some("© {year}".to_owned()), ..Settings::default() };
        let tasks = [task(), Task { settings: text, ..bare }].map(Message::Stamp);
        for message in tasks.into_iter().chain([Message::Zip(zip())]) {
            assert_eq!(Message::from_json(message.to_json().as_bytes()), Ok(message.clone()));
            let json: Value = serde_json::from_str(&message.to_json()).unwrap();
            assert!(schema().is_valid(&json), "{json}");
        }
    }

    #[test]
    fn parser_and_schema_refuse_the_same() {
        let stamp: Value = serde_json::from_str(&Message::Stamp(task()).to_json()).unwrap();
        let zip: Value = serde_json::from_str(&Message::Zip(zip()).to_json()).unwrap();
        for (at, value) in [
            ("/kind", json!("dance")),
            ("/kind", json!("zip")),
            ("/attempt", json!(0)),
            ("/attempt", json!(-1)),
            ("/item", json!("3")),
            ("/job", json!("job_1")),
            ("/owner", json!("job_01010101010101010101010101010101")),
            ("/picture/key", json!("../secrets")),
            ("/picture/key", json!("a//b")),
            ("/picture/key", json!("")),
            ("/output", json!("/absolute")),
            ("/stamp", json!("stamps/./x")),
            ("/settings/opacity", json!("much")),
            ("/picture/name", json!("n".repeat(2000))),
            ("/more", json!(1)),
            ("/manifest", json!("zips/../x")),
        ] {
            let mut bad = if at == "/manifest" { zip.clone() } else { stamp.clone() };
            match bad.pointer_mut(at) {
                Some(place) => *place = value,
                None => {
                    let (parent, name) = at.rsplit_once('/').unwrap();
                    bad.pointer_mut(parent).unwrap()[name] = value;
                }
            }
            let refused = Message::from_json(bad.to_string().as_bytes());
            assert!(matches!(refused, Err(Refused::Malformed(_))), "{at}: {refused:?}");
            assert!(!schema().is_valid(&bad), "{at}");
        }
    }

    #[test]
    fn other_versions_are_told_apart_from_rubbish() {
        let later = json!({"version": 2, "anything": [1, 2, 3]}).to_string();
        assert_eq!(Message::from_json(later.as_bytes()), Err(Refused::Version(2)));
        assert!(matches!(Message::from_json(b"rubbish"), Err(Refused::Malformed(_))));
        assert!(matches!(Message::from_json(b"{}"), Err(Refused::Malformed(_))));
        let long = vec![b' '; MOST_BYTES + 1];
        assert_eq!(Message::from_json(&long), Err(Refused::Long(MOST_BYTES + 1)));
        let deep = [b"{\"version\":".repeat(3000), b"1".to_vec()].concat();
        assert!(matches!(Message::from_json(&deep), Err(Refused::Malformed(_))));
    }

    proptest! {
        #[test]
        fn changed_messages_never_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut text = Message::Stamp(task()).to_json().into_bytes();
            let at = at.index(text.len());
            text[at] = byte;
            if let Ok(read) = Message::from_json(&text) {
                prop_assert_eq!(Message::from_json(read.to_json().as_bytes()), Ok(read));
            }
        }
    }
}
