//! A folder as a store.
//!
//! An object is one file: its notes (media type, metadata) as JSON, and its bytes behind. So it is there
//! whole and with its own notes or not at all, whatever is killed when; a file of notes beside it could not
//! be replaced in the same moment. It is written in a folder beside the objects, flushed and renamed.
//!
//! All paths are resolved by the folder's handle (cap-std): no key and no symlink leads out of it.

mod listing;
mod place;
mod routes;
mod written;

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use data_encoding::BASE64URL_NOPAD;
use stampede_domain::Seconds;
use stampede_domain::signature::{Secret, Use};
use stampede_domain::upload::Policy;

pub(crate) use self::written::Written;
use crate::store::escaped;
use crate::{About, Fault, Form, Listed, Object, Reading, Writing};

/// A folder that is a store; a clone is another handle on the same.
#[derive(Clone, Debug)]
pub struct Folder(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    objects: Dir,
    /// What is being written lies here until it is whole.
    unfinished: Dir,
    unfinished_path: PathBuf,
    /// Where [`Folder::routes`] are served, without a slash at the end.
    address: String,
    secret: Secret,
}

/// Notes are never longer.
const MOST_NOTES: u32 = 64 << 10;
/// What is unfinished for so long was left by a process that died.
const LEFT_BEHIND: Duration = Duration::from_secs(24 * 3600);

impl Folder {
    /// Opens the store in `root`, which is made when it is missing, and removes what processes that died
    /// left unfinished more than a day ago. `address` is where its [`routes`](Self::routes) are served,
    /// such as `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// [`Fault::Io`].
    pub fn open(root: &Path, address: &str, secret: Secret) -> Result<Self, Fault> {
        let (objects, unfinished) = (root.join("objects"), root.join("unfinished"));
        std::fs::create_dir_all(&objects)?;
        std::fs::create_dir_all(&unfinished)?;
        let inner = Inner {
            objects: Dir::open_ambient_dir(objects, ambient_authority())?,
            unfinished: Dir::open_ambient_dir(&unfinished, ambient_authority())?,
            unfinished_path: unfinished,
            address: address.trim_end_matches('/').to_owned(),
            secret,
        };
        inner.sweep()?;
        Ok(Self(Arc::new(inner)))
    }

    /// Opens an object's file; it stands before the object's bytes.
    async fn open_object(&self, key: &str) -> Result<(Object, File), Fault> {
        let (folder, key) = (self.clone(), key.to_owned());
        blocking(move || opened(&folder.0.objects, &key)).await
    }

    pub(crate) async fn head(&self, key: &str) -> Result<Option<Object>, Fault> {
        match self.open_object(key).await {
            Ok((object, _)) => Ok(Some(object)),
            Err(Fault::Missing(_)) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    pub(crate) async fn read(&self, key: &str) -> Result<Reading, Fault> {
        let (object, file) = self.open_object(key).await?;
        Ok(Reading::of_file(object, file.into()))
    }

    pub(crate) async fn read_start(&self, key: &str, most: u64) -> Result<Bytes, Fault> {
        let (object, file) = self.open_object(key).await?;
        blocking(move || {
            let mut start = Vec::with_capacity(usize::try_from(object.bytes.min(most)).unwrap_or(0));
            file.take(most).read_to_end(&mut start)?;
            Ok(start.into())
        })
        .await
    }

    pub(crate) async fn put(&self, key: &str, body: Bytes, about: &About) -> Result<(), Fault> {
        let mut written = Written::begin(self, key, about).await?;
        written.write(&body).await?;
        written.finish().await.map(|_| ())
    }

    pub(crate) async fn write(&self, key: &str, about: &About) -> Result<Writing, Fault> {
        Ok(Writing::to_file(Written::begin(self, key, about).await?))
    }

    /// By another name for the same file: files of objects are replaced, never written to.
    pub(crate) async fn copy(&self, from: &str, to: &str) -> Result<(), Fault> {
        let (folder, key) = (self.clone(), from.to_owned());
        let (from, to) = (place::path(from)?, place::path(to)?);
        blocking(move || match folder.0.link(&from, &to) {
            Err(Fault::Io(error)) if is_missing(&error) => Err(Fault::Missing(key)),
            linked => linked,
        })
        .await
    }

    pub(crate) async fn delete(&self, keys: &[String]) -> Result<(), Fault> {
        let paths: Vec<_> = keys.iter().map(|key| place::path(key)).collect::<Result<_, _>>()?;
        let folder = self.clone();
        blocking(move || paths.iter().try_for_each(|path| folder.0.delete(path))).await
    }

    pub(crate) async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<Listed>, Fault> {
        let (folder, prefix) = (self.clone(), prefix.to_owned());
        let after = after.unwrap_or_default().to_owned();
        blocking(move || folder.0.list(&listing::Wanted { prefix: &prefix, after: &after, most })).await
    }

    pub(crate) async fn upload_form(&self, policy: &Policy, _: Seconds) -> Result<Form, Fault> {
        place::path(&policy.key)?;
        let (text, signature) = policy.form(&self.0.secret);
        let fields =
            [("Content-Type", policy.content_type.clone()), ("policy", text), ("signature", signature)];
        let fields = fields.map(|(name, value)| (name.to_owned(), value)).into();
        Ok(Form { url: format!("{}/store", self.0.address), fields })
    }

    pub(crate) async fn download_url(
        &self,
        key: &str,
        file_name: &str,
        now: Seconds,
        lasts: Seconds,
    ) -> Result<String, Fault> {
        place::path(key)?;
        let expires = now.saturating_add(lasts);
        let parts = [key.as_bytes(), file_name.as_bytes(), &expires.to_be_bytes()];
        let signature = BASE64URL_NOPAD.encode(&self.0.secret.sign(Use::Download, &parts));
        let (path, name) = (key.split('/').map(escaped).collect::<Vec<_>>().join("/"), escaped(file_name));
        Ok(format!("{}/store/{path}?expires={expires}&name={name}&signature={signature}", self.0.address))
    }

    pub(crate) async fn ready(&self) -> Result<(), Fault> {
        let folder = self.clone();
        blocking(move || {
            folder.0.objects.entries()?;
            // A full or read-only disk shows here.
            tempfile::NamedTempFile::new_in(&folder.0.unfinished_path)?.close()?;
            Ok(())
        })
        .await
    }
}

impl Inner {
    /// Deletes an object, and the folders that have nothing in them then.
    fn delete(&self, path: &Path) -> Result<(), Fault> {
        match self.objects.remove_file(path) {
            Ok(()) => {}
            Err(error) if is_missing(&error) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        for folder in path.ancestors().skip(1).filter(|folder| *folder != Path::new("")) {
            // One that has something in it is not removed.
            if self.objects.remove_dir(folder).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Removes what processes that died left unfinished.
    fn sweep(&self) -> Result<(), Fault> {
        for entry in self.unfinished.entries()? {
            let entry = entry?;
            // Another process may finish or sweep it in this moment.
            let Ok(modified) = entry.metadata().and_then(|metadata| metadata.modified()) else { continue };
            let age = SystemTime::now().duration_since(modified.into_std());
            if age.is_ok_and(|age| age > LEFT_BEHIND) {
                drop(entry.remove_file());
            }
        }
        Ok(())
    }
}

/// Opens an object's file and reads its notes.
fn opened(objects: &Dir, key: &str) -> Result<(Object, File), Fault> {
    let missing = |error: io::Error| match is_missing(&error) {
        true => Fault::Missing(key.to_owned()),
        false => Fault::Io(error),
    };
    let mut file = objects.open(place::path(key)?).map_err(missing)?.into_std();
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(Fault::Missing(key.to_owned()));
    }
    let foreign = |_| Fault::Foreign(key.to_owned());
    let mut length = [0; size_of::<u32>()];
    file.read_exact(&mut length).map_err(foreign)?;
    let length = u32::from_le_bytes(length);
    if length > MOST_NOTES {
        return Err(Fault::Foreign(key.to_owned()));
    }
    let mut notes = vec![0; length as usize];
    file.read_exact(&mut notes).map_err(foreign)?;
    let notes: written::Notes = serde_json::from_slice(&notes).map_err(|_| Fault::Foreign(key.to_owned()))?;
    let bytes = metadata.len() - file.stream_position()?;
    let About { content_type, metadata } = notes.about;
    Ok((Object { bytes, content_type, etag: notes.etag, metadata }, file))
}

fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory
    )
}

/// Moves on by `bytes`, from the start of an object's own.
async fn skipped(mut file: File, bytes: u64) -> Result<File, Fault> {
    blocking(move || {
        file.seek(SeekFrom::Current(i64::try_from(bytes).unwrap_or(i64::MAX)))?;
        Ok(file)
    })
    .await
}

/// Does what waits for the disk where it holds nobody up.
async fn blocking<T, F>(work: F) -> Result<T, Fault>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, Fault> + Send + 'static,
{
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests;
