//! How S3 is reached, and who signs forms for it.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::endpoint::{DefaultResolver, Params, ResolveEndpoint as _};
use aws_sdk_s3::config::{Builder, Credentials, ProvideCredentials as _, SharedCredentialsProvider};
use aws_smithy_http_client::tls;
use stampede_domain::Seconds;
use stampede_domain::upload::Policy;
use tokio::sync::Mutex;

use super::form::Key;
use crate::{Fault, Form};

const CONNECT: Duration = Duration::from_secs(3);
/// An attempt at a request without a body, until its answer begins. The SDK makes three where one fails in
/// passing.
const ATTEMPT: Duration = Duration::from_secs(10);
/// Bytes a second that a body is sent with at least, or else its attempt is given up.
const SLOWEST: u64 = 256 << 10;
/// Credentials that expire so soon are no longer signed with.
const STALE: Duration = Duration::from_secs(5 * 60);

/// A client with our own HTTP client and timeouts.
pub(super) fn new(config: &SdkConfig) -> Client {
    let own = Builder::from(config)
        .http_client(http_client())
        .timeout_config(timeouts(0))
        // An emulator has no name for each bucket.
        .force_path_style(config.endpoint_url().is_some());
    Client::from_conf(own.build())
}

/// rustls with ring: small, and built without cmake.
pub(super) fn http_client() -> aws_sdk_s3::config::SharedHttpClient {
    let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    aws_smithy_http_client::Builder::new().tls_provider(provider).build_https()
}

/// For a request whose body has so many bytes.
pub(super) fn timeouts(body: u64) -> TimeoutConfig {
    let sending = Duration::from_secs(body / SLOWEST);
    TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT + sending).build()
}

/// Signs upload forms. Requests are signed by the SDK.
#[derive(Debug)]
pub(super) struct Signer {
    provider: Option<SharedCredentialsProvider>,
    /// The last ones: a provider may ask a server each time.
    credentials: Mutex<Option<Credentials>>,
    resolver: DefaultResolver,
    /// Where a bucket is found, but for its name.
    place: aws_sdk_s3::config::endpoint::ParamsBuilder,
    region: Option<String>,
}

impl Signer {
    pub(super) fn new(config: &SdkConfig) -> Self {
        let region = config.region().map(|region| region.as_ref().to_owned());
        let place = Params::builder()
            .set_region(region.clone())
            .set_endpoint(config.endpoint_url().map(str::to_owned))
            .set_use_fips(config.use_fips())
            .set_use_dual_stack(config.use_dual_stack())
            .force_path_style(config.endpoint_url().is_some());
        Self {
            provider: config.credentials_provider(),
            credentials: Mutex::default(),
            resolver: DefaultResolver::new(),
            place,
            region,
        }
    }

    /// A presigned POST for what the policy allows.
    pub(super) async fn form(&self, policy: &Policy, bucket: &str, now: Seconds) -> Result<Form, Fault> {
        let region = self.region.as_deref();
        let region = region.ok_or_else(|| Fault::Refused("set the region in AWS_REGION".to_owned()))?;
        let url = self.url(bucket).await?;
        let credentials = self.credentials().await?;
        let key = Key {
            id: credentials.access_key_id(),
            secret: credentials.secret_access_key(),
            token: credentials.session_token(),
            region,
        };
        Ok(Form { url, fields: key.fields(policy, bucket, now) })
    }

    /// Where a bucket is: the SDK knows the names of every partition.
    async fn url(&self, bucket: &str) -> Result<String, Fault> {
        let refused = |why: String| Fault::Refused(format!("the bucket {bucket} has no address: {why}"));
        let params = self.place.clone().bucket(bucket).build().map_err(|error| refused(error.to_string()))?;
        let endpoint = self.resolver.resolve_endpoint(&params).await;
        Ok(endpoint.map_err(|error| refused(error.to_string()))?.url().to_owned())
    }

    async fn credentials(&self) -> Result<Credentials, Fault> {
        let provider = self.provider.as_ref();
        let provider = provider.ok_or_else(|| Fault::Refused("there are no AWS credentials".to_owned()))?;
        let mut last = self.credentials.lock().await;
        let is_fresh = |credentials: &Credentials| {
            credentials.expiry().is_none_or(|expiry| expiry > SystemTime::now() + STALE)
        };
        if let Some(credentials) = last.as_ref().filter(|credentials| is_fresh(credentials)) {
            return Ok(credentials.clone());
        }
        let credentials = provider.provide_credentials().await;
        let credentials = credentials.map_err(|error| Fault::Passing(error.to_string()))?;
        Ok(last.insert(credentials).clone())
    }
}

#[cfg(test)]
mod tests {
    use aws_config::{BehaviorVersion, Region};

    use super::*;

    fn signer(region: &'static str) -> Signer {
        let credentials = Credentials::new("AKID", "secret", Some("a token".to_owned()), None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build();
        Signer::new(&config)
    }

    #[tokio::test]
    async fn buckets_are_found_in_every_partition() {
        let url = async |region, bucket| signer(region).url(bucket).await.unwrap();
        assert_eq!(url("eu-west-1", "pictures").await, "https://pictures.s3.eu-west-1.amazonaws.com");
        assert_eq!(url("eu-west-1", "a.b").await, "https://s3.eu-west-1.amazonaws.com/a.b");
        assert_eq!(url("cn-north-1", "pictures").await, "https://pictures.s3.cn-north-1.amazonaws.com.cn");
    }

    #[tokio::test]
    async fn the_session_token_is_a_field_and_a_condition() {
        let (key, content_type) = ("originals/x".to_owned(), "image/png".to_owned());
        let policy = Policy { key, content_type, length: (1, 9), expires: 1_700_000_060 };
        let form = signer("eu-west-1").form(&policy, "pictures", 1_700_000_000).await.unwrap();
        let field = |name: &str| form.fields.iter().find(|field| field.0 == name).map(|field| &*field.1);
        assert_eq!(field("x-amz-security-token"), Some("a token"));
        assert_eq!(field("x-amz-credential"), Some("AKID/20231114/eu-west-1/s3/aws4_request"));
        let document = data_encoding::BASE64.decode(field("policy").unwrap().as_bytes()).unwrap();
        let document: serde_json::Value = serde_json::from_slice(&document).unwrap();
        assert_eq!(document["expiration"], "2023-11-14T22:14:20.000Z");
        let conditions = document["conditions"].as_array().unwrap();
        for (name, value) in &form.fields {
            // What signs the conditions cannot be one.
            let own = ["policy", "x-amz-signature"].contains(&&**name);
            assert_ne!(own, conditions.contains(&serde_json::json!({ name.clone(): value })), "{name}");
        }
        assert!(conditions.contains(&serde_json::json!(["content-length-range", 1, 9])));
        assert!(conditions.contains(&serde_json::json!({ "bucket": "pictures" })));
    }

    #[test]
    fn long_bodies_have_longer() {
        assert_eq!(timeouts(0).operation_attempt_timeout(), Some(ATTEMPT));
        assert_eq!(timeouts(8 << 20).operation_attempt_timeout(), Some(ATTEMPT + Duration::from_secs(32)));
    }
}
