//! A job's results in one file.

use serde::{Deserialize, Serialize};

use super::{NO_ATTEMPT, NOT_A_KEY, is_key};
use crate::id::{JobId, OwnerId};

/// The results of a job to be put into a ZIP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Zip {
    /// [`VERSION`](super::VERSION).
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

impl Zip {
    pub(super) fn check(&self) -> Result<(), &'static str> {
        match () {
            () if !is_key(&self.manifest) || !is_key(&self.output) => Err(NOT_A_KEY),
            () if self.attempt == 0 => Err(NO_ATTEMPT),
            () => Ok(()),
        }
    }
}
