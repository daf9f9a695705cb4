//! Results: one picture, or all of a job in a ZIP.

mod names;

use std::path::Path as FilePath;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::{HeaderMap, header::LOCATION};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::Serialize;
use stampede_database::{ItemView, ZipRequest, ZipState};
use stampede_domain::id::{JobId, OwnerId};
use stampede_domain::item::{Output, State as ItemState};
use stampede_domain::message::{Entry, Manifest};
use stampede_store::About;
use utoipa::ToSchema;

use self::names::Names;
use crate::App;
use crate::dispatch::{send, tell};
use crate::identity::Identity;
use crate::problem::Problem;
use crate::problem::extract::Path;
use crate::routes::cause;
use crate::routes::uploads::is_surely_not_written;

/// A download's address is good for so many seconds.
const LASTS: u64 = 3600;
/// Items read at once.
const PAGE: u32 = 1000;

/// Where a job's ZIP stands.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Zip {
    /// `pending` or `ready`.
    state: &'static str,
    /// Files in it so far, while it is pending.
    entries: Option<u64>,
    /// Its length, when it is ready.
    bytes: Option<u64>,
}

/// Leads to a result.
#[utoipa::path(get, path = "/jobs/{id}/items/{number}/download", operation_id = "download_item",
    params(("id" = String, Path), ("number" = u32, Path)), responses(
    (status = 303, description = "Where it lies, for an hour"),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn download(
    State(app): State<App>,
    Identity(owner): Identity,
    Path((id, number)): Path<(JobId, u32)>,
) -> Result<Response, Problem> {
    let (name, output) = stamped(&app, owner, id, number).await?;
    lead_to(&app, &output.key, &file_name(&name, &output.key)).await
}

/// The name and the output of an item that is done.
pub(super) async fn stamped(
    app: &App,
    owner: OwnerId,
    id: JobId,
    number: u32,
) -> Result<(String, Output), Problem> {
    let item = app.parts().database.items(owner, id, number, 1).await?.pop();
    let item = item.filter(|item| item.number == number);
    let item = item.ok_or_else(|| Problem::missing(format!("there is no item {number} of a job {id}")))?;
    match item.state {
        ItemState::Done(output) => Ok((item.name, output)),
        _ => Err(Problem::conflict("this picture is not stamped (yet)")),
    }
}

pub(super) async fn lead_to(app: &App, key: &str, name: &str) -> Result<Response, Problem> {
    let url = app.parts().store.download_url(key, name, app.seconds(), LASTS).await?;
    Ok((StatusCode::SEE_OTHER, AppendHeaders([(LOCATION, url)])).into_response())
}

/// The uploaded name with the result's extension.
fn file_name(name: &str, key: &str) -> String {
    let extension = FilePath::new(key).extension().and_then(|extension| extension.to_str());
    let named = FilePath::new(name);
    match (named.file_stem().and_then(|stem| stem.to_str()), extension) {
        (Some(stem), Some(extension)) => {
            let own = named.extension().and_then(|own| own.to_str()).unwrap_or_default();
            let same =
                stamp_engine::Format::of_extension(own) == stamp_engine::Format::of_extension(extension);
            if same { name.to_owned() } else { format!("{stem}.{extension}") }
        }
        _ => name.to_owned(),
    }
}

/// Asks for all results of a finished job in one ZIP; a stamper makes it.
///
/// A job whose results are longer than a ZIP may be is refused (409), and the problem says how long that is: they are
/// downloaded one by one.
#[utoipa::path(post, path = "/jobs/{id}/zip", params(("id" = String, Path)), responses(
    (status = 202, description = "It is being made", body = Zip),
    (status = 200, description = "It is there", body = Zip),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn request_zip(
    State(app): State<App>,
    Identity(owner): Identity,
    headers: HeaderMap,
    Path(id): Path<JobId>,
) -> Result<(StatusCode, axum::Json<Zip>), Problem> {
    let missing = || Problem::missing(format!("there is no job {id}"));
    let job = app.parts().database.job(owner, id).await?.ok_or_else(missing)?;
    if let Some(known) = known(&job.zip) {
        return Ok(known);
    }
    // Written before the message is: who reads that finds this.
    let name = JobId::random().map_err(|error| Problem::internal(error.to_string()))?;
    let place = format!("zips/{owner}/{id}/{}", name.to_string().trim_start_matches("job_"));
    let (manifest, output) = (format!("{place}.json"), format!("{place}.zip"));
    let entries = entries(&app, owner, id).await?;
    check(entries.iter().map(|(_, bytes)| bytes).sum(), app.0.settings.longest_zip)?;
    let entries = entries.into_iter().map(|(entry, _)| entry).collect();
    let body = serde_json::to_vec(&Manifest { entries }).unwrap_or_default();
    app.parts().store.put(&manifest, body.into(), &About::of_type("application/json")).await?;
    let database = &app.parts().database;
    let asked = database.request_zip(owner, id, manifest.clone(), output, cause(&headers), app.now()).await;
    let is_needed = match &asked {
        Ok(asked) => matches!(asked, ZipRequest::New(..)),
        Err(fault) => !is_surely_not_written(fault),
    };
    if !is_needed {
        app.parts().store.delete(&[manifest]).await?;
    }
    match asked? {
        ZipRequest::Missing => Err(missing()),
        ZipRequest::Unfinished => Err(Problem::conflict("wait until the job is finished, or cancel it")),
        ZipRequest::Empty => Err(Problem::conflict("no picture of this job was stamped")),
        ZipRequest::Known(zip) => known(&zip).ok_or_else(|| Problem::internal("a ZIP that is not one")),
        ZipRequest::New(change, outgoing) => {
            send(&app, &[outgoing]).await;
            let answer = known(&change.zip);
            tell(&app, &[change]).await;
            answer.ok_or_else(|| Problem::internal("a ZIP that is not one"))
        }
    }
}

fn known(zip: &ZipState) -> Option<(StatusCode, axum::Json<Zip>)> {
    let (status, zip) = match zip {
        ZipState::Pending { entries, .. } => {
            (StatusCode::ACCEPTED, Zip { state: "pending", entries: Some(*entries), bytes: None })
        }
        ZipState::Ready { bytes, .. } => {
            (StatusCode::OK, Zip { state: "ready", entries: None, bytes: Some(*bytes) })
        }
        ZipState::None | ZipState::Failed { .. } => return None,
    };
    Some((status, axum::Json(zip)))
}

/// Whether results of so many bytes can be packed before whoever packs them is out of time.
fn check(bytes: u64, longest: u64) -> Result<(), Problem> {
    if bytes <= longest {
        return Ok(());
    }
    let [held, most] = [bytes, longest].map(|bytes| bytes as f64 / 1e6);
    Err(Problem::conflict(format!(
        "the stamped pictures of this job have {held:.1} MB together, and a ZIP here at most {most:.1} MB: download them \
         one by one, or stamp them as several smaller jobs"
    )))
}

/// What is done of a job, each under a name of its own and with its bytes.
async fn entries(app: &App, owner: OwnerId, id: JobId) -> Result<Vec<(Entry, u64)>, Problem> {
    let (mut entries, mut names, mut from) = (Vec::new(), Names::default(), 0);
    loop {
        let items = app.parts().database.items(owner, id, from, PAGE).await?;
        let Some(last) = items.last() else { return Ok(entries) };
        from = last.number.saturating_add(1);
        for ItemView { name, state, number, .. } in items {
            let ItemState::Done(output) = state else { continue };
            let name = names.take(file_name(&name, &output.key), number.saturating_add(1));
            entries.push((Entry { key: output.key, name }, output.bytes));
        }
    }
}

/// Leads to a job's ZIP.
#[utoipa::path(get, path = "/jobs/{id}/zip", params(("id" = String, Path)), responses(
    (status = 303, description = "Where it lies, for an hour"),
    (status = "4XX", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn download_zip(
    State(app): State<App>,
    Identity(owner): Identity,
    Path(id): Path<JobId>,
) -> Result<Response, Problem> {
    let job = app.parts().database.job(owner, id).await?;
    match job.ok_or_else(|| Problem::missing(format!("there is no job {id}")))?.zip {
        ZipState::Ready { key, .. } => lead_to(&app, &key, "stamped.zip").await,
        ZipState::Pending { .. } => Err(Problem::conflict("the ZIP is being made")),
        ZipState::Failed { reason } => Err(Problem::conflict(format!("the ZIP could not be made: {reason}"))),
        ZipState::None => Err(Problem::conflict("ask for the ZIP with POST first")),
    }
}
