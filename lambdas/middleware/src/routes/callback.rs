//! What stampers report.

use std::sync::atomic::Ordering;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use stampede_domain::callback::{Callback, Refused, WINDOW};
use stampede_domain::item::State as ItemState;

use crate::App;
use crate::dispatch::tell;
use crate::problem::Problem;

/// Takes a stamper's reports. The header `stampede-signature` signs time and body; each is taken once.
#[utoipa::path(post, path = "/callback", request_body(content = Object, content_type = "application/json"),
    responses(
    (status = 204, description = "Taken"),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn callback(
    State(app): State<App>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let header = headers.get("stampede-signature").and_then(|value| value.to_str().ok());
    let opened = Callback::open(&body, header.unwrap_or_default(), &app.parts().secret, app.seconds());
    let (callback, signature) = opened.map_err(|refused| match refused {
        Refused::Forged | Refused::OutOfTime => Problem::nobody(refused.to_string()),
        Refused::Malformed(_) => Problem::malformed(refused.to_string()),
    })?;
    let database = &app.parts().database;
    // A stamper signs each attempt anew, at another second: only a replay has a signature that is known.
    if !database.remember_callback(signature, app.now() + 2000 * WINDOW).await? {
        return Err(Problem::conflict("this callback was taken before"));
    }
    let mut changes = database.report(&callback.reports, app.now()).await?;
    for report in &callback.zips {
        changes.extend(database.report_zip(report, app.now()).await?);
    }
    for change in changes.iter().flat_map(|change| &change.items) {
        match change.state {
            ItemState::Done(_) => app.0.counters.done.fetch_add(1, Ordering::Relaxed),
            ItemState::Failed { .. } => app.0.counters.failed.fetch_add(1, Ordering::Relaxed),
            _ => 0,
        };
    }
    tell(&app, &changes).await;
    Ok(StatusCode::NO_CONTENT)
}
