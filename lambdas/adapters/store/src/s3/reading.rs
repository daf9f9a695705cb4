//! Reading an object of S3, through broken connections.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;

use super::fault::fault;
use crate::{Fault, Object};

/// How often in a row it is read on where a connection broke.
const RESUMED: u32 = 3;

/// An object that is being read. The SDK repeats requests, but not what breaks within an answer's body.
#[derive(Debug)]
pub(crate) struct S3Reading {
    client: Client,
    bucket: String,
    key: String,
    /// As S3 gave it, to read on in the same content only.
    etag: Option<String>,
    bytes: u64,
    read: u64,
    stream: ByteStream,
}

impl S3Reading {
    pub(super) async fn begin(client: &Client, bucket: &str, key: &str) -> Result<(Object, Self), Fault> {
        let get = client.get_object().bucket(bucket).key(key).send().await;
        let get = get.map_err(|error| fault(key, error))?;
        let bytes = get.content_length().unwrap_or(0).cast_unsigned();
        let object = Object {
            bytes,
            content_type: get.content_type().unwrap_or_default().to_owned(),
            etag: get.e_tag().unwrap_or_default().trim_matches('"').to_owned(),
            metadata: get.metadata().cloned().unwrap_or_default().into_iter().collect(),
        };
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        let reading =
            Self { client: client.clone(), bucket, key, etag: get.e_tag, bytes, read: 0, stream: get.body };
        Ok((object, reading))
    }

    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        let mut resumed = 0;
        loop {
            match self.stream.try_next().await {
                Ok(Some(bytes)) => {
                    self.read += bytes.len() as u64;
                    return Ok(Some(bytes));
                }
                Ok(None) if self.read == self.bytes => return Ok(None),
                Ok(None) | Err(_) if resumed < RESUMED && self.read < self.bytes => {
                    resumed += 1;
                    self.resume().await?;
                }
                Ok(None) => {
                    let (key, read, bytes) = (&self.key, self.read, self.bytes);
                    return Err(Fault::Passing(format!("{key} ended after {read} of its {bytes} bytes")));
                }
                Err(error) => return Err(Fault::Passing(format!("{}: {error}", self.key))),
            }
        }
    }

    /// Asks for what is left.
    async fn resume(&mut self) -> Result<(), Fault> {
        tracing::debug!(key = self.key, read = self.read, "reading on behind a broken connection");
        let get = self.client.get_object().bucket(&self.bucket).key(&self.key);
        let get = get.set_if_match(self.etag.clone()).range(format!("bytes={}-", self.read));
        self.stream = get.send().await.map_err(|error| fault(&self.key, error))?.body;
        Ok(())
    }
}
