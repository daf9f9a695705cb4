//! What S3's answers mean.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use crate::Fault;

/// The HTTP status of an answer, if there was one.
pub(super) fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

/// Of an error about an object or bucket.
pub(super) fn fault<E>(name: &str, error: SdkError<E, HttpResponse>) -> Fault
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    SdkError<E, HttpResponse>: std::error::Error,
{
    match (status(&error), error.code()) {
        (Some(404), Some("NoSuchBucket")) => Fault::Refused(format!("there is no bucket {name}")),
        (Some(404), _) => Fault::Missing(name.to_owned()),
        // Throttling, and a clock that is some seconds off, pass.
        (Some(408 | 429 | 500..), _) | (_, Some("RequestTimeout" | "SlowDown")) => {
            Fault::Passing(format!("{name}: {}", DisplayErrorContext(&error)))
        }
        (Some(_), _) => Fault::Refused(format!("{name}: {}", DisplayErrorContext(&error))),
        (None, _) => Fault::Passing(format!("{name}: {}", DisplayErrorContext(&error))),
    }
}
