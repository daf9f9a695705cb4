//! Requests that are not answered as asked.

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use stampede_domain::upload::Refused;

use crate::Fault;

/// Why a request is not answered as asked, as a problem (RFC 9457).
#[derive(Debug)]
pub(super) struct Problem(pub(super) StatusCode, pub(super) String);

impl Problem {
    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, detail.into())
    }

    pub(super) fn forbidden(detail: impl Into<String>) -> Self {
        Self(StatusCode::FORBIDDEN, detail.into())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self(status, detail) = self;
        let title = status.canonical_reason().unwrap_or_default();
        let problem = serde_json::json!({
            "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail,
        });
        let headers = [(CONTENT_TYPE, "application/problem+json"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
        (status, headers, problem.to_string()).into_response()
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        match &fault {
            Fault::Missing(_) => Self(StatusCode::NOT_FOUND, fault.to_string()),
            Fault::Key(_) | Fault::LongName(_) | Fault::About(_) => Self::bad_request(fault.to_string()),
            _ => {
                // Who asks is not told where the folder lies; who runs it is.
                tracing::error!(%fault, "the store failed");
                match fault.is_passing() {
                    true => Self(
                        StatusCode::SERVICE_UNAVAILABLE,
                        "the store does not answer; try again in a moment".to_owned(),
                    ),
                    false => Self(
                        StatusCode::INTERNAL_SERVER_ERROR,
                        "the store is broken; its log says what".to_owned(),
                    ),
                }
            }
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let status = match refused {
            Refused::Forged | Refused::Expired => StatusCode::FORBIDDEN,
            Refused::Type { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Refused::Length { actual, most, .. } if actual > most => StatusCode::PAYLOAD_TOO_LARGE,
            Refused::Length { .. } => StatusCode::BAD_REQUEST,
        };
        Self(status, refused.to_string())
    }
}
