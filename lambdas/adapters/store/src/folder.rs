//! A folder as a store.
//!
//! An object is one file: a line of JSON with what is noted of it, and its bytes behind. So it is there whole
//! with its notes or not at all, whatever is killed when. It is written beside the objects, flushed and
//! renamed.

mod routes;
mod written;

use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use stampede_domain::Seconds;
use stampede_domain::message::is_key;
use stampede_domain::signature::{Secret, Use};
use stampede_domain::upload::Policy;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

pub(crate) use self::written::Written;
use crate::store::escaped;
use crate::{About, Fault, Form, Listed, Object, Reading, Writing};

/// A folder that is a store; a clone is another handle on the same.
#[derive(Clone, Debug)]
pub struct Folder(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    objects: PathBuf,
    /// What is being written lies here until it is whole.
    unfinished: PathBuf,
    /// Where [`Folder::routes`] are served, without a slash at the end.
    address: String,
    secret: Secret,
}

/// What an object's file begins with: the length of the notes, in bytes.
const LENGTH: usize = 4;
/// Notes are never longer.
const MOST_NOTES: u32 = 64 << 10;
/// What is unfinished for so long was left by a process that died.
const LEFT_BEHIND: Duration = Duration::from_secs(24 * 3600);

impl Folder {
    /// Opens the store in `root`, which is made when it is missing. `address` is where its
    /// [`routes`](Self::routes) are served, such as `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// [`Fault::Io`].
    pub fn open(root: &Path, address: &str, secret: Secret) -> Result<Self, Fault> {
        let inner = Inner {
            objects: root.join("objects"),
            unfinished: root.join("unfinished"),
            address: address.trim_end_matches('/').to_owned(),
            secret,
        };
        std::fs::create_dir_all(&inner.objects)?;
        std::fs::create_dir_all(&inner.unfinished)?;
        sweep(&inner.unfinished)?;
        Ok(Self(Arc::new(inner)))
    }

    fn path(&self, key: &str) -> Result<PathBuf, Fault> {
        match is_key(key) {
            true => Ok(self.0.objects.join(key)),
            false => Err(Fault::Key(key.chars().take(80).collect())),
        }
    }

    /// Opens an object's file; it stands before the object's bytes.
    async fn open_object(&self, key: &str) -> Result<(Object, File), Fault> {
        let missing = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => {
                Fault::Missing(key.to_owned())
            }
            _ => Fault::Io(error),
        };
        let mut file = File::open(self.path(key)?).await.map_err(missing)?;
        let metadata = file.metadata().await?;
        if !metadata.is_file() {
            return Err(Fault::Missing(key.to_owned()));
        }
        let foreign = || Fault::Refused(format!("{key} was not put here by Stampede"));
        let length = file.read_u32_le().await.map_err(|_| foreign())?;
        if length > MOST_NOTES {
            return Err(foreign());
        }
        let mut notes = vec![0; length as usize];
        file.read_exact(&mut notes).await.map_err(|_| foreign())?;
        let notes: written::Notes = serde_json::from_slice(&notes).map_err(|_| foreign())?;
        let bytes = metadata.len().saturating_sub(LENGTH as u64 + u64::from(length));
        let About { content_type, metadata } = notes.about;
        Ok((Object { bytes, content_type, etag: notes.etag, metadata }, file))
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
        Ok(Reading::of_file(object, file))
    }

    pub(crate) async fn read_start(&self, key: &str, most: u64) -> Result<Bytes, Fault> {
        let (object, file) = self.open_object(key).await?;
        let mut start = Vec::with_capacity(usize::try_from(object.bytes.min(most)).unwrap_or(0));
        file.take(most).read_to_end(&mut start).await?;
        Ok(start.into())
    }

    /// An object's bytes from `from` on.
    async fn read_from(&self, key: &str, from: u64) -> Result<Reading, Fault> {
        let (object, mut file) = self.open_object(key).await?;
        file.seek(SeekFrom::Current(i64::try_from(from).unwrap_or(i64::MAX))).await?;
        Ok(Reading::of_file(object, file))
    }

    pub(crate) async fn put(&self, key: &str, body: Bytes, about: &About) -> Result<(), Fault> {
        let mut written = Written::begin(self, key, about)?;
        written.write(&body).await?;
        written.finish().await.map(|_| ())
    }

    pub(crate) async fn write(&self, key: &str, about: &About) -> Result<Writing, Fault> {
        Ok(Writing::to_file(Written::begin(self, key, about)?))
    }

    pub(crate) async fn delete(&self, keys: &[String]) -> Result<(), Fault> {
        for key in keys {
            let path = self.path(key)?;
            match tokio::fs::remove_file(&path).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
            // Folders that hold nothing any more; one that does stays.
            let above = path.ancestors().skip(1).take_while(|folder| *folder != self.0.objects);
            for folder in above {
                if std::fs::remove_dir(folder).is_err() {
                    break;
                }
            }
        }
        Ok(())
    }

    pub(crate) async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<Listed>, Fault> {
        let (folder, prefix) = (self.clone(), prefix.to_owned());
        let after = after.unwrap_or_default().to_owned();
        let keys = tokio::task::spawn_blocking(move || folder.keys(&prefix));
        let mut keys = keys.await.map_err(io::Error::other)??;
        keys.retain(|key| *key > after);
        keys.sort_unstable();
        keys.truncate(most);
        let mut listed = Vec::with_capacity(keys.len());
        for key in keys {
            // Deleted meanwhile, it is no longer in the list.
            if let Some(object) = self.head(&key).await? {
                listed.push(Listed { key, bytes: object.bytes });
            }
        }
        Ok(listed)
    }

    /// All keys that begin so, in any order.
    fn keys(&self, prefix: &str) -> io::Result<Vec<String>> {
        let folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
        if !folder.is_empty() && !is_key(folder) {
            return Ok(Vec::new());
        }
        let (mut keys, mut folders) = (Vec::new(), vec![folder.to_owned()]);
        while let Some(folder) = folders.pop() {
            let entries = match std::fs::read_dir(self.0.objects.join(&folder)) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            for entry in entries {
                let entry = entry?;
                let Ok(name) = entry.file_name().into_string() else { continue };
                let key = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                // A symlink is neither: nothing outside is followed.
                match entry.file_type()? {
                    kind if kind.is_dir() => folders.push(key),
                    kind if kind.is_file() && key.starts_with(prefix) => keys.push(key),
                    _ => {}
                }
            }
        }
        Ok(keys)
    }

    pub(crate) async fn upload_form(&self, policy: &Policy, _: Seconds) -> Result<Form, Fault> {
        self.path(&policy.key)?;
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
        self.path(key)?;
        let expires = now.saturating_add(lasts);
        let signature = self
            .0
            .secret
            .sign(Use::Download, &[key.as_bytes(), file_name.as_bytes(), &expires.to_be_bytes()]);
        let (path, name) = (key.split('/').map(escaped).collect::<Vec<_>>().join("/"), escaped(file_name));
        let signature = BASE64URL_NOPAD.encode(&signature);
        Ok(format!("{}/store/{path}?expires={expires}&name={name}&signature={signature}", self.0.address))
    }

    pub(crate) async fn ready(&self) -> Result<(), Fault> {
        tokio::fs::metadata(&self.0.objects).await?;
        Ok(())
    }
}

/// Removes what processes that died left unfinished.
fn sweep(unfinished: &Path) -> Result<(), Fault> {
    for entry in std::fs::read_dir(unfinished)? {
        let entry = entry?;
        let age = entry.metadata()?.modified().map(|time| SystemTime::now().duration_since(time));
        if age.is_ok_and(|age| age.is_ok_and(|age| age > LEFT_BEHIND)) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
