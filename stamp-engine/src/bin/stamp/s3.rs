//! Pictures in buckets of S3, or of what speaks as it does (feature `s3`): stamped from here, or by a fleet
//! that a queue is filled for.

mod address;
mod copy;
mod enqueue;
mod fleet;
mod inventory;
mod source;
mod state;
mod status;

use std::path::PathBuf;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::tls;
use clap::Subcommand;

use self::address::Prefix;
pub(crate) use self::copy::copy;

/// What else can be done with buckets.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Fill a queue with the pictures of a bucket, for a fleet of stampers
    Enqueue(Box<enqueue::Enqueue>),
    /// Show how far a fleet is
    Status(status::Status),
}

impl Command {
    /// Does it; the message of an error is for the user.
    pub(crate) fn run(&self) -> Result<bool, String> {
        block_on(async {
            match self {
                Self::Enqueue(enqueue) => enqueue.run(&environment().await).await,
                Self::Status(status) => status.run(&environment().await).await,
            }
        })
    }
}

fn prefix(path: &std::path::Path) -> Result<Prefix, String> {
    path.to_str().unwrap_or_default().parse()
}

fn block_on<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(work)
}

/// Region, credentials and endpoints as the AWS command line finds them.
async fn environment() -> SdkConfig {
    let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let http = aws_smithy_http_client::Builder::new().tls_provider(provider).build_https();
    let attempt = std::time::Duration::from_secs(60);
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(std::time::Duration::from_secs(3))
        .operation_attempt_timeout(attempt)
        .build();
    let config = aws_config::defaults(BehaviorVersion::latest()).http_client(http).timeout_config(timeouts);
    config.load().await
}

fn client(config: &SdkConfig) -> aws_sdk_s3::Client {
    let own = aws_sdk_s3::config::Builder::from(config);
    // What stands in for S3 has no name for each bucket.
    let elsewhere = config.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
    aws_sdk_s3::Client::from_conf(own.force_path_style(elsewhere).build())
}

/// What the service said, with its own code.
fn said<E>(what: &str, error: aws_sdk_s3::error::SdkError<E>) -> String
where
    E: aws_sdk_s3::error::ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let service = error.as_service_error();
    match (service.and_then(E::code), service.and_then(E::message)) {
        (Some(code), Some(message)) => format!("{what}: {message} ({code})"),
        (Some(code), None) => format!("{what}: {code}"),
        _ => format!("{what}: {}", aws_sdk_s3::error::DisplayErrorContext(&error)),
    }
}

/// Where what a run has done is noted.
fn state_file(name: &str) -> Option<PathBuf> {
    crate::resume::state_folder().map(|folder| folder.join(name))
}
