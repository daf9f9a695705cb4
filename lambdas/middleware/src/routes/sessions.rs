//! Sessions, and who one is.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::http::request::Parts;
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::Serialize;
use stampede_domain::id::OwnerId;
use stampede_domain::token::Session;
use stampede_live::Client;
use utoipa::ToSchema;

use crate::App;
use crate::address::Address;
use crate::dispatch::channel;
use crate::identity::{COOKIE_NAME, Identity, refuse_other_sites, session_cookie};
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

/// Begins a session as somebody new. Who sends a cookie with a good session has one, and keeps it.
#[utoipa::path(post, path = "/sessions", responses(
    (status = 201, body = Begun),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn begin(
    State(app): State<App>,
    Parts { headers, extensions, .. }: Parts,
) -> Result<Response, Problem> {
    refuse_other_sites(&headers)?;
    app.0.rates.stranger(Address::of(&extensions))?;
    let is_good = |token: &str| Session::from_token(token, &app.parts().secret, app.seconds()).is_ok();
    // All that a visitor has hangs on the cookie: no answer replaces one that is good.
    if session_cookie(&headers).is_some_and(is_good) {
        let has = "there is a session already; go on with it, or send no cookie to begin as somebody new";
        return Err(Problem::conflict(has));
    }
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
