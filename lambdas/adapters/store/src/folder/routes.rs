//! The folder's uploads and downloads over HTTP.

mod allowance;
mod download;
mod problem;
mod range;
mod upload;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::{get, post};
use stampede_domain::Seconds;

use self::problem::Problem;
use super::Folder;

impl Folder {
    /// `POST /store` for upload forms, and `GET` and `HEAD /store/KEY` for download addresses. What is
    /// refused is told as a problem (RFC 9457).
    pub fn routes(&self) -> Router {
        Router::new()
            // The policy says how long an upload may be, and it is held to that while it comes in.
            .route("/store", post(upload::upload).layer(DefaultBodyLimit::disable()))
            .route("/store/{*key}", get(download::download))
            .method_not_allowed_fallback(not_allowed)
            .with_state(self.clone())
    }
}

async fn not_allowed() -> Problem {
    Problem(StatusCode::METHOD_NOT_ALLOWED, "uploads are sent with POST, downloads read with GET".to_owned())
}

fn now() -> Seconds {
    std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_secs())
}
