//! Writing an object's file.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt as _;

use super::{Folder, LENGTH};
use crate::{About, Fault};

/// What stands before an object's bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Notes {
    pub(super) etag: String,
    #[serde(flatten)]
    pub(super) about: About,
}

/// An object that is being written. Dropped unfinished, its file is removed.
#[derive(Debug)]
pub(crate) struct Written {
    file: NamedTempFile,
    path: PathBuf,
    bytes: u64,
    writer: tokio::fs::File,
    root: Folder,
}

impl Written {
    pub(super) fn begin(folder: &Folder, key: &str, about: &About) -> Result<Self, Fault> {
        use std::io::Write as _;
        let path = folder.path(key)?;
        let mut file = NamedTempFile::new_in(&folder.0.unfinished)?;
        // The file's own random name: what is put anew has another.
        let name = file.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let time = std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_nanos());
        let etag = format!("{}-{time:x}", name.trim_start_matches('.'));
        let notes =
            serde_json::to_vec(&Notes { etag, about: about.clone() }).map_err(std::io::Error::other)?;
        file.write_all(&(notes.len() as u32).to_le_bytes())?;
        file.write_all(&notes)?;
        debug_assert_eq!(LENGTH, size_of::<u32>());
        let writer = tokio::fs::File::from_std(file.as_file().try_clone()?);
        Ok(Self { file, path, bytes: 0, writer, root: folder.clone() })
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.writer.write_all(bytes).await?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// How much was written.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) async fn finish(mut self) -> Result<u64, Fault> {
        self.writer.flush().await?;
        self.writer.sync_data().await?;
        let above = self.path.parent().unwrap_or(&self.root.0.objects);
        // A folder that a deletion found empty may be removed between the two.
        let mut file = self.file;
        for _ in 0..100 {
            std::fs::create_dir_all(above)?;
            match file.persist(&self.path) {
                Ok(_) => return Ok(self.bytes),
                Err(error) if error.error.kind() == std::io::ErrorKind::NotFound => file = error.file,
                Err(error) => return Err(error.error.into()),
            }
        }
        Err(Fault::Passing("its folder is removed again and again".to_owned()))
    }
}
