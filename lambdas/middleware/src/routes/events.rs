//! Changes: who may listen, and what was missed.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::dispatch::channel;
use crate::identity::Identity;
use crate::problem::Problem;
use crate::problem::extract::Query;

/// Changes of one answer.
const MOST: u32 = 500;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// The number of the last change that is known.
    since: u64,
}

/// What changed since.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Missed {
    /// In order; the data of the events that told them.
    changes: Vec<stampede_database::Change>,
    /// The number of the last change; if it is not among these, ask again.
    latest: u64,
    /// Whether none is missing; else look at the jobs anew.
    complete: bool,
}

/// A client's wish to listen, as `pusher-js` sends it.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = Listener)]
pub(super) struct Wish {
    /// The connection.
    socket_id: String,
    /// The channel.
    channel_name: String,
}

/// A subscription that is allowed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Subscription)]
pub(super) struct Allowed {
    auth: String,
}

/// What changed since.
#[utoipa::path(get, path = "/events", params(Asked), responses(
    (status = 200, body = Missed),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn since(
    State(app): State<App>,
    Identity(owner): Identity,
    Query(asked): Query<Asked>,
) -> Result<axum::Json<Missed>, Problem> {
    let since = app.parts().database.since(owner, asked.since.min(u64::MAX >> 1), MOST).await?;
    Ok(axum::Json(Missed { changes: since.changes, latest: since.latest, complete: since.complete }))
}

/// Lets a connection listen to one's own channel, and to no other.
#[utoipa::path(post, path = "/live/auth",
    request_body(content = Wish, content_type = "application/x-www-form-urlencoded"),
    responses(
    (status = 200, body = Allowed),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn authorize(
    State(app): State<App>,
    Identity(owner): Identity,
    wish: Result<axum::extract::Form<Wish>, axum::extract::rejection::FormRejection>,
) -> Result<axum::Json<Allowed>, Problem> {
    let axum::extract::Form(wish) = wish.map_err(|rejection| Problem::malformed(rejection.body_text()))?;
    if wish.channel_name != channel(owner) {
        return Err(Problem::missing("there is no such channel for you"));
    }
    let auth = app.parts().live.authorize(&wish.socket_id, &wish.channel_name);
    let auth = auth.map_err(|fault| Problem::wrong(fault.to_string()))?;
    Ok(axum::Json(Allowed { auth }))
}
