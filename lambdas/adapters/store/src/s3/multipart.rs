//! Multipart uploads: an object of any length in bounded memory, and nothing of it seen before its end.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use bytes::{Bytes, BytesMut};
use tokio::task::JoinSet;

use super::fault::fault;
use super::timeouts;
use crate::{About, Fault};

/// A part but the last has at least 5 MiB (Amazon S3 User Guide, "Amazon S3 multipart upload limits").
const PART: usize = 8 << 20;
/// And there are no more (the same): an object has at most 78 GiB.
const MOST_PARTS: i32 = 10_000;
/// Parts that are sent while the next is written: three are in memory at most.
const SIDE_BY_SIDE: usize = 2;

/// An object that is being written. Of what is shorter than a part, it makes one request. Dropped
/// unfinished, it is given up as well as can be; a bucket's lifecycle rule should remove what is left.
#[derive(Debug)]
pub(crate) struct Multipart {
    upload: Upload,
    about: About,
    pending: BytesMut,
    sending: JoinSet<Result<CompletedPart, Fault>>,
    sent: Vec<CompletedPart>,
    parts: i32,
    bytes: u64,
}

/// Where it goes.
#[derive(Clone, Debug)]
struct Upload {
    client: Client,
    bucket: String,
    key: String,
    /// Once it has begun, until it is finished or given up.
    id: Option<String>,
}

impl Multipart {
    pub(super) fn new(client: &Client, bucket: &str, key: &str, about: &About) -> Result<Self, Fault> {
        let (client, bucket, key) = (client.clone(), bucket.to_owned(), key.to_owned());
        Ok(Self {
            upload: Upload { client, bucket, key, id: None },
            about: about.checked()?,
            pending: BytesMut::new(),
            sending: JoinSet::new(),
            sent: Vec::new(),
            parts: 0,
            bytes: 0,
        })
    }

    /// All of it at once.
    pub(super) async fn put(mut self, body: Bytes) -> Result<(), Fault> {
        if body.len() <= PART {
            return self.upload.put(body, &self.about).await;
        }
        self.write(body).await?;
        self.finish().await.map(|_| ())
    }

    pub(crate) async fn write(&mut self, mut bytes: Bytes) -> Result<(), Fault> {
        self.bytes += bytes.len() as u64;
        while self.pending.len() + bytes.len() > PART {
            // A part that lies in `bytes` as it is need not be copied.
            let part = match self.pending.is_empty() {
                true => bytes.split_to(PART),
                false => {
                    let missing = PART - self.pending.len();
                    self.pending.extend_from_slice(&bytes.split_to(missing));
                    self.pending.split().freeze()
                }
            };
            self.send_part(part).await?;
        }
        self.pending.extend_from_slice(&bytes);
        Ok(())
    }

    async fn send_part(&mut self, body: Bytes) -> Result<(), Fault> {
        if self.upload.id.is_none() {
            self.upload.begin(&self.about).await?;
        }
        if self.parts == MOST_PARTS {
            let long = format!("{} has more than {MOST_PARTS} parts of {PART} bytes", self.upload.key);
            return Err(Fault::Refused(long));
        }
        self.parts += 1;
        if self.sending.len() == SIDE_BY_SIDE {
            self.await_part().await?;
        }
        let (upload, number) = (self.upload.clone(), self.parts);
        self.sending.spawn(async move { upload.send_part(number, body).await });
        Ok(())
    }

    async fn await_part(&mut self) -> Result<(), Fault> {
        if let Some(sent) = self.sending.join_next().await {
            self.sent.push(sent.map_err(|error| Fault::Passing(error.to_string()))??);
        }
        Ok(())
    }

    pub(crate) async fn finish(mut self) -> Result<u64, Fault> {
        let rest = self.pending.split().freeze();
        if self.upload.id.is_none() {
            self.upload.put(rest, &self.about).await?;
            return Ok(self.bytes);
        }
        // Parts are sent only where more follows: there is a rest.
        self.send_part(rest).await?;
        while !self.sending.is_empty() {
            self.await_part().await?;
        }
        self.sent.sort_unstable_by_key(|part| part.part_number);
        let parts = CompletedMultipartUpload::builder().set_parts(Some(std::mem::take(&mut self.sent)));
        self.upload.complete(parts.build(), self.bytes).await?;
        Ok(self.bytes)
    }

    pub(crate) async fn abort(mut self) {
        // A part that arrives behind the abort would stay.
        self.sending.shutdown().await;
        self.upload.take().abort().await;
    }
}

impl Drop for Multipart {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let mut sending = std::mem::take(&mut self.sending);
        let upload = self.upload.take();
        if upload.id.is_some() {
            runtime.spawn(async move {
                sending.shutdown().await;
                upload.abort().await;
            });
        }
    }
}

/// Bodies are sent with a check sum whose header is signed, so that what arrives is what was sent; their SHA-256
/// in the signature would prove it a second time, for two milliseconds of each picture.
impl Upload {
    /// Leaves one that is neither to be finished nor to be given up.
    fn take(&mut self) -> Self {
        Self { id: self.id.take(), ..self.clone() }
    }

    async fn put(&self, body: Bytes, about: &About) -> Result<(), Fault> {
        let timeouts = aws_sdk_s3::config::Builder::new().timeout_config(timeouts(body.len() as u64));
        let put = self.client.put_object().bucket(&self.bucket).key(&self.key).body(body.into());
        let put = put.content_type(&about.content_type).set_metadata(Some(metadata(about)));
        let put = put.checksum_algorithm(ChecksumAlgorithm::Crc32).customize().config_override(timeouts);
        let put = put.disable_payload_signing().send().await;
        put.map(|_| ()).map_err(|error| fault(&self.key, error))
    }

    async fn begin(&mut self, about: &About) -> Result<(), Fault> {
        let begin = self.client.create_multipart_upload().bucket(&self.bucket).key(&self.key);
        let begin = begin.content_type(&about.content_type).set_metadata(Some(metadata(about)));
        // What the SDK sends with each part.
        let begin = begin.checksum_algorithm(ChecksumAlgorithm::Crc32);
        let begun = begin.send().await.map_err(|error| fault(&self.key, error))?;
        let id = begun.upload_id.ok_or_else(|| Fault::Passing("an upload has no identifier".to_owned()))?;
        self.id = Some(id);
        Ok(())
    }

    async fn send_part(&self, number: i32, body: Bytes) -> Result<CompletedPart, Fault> {
        let timeouts = aws_sdk_s3::config::Builder::new().timeout_config(timeouts(body.len() as u64));
        let send = self.client.upload_part().bucket(&self.bucket).key(&self.key);
        let send = send.set_upload_id(self.id.clone()).part_number(number).body(body.into());
        let sent = send.checksum_algorithm(ChecksumAlgorithm::Crc32).customize().config_override(timeouts);
        let sent = sent.disable_payload_signing().send().await.map_err(|error| fault(&self.key, error))?;
        let part = CompletedPart::builder().part_number(number);
        Ok(part.set_e_tag(sent.e_tag).set_checksum_crc32(sent.checksum_crc32).build())
    }

    async fn complete(&mut self, parts: CompletedMultipartUpload, bytes: u64) -> Result<(), Fault> {
        // S3 takes the longer to answer the more there is to put together.
        let timeouts = aws_sdk_s3::config::Builder::new().timeout_config(timeouts(bytes));
        let complete = self.client.complete_multipart_upload().bucket(&self.bucket).key(&self.key);
        let complete = complete.set_upload_id(self.id.clone()).multipart_upload(parts).customize();
        let completed = complete.config_override(timeouts).send().await;
        completed.map_err(|error| fault(&self.key, error))?;
        self.id = None;
        Ok(())
    }

    async fn abort(self) {
        let Some(id) = self.id else { return };
        let abort = self.client.abort_multipart_upload().bucket(&self.bucket).key(&self.key).upload_id(id);
        if let Err(error) = abort.send().await {
            let key = self.key;
            tracing::warn!(key, %error, "an upload was not given up; the bucket's lifecycle rule removes it");
        }
    }
}

fn metadata(about: &About) -> std::collections::HashMap<String, String> {
    about.metadata.clone().into_iter().collect()
}
