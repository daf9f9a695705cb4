//! Whose request it is.

use axum::extract::FromRequestParts;
use axum::http::HeaderName;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::request::Parts;
use stampede_domain::id::OwnerId;
use stampede_domain::token::{ApiToken, Session};

use crate::App;
use crate::problem::Problem;

/// The cookie that holds a visitor's session.
pub(crate) const COOKIE_NAME: &str = "stampede_session";

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Who asks. An API token or a session in `Authorization: Bearer …`, or the session cookie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity(pub(crate) OwnerId);

impl FromRequestParts<App> for Identity {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = header(AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        let cookie = header(COOKIE).and_then(session_cookie);
        let nobody = "begin a session with POST /sessions, or send an API token";
        let token = bearer.or(cookie).ok_or_else(|| Problem::nobody(nobody))?.trim();
        if bearer.is_none() && !parts.method.is_safe() && header(SEC_FETCH_SITE).is_some_and(is_elsewhere) {
            return Err(Problem::forbidden("another site may not do this in your name; do it on this one"));
        }
        let owner = match token.parse::<ApiToken>() {
            Ok(token) => {
                let owner = app.parts().database.owner_of_token(token.hash(), app.now()).await?;
                owner.ok_or_else(|| Problem::nobody("the API token is not known, or was revoked"))?
            }
            Err(_) => {
                let session = Session::from_token(token, &app.parts().secret, app.seconds());
                session.map_err(|refused| Problem::nobody(refused.to_string()))?.owner
            }
        };
        if app.0.rates.check_key(&owner).is_err() {
            return Err(Problem::too_many("wait a second, and send fewer requests at once"));
        }
        Ok(Self(owner))
    }
}

/// Whether a browser says that a request comes from a page of another origin (W3C, "Fetch Metadata Request Headers").
/// The cookie is `SameSite=Lax` besides, which lets in our own subdomains' pages.
fn is_elsewhere(site: &str) -> bool {
    matches!(site, "cross-site" | "same-site")
}

fn session_cookie(cookies: &str) -> Option<&str> {
    let mut pairs = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE_NAME).map(|(_, value)| value)
}
