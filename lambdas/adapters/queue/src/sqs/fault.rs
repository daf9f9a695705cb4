//! What SQS's errors are to us.

use aws_sdk_sqs::config::http::HttpResponse;
use aws_sdk_sqs::error::{BuildError, DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::BatchResultErrorEntry;

use crate::Fault;

/// Refusals that may not come again, although the request counts as at fault (Amazon SQS API Reference,
/// "Common Errors", and the exceptions of the actions).
const PASSING: [&str; 6] =
    ["OverLimit", "RequestThrottled", "RequestTimeout", "ServiceUnavailable", "Throttling", "KmsThrottled"];

/// Of a call.
pub(super) fn service<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> Fault
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let passing = match &error {
        SdkError::ConstructionFailure(_) => false,
        SdkError::DispatchFailure(failure) => !failure.is_user(),
        SdkError::ServiceError(failure) => {
            let status = failure.raw().status();
            status.is_server_error() || status.as_u16() == 429 || is_passing(failure.err().code())
        }
        // A timeout, or an answer that is none of SQS's.
        _ => true,
    };
    let why = match &error {
        SdkError::ServiceError(failure) => {
            said(failure.err().code().unwrap_or("an error"), failure.err().message())
        }
        _ => DisplayErrorContext(&error).to_string(),
    };
    Fault::Service { operation, why, passing }
}

/// Of an entry of a batch.
pub(super) fn entry(operation: &'static str, entry: &BatchResultErrorEntry) -> Fault {
    let passing = !entry.sender_fault() || is_passing(Some(entry.code()));
    Fault::Service { operation, why: said(entry.code(), entry.message()), passing }
}

/// Of an entry that names one of `receipts` by its number.
pub(super) fn receipt(operation: &'static str, failed: &BatchResultErrorEntry, receipts: &[String]) -> Fault {
    let code = failed.code();
    // SQS says either of a message that somebody else has received or deleted since.
    let unavailable =
        failed.message().is_some_and(|why| why.contains("not available for visibility timeout change"));
    if code.contains("MessageNotInflight") || unavailable {
        return Fault::NotHeld;
    }
    let named = failed.id().parse().ok().and_then(|at: usize| receipts.get(at));
    match named {
        Some(receipt) if code.contains("ReceiptHandleIsInvalid") => {
            Fault::Receipt(receipt.chars().take(60).collect())
        }
        _ => entry(operation, failed),
    }
}

/// Of a request that lacks something.
pub(super) fn build(operation: &'static str, error: &BuildError) -> Fault {
    Fault::Service { operation, why: error.to_string(), passing: false }
}

fn is_passing(code: Option<&str>) -> bool {
    code.is_some_and(|code| PASSING.iter().any(|passing| code.contains(passing)))
}

fn said(code: &str, message: Option<&str>) -> String {
    match message {
        Some(message) => format!("{code}: {message}"),
        None => code.to_owned(),
    }
}
