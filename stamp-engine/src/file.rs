//! Picture files: read whole within the limits, written so that no half file is ever seen.

#![forbid(unsafe_code)]

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::spare::Spare;
use crate::{Error, Limits, Picture, Report, Result, Stamper};

/// A picture file and where its stamped copy goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileJob {
    /// The file read.
    pub input: PathBuf,
    /// The file written.
    pub output: PathBuf,
    /// The picture's number, for the text variable `{index}`.
    pub index: u64,
}

/// How an output file is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// Replace a file that is already there.
    pub overwrite: bool,
    /// Give the output the input's modification time and permissions.
    pub preserve: bool,
}

/// A picture file in memory.
pub(crate) struct Input {
    bytes: Vec<u8>,
    metadata: Metadata,
}

impl Input {
    pub(crate) fn picture<'a>(&'a self, job: &'a FileJob) -> Picture<'a> {
        let modified = self.metadata.modified().ok();
        Picture { bytes: &self.bytes, name: Some(&job.input), modified, index: job.index }
    }

    /// Gives its memory back to the system instead of keeping it for the next file.
    pub(crate) fn give_up(mut self) {
        self.bytes = Vec::new();
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        Spare::Input.keep(std::mem::take(&mut self.bytes));
    }
}

impl Stamper {
    /// Stamps the file `input` into the file `output`. The output is written beside its place
    /// under a temporary name, flushed and renamed: an interrupted run leaves no half file.
    /// Missing folders above it are made.
    ///
    /// # Errors
    /// As [`Stamper::stamp`]; [`Error::Io`] for both files, and [`Error::Setting`] when the
    /// output is there and `options` do not say to replace it.
    pub fn stamp_file(&self, input: &Path, output: &Path, options: &WriteOptions) -> Result<Report> {
        let job = FileJob { input: input.to_owned(), output: output.to_owned(), index: 1 };
        check_free(&job.output, options)?;
        let limits = &self.options().limits;
        let input = read(&job.input, look_at(&job.input, limits)?, limits)?;
        let write = |pieces: [&[u8]; 2]| write(&job.output, &pieces, Some(&input), options);
        self.stamp_pieces(input.picture(&job), write)
    }
}

/// Refuses an output that is there and is not to be replaced: known before the picture is read.
pub(crate) fn check_free(path: &Path, options: &WriteOptions) -> Result<()> {
    match !options.overwrite && path.symlink_metadata().is_ok() {
        true => Err(exists(path)),
        false => Ok(()),
    }
}

/// What is known of a regular file before it is read. Anything else (a pipe, a device, a folder)
/// is refused before it is opened, since opening a pipe waits for a writer.
pub(crate) fn look_at(path: &Path, limits: &Limits) -> Result<Metadata> {
    let failed = |error| Error::io(path, error);
    let metadata = fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(failed(io::Error::other("not a regular file")));
    }
    limits.check_bytes(metadata.len())?;
    Ok(metadata)
}

/// Reads a file that was [looked at](look_at).
pub(crate) fn read(path: &Path, metadata: Metadata, limits: &Limits) -> Result<Input> {
    let failed = |error| Error::io(path, error);
    let file = File::open(path).map_err(failed)?;
    // The file may grow while it is read, or (in /proc) not tell its length.
    let mut bytes = Spare::Input.take(usize::try_from(metadata.len()).unwrap_or(0).saturating_add(1));
    file.take(limits.input_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    limits.check_bytes(bytes.len() as u64)?;
    Ok(Input { bytes, metadata })
}

/// Writes a file beside its place under a temporary name, flushes and renames it: it is never
/// seen half written. Missing folders above it are made; there is nothing to
/// [`preserve`](WriteOptions::preserve).
///
/// # Errors
/// [`Error::Io`], and [`Error::Setting`] when the file is there and `options` do not say to
/// replace it.
pub fn write_file(path: &Path, bytes: &[u8], options: &WriteOptions) -> Result<()> {
    write(path, &[bytes], None, options)
}

/// Writes the pieces, one behind the other; see [`write_file`].
pub(crate) fn write(
    path: &Path,
    pieces: &[&[u8]],
    input: Option<&Input>,
    options: &WriteOptions,
) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder).map_err(|error| Error::io(folder, error))?;
    check_free(path, options)?;
    let failed = |error| Error::io(path, error);
    let permissions = permissions(path, input, options);
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY_PREFIX).suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As any program makes files: the umask takes away from this.
        let mode = permissions.as_ref().map_or(0o666, |permissions| permissions.mode() & 0o777);
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    let mut file = builder.tempfile_in(folder).map_err(failed)?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions).map_err(failed)?;
    }
    pieces.iter().try_for_each(|piece| file.write_all(piece)).map_err(failed)?;
    if let Some(input) = input.filter(|_| options.preserve) {
        let modified = input.metadata.modified().map_err(failed)?;
        file.as_file().set_modified(modified).map_err(failed)?;
    }
    file.as_file().sync_data().map_err(failed)?;
    let kept = match options.overwrite {
        true => file.persist(path),
        false => file.persist_noclobber(path),
    };
    kept.map(|_| ()).map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => exists(path),
        _ => failed(error.error),
    })
}

/// The permissions that the output is to have from its first byte on: the input's where they are
/// preserved, else those of the file that it replaces; `None` gives it those of any new file.
fn permissions(path: &Path, input: Option<&Input>, options: &WriteOptions) -> Option<fs::Permissions> {
    match input.filter(|_| options.preserve) {
        Some(input) => Some(input.metadata.permissions()),
        None => fs::metadata(path).ok().filter(Metadata::is_file).map(|replaced| replaced.permissions()),
    }
}

/// What the names of unfinished outputs begin with. A leading dot: folders are read without them.
const TEMPORARY_PREFIX: &str = ".stamp-";

fn exists(path: &Path) -> Error {
    let path: PathBuf = path.to_owned();
    let reason = "is already there; replace it with --overwrite, or skip what is done with --resume";
    Error::Setting(format!("{} {reason}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn what_replaces_a_file_has_its_permissions() {
        use std::os::unix::fs::PermissionsExt as _;
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a.jpg");
        let options = WriteOptions { overwrite: true, ..WriteOptions::default() };
        for mode in [0o600, 0o640, 0o444, 0o666] {
            fs::write(&path, b"before").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            write_file(&path, b"after", &options).unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"after");
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode, "{mode:o}");
            fs::remove_file(&path).unwrap();
        }
    }
}
