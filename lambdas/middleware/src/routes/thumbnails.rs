//! Pictures made small, to be looked at: as they were uploaded, and as they were stamped.

use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use stampede_decoder::Work;
use stampede_domain::id::{JobId, PictureId};
use utoipa::IntoParams;

use super::results::stamped;
use super::shown::Shown;
use crate::App;
use crate::identity::Identity;
use crate::problem::Problem;
use crate::problem::extract::{Path, Query};

/// How large.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Sized {
    /// At most so many pixels wide and high, 16 to 2048; 320 when it is not said.
    #[param(minimum = 16, maximum = 2048)]
    size: Option<u32>,
}

/// A picture as it was uploaded, small: a JPEG. Known by its ETag.
#[utoipa::path(get, path = "/pictures/{id}/thumbnail", operation_id = "thumbnail_of_picture", params(("id" = String, Path), Sized), responses(
    (status = 200, description = "A JPEG", body = Vec<u8>, content_type = "image/jpeg"),
    (status = 304, description = "As it was"),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn of_picture(
    State(app): State<App>,
    Identity(owner): Identity,
    headers: HeaderMap,
    Path(id): Path<PictureId>,
    Query(sized): Query<Sized>,
) -> Result<Response, Problem> {
    let picture = app.parts().database.upload(owner, id).await?;
    let picture = picture.ok_or_else(|| Problem::missing(format!("there is no picture {id}")))?;
    small(&app, &picture.key, &sized, &headers).await
}

/// A picture as it was stamped, small: a JPEG. Known by its ETag.
#[utoipa::path(get, path = "/jobs/{id}/items/{number}/thumbnail", operation_id = "thumbnail_of_item",
    params(("id" = String, Path), ("number" = u32, Path), Sized), responses(
    (status = 200, description = "A JPEG", body = Vec<u8>, content_type = "image/jpeg"),
    (status = 304, description = "As it was"),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn of_result(
    State(app): State<App>,
    Identity(owner): Identity,
    headers: HeaderMap,
    Path((id, number)): Path<(JobId, u32)>,
    Query(sized): Query<Sized>,
) -> Result<Response, Problem> {
    let (_, output) = stamped(&app, owner, id, number).await?;
    small(&app, &output.key, &sized, &headers).await
}

async fn small(app: &App, key: &str, sized: &Sized, headers: &HeaderMap) -> Result<Response, Problem> {
    let size = sized.size.unwrap_or(320);
    if !(16..=2048).contains(&size) {
        return Err(Problem::wrong("size lies between 16 and 2048"));
    }
    let store = &app.parts().store;
    let gone = || Problem::conflict("the picture is not in the store (yet)");
    let known = store.head(key).await?.ok_or_else(gone)?;
    // What lies under a key never changes.
    let shown = Shown { etag: format!("{}-{size}", known.etag), lasts: 24 * 3600 };
    if let Some(unchanged) = shown.unchanged(headers) {
        return Ok(unchanged);
    }
    let _room = app.decoders().room(known.bytes).await?;
    let (_, content) = store.get(key, app.longest_picture()).await?;
    let made = app.decoders().work(Work::Thumbnail { size }, content, None).await?;
    app.0.counters.previews.fetch_add(1, Ordering::Relaxed);
    Ok(shown.jpeg(made.bytes))
}
