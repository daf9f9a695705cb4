//! Reading an object piece by piece.

use bytes::Bytes;
#[cfg(feature = "folder")]
use tokio::fs::File;
#[cfg(feature = "folder")]
use tokio::io::AsyncReadExt as _;

use crate::{Fault, Object};

/// An object that is being read.
#[derive(Debug)]
pub struct Reading {
    object: Object,
    from: From,
}

#[derive(Debug)]
enum From {
    #[cfg(feature = "folder")]
    File(File),
    #[cfg(feature = "s3")]
    S3(crate::s3::S3Reading),
}

/// A file is read in such pieces.
#[cfg(feature = "folder")]
const PIECE: usize = 256 << 10;

impl Reading {
    #[cfg(feature = "folder")]
    pub(crate) fn of_file(object: Object, file: File) -> Self {
        Self { object, from: From::File(file) }
    }

    #[cfg(feature = "s3")]
    pub(crate) fn of_s3(object: Object, reading: crate::s3::S3Reading) -> Self {
        Self { object, from: From::S3(reading) }
    }

    /// What is known of the object.
    pub fn object(&self) -> &Object {
        &self.object
    }

    /// The same, when its bytes are no longer wanted.
    pub fn into_object(self) -> Object {
        self.object
    }

    /// All of it, which has at most so many bytes; an error names `key`.
    ///
    /// # Errors
    /// [`Fault::Long`] and others.
    pub async fn whole(mut self, key: &str, most: u64) -> Result<(Object, Bytes), Fault> {
        let long = |bytes| Fault::Long { key: key.to_owned(), bytes, most };
        if self.object.bytes > most {
            return Err(long(self.object.bytes));
        }
        let mut all = Vec::with_capacity(usize::try_from(self.object.bytes).unwrap_or(0));
        while let Some(bytes) = self.next().await? {
            all.extend_from_slice(&bytes);
            if all.len() as u64 > most {
                return Err(long(all.len() as u64));
            }
        }
        Ok((self.object, all.into()))
    }

    /// The next bytes; `None` behind the last.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        match &mut self.from {
            #[cfg(feature = "folder")]
            From::File(file) => {
                let mut piece = Vec::with_capacity(PIECE);
                file.read_buf(&mut piece).await?;
                Ok((!piece.is_empty()).then(|| piece.into()))
            }
            #[cfg(feature = "s3")]
            From::S3(reading) => reading.next().await,
        }
    }
}
