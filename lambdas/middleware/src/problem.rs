//! Answers that are not what was asked for, as problems (RFC 9457).

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

const MEDIA_TYPE: &str = "application/problem+json";

/// A problem: `type` is stable, `detail` is a sentence to act on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// What kind of problem, as a path that never changes.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What was wrong and what to do.
    detail: String,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident, $status:ident, $kind:literal, $title:literal;)*) => {
        impl Problem {
            $($(#[$doc])*
            pub(crate) fn $name(detail: impl Into<String>) -> Self {
                let (kind, title) = (concat!("/problems/", $kind).to_owned(), $title.to_owned());
                Self { kind, title, status: StatusCode::$status.as_u16(), detail: detail.into() }
            })*
        }
    };
}

kinds! {
    malformed, BAD_REQUEST, "malformed", "The request is malformed";
    nobody, UNAUTHORIZED, "unauthorized", "Nobody is signed in";
    forbidden, FORBIDDEN, "forbidden", "This is not allowed";
    missing, NOT_FOUND, "not-found", "There is no such thing";
    conflict, CONFLICT, "conflict", "This does not go together";
    wrong, UNPROCESSABLE_ENTITY, "wrong-value", "A value is wrong";
    too_many, TOO_MANY_REQUESTS, "too-many-requests", "Too many requests";
    unavailable, SERVICE_UNAVAILABLE, "unavailable", "Not now";
    internal, INTERNAL_SERVER_ERROR, "internal", "Something is broken";
}

impl Problem {
    /// As it came from axum, with its status.
    fn rejected(status: StatusCode, detail: String) -> Self {
        Self { status: status.as_u16(), ..Self::malformed(detail) }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_string(&self).unwrap_or_default();
        let mut response = (status, [(CONTENT_TYPE, MEDIA_TYPE)], body).into_response();
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// What answers without a handler of ours (no such route, no such method, out of time) is a problem, too. Ours say
/// what they say as JSON.
pub(crate) async fn of_plain_errors(response: Response) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let is_ours = |kind: &HeaderValue| kind == MEDIA_TYPE || kind == "application/json";
    if !is_error || response.headers().get(CONTENT_TYPE).is_some_and(is_ours) {
        return response;
    }
    let detail = match status {
        StatusCode::NOT_FOUND => "there is nothing at this path; GET /docs lists all paths",
        StatusCode::METHOD_NOT_ALLOWED => "this path knows other methods; see the header Allow, or GET /docs",
        StatusCode::GATEWAY_TIMEOUT => "the request took too long; try again, and send it whole",
        _ => "the request cannot be answered",
    };
    let title = status.canonical_reason().unwrap_or("An error");
    let kind = format!("/problems/{}", title.to_ascii_lowercase().replace(' ', "-"));
    let problem =
        Problem { kind, title: title.to_owned(), status: status.as_u16(), detail: detail.to_owned() };
    let mut plain = problem.into_response();
    for (name, value) in response.headers() {
        if !plain.headers().contains_key(name) && name != CONTENT_LENGTH {
            plain.headers_mut().insert(name, value.clone());
        }
    }
    plain
}

macro_rules! rejections {
    ($($rejection:ty),*) => {$(
        impl From<$rejection> for Problem {
            fn from(rejection: $rejection) -> Self {
                Self::rejected(rejection.status(), rejection.body_text())
            }
        }
    )*};
}

rejections!(JsonRejection, PathRejection, QueryRejection);

impl From<stampede_decoder::Fault> for Problem {
    fn from(fault: stampede_decoder::Fault) -> Self {
        match fault {
            stampede_decoder::Fault::Permanent(reason) => Self::wrong(reason),
            stampede_decoder::Fault::Passing(reason) => {
                tracing::error!(reason, "nothing is decoded");
                Self::unavailable("pictures cannot be looked at just now; try again in a moment")
            }
        }
    }
}

macro_rules! faults {
    ($($fault:ty),*) => {$(
        impl From<$fault> for Problem {
            fn from(fault: $fault) -> Self {
                // Who asks is not told what our parts are called; who runs them is.
                tracing::error!(%fault, "a part failed");
                match fault.is_passing() {
                    true => Self::unavailable("a part of the service does not answer; try again in a moment"),
                    false => Self::internal("a part of the service is broken; its log says what"),
                }
            }
        }
    )*};
}

faults!(stampede_database::Fault, stampede_store::Fault, stampede_queue::Fault, stampede_live::Fault);

/// `Json` and others, whose refusals are problems.
pub(crate) mod extract {
    use axum::extract::{OptionalFromRequest, Request};
    use serde::de::DeserializeOwned;

    use super::Problem;

    #[derive(axum::extract::FromRequest)]
    #[from_request(via(axum::Json), rejection(Problem))]
    pub(crate) struct Json<T>(pub(crate) T);

    /// There is none where no media type is said.
    impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for Json<T> {
        type Rejection = Problem;

        async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Problem> {
            let body = <axum::Json<T> as OptionalFromRequest<S>>::from_request(request, state).await?;
            Ok(body.map(|axum::Json(body)| Self(body)))
        }
    }

    #[derive(axum::extract::FromRequestParts)]
    #[from_request(via(axum::extract::Path), rejection(Problem))]
    pub(crate) struct Path<T>(pub(crate) T);

    #[derive(axum::extract::FromRequestParts)]
    #[from_request(via(axum::extract::Query), rejection(Problem))]
    pub(crate) struct Query<T>(pub(crate) T);
}

#[cfg(test)]
mod tests {
    use axum::Json;
    use axum::body::to_bytes;

    use super::*;

    #[tokio::test]
    async fn what_says_no_json_becomes_a_problem() {
        let unready = (StatusCode::SERVICE_UNAVAILABLE, Json(serde_json::json!({ "queue": false })));
        let kept = of_plain_errors(unready.into_response()).await;
        assert_eq!(to_bytes(kept.into_body(), 100).await.unwrap(), r#"{"queue":false}"#);
        let plain = of_plain_errors((StatusCode::NOT_FOUND, "nothing").into_response()).await;
        assert_eq!(plain.headers()[CONTENT_TYPE], MEDIA_TYPE);
    }
}
