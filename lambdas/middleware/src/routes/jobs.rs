//! Jobs.

use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use stampede_database::{
    Created, Idempotency, ItemView, JobCursor, JobView, NewItem, NewJob, UploadState, ZipState,
};
use stampede_domain::id::{JobId, OwnerId, PictureId};
use stampede_domain::job::{Counts, MOST_ITEMS, Status};
use stampede_domain::settings::Settings;
use stampede_domain::trace::Cause;
use utoipa::{IntoParams, ToSchema};

use super::stamps::key_of;
use super::uploads::{Paged, cursor};
use crate::App;
use crate::dispatch::{send, tell};
use crate::identity::Identity;
use crate::problem::Problem;
use crate::problem::extract::{Json, Path, Query};
use crate::routes::cause;

/// An idempotency key has at most so many bytes.
const LONGEST_KEY: usize = 200;

/// What is to be done to which pictures.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = JobWanted)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// 1 to 10,000 pictures, in order.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 10000)]
    pictures: Vec<PictureId>,
    /// One's own stamp, or `built-in:NAME`; without one, `settings.text` is put on.
    #[serde(default)]
    stamp: Option<String>,
    /// The command's options, by the same names.
    #[serde(default)]
    settings: Settings,
}

/// A job.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Job {
    /// What it is called.
    id: String,
    /// The stamp, as it was named.
    stamp: Option<String>,
    /// How pictures are stamped.
    settings: Settings,
    /// When it was made, in milliseconds since 1970.
    created: u64,
    /// When its last item came to its end.
    finished: Option<u64>,
    /// How its items stand.
    counts: Counts,
    /// Where it stands.
    status: Status,
    /// Its ZIP.
    zip: ZipState,
}

impl From<JobView> for Job {
    fn from(job: JobView) -> Self {
        let JobView { id, stamp, settings, created, finished, counts, status, zip } = job;
        Self { id: id.to_string(), stamp, settings, created, finished, counts, status, zip }
    }
}

/// A page of jobs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JobPage {
    /// The newest first.
    jobs: Vec<Job>,
    /// The `cursor` of the next page, if there may be one.
    next: Option<String>,
}

/// A page of items.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ItemPage {
    /// In order.
    items: Vec<ItemView>,
    /// The `from` of the next page, if there may be one.
    next: Option<u32>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct FromNumber {
    /// The first item's number, 0 when it is not said.
    from: Option<u32>,
    /// At most so many, 1 to 1000; 100 when it is not said.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// Makes a job. With an `Idempotency-Key`, the same request makes it once, however often it comes.
#[utoipa::path(post, path = "/jobs", operation_id = "create_job", request_body = Wanted,
    params(("Idempotency-Key" = Option<String>, Header, description = "At most 200 bytes; known for a day")),
    responses(
    (status = 201, description = "Made now", body = Job),
    (status = 200, description = "Made before by the same request", body = Job),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn create(
    State(app): State<App>,
    Identity(owner): Identity,
    headers: HeaderMap,
    Json(wanted): Json<Wanted>,
) -> Result<(StatusCode, axum::Json<Job>), Problem> {
    let job = check(&app, owner, &headers, wanted).await?;
    let (status, id) = match app.parts().database.create_job(&job, app.now()).await? {
        Created::New(outgoing) => {
            app.0.counters.jobs.fetch_add(1, Ordering::Relaxed);
            send(&app, &outgoing).await;
            (StatusCode::CREATED, job.id)
        }
        Created::Again(id) => (StatusCode::OK, id),
        Created::Differs => {
            return Err(Problem::conflict("another request came under this Idempotency-Key; use a new one"));
        }
    };
    Ok((status, axum::Json(found(&app, owner, id).await?)))
}

async fn check(app: &App, owner: OwnerId, headers: &HeaderMap, wanted: Wanted) -> Result<NewJob, Problem> {
    if !(1..=MOST_ITEMS).contains(&wanted.pictures.len()) {
        return Err(Problem::wrong(format!("a job has 1 to {MOST_ITEMS} pictures")));
    }
    let stamp = match &wanted.stamp {
        Some(stamp) => Some((stamp.clone(), key_of(app, owner, stamp).await?)),
        None => None,
    };
    check_settings(&wanted.settings, stamp.is_some())?;
    let idempotency = match headers.get("idempotency-key") {
        None => None,
        Some(key) if key.is_empty() || key.len() > LONGEST_KEY => {
            return Err(Problem::wrong(format!("an Idempotency-Key has 1 to {LONGEST_KEY} bytes")));
        }
        Some(key) => {
            let key = key.to_str().map_err(|_| Problem::wrong("an Idempotency-Key is ASCII"))?.to_owned();
            let request = serde_json::to_vec(&wanted).unwrap_or_default();
            Some(Idempotency { key, fingerprint: Sha256::digest(request).into() })
        }
    };
    let Cause { request, traceparent } = cause(headers);
    Ok(NewJob {
        id: JobId::random().map_err(|error| Problem::internal(error.to_string()))?,
        owner,
        items: items_of(app, owner, &wanted.pictures).await?,
        stamp,
        settings: wanted.settings,
        idempotency,
        request,
        traceparent,
    })
}

/// What is wrong with the settings is told before anything is queued.
pub(super) fn check_settings(settings: &Settings, has_stamp: bool) -> Result<(), Problem> {
    // Any stamp will do.
    let pixel = || {
        let samples = stamp_engine::Samples::U8(vec![0; 4]);
        let pixels = stamp_engine::Pixels::new(1, 1, stamp_engine::Layout::Rgba, samples)?;
        stamp_engine::Stamp::from_pixels(pixels)
    };
    let stamp = match has_stamp {
        true => Some(pixel().map_err(|error| Problem::internal(error.to_string()))?.into()),
        false => None,
    };
    settings.resolve(stamp).map(drop).map_err(|wrong| Problem::wrong(wrong.to_string()))
}

async fn items_of(app: &App, owner: OwnerId, pictures: &[PictureId]) -> Result<Vec<NewItem>, Problem> {
    let found = app.parts().database.uploads(owner, pictures).await?;
    let found: std::collections::HashMap<_, _> =
        found.into_iter().map(|upload| (upload.id, upload)).collect();
    let item = |id: &PictureId| {
        let upload = found.get(id).ok_or_else(|| Problem::missing(format!("there is no picture {id}")))?;
        match &upload.state {
            UploadState::Ready { .. } => {
                Ok(NewItem { picture: *id, name: upload.name.clone(), key: upload.key.clone() })
            }
            UploadState::Announced => Err(Problem::conflict(format!(
                "{id} was not uploaded and confirmed yet; see POST /pictures/confirm"
            ))),
            UploadState::Refused { reason } => {
                Err(Problem::conflict(format!("{id} cannot be stamped: {reason}")))
            }
        }
    };
    pictures.iter().map(item).collect()
}

async fn found(app: &App, owner: OwnerId, id: JobId) -> Result<Job, Problem> {
    let job = app.parts().database.job(owner, id).await?;
    job.map(Job::from).ok_or_else(|| Problem::missing(format!("there is no job {id}")))
}

/// A page of jobs, the newest first.
#[utoipa::path(get, path = "/jobs", operation_id = "list_jobs", params(Paged), responses(
    (status = 200, body = JobPage),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<App>,
    Identity(owner): Identity,
    Query(paged): Query<Paged>,
) -> Result<axum::Json<JobPage>, Problem> {
    let (behind, most) = (cursor(paged.cursor.as_deref())?, paged.most()?);
    let jobs = app.parts().database.list_jobs(owner, behind, most).await?;
    let next = jobs.last().filter(|_| jobs.len() == most as usize);
    let next = next.map(|last| JobCursor::behind(last).to_string());
    Ok(axum::Json(JobPage { jobs: jobs.into_iter().map(Job::from).collect(), next }))
}

/// A job.
#[utoipa::path(get, path = "/jobs/{id}", operation_id = "job", params(("id" = String, Path)), responses(
    (status = 200, body = Job),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn one(
    State(app): State<App>,
    Identity(owner): Identity,
    Path(id): Path<JobId>,
) -> Result<axum::Json<Job>, Problem> {
    found(&app, owner, id).await.map(axum::Json)
}

/// A page of a job's items.
#[utoipa::path(get, path = "/jobs/{id}/items", operation_id = "items_of_job", params(("id" = String, Path), FromNumber), responses(
    (status = 200, body = ItemPage),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn items(
    State(app): State<App>,
    Identity(owner): Identity,
    Path(id): Path<JobId>,
    Query(from): Query<FromNumber>,
) -> Result<axum::Json<ItemPage>, Problem> {
    let most = from.limit.unwrap_or(100);
    if !(1..=1000).contains(&most) {
        return Err(Problem::wrong("limit lies between 1 and 1000"));
    }
    found(&app, owner, id).await?;
    let items = app.parts().database.items(owner, id, from.from.unwrap_or(0), most).await?;
    let next =
        items.last().filter(|_| items.len() == most as usize).map(|last| last.number.saturating_add(1));
    Ok(axum::Json(ItemPage { items, next }))
}

/// Gives up what is still open of a job.
#[utoipa::path(post, path = "/jobs/{id}/cancel", operation_id = "cancel_job", params(("id" = String, Path)), responses(
    (status = 200, body = Job),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn cancel(
    State(app): State<App>,
    Identity(owner): Identity,
    Path(id): Path<JobId>,
) -> Result<axum::Json<Job>, Problem> {
    if let Some(change) = app.parts().database.cancel(owner, id, app.now()).await? {
        tell(&app, &[change]).await;
    }
    found(&app, owner, id).await.map(axum::Json)
}

/// What is to be tried again.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Again {
    /// The number of one item; without it, all that failed or were given up.
    #[serde(default)]
    item: Option<u32>,
}

/// Queues again what failed or was given up of a job, all or one.
#[utoipa::path(post, path = "/jobs/{id}/retry", operation_id = "retry_job", params(("id" = String, Path)), request_body = Option<Again>, responses(
    (status = 200, body = Job),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn retry(
    State(app): State<App>,
    Identity(owner): Identity,
    Path(id): Path<JobId>,
    again: Option<Json<Again>>,
) -> Result<axum::Json<Job>, Problem> {
    let only = again.and_then(|Json(again)| again.item);
    if let Some((change, outgoing)) = app.parts().database.retry(owner, id, only, app.now()).await? {
        send(&app, &outgoing).await;
        tell(&app, &[change]).await;
    }
    found(&app, owner, id).await.map(axum::Json)
}
