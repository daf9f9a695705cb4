//! An S3 that fails now and then, as S3 does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use crate::client::http;

/// Stands before S3. A clone is the same one.
#[derive(Clone)]
pub(crate) struct Flaky {
    /// Where it is to be called.
    pub(crate) url: String,
    inner: Arc<Inner>,
}

struct Inner {
    upstream: String,
    http: reqwest::Client,
    calls: AtomicU64,
    failed: AtomicU64,
    fails: AtomicBool,
}

impl Flaky {
    /// Before the S3 at an address; it begins as a good one.
    pub(crate) async fn start(upstream: &str) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (calls, failed, fails) = Default::default();
        let inner = Arc::new(Inner { upstream: upstream.to_owned(), http: http(), calls, failed, fails });
        let routes = axum::Router::new().fallback(pass).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, inner }
    }

    /// Whether it fails a third of all calls from now on.
    pub(crate) fn fail(&self, fails: bool) {
        self.inner.fails.store(fails, Ordering::Relaxed);
    }

    /// Calls that it has failed.
    pub(crate) fn failed(&self) -> u64 {
        self.inner.failed.load(Ordering::Relaxed)
    }
}

async fn pass(State(flaky): State<Arc<Inner>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // Who calls may have been killed meanwhile.
    let Ok(body) = axum::body::to_bytes(body, 1 << 30).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let call = flaky.calls.fetch_add(1, Ordering::Relaxed);
    if flaky.fails.load(Ordering::Relaxed) && call % 3 == 0 {
        let failed = flaky.failed.fetch_add(1, Ordering::Relaxed);
        return match failed % 4 {
            // None: the SDK's own patience ends it.
            0 => std::future::pending().await,
            3 => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            2 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            // An answer that breaks off.
            _ => {
                let broken = futures_util::stream::iter([Ok(Bytes::from("<Error>")), Err("broken off")]);
                Response::new(Body::from_stream(broken))
            }
        };
    }
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut call = flaky.http.request(parts.method, format!("{}{path}", flaky.upstream)).body(body);
    // The host is part of what addresses are signed with.
    for (name, value) in parts.headers.iter().filter(|(name, _)| *name != "content-length") {
        call = call.header(name, value);
    }
    let answer = call.send().await.unwrap();
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers().iter().filter(|(name, _)| *name != "transfer-encoding") {
        response = response.header(name, value);
    }
    response.body(Body::from(answer.bytes().await.unwrap())).unwrap()
}
