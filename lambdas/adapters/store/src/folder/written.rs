//! An object's file, while it is written.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::{NamedTempFile, TempPath};
use tokio::io::AsyncWriteExt as _;

use super::{Folder, Inner, blocking, is_missing, place};
use crate::{About, Fault};

/// What stands before an object's bytes, behind its own length in bytes as a [`u32`] in little endian.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Notes {
    pub(super) etag: String,
    #[serde(flatten)]
    pub(super) about: About,
}

/// An object that is being written. Dropped unfinished, its file is removed.
#[derive(Debug)]
pub(crate) struct Written {
    folder: Folder,
    /// Where it will lie.
    place: PathBuf,
    /// Where it lies until it is whole.
    unfinished: TempPath,
    file: tokio::fs::File,
    bytes: u64,
}

/// How often a folder is made anew that a deletion found empty meanwhile.
const ATTEMPTS: usize = 100;

impl Written {
    pub(super) async fn begin(folder: &Folder, key: &str, about: &About) -> Result<Self, Fault> {
        let place = place::path(key)?;
        let about = about.checked()?;
        let inside = folder.clone();
        let (file, unfinished) = blocking(move || inside.0.begin(about)).await?;
        let file = tokio::fs::File::from_std(file);
        Ok(Self { folder: folder.clone(), place, unfinished, file, bytes: 0 })
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.file.write_all(bytes).await?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// How much was written.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) async fn finish(mut self) -> Result<u64, Fault> {
        self.file.flush().await?;
        self.file.sync_all().await?;
        let Self { folder, place, unfinished, bytes, .. } = self;
        blocking(move || folder.0.commit(unfinished, &place)).await?;
        Ok(bytes)
    }
}

impl Inner {
    /// An unfinished file with its notes.
    fn begin(&self, about: About) -> Result<(std::fs::File, TempPath), Fault> {
        let mut file = NamedTempFile::new_in(&self.unfinished_path)?;
        // The file's own random name and the time: what is put anew has another.
        let name = file.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let time = std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_nanos());
        let etag = format!("{}-{time:x}", name.trim_start_matches('.'));
        let notes = serde_json::to_vec(&Notes { etag, about }).map_err(io::Error::other)?;
        let length = u32::try_from(notes.len()).map_err(io::Error::other)?;
        file.write_all(&length.to_le_bytes())?;
        file.write_all(&notes)?;
        Ok(file.into_parts())
    }

    /// Puts a whole file where it belongs. The rename is the moment at which the object is there.
    fn commit(&self, unfinished: TempPath, place: &Path) -> Result<(), Fault> {
        let name = unfinished.file_name().map(Path::new).unwrap_or(Path::new("")).to_owned();
        for _ in 0..ATTEMPTS {
            match self.unfinished.rename(&name, &self.objects, place) {
                Ok(()) => {
                    // It is no longer there to be removed.
                    drop(unfinished.keep());
                    return Ok(self.sync(place.parent())?);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => self.make_folders(place)?,
                Err(error) => return Err(error.into()),
            }
        }
        Err(Fault::Passing("its folder is removed again and again".to_owned()))
    }

    /// Gives an object's file another name, which replaces what has it. Where files have one name only, another file
    /// is made.
    pub(super) fn link(&self, from: &Path, to: &Path) -> Result<(), Fault> {
        // Not in place: a name that is taken is not given to another file.
        let unfinished = NamedTempFile::new_in(&self.unfinished_path)?.into_temp_path();
        let name = unfinished.file_name().map(Path::new).unwrap_or(Path::new("")).to_owned();
        self.unfinished.remove_file(&name)?;
        if let Err(error) = self.objects.hard_link(from, &self.unfinished, &name) {
            if is_missing(&error) {
                return Err(error.into());
            }
            self.objects.copy(from, &self.unfinished, &name)?;
            self.unfinished.open(&name)?.sync_all()?;
        }
        self.commit(unfinished, to)?;
        // It is still there where both were names of the same file already (POSIX, rename).
        drop(self.unfinished.remove_file(&name));
        Ok(())
    }

    /// Makes what folders are missing above `place`.
    fn make_folders(&self, place: &Path) -> io::Result<()> {
        let mut above: Vec<&Path> = place.ancestors().skip(1).filter(|path| *path != Path::new("")).collect();
        above.reverse();
        for folder in above {
            match self.objects.create_dir(folder) {
                Ok(()) => self.sync(folder.parent())?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                // The one above it was just removed; the caller begins anew.
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Flushes a folder, so that a power cut does not take a new name out of it.
    fn sync(&self, folder: Option<&Path>) -> io::Result<()> {
        if cfg!(not(unix)) {
            return Ok(());
        }
        let folder = folder.filter(|path| *path != Path::new("")).unwrap_or(Path::new("."));
        match self.objects.open(folder).and_then(|folder| folder.sync_all()) {
            // What was in it is deleted again.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            flushed => flushed,
        }
    }
}
