//! Pictures.

use axum::extract::State;
use axum::http::StatusCode;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};
use stampede_domain::id::{Picture, PictureId};
use utoipa::ToSchema;

use super::uploads::{self, Allowed, Announced, Paged, UploadPage, Uploaded};
use crate::App;
use crate::identity::Identity;
use crate::problem::Problem;
use crate::problem::extract::{Json, Query};

/// Of one request.
const MOST: usize = 100;
/// Looked at side by side: mostly the store is waited for.
const SIDE_BY_SIDE: usize = 8;
const TYPES: [&str; 7] =
    ["image/jpeg", "image/png", "image/webp", "image/gif", "image/tiff", "image/bmp", "image/avif"];

/// Files to be uploaded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Announcement {
    /// 1 to 100.
    #[schema(min_items = 1, max_items = 100)]
    pictures: Vec<Announced>,
}

/// How to upload them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Forms {
    /// In the order of the request.
    pictures: Vec<Allowed>,
}

/// Pictures by name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    /// 1 to 100 identifiers.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 100)]
    ids: Vec<PictureId>,
}

/// How many of them there were.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Changed {
    changed: u64,
}

fn within(count: usize) -> Result<(), Problem> {
    if (1..=MOST).contains(&count) {
        Ok(())
    } else {
        Err(Problem::wrong(format!("name 1 to {MOST} pictures")))
    }
}

/// Announces pictures, and gives a form for each to upload it with.
#[utoipa::path(post, path = "/pictures", operation_id = "announce_pictures", request_body = Announcement, responses(
    (status = 201, body = Forms),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn announce(
    State(app): State<App>,
    Identity(owner): Identity,
    Json(Announcement { pictures }): Json<Announcement>,
) -> Result<(StatusCode, axum::Json<Forms>), Problem> {
    within(pictures.len())?;
    let longest = app.longest_picture();
    let pictures = uploads::announce::<Picture>(&app, owner, &pictures, "originals", &TYPES, longest).await?;
    Ok((StatusCode::CREATED, axum::Json(Forms { pictures })))
}

/// Looks at pictures that were uploaded: whether they are there, and what they truly are.
#[utoipa::path(post, path = "/pictures/confirm", operation_id = "confirm_pictures", request_body = Named, responses(
    (status = 200, body = UploadPage),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn confirm(
    State(app): State<App>,
    Identity(owner): Identity,
    Json(Named { ids }): Json<Named>,
) -> Result<axum::Json<UploadPage>, Problem> {
    within(ids.len())?;
    let mut found = app.parts().database.uploads(owner, &ids).await?;
    let mut looks = Vec::with_capacity(ids.len());
    for id in &ids {
        let own = found.iter().position(|upload| upload.id == *id).map(|at| found.swap_remove(at));
        let own =
            own.ok_or_else(|| Problem::missing(format!("there is no picture {id}, or it is named twice")))?;
        looks.push(uploads::confirm(&app, owner, own, uploads::look_at_picture));
    }
    let looked = stream::iter(looks).buffered(SIDE_BY_SIDE).map_ok(|upload| Uploaded::from(&upload));
    let looked = looked.try_collect().await?;
    Ok(axum::Json(UploadPage { uploads: looked, next: None }))
}

/// The pictures, the newest first.
#[utoipa::path(get, path = "/pictures", operation_id = "list_pictures", params(Paged), responses(
    (status = 200, body = UploadPage),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<App>,
    Identity(owner): Identity,
    Query(paged): Query<Paged>,
) -> Result<axum::Json<UploadPage>, Problem> {
    uploads::page::<Picture>(&app, owner, &paged).await.map(axum::Json)
}

/// Deletes pictures and their results. For a day they can be restored.
#[utoipa::path(delete, path = "/pictures", operation_id = "delete_pictures", request_body = Named, responses(
    (status = 200, body = Changed),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn delete(
    State(app): State<App>,
    Identity(owner): Identity,
    Json(Named { ids }): Json<Named>,
) -> Result<axum::Json<Changed>, Problem> {
    within(ids.len())?;
    let due = app.now() + 1000 * app.0.settings.grace;
    let changed = app.parts().database.delete_uploads(owner, &ids, due).await?;
    Ok(axum::Json(Changed { changed }))
}

/// Restores pictures that were deleted.
#[utoipa::path(post, path = "/pictures/restore", operation_id = "restore_pictures", request_body = Named, responses(
    (status = 200, body = Changed),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn restore(
    State(app): State<App>,
    Identity(owner): Identity,
    Json(Named { ids }): Json<Named>,
) -> Result<axum::Json<Changed>, Problem> {
    within(ids.len())?;
    let changed = app.parts().database.restore_uploads(owner, &ids, app.now()).await?;
    Ok(axum::Json(Changed { changed }))
}
