//! What earlier runs have finished: a journal of outputs, of what they were made and with which settings.

use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use stamp_engine::FileJob;

/// The journal: one line for each output, `key seal`, the last line of a key counting. The key is
/// the output's path, the seal its settings, the input's path, and the length and time of change of
/// both; both are hashes. Paths are absolute: a tree that was moved is stamped anew, since nothing
/// else tells one folder's `1.jpg` from another's.
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
        let noted = self.done.get(&key(&job.output));
        let (Some(noted), Some(input)) = (noted, State::of(&job.input)) else { return false };
        self.seal(job, input).is_some_and(|seal| seal == *noted)
    }

    /// Notes that the output was just written, of an input that was in this state before it was read:
    /// one that has changed since is no longer what the output was made of.
    pub(crate) fn note(&self, job: &FileJob, input: State) {
        let (Some(mut file), Some(seal)) = (self.file.as_ref(), self.seal(job, input)) else { return };
        let line = format!("{} {seal}\n", key(&job.output));
        if let Err(error) = file.write_all(line.as_bytes()) {
            tracing::warn!("the journal for --resume cannot be written: {error}");
        }
    }

    fn seal(&self, job: &FileJob, input: State) -> Option<String> {
        let output = State::of(&job.output)?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.settings.as_bytes());
        hasher.update(format!("{output} ").as_bytes());
        // What was stamped in its own place is gone: the next run reads what this one wrote.
        if !is_in_place(job, output) {
            hasher.update(format!("{input} ").as_bytes());
            hasher.update(absolute(&job.input).as_os_str().as_encoded_bytes());
        }
        Some(hasher.finalize().to_hex()[..32].to_owned())
    }
}

/// By what a file is told from what it was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    length: u64,
    changed: SystemTime,
}

impl State {
    /// As it is now; `None` where that cannot be told.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self { length: metadata.len(), changed: metadata.modified().ok()? })
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.changed.duration_since(UNIX_EPOCH) {
            Ok(since) => write!(f, "{} {}", self.length, since.as_nanos()),
            Err(before) => write!(f, "{} -{}", self.length, before.duration().as_nanos()),
        }
    }
}

/// Whether the output, in this state, is the input itself.
fn is_in_place(job: &FileJob, output: State) -> bool {
    // Most are told apart without a look at every folder above them.
    State::of(&job.input) == Some(output)
        && matches!((job.input.canonicalize(), job.output.canonicalize()), (Ok(input), Ok(output)) if input == output)
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn key(output: &Path) -> String {
    blake3::hash(absolute(output).as_os_str().as_encoded_bytes()).to_hex()[..32].to_owned()
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
