//! The routes, by resource.

mod callback;
mod docs;
mod events;
mod health;
mod jobs;
mod pictures;
mod preview;
mod results;
mod sessions;
mod shown;
mod stamps;
mod thumbnails;
mod uploads;

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::middleware::{Next, from_fn_with_state, map_request, map_response};
use axum::response::Response;
use axum::routing::get;
use stampede_domain::trace::{Cause, TraceParent};
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::timeout::TimeoutLayer;
use tracing::Instrument as _;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::problem::{Problem, of_plain_errors};
use crate::{App, headers};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Stampede",
        description = "Put a stamp on many pictures: upload them, make a job, watch it, download the results."
    ),
    components(schemas(Problem, stampede_database::Change))
)]
struct Document;

/// A body is at most so long: pictures are not among them.
const LONGEST_BODY: usize = 2 << 20;
/// A caller's name for its request has at most so many bytes.
const LONGEST_ID: usize = 128;
/// A request is answered within so long.
const PATIENCE: Duration = Duration::from_secs(25);

/// All routes, and the document that describes them.
fn both() -> (Router<App>, utoipa::openapi::OpenApi) {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(sessions::begin))
        .routes(routes!(sessions::me))
        .routes(routes!(pictures::announce, pictures::list, pictures::delete))
        .routes(routes!(pictures::confirm))
        .routes(routes!(pictures::restore))
        .routes(routes!(stamps::announce, stamps::list))
        .routes(routes!(stamps::confirm))
        .routes(routes!(stamps::delete))
        .routes(routes!(stamps::image))
        .routes(routes!(thumbnails::of_picture))
        .routes(routes!(thumbnails::of_result))
        .routes(routes!(jobs::create, jobs::list))
        .routes(routes!(jobs::one))
        .routes(routes!(jobs::items))
        .routes(routes!(jobs::cancel))
        .routes(routes!(jobs::retry))
        .routes(routes!(results::download))
        .routes(routes!(results::request_zip))
        .routes(routes!(results::download_zip))
        .routes(routes!(preview::preview))
        .routes(routes!(events::since))
        .routes(routes!(events::authorize))
        .routes(routes!(callback::callback))
        .routes(routes!(health::health))
        .routes(routes!(health::ready))
        .split_for_parts()
}

/// The API's description (OpenAPI 3.1).
pub fn document() -> utoipa::openapi::OpenApi {
    both().1
}

/// The API.
pub fn router(app: App) -> Router {
    let (routes, document) = both();
    let json = document.to_json().unwrap_or_default();
    let request_id = HeaderName::from_static("x-request-id");
    let over_https = app.0.settings.secure_cookie;
    routes
        .route("/openapi.json", get(move || async { ([("content-type", "application/json")], json) }))
        .route("/docs", get(docs::docs))
        .route("/metrics", get(health::metrics))
        .fallback(async || StatusCode::NOT_FOUND)
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(from_fn_with_state(app.clone(), log))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, PATIENCE))
        .layer(map_response(of_plain_errors))
        .layer(map_response(move |response| async move { headers::guard(response, over_https) }))
        .layer(PropagateRequestIdLayer::new(request_id.clone()))
        .layer(SetRequestIdLayer::new(request_id, MakeRequestUuid))
        .layer(map_request(without_long_id))
        .with_state(app)
}

/// A request has the name that its caller gave it, if that is short: it is in every message of a job.
async fn without_long_id(mut request: Request) -> Request {
    let id = request.headers().get("x-request-id");
    if id.is_some_and(|id| id.len() > LONGEST_ID || !id.as_bytes().iter().all(u8::is_ascii_graphic)) {
        request.headers_mut().remove("x-request-id");
    }
    request
}

/// What a request's messages carry on: what [`log`] has set.
fn cause(headers: &HeaderMap) -> Cause {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Cause { request: header("x-request-id"), traceparent: header("traceparent") }
}

/// Where the request stands in its caller's trace, or at the beginning of one.
fn trace(headers: &HeaderMap) -> Option<TraceParent> {
    let caller = headers.get("traceparent").and_then(|value| value.to_str().ok());
    match caller.and_then(|caller| caller.parse::<TraceParent>().ok()) {
        Some(caller) => caller.child().ok(),
        None => TraceParent::new().ok(),
    }
}

/// One line a request, in a span with the identifier and the trace that its messages carry on.
async fn log(State(app): State<App>, mut request: Request, next: Next) -> Response {
    app.0.counters.requests.fetch_add(1, Ordering::Relaxed);
    let (method, started) = (request.method().clone(), std::time::Instant::now());
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let trace = trace(request.headers());
    match trace.and_then(|trace| trace.to_string().parse().ok()) {
        Some(value) => drop(request.headers_mut().insert("traceparent", value)),
        None => drop(request.headers_mut().remove("traceparent")),
    }
    let span = tracing::info_span!("request", request = id, trace = trace.map(|trace| trace.trace_id()));
    async move {
        let response = next.run(request).await;
        let milliseconds = started.elapsed().as_millis() as u64;
        let (route, status) = (route.as_deref().unwrap_or("none"), response.status().as_u16());
        tracing::info!(%method, route, status, milliseconds, "answered");
        response
    }
    .instrument(span)
    .await
}
