//! Stamps: built in, and an owner's own.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use stampede_database::UploadState;
use stampede_domain::id::{OwnerId, Stamp, StampId};
use utoipa::ToSchema;

use super::results::lead_to;
use super::uploads::{self, Allowed, Announced, Paged, UploadPage, Uploaded};
use crate::App;
use crate::built_in;
use crate::identity::Identity;
use crate::problem::Problem;
use crate::problem::extract::{Json, Path, Query};

const TYPES: [&str; 4] = ["image/svg+xml", "image/png", "image/webp", "image/jpeg"];

/// A stamp that everybody has.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BuiltInStamp {
    /// How a job names it.
    id: String,
    /// How people call it.
    title: &'static str,
}

/// The stamps to choose from.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Stamps {
    /// Those that everybody has.
    built_in: Vec<BuiltInStamp>,
    /// One's own.
    #[serde(flatten)]
    own: UploadPage,
}

/// Where a stamp lies in the store, by the name that a job gives it.
pub(super) async fn key_of(app: &App, owner: OwnerId, stamp: &str) -> Result<String, Problem> {
    let missing = || Problem::missing(format!("there is no stamp {:.60}", stamp));
    if let Some(name) = stamp.strip_prefix(built_in::PREFIX) {
        return built_in::key(name).ok_or_else(missing);
    }
    let id: StampId = stamp.parse().map_err(|_| missing())?;
    let upload = app.parts().database.upload(owner, id).await?.ok_or_else(missing)?;
    match upload.state {
        UploadState::Ready { .. } => Ok(upload.key),
        UploadState::Announced => Err(Problem::conflict("the stamp was not uploaded and confirmed yet")),
        UploadState::Refused { reason } => {
            Err(Problem::conflict(format!("the stamp cannot be used: {reason}")))
        }
    }
}

/// Announces a stamp, and gives a form to upload it with.
#[utoipa::path(post, path = "/stamps", operation_id = "announce_stamp", request_body = Announced, responses(
    (status = 201, body = Allowed),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn announce(
    State(app): State<App>,
    Identity(owner): Identity,
    Json(stamp): Json<Announced>,
) -> Result<(StatusCode, axum::Json<Allowed>), Problem> {
    let longest = uploads::LONGEST_STAMP;
    let mut allowed = uploads::announce::<Stamp>(&app, owner, &[stamp], "stamps", &TYPES, longest).await?;
    let allowed = allowed.pop().ok_or_else(|| Problem::internal("no form was made"))?;
    Ok((StatusCode::CREATED, axum::Json(allowed)))
}

/// Looks at a stamp that was uploaded: whether it can be decoded, and its size.
#[utoipa::path(post, path = "/stamps/{id}/confirm", operation_id = "confirm_stamp", params(("id" = String, Path)), responses(
    (status = 200, body = Uploaded),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn confirm(
    State(app): State<App>,
    Identity(owner): Identity,
    Path(id): Path<StampId>,
) -> Result<axum::Json<Uploaded>, Problem> {
    let own = app.parts().database.upload(owner, id).await?;
    let own = own.ok_or_else(|| Problem::missing(format!("there is no stamp {id}")))?;
    let upload = uploads::confirm(&app, owner, own, uploads::look_at_stamp).await?;
    Ok(axum::Json(Uploaded::from(&upload)))
}

/// The stamps to choose from.
#[utoipa::path(get, path = "/stamps", operation_id = "list_stamps", params(Paged), responses(
    (status = 200, body = Stamps),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<App>,
    Identity(owner): Identity,
    Query(paged): Query<Paged>,
) -> Result<axum::Json<Stamps>, Problem> {
    let own = uploads::page::<Stamp>(&app, owner, &paged).await?;
    let named = |stamp: &built_in::BuiltIn| BuiltInStamp {
        id: format!("{}{}", built_in::PREFIX, stamp.name),
        title: stamp.title,
    };
    Ok(axum::Json(Stamps { built_in: built_in::STAMPS.iter().map(named).collect(), own }))
}

/// Leads to a stamp, one's own or `built-in:NAME`, to be shown.
#[utoipa::path(get, path = "/stamps/{id}/image", operation_id = "show_stamp", params(("id" = String, Path)), responses(
    (status = 303, description = "Where it lies, for an hour"),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn image(
    State(app): State<App>,
    Identity(owner): Identity,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let key = key_of(&app, owner, &id).await?;
    lead_to(&app, &key, "stamp").await
}

/// Deletes a stamp.
#[utoipa::path(delete, path = "/stamps/{id}", operation_id = "delete_stamp", params(("id" = String, Path)), responses(
    (status = 204),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn delete(
    State(app): State<App>,
    Identity(owner): Identity,
    Path(id): Path<StampId>,
) -> Result<StatusCode, Problem> {
    let due = app.now() + 1000 * app.0.settings.grace;
    match app.parts().database.delete_uploads(owner, &[id], due).await? {
        0 => Err(Problem::missing(format!("there is no stamp {id}"))),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}
