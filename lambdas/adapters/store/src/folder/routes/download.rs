//! `GET /store/KEY`: what an address of [`Folder::download_url`](super::Folder) allows.

use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, RANGE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use futures_util::Stream;
use serde::Deserialize;
use stampede_domain::Seconds;
use stampede_domain::signature::Use;

use super::problem::Problem;
use super::range::{Asked, asked};
use super::{Folder, now};
use crate::folder::skipped;
use crate::store::attachment;
use crate::{Fault, Reading};

#[derive(Deserialize)]
pub(super) struct Signed {
    expires: Seconds,
    #[serde(default)]
    name: String,
    signature: String,
}

impl Signed {
    fn check(&self, folder: &Folder, key: &str) -> Result<(), Problem> {
        let forged = || Problem::forbidden("the address is not one of ours");
        let signature = BASE64URL_NOPAD.decode(self.signature.as_bytes()).map_err(|_| forged())?;
        let parts = [key.as_bytes(), self.name.as_bytes(), &self.expires.to_be_bytes()];
        folder.0.secret.verify(Use::Download, &parts, &signature).map_err(|_| forged())?;
        match self.expires > now() {
            true => Ok(()),
            false => Err(Problem::forbidden("the address has expired; ask for a new one")),
        }
    }
}

pub(super) async fn download(
    State(folder): State<Folder>,
    key: Result<Path<String>, PathRejection>,
    signed: Result<Query<Signed>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path(key) = key.map_err(|refused| Problem(refused.status(), refused.body_text()))?;
    let Query(signed) = signed.map_err(|refused| Problem(refused.status(), refused.body_text()))?;
    signed.check(&folder, &key)?;
    // Opened once: what is told of the object and what is sent of it belong together.
    let (object, file) = folder.open_object(&key).await?;
    let etag = format!("\"{}\"", object.etag);
    let own = own_headers(&etag);
    let sent = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if sent(IF_NONE_MATCH).is_some_and(|known| is_known(known, &etag)) {
        return Ok((StatusCode::NOT_MODIFIED, own).into_response());
    }
    // A part of what is no longer the object is of no use (RFC 9110, 13.1.5).
    let range = sent(RANGE).filter(|_| sent(IF_RANGE).is_none_or(|known| known == etag));
    let (status, part) = match range.map_or(Asked::Whole, |range| asked(range, object.bytes)) {
        Asked::Whole => (StatusCode::OK, 0..object.bytes),
        Asked::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
        Asked::Outside => {
            let outside = "the object ends before the range begins".to_owned();
            let mut answer = Problem(StatusCode::RANGE_NOT_SATISFIABLE, outside).into_response();
            answer.headers_mut().insert(CONTENT_RANGE, header(&format!("bytes */{}", object.bytes)));
            return Ok(answer);
        }
    };
    let (content_type, all, length) = (header(&object.content_type), object.bytes, part.end - part.start);
    let reading = Reading::of_file(object, skipped(file, part.start).await?.into());
    let mut answer = (status, own, Body::from_stream(pieces(reading, length))).into_response();
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(CONTENT_LENGTH, length.into());
    if !signed.name.is_empty() {
        headers.insert(CONTENT_DISPOSITION, header(&attachment(&signed.name)));
    }
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {}-{}/{all}", part.start, part.end - 1);
        headers.insert(CONTENT_RANGE, header(&range));
    }
    Ok(answer)
}

/// What stands in every answer.
fn own_headers(etag: &str) -> [(HeaderName, HeaderValue); 5] {
    // What was uploaded runs no script here, whatever a browser takes it for.
    let policy = HeaderValue::from_static("sandbox; default-src 'none'; style-src 'unsafe-inline'");
    [
        (ETAG, header(etag)),
        (ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (CACHE_CONTROL, HeaderValue::from_static("private, max-age=300")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (CONTENT_SECURITY_POLICY, policy),
    ]
}

fn header(value: &str) -> HeaderValue {
    // Notes are checked when they are made; this is for those that somebody else changed.
    HeaderValue::from_str(value).unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"))
}

/// `If-None-Match` (RFC 9110, 13.1.2), which compares weakly.
fn is_known(known: &str, etag: &str) -> bool {
    known.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == etag)
}

/// The next `left` bytes.
fn pieces(reading: Reading, left: u64) -> impl Stream<Item = Result<Bytes, Fault>> {
    futures_util::stream::try_unfold((reading, left), |(mut reading, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let Some(mut bytes) = reading.next().await? else { return Ok(None) };
        bytes.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        let left = left - bytes.len() as u64;
        Ok(Some((bytes, (reading, left))))
    })
}
