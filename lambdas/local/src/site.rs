//! The site: a folder of files that never change under their names, and one page that names them.

use std::path::Path;

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::response::Redirect;
use axum::routing::get;
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeaderLayer;

/// What a build leaves in the folder.
const PAGE: &str = "index.html";
const ICON: &str = "icon.svg";
const ASSETS: &str = "assets";

/// Serves the site of a folder; where none was built, the API's own page is shown instead. Uploads,
/// pictures and sockets may go to `elsewhere`, too.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(folder: &Path, elsewhere: &[String]) -> Router<S> {
    if !folder.join(PAGE).is_file() {
        tracing::info!(folder = %folder.display(), "the site is not built; `make run` builds it");
        return Router::new().route("/", get(async || Redirect::temporary("/docs")));
    }
    let header = SetResponseHeaderLayer::overriding;
    let held = header(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    let fresh = header(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let assets = Router::new().nest_service("/assets", ServeDir::new(folder.join(ASSETS))).layer(held);
    let html = header(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    let page = Router::new()
        .route_service("/", ServeFile::new(folder.join(PAGE)))
        .layer(html)
        .route_service("/icon.svg", ServeFile::new(folder.join(ICON)))
        .layer(fresh);
    let [isolated, within] =
        ["cross-origin-opener-policy", "permissions-policy"].map(HeaderName::from_static);
    assets
        .merge(page)
        .layer(header(CONTENT_SECURITY_POLICY, policy(elsewhere)))
        .layer(header(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")))
        .layer(header(REFERRER_POLICY, HeaderValue::from_static("no-referrer")))
        .layer(header(isolated, HeaderValue::from_static("same-origin")))
        .layer(header(within, HeaderValue::from_static("camera=(), geolocation=(), microphone=()")))
}

/// No script, style, frame or form but the site's own (W3C, "Content Security Policy Level 3").
fn policy(elsewhere: &[String]) -> HeaderValue {
    let elsewhere = elsewhere.join(" ");
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: {elsewhere}; \
         connect-src 'self' {elsewhere}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    // Addresses that are none of a header were refused where they were read.
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'self'"))
}

/// The origin of an address: what a policy names.
pub(crate) fn origin(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next().filter(|host| !host.is_empty())?;
    let is_host = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    let is_plain = host.chars().all(is_host) && scheme.chars().all(|c| c.is_ascii_alphanumeric());
    is_plain.then(|| format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_stands_before_the_path() {
        assert_eq!(origin("https://a.example:8443/b?c").as_deref(), Some("https://a.example:8443"));
        assert_eq!(origin("http://[::1]:80").as_deref(), Some("http://[::1]:80"));
        for wrong in ["a.example", "http://", "http://a; script-src *", "http://a b/"] {
            assert_eq!(origin(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_policy_lets_nothing_else_in() {
        let policy = policy(&["http://a:1".to_owned()]);
        let policy = policy.to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'; img-src"));
        assert!(policy.contains("connect-src 'self' http://a:1;") && !policy.contains("unsafe"));
    }
}
