//! Listing objects in the order of their keys' bytes.

use std::io;
use std::path::Path;

use super::place::{self, Part};
use super::{Inner, opened};
use crate::{Fault, Listed};

/// What is asked for.
pub(super) struct Wanted<'a> {
    /// What keys begin with.
    pub(super) prefix: &'a str,
    /// Keys stand behind this one.
    pub(super) after: &'a str,
    /// So many.
    pub(super) most: usize,
}

impl Wanted<'_> {
    /// Whether some key that begins with `start`, which ends in a slash, may be wanted.
    fn some_in(&self, start: &str) -> bool {
        let in_prefix = start.starts_with(self.prefix) || self.prefix.starts_with(start);
        in_prefix && (start > self.after || self.after.starts_with(start))
    }

    fn wants(&self, key: &str) -> bool {
        key.starts_with(self.prefix) && key > self.after
    }
}

impl Inner {
    /// Goes through the tree and no further than is wanted. A folder with a great many objects is read
    /// whole for each call.
    pub(super) fn list(&self, wanted: &Wanted<'_>) -> Result<Vec<Listed>, Fault> {
        let mut listed = Vec::new();
        self.list_folder("", Path::new("."), wanted, &mut listed)?;
        Ok(listed)
    }

    fn list_folder(
        &self,
        start: &str,
        folder: &Path,
        wanted: &Wanted<'_>,
        listed: &mut Vec<Listed>,
    ) -> Result<(), Fault> {
        // The slash behind a folder is a part of the keys, and counts in their order.
        let mut keys = self.keys_of_folder(start, folder)?;
        keys.retain(|key| if key.ends_with('/') { wanted.some_in(key) } else { wanted.wants(key) });
        keys.sort_unstable();
        for key in keys {
            if listed.len() >= wanted.most {
                break;
            }
            if let Some(inner) = key.strip_suffix('/') {
                let part = inner.rsplit('/').next().unwrap_or(inner);
                self.list_folder(&key, &folder.join(place::folder_name(part)), wanted, listed)?;
                continue;
            }
            match opened(&self.objects, &key) {
                Ok((object, _)) => listed.push(Listed { bytes: object.bytes, key }),
                // Deleted meanwhile, it is no longer in the list.
                Err(Fault::Missing(_)) => {}
                Err(Fault::Foreign(key)) => tracing::warn!(key, "a file below the store is none of its own"),
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }

    /// The keys of a folder's objects, and those of its folders with a slash behind them.
    fn keys_of_folder(&self, start: &str, folder: &Path) -> io::Result<Vec<String>> {
        let entries = match self.objects.read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut keys = Vec::new();
        for entry in entries {
            let entry = entry?;
            let kind = entry.file_type()?;
            let name = entry.file_name().into_string();
            // A symlink is neither a file nor a folder.
            match name.ok().as_deref().and_then(place::part) {
                Some(Part::Folder(part)) if kind.is_dir() => keys.push(format!("{start}{part}/")),
                Some(Part::File(part)) if kind.is_file() => keys.push(format!("{start}{part}")),
                _ => {}
            }
        }
        Ok(keys)
    }
}
