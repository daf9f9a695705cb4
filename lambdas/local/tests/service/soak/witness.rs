//! Between the process that is never killed and the store: who sees which multipart uploads it begins.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};

use crate::client::http;

pub(super) struct Witness {
    /// Where the store is to be called.
    pub(super) url: String,
    inner: Arc<Inner>,
}

struct Inner {
    upstream: String,
    http: reqwest::Client,
    begun: Mutex<BTreeSet<String>>,
}

impl Witness {
    /// Before the store at an address.
    pub(super) async fn start(upstream: &str) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Inner { upstream: upstream.to_owned(), http: http(), begun: Mutex::default() });
        let routes = axum::Router::new().fallback(pass).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, inner }
    }

    /// The identifiers of all multipart uploads that were begun.
    pub(super) fn begun(&self) -> BTreeSet<String> {
        self.inner.begun.lock().unwrap().clone()
    }
}

async fn pass(State(witness): State<Arc<Inner>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, 1 << 30).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let query = parts.uri.query().unwrap_or_default();
    let begins =
        parts.method == Method::POST && query.split('&').any(|one| one.trim_end_matches('=') == "uploads");
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut call = witness.http.request(parts.method, format!("{}{path}", witness.upstream)).body(body);
    // The host is part of what addresses are signed with.
    for (name, value) in parts.headers.iter().filter(|(name, _)| *name != "content-length") {
        call = call.header(name, value);
    }
    // The store fails now and then.
    let Ok(answer) = call.send().await else { return StatusCode::BAD_GATEWAY.into_response() };
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers().iter().filter(|(name, _)| *name != "transfer-encoding") {
        response = response.header(name, value);
    }
    if !begins {
        return response.body(Body::from_stream(answer.bytes_stream())).unwrap();
    }
    let Ok(said) = answer.bytes().await else { return StatusCode::BAD_GATEWAY.into_response() };
    let begun = upload_ids(&String::from_utf8_lossy(&said));
    witness.begun.lock().unwrap().extend(begun);
    response.body(Body::from(said)).unwrap()
}

/// The identifiers of multipart uploads in what a store says.
pub(super) fn upload_ids(said: &str) -> Vec<String> {
    let ids = said.split("<UploadId>").skip(1).filter_map(|rest| rest.split_once("</UploadId>"));
    ids.map(|(id, _)| id.to_owned()).collect()
}
