//! How far a queue was filled, so that a run that was broken off goes on.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What was done of one wish.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct State {
    /// For whoever looks into the file, and for `stamp status`.
    pub(super) source: String,
    pub(super) queue: String,
    /// Messages that the queue has taken.
    pub(super) sent: u64,
    /// Objects whose names are no pictures'.
    pub(super) passed_over: u64,
    /// From where to go on.
    pub(super) after: Option<String>,
    pub(super) finished: bool,
}

/// The file of a state.
#[derive(Debug)]
pub(super) struct StateFile(pub(super) PathBuf);

impl StateFile {
    /// What it says; nothing where it is not there.
    pub(super) fn read(&self) -> Result<Option<State>, String> {
        match std::fs::read(&self.0) {
            Ok(text) => serde_json::from_slice(&text)
                .map(Some)
                .map_err(|error| format!("{}: {error}; remove it to begin anew", self.0.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("{}: {error}", self.0.display())),
        }
    }

    /// Replaces it whole.
    pub(super) fn write(&self, state: &State) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("{}: {error}", self.0.display());
        let folder = self.0.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(failed)?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        file.write_all(&serde_json::to_vec(state).unwrap_or_default()).map_err(failed)?;
        file.persist(&self.0).map_err(|error| failed(error.error))?;
        Ok(())
    }
}
