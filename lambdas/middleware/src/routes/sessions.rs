//! Sessions, and who one is.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::Serialize;
use stampede_domain::id::OwnerId;
use stampede_domain::token::Session;
use stampede_live::Client;
use utoipa::ToSchema;

use crate::App;
use crate::dispatch::channel;
use crate::identity::{COOKIE_NAME, Identity};
use crate::problem::Problem;

/// A session lasts so many seconds.
const LASTS: u64 = 90 * 24 * 3600;

/// A new session.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Begun {
    /// For `Authorization: Bearer …`; browsers have it in a cookie.
    token: String,
    /// Who one is now.
    owner: String,
    /// Until when, in seconds since 1970.
    expires: u64,
}

/// Who one is, and how one is told of changes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Me {
    /// Who.
    owner: String,
    /// The number of the last change.
    sequence: u64,
    /// How to connect with `pusher-js`.
    live: LiveConfiguration,
}

/// What `pusher-js` is configured with.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LiveConfiguration {
    /// The app's key.
    key: String,
    /// Pusher's cluster, if the server is Pusher's.
    cluster: Option<String>,
    /// The server's host; `null` for Pusher, and where the server is where the API is.
    host: Option<String>,
    /// The host's port.
    port: Option<u16>,
    /// Whether the host is spoken to through TLS.
    tls: Option<bool>,
    /// The private channel on which changes are told.
    channel: String,
    /// The event's name.
    event: &'static str,
}

/// Begins a session as somebody new.
#[utoipa::path(post, path = "/sessions", responses((status = 201, body = Begun)))]
pub(super) async fn begin(State(app): State<App>) -> Result<Response, Problem> {
    let owner = OwnerId::random().map_err(|error| Problem::internal(error.to_string()))?;
    let session = Session { owner, expires: app.seconds() + LASTS };
    let token = session.token(&app.parts().secret);
    let secure = if app.0.settings.secure_cookie { "; Secure" } else { "" };
    let cookie = format!("{COOKIE_NAME}={token}; Path=/; Max-Age={LASTS}; HttpOnly; SameSite=Lax{secure}");
    let begun = Begun { token, owner: owner.to_string(), expires: session.expires };
    Ok((StatusCode::CREATED, AppendHeaders([(SET_COOKIE, cookie)]), axum::Json(begun)).into_response())
}

/// Who one is, and how one is told of changes.
#[utoipa::path(get, path = "/me", responses(
    (status = 200, body = Me),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn me(State(app): State<App>, Identity(owner): Identity) -> Result<axum::Json<Me>, Problem> {
    let sequence = app.parts().database.since(owner, u64::MAX >> 1, 1).await?.latest;
    let Client { key, cluster, host, port, tls } = app.parts().live.client();
    let (channel, event) = (channel(owner), "change");
    let live = LiveConfiguration { key, cluster, host, port, tls, channel, event };
    Ok(axum::Json(Me { owner: owner.to_string(), sequence, live }))
}
