//! Amazon S3, or what speaks as it does.

mod client;
mod fault;
mod form;
mod multipart;
mod reading;

use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use bytes::Bytes;
use stampede_domain::Seconds;
use stampede_domain::upload::Policy;

use self::client::{Signer, http_client, timeouts};
use self::fault::{fault, one_of_many};
pub(crate) use self::multipart::Multipart;
pub(crate) use self::reading::S3Reading;
use crate::store::{attachment, escaped};
use crate::{About, Fault, Form, Listed, Object, Reading, Writing};

/// Which bucket holds what; all may be the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buckets {
    /// Keys that begin with `originals/`.
    pub originals: String,
    /// Keys that begin with `stamps/`.
    pub stamps: String,
    /// All others.
    pub stamped: String,
}

/// Buckets of S3; a clone is another handle on the same.
#[derive(Clone, Debug)]
pub struct S3 {
    client: Client,
    buckets: Buckets,
    signer: Arc<Signer>,
}

/// Objects that are deleted at once (Amazon S3 API Reference, "DeleteObjects").
const DELETED_AT_ONCE: usize = 1000;
/// Objects of a page (Amazon S3 API Reference, "ListObjectsV2").
const PAGE: usize = 1000;

/// Not the names of buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("name three buckets, as ORIGINALS,STAMPS,STAMPED; they may be the same")]
pub struct NotBuckets;

impl FromStr for Buckets {
    type Err = NotBuckets;

    /// `ORIGINALS,STAMPS,STAMPED`.
    fn from_str(text: &str) -> Result<Self, NotBuckets> {
        let names: Vec<_> = text.split(',').map(|name| name.trim().to_owned()).collect();
        let names = <[String; 3]>::try_from(names).map_err(|_| NotBuckets)?;
        if names.iter().any(String::is_empty) {
            return Err(NotBuckets);
        }
        let [originals, stamps, stamped] = names;
        Ok(Self { originals, stamps, stamped })
    }
}

impl Buckets {
    /// One for all.
    pub fn one(bucket: impl Into<String>) -> Self {
        let bucket = bucket.into();
        Self { originals: bucket.clone(), stamps: bucket.clone(), stamped: bucket }
    }

    fn of(&self, key: &str) -> &str {
        match key.split_once('/') {
            Some(("originals", _)) => &self.originals,
            Some(("stamps", _)) => &self.stamps,
            _ => &self.stamped,
        }
    }

    /// Each once.
    fn all(&self) -> Vec<&str> {
        let mut all = vec![&*self.originals, &*self.stamps, &*self.stamped];
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Those that hold keys which begin with `prefix`.
    fn under(&self, prefix: &str) -> Vec<&str> {
        if prefix.contains('/') { vec![self.of(prefix)] } else { self.all() }
    }
}

impl S3 {
    /// With region, credentials and endpoint (`AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`) as the environment
    /// says.
    pub async fn from_env(buckets: Buckets) -> Self {
        let config = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client());
        let config = match std::env::var("AWS_ENDPOINT_URL_S3") {
            Ok(endpoint) => config.endpoint_url(endpoint),
            Err(_) => config,
        };
        Self::new(&config.load().await, buckets)
    }

    /// With region, credentials and endpoint of `config`. HTTP client and timeouts are our own. Where an
    /// endpoint is given, buckets are named in the path.
    pub fn new(config: &SdkConfig, buckets: Buckets) -> Self {
        Self { client: client::new(config), buckets, signer: Arc::new(Signer::new(config)) }
    }

    /// By the same client.
    pub(crate) fn bucket(&self, name: &str) -> Self {
        Self { buckets: Buckets::one(name), ..self.clone() }
    }

    pub(crate) async fn head(&self, key: &str) -> Result<Option<Object>, Fault> {
        let head = self.client.head_object().bucket(self.buckets.of(key)).key(key).send().await;
        match head {
            Ok(head) => Ok(Some(Object {
                bytes: head.content_length().unwrap_or(0).cast_unsigned(),
                content_type: head.content_type().unwrap_or_default().to_owned(),
                etag: head.e_tag().unwrap_or_default().trim_matches('"').to_owned(),
                metadata: head.metadata().cloned().unwrap_or_default().into_iter().collect(),
            })),
            Err(error) => match fault(key, error) {
                Fault::Missing(_) => Ok(None),
                fault => Err(fault),
            },
        }
    }

    pub(crate) async fn read(&self, key: &str) -> Result<Reading, Fault> {
        let (object, reading) = S3Reading::begin(&self.client, self.buckets.of(key), key).await?;
        Ok(Reading::of_s3(object, reading))
    }

    pub(crate) async fn read_start(&self, key: &str, most: u64) -> Result<Bytes, Fault> {
        let get = self.client.get_object().bucket(self.buckets.of(key)).key(key);
        let range = format!("bytes=0-{}", most.saturating_sub(1));
        match get.range(range).send().await {
            Ok(get) => {
                let bytes = get.body.collect().await;
                let mut bytes = bytes.map_err(|error| Fault::Passing(error.to_string()))?.into_bytes();
                bytes.truncate(usize::try_from(most).unwrap_or(usize::MAX));
                Ok(bytes)
            }
            // An object of no bytes has no first one.
            Err(error) if fault::status(&error) == Some(416) => Ok(Bytes::new()),
            Err(error) => Err(fault(key, error)),
        }
    }

    pub(crate) async fn put(&self, key: &str, body: Bytes, about: &About) -> Result<(), Fault> {
        Multipart::new(&self.client, self.buckets.of(key), key, about)?.put(body).await
    }

    pub(crate) async fn write(&self, key: &str, about: &About) -> Result<Writing, Fault> {
        Ok(Writing::to_s3(Multipart::new(&self.client, self.buckets.of(key), key, about)?))
    }

    pub(crate) async fn copy(&self, from: &str, to: &str) -> Result<(), Fault> {
        let path: Vec<_> = from.split('/').map(escaped).collect();
        let source = format!("{}/{}", self.buckets.of(from), path.join("/"));
        let copy = self.client.copy_object().copy_source(source).bucket(self.buckets.of(to)).key(to);
        copy.send().await.map(|_| ()).map_err(|error| fault(from, error))
    }

    pub(crate) async fn delete(&self, keys: &[String]) -> Result<(), Fault> {
        for bucket in self.buckets.all() {
            let own: Vec<_> = keys.iter().filter(|key| self.buckets.of(key) == bucket).collect();
            for keys in own.chunks(DELETED_AT_ONCE) {
                let objects = keys.iter().map(|key| ObjectIdentifier::builder().key(*key).build());
                let objects: Result<Vec<_>, _> = objects.collect();
                let delete =
                    objects.and_then(|all| Delete::builder().set_objects(Some(all)).quiet(true).build());
                let delete = delete.map_err(|error| Fault::Refused(error.to_string()))?;
                let deleted = self.client.delete_objects().bucket(bucket).delete(delete).send().await;
                let deleted = deleted.map_err(|error| fault(bucket, error))?;
                if let Some(first) = deleted.errors().first() {
                    return Err(one_of_many(first));
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
        let mut listed = Vec::new();
        for bucket in self.buckets.under(prefix) {
            let mut own = self.list_bucket(bucket, prefix, after, most).await?;
            // A bucket may hold what is none of ours.
            own.retain(|one| self.buckets.of(&one.key) == bucket);
            listed.append(&mut own);
        }
        listed.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        listed.truncate(most);
        Ok(listed)
    }

    async fn list_bucket(
        &self,
        bucket: &str,
        prefix: &str,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<Listed>, Fault> {
        let mut listed = Vec::new();
        let mut after = after.map(str::to_owned);
        while listed.len() < most {
            let page = i32::try_from((most - listed.len()).min(PAGE)).unwrap_or(1);
            let list = self.client.list_objects_v2().bucket(bucket).prefix(prefix).max_keys(page);
            let list = list.set_start_after(after).send().await.map_err(|error| fault(bucket, error))?;
            listed.extend(list.contents().iter().filter_map(|object| {
                let bytes = object.size().unwrap_or(0).cast_unsigned();
                Some(Listed { key: object.key()?.to_owned(), bytes })
            }));
            after = listed.last().map(|last| last.key.clone());
            if !list.is_truncated().unwrap_or(false) || list.contents().is_empty() {
                break;
            }
        }
        Ok(listed)
    }

    pub(crate) async fn upload_form(&self, policy: &Policy, now: Seconds) -> Result<Form, Fault> {
        self.signer.form(policy, self.buckets.of(&policy.key), now).await
    }

    pub(crate) async fn download_url(
        &self,
        key: &str,
        file_name: &str,
        now: Seconds,
        lasts: Seconds,
    ) -> Result<String, Fault> {
        let lasts = PresigningConfig::builder()
            .start_time(UNIX_EPOCH + Duration::from_secs(now))
            .expires_in(Duration::from_secs(lasts))
            .build();
        let lasts = lasts.map_err(|error| Fault::Refused(error.to_string()))?;
        let get = self.client.get_object().bucket(self.buckets.of(key)).key(key);
        let get = get.response_content_disposition(attachment(file_name));
        let signed = get.presigned(lasts).await.map_err(|error| fault(key, error))?;
        Ok(signed.uri().to_owned())
    }

    pub(crate) async fn ready(&self) -> Result<(), Fault> {
        for bucket in self.buckets.all() {
            self.client.head_bucket().bucket(bucket).send().await.map_err(|error| {
                match fault(bucket, error) {
                    Fault::Missing(_) => Fault::Refused(format!("there is no bucket {bucket}")),
                    fault => fault,
                }
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_part_of_a_key_says_the_bucket() {
        let bucket = |name: &str| name.to_owned();
        let buckets = Buckets { originals: bucket("o"), stamps: bucket("s"), stamped: bucket("t") };
        let keys = ["originals/a", "stamps/a/b", "stamped/a", "zips/a", "originals", "originals2/a"];
        assert_eq!(keys.map(|key| buckets.of(key)), ["o", "s", "t", "t", "t", "t"]);
        assert_eq!(buckets.under("stamps/"), ["s"]);
        assert_eq!(buckets.under("sta"), ["o", "s", "t"]);
        assert_eq!(Buckets::one("b").all(), ["b"]);
    }
}
