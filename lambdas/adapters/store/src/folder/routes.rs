//! The folder's uploads and downloads over HTTP.

use axum::Router;
use axum::body::Body;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{DefaultBodyLimit, Multipart, Path, Query, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, RANGE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use stampede_domain::Seconds;
use stampede_domain::signature::Use;
use stampede_domain::upload::{Policy, Refused};

use super::Folder;
use super::written::Written;
use crate::store::attachment;
use crate::{About, Fault, Reading};

impl Folder {
    /// `POST /store` for upload forms and `GET /store/KEY` for download addresses.
    pub fn routes(&self) -> Router {
        Router::new()
            // The policy says how long an upload may be, and it is held to that while it comes in.
            .route("/store", post(upload).layer(DefaultBodyLimit::disable()))
            .route("/store/{*key}", get(download))
            .with_state(self.clone())
    }
}

/// A request that is not answered as asked, as a problem (RFC 9457).
struct Problem(StatusCode, String);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self(status, detail) = self;
        let title = status.canonical_reason().unwrap_or_default();
        let problem = serde_json::json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail });
        (status, [(CONTENT_TYPE, "application/problem+json")], problem.to_string()).into_response()
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let status = match &fault {
            Fault::Missing(_) => StatusCode::NOT_FOUND,
            Fault::Key(_) => StatusCode::BAD_REQUEST,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self(status, fault.to_string())
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let status = match refused {
            Refused::Forged | Refused::Expired => StatusCode::FORBIDDEN,
            Refused::Type { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Refused::Length { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        };
        Self(status, refused.to_string())
    }
}

impl From<MultipartError> for Problem {
    fn from(error: MultipartError) -> Self {
        Self(error.status(), error.body_text())
    }
}

fn now() -> Seconds {
    std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_secs())
}

/// A longer field is not one of a form of ours.
const LONGEST_FIELD: usize = 8 << 10;

async fn upload(State(folder): State<Folder>, mut form: Multipart) -> Result<StatusCode, Problem> {
    let (mut content_type, mut policy, mut signature) = (String::new(), String::new(), String::new());
    while let Some(field) = form.next_field().await? {
        match field.name().unwrap_or_default() {
            "Content-Type" => content_type = text(field).await?,
            "policy" => policy = text(field).await?,
            "signature" => signature = text(field).await?,
            "file" => {
                let policy = Policy::from_form(&policy, &signature, &folder.0.secret, now())?;
                return receive(&folder, &policy, &content_type, field).await;
            }
            // As S3 has it: fields that say nothing are passed over.
            _ => drop(text(field).await?),
        }
    }
    Err(Problem(StatusCode::BAD_REQUEST, "the form has no field named file".to_owned()))
}

async fn text(mut field: Field<'_>) -> Result<String, Problem> {
    let mut all = Vec::new();
    while let Some(bytes) = field.chunk().await? {
        all.extend_from_slice(&bytes);
        if all.len() > LONGEST_FIELD {
            return Err(Problem(StatusCode::PAYLOAD_TOO_LARGE, "a field of the form is too long".to_owned()));
        }
    }
    String::from_utf8(all).map_err(|_| Problem(StatusCode::BAD_REQUEST, "a field is not text".to_owned()))
}

async fn receive(
    folder: &Folder,
    policy: &Policy,
    content_type: &str,
    mut file: Field<'_>,
) -> Result<StatusCode, Problem> {
    // The least length is no matter yet; the type is.
    policy.check(content_type, policy.length.0)?;
    let mut written = Written::begin(folder, &policy.key, &About::of_type(content_type))?;
    while let Some(bytes) = file.chunk().await? {
        let length = written.bytes() + bytes.len() as u64;
        if length > policy.length.1 {
            policy.check(content_type, length)?;
        }
        written.write(&bytes).await?;
    }
    policy.check(content_type, written.bytes())?;
    written.finish().await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct Signed {
    expires: Seconds,
    #[serde(default)]
    name: String,
    signature: String,
}

async fn download(
    State(folder): State<Folder>,
    Path(key): Path<String>,
    Query(signed): Query<Signed>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let forged = || Problem(StatusCode::FORBIDDEN, "the address is not one of ours".to_owned());
    let signature = BASE64URL_NOPAD.decode(signed.signature.as_bytes()).map_err(|_| forged())?;
    let parts = [key.as_bytes(), signed.name.as_bytes(), &signed.expires.to_be_bytes()];
    folder.0.secret.verify(Use::Download, &parts, &signature).map_err(|_| forged())?;
    if signed.expires <= now() {
        let expired = "the address has expired; ask for a new one";
        return Err(Problem(StatusCode::FORBIDDEN, expired.to_owned()));
    }
    let object = folder.head(&key).await?.ok_or_else(|| Fault::Missing(key.clone()))?;
    let etag = format!("\"{}\"", object.etag);
    let known = headers.get(IF_NONE_MATCH).and_then(|known| known.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|one| one.trim() == etag || one.trim() == "*")) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, header(&etag))]).into_response());
    }
    let range = headers.get(RANGE).and_then(|range| range.to_str().ok());
    let (status, from, to) = match range.map(|range| part(range, object.bytes)) {
        None | Some(Part::Whole) => (StatusCode::OK, 0, object.bytes),
        Some(Part::Of(from, to)) => (StatusCode::PARTIAL_CONTENT, from, to),
        Some(Part::Outside) => {
            let all = [(CONTENT_RANGE, header(&format!("bytes */{}", object.bytes)))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, all).into_response());
        }
    };
    let reading = folder.read_from(&key, from).await?;
    let mut answer = (status, Body::from_stream(pieces(reading, to - from))).into_response();
    let headers = answer.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, header(&object.content_type)),
        (CONTENT_LENGTH, (to - from).into()),
        (ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (ETAG, header(&etag)),
        (CACHE_CONTROL, HeaderValue::from_static("private, max-age=300")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // What was uploaded runs no script here, whatever a browser takes it for.
        (
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("sandbox; default-src 'none'; style-src 'unsafe-inline'"),
        ),
    ] {
        headers.insert(name, value);
    }
    if !signed.name.is_empty() {
        headers.insert(CONTENT_DISPOSITION, header(&attachment(&signed.name)));
    }
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {from}-{}/{}", to - 1, object.bytes);
        headers.insert(CONTENT_RANGE, header(&range));
    }
    Ok(answer)
}

fn header(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"))
}

/// The next `left` bytes.
fn pieces(reading: Reading, left: u64) -> impl futures_util::Stream<Item = Result<bytes::Bytes, Fault>> {
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

/// What a `Range` header asks for (RFC 9110, 14.2).
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// Nothing that is understood, or several parts: all is given.
    Whole,
    /// From this byte to before that one.
    Of(u64, u64),
    /// Nothing that is there.
    Outside,
}

fn part(range: &str, bytes: u64) -> Part {
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Part::Whole;
    };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let (from, to) = match (first.trim(), last.trim()) {
        ("", last) => match number(last) {
            Some(last) => (bytes.saturating_sub(last), bytes),
            None => return Part::Whole,
        },
        (first, "") => match number(first) {
            Some(first) => (first, bytes),
            None => return Part::Whole,
        },
        (first, last) => match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => (first, last.saturating_add(1).min(bytes)),
            _ => return Part::Whole,
        },
    };
    if from >= to { Part::Outside } else { Part::Of(from, to) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_http() {
        for (range, wanted) in [
            ("bytes=0-0", Part::Of(0, 1)),
            ("bytes=2-", Part::Of(2, 10)),
            ("bytes=-3", Part::Of(7, 10)),
            ("bytes=-30", Part::Of(0, 10)),
            ("bytes=8-99", Part::Of(8, 10)),
            ("bytes=10-", Part::Outside),
            ("bytes=-0", Part::Outside),
            ("bytes=3-2", Part::Whole),
            ("bytes=0-1,4-5", Part::Whole),
            ("lines=0-1", Part::Whole),
            ("bytes=x-", Part::Whole),
        ] {
            assert_eq!(part(range, 10), wanted, "{range}");
        }
    }
}
