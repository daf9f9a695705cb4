//! Whose request it is.

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use stampede_domain::id::OwnerId;
use stampede_domain::token::{ApiToken, Session};

use crate::App;
use crate::address::Address;
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
        let bearer = header(&parts.headers, AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        let nobody = "begin a session with POST /sessions, or send an API token";
        let token = bearer.or_else(|| session_cookie(&parts.headers));
        let token = token.ok_or_else(|| Problem::nobody(nobody))?.trim();
        if bearer.is_none() && !parts.method.is_safe() {
            refuse_other_sites(&parts.headers)?;
        }
        let address = Address::of(&parts.extensions);
        let owner = match token.parse::<ApiToken>() {
            Ok(token) => owner_of(app, &token, address).await?,
            Err(_) => match Session::from_token(token, &app.parts().secret, app.seconds()) {
                Ok(session) => session.owner,
                Err(refused) => {
                    app.0.rates.stranger(address)?;
                    return Err(Problem::nobody(refused.to_string()));
                }
            },
        };
        app.0.rates.owner(owner)?;
        Ok(Self(owner))
    }
}

/// Whose an API token is. One that was not seen before is looked up no more often than strangers may come.
async fn owner_of(app: &App, token: &ApiToken, address: Option<Address>) -> Result<OwnerId, Problem> {
    let (hash, rates) = (token.hash(), &app.0.rates);
    if !rates.knows(&hash) {
        rates.stranger(address)?;
    }
    let owner = app.parts().database.owner_of_token(hash, app.now()).await?;
    rates.note(hash, owner.is_some());
    owner.ok_or_else(|| Problem::nobody("the API token is not known, or was revoked"))
}

/// Refuses what a browser sends for a page of another origin (W3C, "Fetch Metadata Request Headers"). The cookie is
/// `SameSite=Lax` besides, which lets in our own subdomains' pages.
pub(crate) fn refuse_other_sites(headers: &HeaderMap) -> Result<(), Problem> {
    match header(headers, SEC_FETCH_SITE) {
        Some("cross-site" | "same-site") => {
            Err(Problem::forbidden("another site may not do this in your name; do it on this one"))
        }
        _ => Ok(()),
    }
}

/// What the session cookie holds.
pub(crate) fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = header(headers, COOKIE)?.split(';');
    let mut pairs = cookies.filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE_NAME).map(|(_, value)| value)
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
