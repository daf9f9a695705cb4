//! An item of a job.

use serde::{Deserialize, Serialize};

use super::{NO_ATTEMPT, NOT_A_KEY, NOTHING_TO_PUT_ON, is_key};
use crate::id::{JobId, OwnerId};
use crate::settings::Settings;

const LONGEST_NAME: usize = 1024;

/// One picture to be stamped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Task {
    /// [`VERSION`](super::VERSION).
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

impl Task {
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let mut keys = [&self.picture.key, &self.output].into_iter().chain(&self.stamp);
        match () {
            () if !keys.all(|key| is_key(key)) => Err(NOT_A_KEY),
            () if self.picture.name.len() > LONGEST_NAME => Err("the picture's name is too long"),
            () if self.attempt == 0 => Err(NO_ATTEMPT),
            () if self.stamp.is_none() && self.settings.text.is_none() => Err(NOTHING_TO_PUT_ON),
            () => Ok(()),
        }
    }
}
