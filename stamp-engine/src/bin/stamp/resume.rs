//! What earlier runs have finished: a journal of outputs with the settings they were made with.

use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use stamp_engine::FileJob;

/// The journal: one line for each output, `key seal`, the last line of a key counting. The key is
/// the output's path, the seal its settings, length and time of change; both are hashes.
///
/// The file is only ever appended to, a line at a time, so that runs side by side do not disturb
/// one another. Without a place for it nothing is noted, and `--resume` skips nothing.
#[derive(Debug)]
pub(crate) struct Journal {
    settings: blake3::Hash,
    file: Option<File>,
    done: HashMap<String, String>,
}

impl Journal {
    /// Opens the journal in `folder`, or in the user's state folder; `read` it for a resumed run.
    pub(crate) fn open(folder: Option<&Path>, settings: blake3::Hash, read: bool) -> Self {
        let path = self::folder(folder).map(|folder| folder.join("finished"));
        let file = path.as_deref().and_then(|path| match open(path) {
            Ok(file) => Some(file),
            Err(error) => {
                tracing::warn!("{}: {error}; --resume will not know of this run", path.display());
                None
            }
        });
        let done = path.filter(|_| read).map(|path| read_all(&path)).unwrap_or_default();
        Self { settings, file, done }
    }

    /// Whether the output is there as it was made from this very input with these settings.
    pub(crate) fn is_done(&self, job: &FileJob) -> bool {
        let (Ok(input), Ok(output)) = (fs::metadata(&job.input), fs::metadata(&job.output)) else {
            return false;
        };
        let newer = match (input.modified(), output.modified()) {
            (Ok(input), Ok(output)) => output >= input,
            _ => false,
        };
        newer && self.done.get(&key(&job.output)).is_some_and(|seal| *seal == self.seal(&output))
    }

    /// Notes that the output was just written.
    pub(crate) fn note(&self, job: &FileJob) {
        let (Some(mut file), Ok(output)) = (self.file.as_ref(), fs::metadata(&job.output)) else { return };
        let line = format!("{} {}\n", key(&job.output), self.seal(&output));
        if let Err(error) = file.write_all(line.as_bytes()) {
            tracing::warn!("the journal for --resume cannot be written: {error}");
        }
    }

    fn seal(&self, output: &Metadata) -> String {
        let since = output.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let facts = format!("{} {} {:?}", self.settings.to_hex(), output.len(), since);
        blake3::hash(facts.as_bytes()).to_hex()[..32].to_owned()
    }
}

fn key(output: &Path) -> String {
    let absolute = std::path::absolute(output).unwrap_or_else(|_| output.to_owned());
    blake3::hash(absolute.as_os_str().as_encoded_bytes()).to_hex()[..32].to_owned()
}

/// Where the journal lies: in the folder that was chosen, or in the user's state folder.
pub(crate) fn folder(chosen: Option<&Path>) -> Option<PathBuf> {
    chosen.map(Path::to_owned).or_else(state_folder)
}

/// The XDG Base Directory's place for what should survive a restart but is not worth a backup.
pub(crate) fn state_folder() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = set("XDG_STATE_HOME").or_else(|| set("HOME").map(|home| home.join(".local/state")))?;
    Some(state.join("stampede"))
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    File::options().create(true).append(true).open(path)
}

fn read_all(path: &Path) -> HashMap<String, String> {
    let Ok(file) = File::open(path) else { return HashMap::new() };
    let lines = BufReader::new(file).lines().map_while(Result::ok);
    lines
        .filter_map(|line| line.split_once(' ').map(|(key, seal)| (key.to_owned(), seal.to_owned())))
        .collect()
}
