//! Whether it lives, and what it does.

use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
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
