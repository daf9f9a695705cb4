//! Small pictures that browsers keep: known by an ETag, sent once.

use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse as _, Response};

/// What is known of a small picture before it is made.
pub(super) struct Shown {
    /// Without quotes.
    pub(super) etag: String,
    /// A browser need not ask again for so many seconds.
    pub(super) lasts: u32,
}

impl Shown {
    /// The answer to who has it already (RFC 9110, 13.1.2).
    pub(super) fn unchanged(&self, headers: &HeaderMap) -> Option<Response> {
        let asked = headers.get(IF_NONE_MATCH)?.to_str().ok()?;
        let etag = self.quoted();
        let is_it = asked.split(',').any(|one| one.trim() == etag);
        is_it.then(|| (StatusCode::NOT_MODIFIED, self.about()).into_response())
    }

    /// The answer with the picture.
    pub(super) fn jpeg(&self, jpeg: Bytes) -> Response {
        (self.about(), AppendHeaders([(CONTENT_TYPE, "image/jpeg")]), jpeg).into_response()
    }

    fn quoted(&self) -> String {
        format!("\"{}\"", self.etag)
    }

    fn about(&self) -> AppendHeaders<[(axum::http::HeaderName, String); 2]> {
        let kept = format!("private, max-age={}", self.lasts);
        AppendHeaders([(ETAG, self.quoted()), (CACHE_CONTROL, kept)])
    }
}
