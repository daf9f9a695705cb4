//! Multipart uploads: an object of any length in bounded memory, and nothing of it seen before its end.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use bytes::BytesMut;

use super::fault::fault;
use crate::{About, Fault};

/// A part but the last has at least 5 MiB, and there are at most 10,000 (Amazon S3 User Guide, "Amazon S3
/// multipart upload limits"): an object of 78 GiB.
const PART: usize = 8 << 20;

/// An upload in parts.
#[derive(Debug)]
pub(crate) struct Multipart {
    client: Client,
    bucket: String,
    key: String,
    id: String,
    pending: BytesMut,
    parts: Vec<CompletedPart>,
    bytes: u64,
    /// Until it is finished or given up.
    open: bool,
}

impl Multipart {
    pub(super) async fn begin(
        client: &Client,
        bucket: &str,
        key: &str,
        about: &About,
    ) -> Result<Self, Fault> {
        let begin =
            client.create_multipart_upload().bucket(bucket).key(key).content_type(&about.content_type);
        // What the SDK sends with each part must be what the upload was begun with.
        let begin = begin.checksum_algorithm(ChecksumAlgorithm::Crc32);
        let begin = begin.set_metadata(Some(about.metadata.clone().into_iter().collect()));
        let begun = begin.send().await.map_err(|error| fault(key, error))?;
        let id = begun.upload_id().ok_or_else(|| Fault::Passing("an upload without a name".to_owned()))?;
        Ok(Self {
            client: client.clone(),
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            id: id.to_owned(),
            pending: BytesMut::new(),
            parts: Vec::new(),
            bytes: 0,
            open: true,
        })
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.bytes += bytes.len() as u64;
        self.pending.extend_from_slice(bytes);
        while self.pending.len() >= PART {
            self.send_part(PART).await?;
        }
        Ok(())
    }

    async fn send_part(&mut self, length: usize) -> Result<(), Fault> {
        let number = i32::try_from(self.parts.len() + 1).unwrap_or(i32::MAX);
        let body = self.pending.split_to(length).freeze();
        let send = self.client.upload_part().bucket(&self.bucket).key(&self.key).upload_id(&self.id);
        let sent = send.part_number(number).body(body.into()).send().await;
        let sent = sent.map_err(|error| fault(&self.key, error))?;
        let part = CompletedPart::builder().part_number(number);
        self.parts.push(part.set_e_tag(sent.e_tag).set_checksum_crc32(sent.checksum_crc32).build());
        Ok(())
    }

    pub(crate) async fn finish(mut self) -> Result<u64, Fault> {
        // An upload has at least one part, if of no bytes.
        if !self.pending.is_empty() || self.parts.is_empty() {
            self.send_part(self.pending.len()).await?;
        }
        let parts = CompletedMultipartUpload::builder().set_parts(Some(std::mem::take(&mut self.parts)));
        let finish = self.client.complete_multipart_upload().bucket(&self.bucket).key(&self.key);
        let finish = finish.upload_id(&self.id).multipart_upload(parts.build()).send().await;
        finish.map_err(|error| fault(&self.key, error))?;
        self.open = false;
        Ok(self.bytes)
    }

    pub(crate) async fn abort(mut self) {
        self.open = false;
        let abort = self.client.abort_multipart_upload().bucket(&self.bucket).key(&self.key);
        if let Err(error) = abort.upload_id(&self.id).send().await {
            tracing::warn!(key = self.key, %error, "an upload was not given up; the bucket's lifecycle does it");
        }
    }
}

impl Drop for Multipart {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if !self.open {
            return;
        }
        let abort = self.client.abort_multipart_upload().bucket(&self.bucket).key(&self.key);
        let abort = abort.upload_id(&self.id).send();
        runtime.spawn(async move { drop(abort.await) });
    }
}
