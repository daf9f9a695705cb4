//! Amazon S3, or what speaks as it does.

mod fault;
mod form;
mod multipart;

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{Builder, ProvideCredentials as _, SharedCredentialsProvider};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use aws_smithy_http_client::tls;
use bytes::Bytes;
use stampede_domain::Seconds;
use stampede_domain::upload::Policy;

use self::fault::fault;
pub(crate) use self::multipart::Multipart;
use crate::store::attachment;
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
    credentials: Option<SharedCredentialsProvider>,
    buckets: Buckets,
    region: String,
    /// Where an emulator is.
    endpoint: Option<String>,
}

const CONNECT: Duration = Duration::from_secs(3);
const ATTEMPT: Duration = Duration::from_secs(30);
/// Objects that are deleted at once (Amazon S3 API Reference, "DeleteObjects").
const DELETED_AT_ONCE: usize = 1000;

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
}

impl S3 {
    /// With region, credentials and endpoint (`AWS_ENDPOINT_URL`) as the environment says.
    pub async fn from_env(buckets: Buckets) -> Self {
        let config = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client()).load().await;
        Self::new(&config, buckets)
    }

    /// With region, credentials and endpoint of `config`.
    pub fn new(config: &SdkConfig, buckets: Buckets) -> Self {
        let endpoint = config.endpoint_url().map(|url| url.trim_end_matches('/').to_owned());
        let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT);
        let own = Builder::from(config)
            .http_client(http_client())
            .timeout_config(timeouts.build())
            // An emulator has no name for each bucket.
            .force_path_style(endpoint.is_some())
            .build();
        Self {
            client: Client::from_conf(own),
            credentials: config.credentials_provider(),
            buckets,
            region: config.region().map_or("us-east-1", |region| region.as_ref()).to_owned(),
            endpoint,
        }
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
        let get = self.client.get_object().bucket(self.buckets.of(key)).key(key).send().await;
        let get = get.map_err(|error| fault(key, error))?;
        let object = Object {
            bytes: get.content_length().unwrap_or(0).cast_unsigned(),
            content_type: get.content_type().unwrap_or_default().to_owned(),
            etag: get.e_tag().unwrap_or_default().trim_matches('"').to_owned(),
            metadata: get.metadata().cloned().unwrap_or_default().into_iter().collect(),
        };
        Ok(Reading::of_s3(object, get.body))
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
        let put = self.client.put_object().bucket(self.buckets.of(key)).key(key).body(body.into());
        let put = put.content_type(&about.content_type);
        let put = put.set_metadata(Some(about.metadata.clone().into_iter().collect()));
        put.send().await.map_err(|error| fault(key, error))?;
        Ok(())
    }

    pub(crate) async fn write(&self, key: &str, about: &About) -> Result<Writing, Fault> {
        Ok(Writing::to_s3(Multipart::begin(&self.client, self.buckets.of(key), key, about).await?))
    }

    pub(crate) async fn delete(&self, keys: &[String]) -> Result<(), Fault> {
        for bucket in [&self.buckets.originals, &self.buckets.stamps, &self.buckets.stamped] {
            let mut own: Vec<_> = keys.iter().filter(|key| self.buckets.of(key) == bucket).collect();
            own.sort_unstable();
            for keys in own.chunks(DELETED_AT_ONCE) {
                let objects = keys.iter().map(|key| ObjectIdentifier::builder().key(*key).build());
                let objects: Result<Vec<_>, _> = objects.collect();
                let delete =
                    objects.and_then(|all| Delete::builder().set_objects(Some(all)).quiet(true).build());
                let delete = delete.map_err(|error| Fault::Refused(error.to_string()))?;
                let deleted = self.client.delete_objects().bucket(bucket).delete(delete).send().await;
                let deleted = deleted.map_err(|error| fault(bucket, error))?;
                if let Some(first) = deleted.errors().first() {
                    return Err(Fault::Passing(first.message().unwrap_or("it deletes not all").to_owned()));
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
        let bucket = self.buckets.of(prefix);
        let mut listed = Vec::new();
        let mut after = after.map(str::to_owned);
        while listed.len() < most {
            let page = i32::try_from((most - listed.len()).min(1000)).unwrap_or(1000);
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
        let provider = self.credentials.as_ref();
        let provider = provider.ok_or_else(|| Fault::Refused("there are no AWS credentials".to_owned()))?;
        let credentials = provider.provide_credentials().await;
        let credentials = credentials.map_err(|error| Fault::Passing(error.to_string()))?;
        let bucket = self.buckets.of(&policy.key);
        let url = match &self.endpoint {
            Some(endpoint) => format!("{endpoint}/{bucket}"),
            None => format!("https://{bucket}.s3.{}.amazonaws.com/", self.region),
        };
        let signer = form::Signer {
            key_id: credentials.access_key_id(),
            key: credentials.secret_access_key(),
            token: credentials.session_token(),
            region: &self.region,
        };
        Ok(Form { url, fields: signer.fields(policy, bucket, now) })
    }

    pub(crate) async fn download_url(
        &self,
        key: &str,
        file_name: &str,
        _: Seconds,
        lasts: Seconds,
    ) -> Result<String, Fault> {
        let lasts = PresigningConfig::expires_in(Duration::from_secs(lasts));
        let lasts = lasts.map_err(|error| Fault::Refused(error.to_string()))?;
        let get = self.client.get_object().bucket(self.buckets.of(key)).key(key);
        let get = get.response_content_disposition(attachment(file_name));
        let signed = get.presigned(lasts).await.map_err(|error| fault(key, error))?;
        Ok(signed.uri().to_owned())
    }

    pub(crate) async fn ready(&self) -> Result<(), Fault> {
        let bucket = &self.buckets.originals;
        self.client.head_bucket().bucket(bucket).send().await.map_err(|error| fault(bucket, error))?;
        Ok(())
    }
}

/// rustls with ring: small, and built without cmake.
fn http_client() -> aws_sdk_s3::config::SharedHttpClient {
    let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    aws_smithy_http_client::Builder::new().tls_provider(provider).build_https()
}
