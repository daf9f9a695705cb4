//! What every store does.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use stampede_domain::Seconds;
use stampede_domain::upload::Policy;

use crate::{About, Fault, Object, Reading, Writing};

/// Where pictures lie; a clone is another handle on the same.
#[derive(Clone, Debug)]
pub enum Store {
    /// A folder of this machine.
    #[cfg(feature = "folder")]
    Folder(crate::Folder),
    /// Buckets of S3, or of what speaks as it does.
    #[cfg(feature = "s3")]
    S3(crate::S3),
}

/// A form to upload one object with: `multipart/form-data` of these fields and then `file`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// Where it is sent.
    pub url: String,
    /// Its fields, in this order.
    pub fields: Vec<(String, String)>,
}

/// An object of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Its length.
    pub bytes: u64,
}

macro_rules! either {
    ($store:expr, $of:ident => $do:expr) => {
        match $store {
            #[cfg(feature = "folder")]
            Store::Folder($of) => $do,
            #[cfg(feature = "s3")]
            Store::S3($of) => $do,
        }
    };
}

impl Store {
    /// What is known of an object, if it is there.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn head(&self, key: &str) -> Result<Option<Object>, Fault> {
        either!(self, of => of.head(key).await)
    }

    /// Any bucket, by its name, with keys as they are there.
    ///
    /// # Errors
    /// [`Fault::Refused`]: a folder has no buckets.
    pub fn bucket(&self, name: &str) -> Result<Self, Fault> {
        match self {
            #[cfg(feature = "folder")]
            Self::Folder(_) => Err(Fault::Refused(format!(
                "pictures of the bucket {name} are stamped where S3 is the store"
            ))),
            #[cfg(feature = "s3")]
            Self::S3(s3) => Ok(Self::S3(s3.bucket(name))),
        }
    }

    /// A whole object of at most so many bytes.
    ///
    /// # Errors
    /// [`Fault::Missing`], [`Fault::Long`] and others.
    pub async fn get(&self, key: &str, most: u64) -> Result<(Object, Bytes), Fault> {
        self.read(key).await?.whole(key, most).await
    }

    /// The first bytes of an object, at most so many.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn read_start(&self, key: &str, most: u64) -> Result<Bytes, Fault> {
        either!(self, of => of.read_start(key, most).await)
    }

    /// Reads an object piece by piece.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn read(&self, key: &str) -> Result<Reading, Fault> {
        either!(self, of => of.read(key).await)
    }

    /// Puts an object, whole or not at all.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn put(&self, key: &str, body: Bytes, about: &About) -> Result<(), Fault> {
        either!(self, of => of.put(key, body, about).await)
    }

    /// Writes an object piece by piece. It is not there before [`Writing::finish`].
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn write(&self, key: &str, about: &About) -> Result<Writing, Fault> {
        either!(self, of => of.write(key, about).await)
    }

    /// Has what lies at `from` lie at `to`, too, with its notes: what is put at `from` later does not change it. Its bytes
    /// are not sent again.
    ///
    /// # Errors
    /// [`Fault::Missing`] and others.
    pub async fn copy(&self, from: &str, to: &str) -> Result<(), Fault> {
        either!(self, of => of.copy(from, to).await)
    }

    /// Deletes objects; those that are not there are passed over.
    ///
    /// # Errors
    /// [`Fault`]; some may then be deleted.
    pub async fn delete(&self, keys: &[String]) -> Result<(), Fault> {
        either!(self, of => of.delete(keys).await)
    }

    /// Objects whose keys begin with `prefix` and stand behind `after`, in the order of their keys' bytes,
    /// at most so many.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn list(&self, prefix: &str, after: Option<&str>, most: usize) -> Result<Vec<Listed>, Fault> {
        either!(self, of => of.list(prefix, after, most).await)
    }

    /// A form to upload what the policy allows.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn upload_form(&self, policy: &Policy, now: Seconds) -> Result<Form, Fault> {
        either!(self, of => of.upload_form(policy, now).await)
    }

    /// An address under which an object can be read for so long, to be saved under a file name.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn download_url(
        &self,
        key: &str,
        file_name: &str,
        now: Seconds,
        lasts: Seconds,
    ) -> Result<String, Fault> {
        either!(self, of => of.download_url(key, file_name, now, lasts).await)
    }

    /// Asks it for an answer.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn ready(&self) -> Result<(), Fault> {
        either!(self, of => of.ready().await)
    }
}

/// `Content-Disposition` with a file name in any script (RFC 6266, RFC 8187).
pub(crate) fn attachment(file_name: &str) -> String {
    let plain = |c: char| if c.is_ascii_graphic() && !"\"\\%;".contains(c) || c == ' ' { c } else { '_' };
    let ascii: String = file_name.chars().map(plain).collect();
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{}", escaped(file_name))
}

/// Percent-encoded but for what RFC 3986 leaves unreserved.
pub(crate) fn escaped(text: &str) -> String {
    use std::fmt::Write as _;
    let mut all = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            all.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(all, "%{byte:02X}");
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_of_any_script_break_no_header() {
        let header = attachment("Été \"1\"\r\n.jpg");
        assert_eq!(
            header,
            "attachment; filename=\"_t_ _1___.jpg\"; filename*=UTF-8''%C3%89t%C3%A9%20%221%22%0D%0A.jpg"
        );
    }
}
