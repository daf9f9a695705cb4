//! Writing an object piece by piece.

use bytes::Bytes;

use crate::Fault;
#[cfg(feature = "folder")]
use crate::folder;

/// An object that is being written. Dropped unfinished, it never was.
#[derive(Debug)]
pub struct Writing(To);

#[derive(Debug)]
enum To {
    #[cfg(feature = "folder")]
    File(folder::Written),
    #[cfg(feature = "s3")]
    S3(crate::s3::Multipart),
}

impl Writing {
    #[cfg(feature = "folder")]
    pub(crate) fn to_file(written: folder::Written) -> Self {
        Self(To::File(written))
    }

    #[cfg(feature = "s3")]
    pub(crate) fn to_s3(multipart: crate::s3::Multipart) -> Self {
        Self(To::S3(multipart))
    }

    /// Writes on.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), Fault> {
        match &mut self.0 {
            #[cfg(feature = "folder")]
            To::File(written) => written.write(&bytes).await,
            #[cfg(feature = "s3")]
            To::S3(multipart) => multipart.write(bytes).await,
        }
    }

    /// Makes it an object; gives its length.
    ///
    /// # Errors
    /// [`Fault`]; there is then no object, or the one that was there before.
    pub async fn finish(self) -> Result<u64, Fault> {
        match self.0 {
            #[cfg(feature = "folder")]
            To::File(written) => written.finish().await,
            #[cfg(feature = "s3")]
            To::S3(multipart) => multipart.finish().await,
        }
    }

    /// Gives it up.
    pub async fn abort(self) {
        match self.0 {
            #[cfg(feature = "folder")]
            To::File(written) => drop(written),
            #[cfg(feature = "s3")]
            To::S3(multipart) => multipart.abort().await,
        }
    }
}
