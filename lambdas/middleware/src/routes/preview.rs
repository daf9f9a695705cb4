//! A small stamped picture, as the whole one would be: it is stamped, then made smaller.

use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use stampede_decoder::{Stamp, Work};
use stampede_domain::id::PictureId;
use stampede_domain::settings::Settings;
use utoipa::ToSchema;

use super::jobs::check_settings;
use super::shown::Shown;
use super::stamps::key_of;
use super::uploads::LONGEST_STAMP;
use crate::App;
use crate::identity::Identity;
use crate::problem::Problem;
use crate::problem::extract::Json;

/// What is to be shown.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = PreviewWanted)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// The picture.
    #[schema(value_type = String)]
    picture: PictureId,
    /// One's own stamp, or `built-in:NAME`.
    #[serde(default)]
    stamp: Option<String>,
    /// As for a job.
    #[serde(default)]
    settings: Settings,
    /// At most so many pixels wide and high, 16 to 2048; 1024 when it is not said.
    #[serde(default)]
    #[schema(minimum = 16, maximum = 2048)]
    size: Option<u32>,
}

/// A stamped picture, small: a JPEG. Known by its ETag.
#[utoipa::path(post, path = "/preview", request_body = Wanted, responses(
    (status = 200, description = "A JPEG", body = Vec<u8>, content_type = "image/jpeg"),
    (status = 304, description = "As it was"),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn preview(
    State(app): State<App>,
    Identity(owner): Identity,
    headers: HeaderMap,
    Json(wanted): Json<Wanted>,
) -> Result<Response, Problem> {
    let size = wanted.size.unwrap_or(1024);
    if !(16..=2048).contains(&size) {
        return Err(Problem::wrong("size lies between 16 and 2048"));
    }
    check_settings(&wanted.settings, wanted.stamp.is_some())?;
    let store = &app.parts().store;
    let picture = app.parts().database.upload(owner, wanted.picture).await?;
    let picture =
        picture.ok_or_else(|| Problem::missing(format!("there is no picture {}", wanted.picture)))?;
    let stamp_key = match &wanted.stamp {
        Some(stamp) => Some(key_of(&app, owner, stamp).await?),
        None => None,
    };
    let missing = || Problem::conflict("the picture was not uploaded yet");
    let known = store.head(&picture.key).await?.ok_or_else(missing)?;
    let request = serde_json::to_vec(&wanted).unwrap_or_default();
    let hash = Sha256::new().chain_update(known.etag.as_bytes()).chain_update(request).finalize();
    let shown = Shown { etag: BASE64URL_NOPAD.encode(&hash[..18]), lasts: 3600 };
    if let Some(unchanged) = shown.unchanged(&headers) {
        return Ok(unchanged);
    }
    let _room = app.decoders().room(known.bytes).await?;
    let (_, content) = store.get(&picture.key, app.longest_picture()).await?;
    let stamp = match stamp_key {
        Some(key) => Some(Stamp::new(store.get(&key, LONGEST_STAMP).await?.1)),
        None => None,
    };
    let work = Work::Preview { settings: wanted.settings, size };
    let made = app.decoders().work(work, content, stamp).await?;
    app.0.counters.previews.fetch_add(1, Ordering::Relaxed);
    Ok(shown.jpeg(made.bytes))
}
