//! Whether it lives, and what it does.

use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::http::{HeaderName, StatusCode};
use axum::response::Html;
use data_encoding::BASE64;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use crate::App;

/// Whether each part answers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Readiness {
    database: bool,
    queue: bool,
    store: bool,
}

/// Whether the process lives.
#[utoipa::path(get, path = "/health", responses((status = 200, description = "It does", body = String)))]
pub(super) async fn health() -> &'static str {
    "ok"
}

/// Whether what it stands on answers.
#[utoipa::path(get, path = "/ready", responses(
    (status = 200, body = Readiness), (status = 503, body = Readiness)))]
pub(super) async fn ready(State(app): State<App>) -> (StatusCode, axum::Json<Readiness>) {
    let parts = app.parts();
    let (database, queue, store) =
        tokio::join!(parts.database.ready(), parts.queue.ready(), parts.store.ready());
    let faults = [
        database.as_ref().err().map(ToString::to_string),
        queue.as_ref().err().map(ToString::to_string),
        store.as_ref().err().map(ToString::to_string),
    ];
    faults.into_iter().flatten().for_each(|fault| tracing::error!(fault, "a part is not ready"));
    let readiness = Readiness { database: database.is_ok(), queue: queue.is_ok(), store: store.is_ok() };
    let all = readiness.database && readiness.queue && readiness.store;
    let status = if all { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(readiness))
}

/// What was done, in Prometheus' text form.
pub(super) async fn metrics(State(app): State<App>) -> String {
    let counters = &app.0.counters;
    let depth = app.parts().queue.depth().await.unwrap_or_default();
    let mut text = String::new();
    for (name, kind, help, value) in [
        (
            "stampede_requests_total",
            "counter",
            "Requests answered.",
            counters.requests.load(Ordering::Relaxed),
        ),
        ("stampede_jobs_total", "counter", "Jobs made.", counters.jobs.load(Ordering::Relaxed)),
        (
            "stampede_pictures_done_total",
            "counter",
            "Pictures stamped.",
            counters.done.load(Ordering::Relaxed),
        ),
        (
            "stampede_pictures_failed_total",
            "counter",
            "Pictures failed.",
            counters.failed.load(Ordering::Relaxed),
        ),
        ("stampede_previews_total", "counter", "Previews made.", counters.previews.load(Ordering::Relaxed)),
        ("stampede_queue_waiting", "gauge", "Messages that wait.", depth.waiting),
        ("stampede_queue_in_flight", "gauge", "Messages that stampers hold.", depth.in_flight),
    ] {
        text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n"));
    }
    text
}

/// The page's only style; its policy names it by its hash (W3C, "Content Security Policy Level 3", 8.4).
const STYLE: &str = "body{font:16px/1.5 system-ui;max-width:50rem;margin:2rem auto;padding:0 1rem}\
    code{background:#8882;padding:.1em .3em;border-radius:.2em}h2{margin-top:2em}";

/// The API on a page for people, made of its own description.
pub(super) async fn docs() -> ([(HeaderName, String); 1], Html<String>) {
    let document = super::document();
    let style = BASE64.encode(&Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let mut page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
         <title>Stampede API</title><style>{STYLE}</style>\
         <h1>Stampede API</h1><p>The same for programs: <a href=/openapi.json>openapi.json</a> (OpenAPI 3.1). \
         Begin with <code>POST /sessions</code>.",
    );
    for (path, item) in &document.paths.paths {
        for (method, operation) in
            [("GET", &item.get), ("POST", &item.post), ("PUT", &item.put), ("DELETE", &item.delete)]
        {
            if let Some(operation) = operation {
                let said = operation.summary.as_deref().unwrap_or_default();
                page.push_str(&format!("<h2><code>{method} {path}</code></h2><p>{said}"));
            }
        }
    }
    ([(CONTENT_SECURITY_POLICY, policy)], Html(page))
}
