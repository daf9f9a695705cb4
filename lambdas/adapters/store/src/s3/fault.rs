//! What S3's answers mean.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::Error as EntryError;

use crate::Fault;

/// Refusals that may not come again (Amazon S3 API Reference, "Error responses").
const PASSING: [&str; 7] = [
    "InternalError",
    "OperationAborted",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
];

/// The HTTP status of an answer, if there was one.
pub(super) fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

/// Of an error about an object or bucket.
pub(super) fn fault<E>(name: &str, error: SdkError<E, HttpResponse>) -> Fault
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let status = status(&error);
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    match (status, code) {
        (Some(404), Some("NoSuchBucket")) => {
            return Fault::Refused(format!("there is no bucket for {name}"));
        }
        (Some(404), Some("NoSuchUpload")) => {
            return Fault::Refused(format!("the upload of {name} was given up by somebody else"));
        }
        (Some(404), _) => return Fault::Missing(name.to_owned()),
        _ => {}
    }
    let passing = match &error {
        SdkError::ConstructionFailure(_) => false,
        SdkError::DispatchFailure(failure) => !failure.is_user(),
        SdkError::ServiceError(_) => matches!(status, Some(408 | 429 | 500..)) || is_passing(code),
        // A timeout, or an answer that is none of S3's.
        _ => true,
    };
    let message = error.as_service_error().and_then(ProvideErrorMetadata::message);
    let why = match code {
        Some(code) => format!("{name}: {code}: {}", message.unwrap_or("no more is said")),
        // An answer without a word in it.
        None => match (&error, status) {
            (SdkError::ServiceError(_), Some(status)) => format!("{name}: HTTP {status}"),
            _ => format!("{name}: {}", DisplayErrorContext(&error)),
        },
    };
    if passing { Fault::Passing(why) } else { Fault::Refused(why) }
}

/// Of one object among several.
pub(super) fn one_of_many(error: &EntryError) -> Fault {
    let (key, code) = (error.key().unwrap_or("an object"), error.code().unwrap_or("an error"));
    let why = format!("{key}: {code}: {}", error.message().unwrap_or("no more is said"));
    if is_passing(Some(code)) { Fault::Passing(why) } else { Fault::Refused(why) }
}

fn is_passing(code: Option<&str>) -> bool {
    code.is_some_and(|code| PASSING.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_object_is_refused_for_is_told_apart() {
        let error = |code: &str| one_of_many(&EntryError::builder().key("a/b").code(code).build());
        assert!(error("InternalError").is_passing());
        assert!(!error("AccessDenied").is_passing());
        assert!(error("AccessDenied").to_string().contains("a/b: AccessDenied"));
    }
}
