//! Uploads: announced with a form to send them by, then looked at.

use serde::{Deserialize, Serialize};
use stamp_engine::Format;
use stampede_database::{Facts, NewUpload, Subject, Upload, UploadState, kept_at};
use stampede_decoder::{Fault, Work};
use stampede_domain::id::{Id, OwnerId};
use stampede_domain::upload::Policy;
use stampede_store::Fault::Missing;
use stampede_store::{Form, Object};
use utoipa::ToSchema;

use crate::App;
use crate::problem::Problem;

/// A form is good for so many seconds.
const FORM_LASTS: u64 = 3600;
/// A file's name has at most so many bytes.
const LONGEST_NAME: usize = 255;
/// Headers of nearly every picture are shorter.
const START: u64 = 256 << 10;
/// Copies of one upload that are cleared up at once.
const MOST_COPIES: usize = 1000;
/// A stamp is at most so long: it is read whole to be looked at.
pub(super) const LONGEST_STAMP: u64 = 10 << 20;

/// A file to be uploaded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Announced {
    /// Its name.
    pub(super) name: String,
    /// Its length in bytes.
    pub(super) bytes: u64,
    /// Its media type, such as `image/jpeg`.
    #[serde(rename = "type")]
    pub(super) content_type: String,
}

/// A file that may be uploaded.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Allowed {
    /// What it is called from now on.
    pub(super) id: String,
    /// How to upload it.
    pub(super) upload: UploadForm,
}

/// To be sent as `multipart/form-data`: these fields in this order, then the file as `file`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UploadForm {
    /// Where to.
    url: String,
    /// Names and values.
    fields: Vec<(String, String)>,
}

/// An uploaded file.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Uploaded {
    /// What it is called.
    id: String,
    /// The file's name.
    name: String,
    /// Its media type.
    #[serde(rename = "type")]
    content_type: String,
    /// Its length in bytes.
    bytes: u64,
    /// `announced`, `ready` or `refused`.
    state: &'static str,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// As viewed, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    /// As viewed, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    /// When it was announced, in milliseconds since 1970.
    created: u64,
}

impl<K: Subject> From<&Upload<K>> for Uploaded {
    fn from(upload: &Upload<K>) -> Self {
        let (state, reason, size) = match &upload.state {
            UploadState::Announced => ("announced", None, None),
            UploadState::Ready { width, height } => ("ready", None, Some((*width, *height))),
            UploadState::Refused { reason } => ("refused", Some(reason.clone()), None),
        };
        Self {
            id: upload.id.to_string(),
            name: upload.name.clone(),
            content_type: upload.content_type.clone(),
            bytes: upload.bytes,
            state,
            reason,
            width: size.map(|size| size.0),
            height: size.map(|size| size.1),
            created: upload.created,
        }
    }
}

/// Announces files and makes their forms. Keys are `FOLDER/OWNER/ID`.
pub(super) async fn announce<K: Subject>(
    app: &App,
    owner: OwnerId,
    files: &[Announced],
    folder: &str,
    types: &[&str],
    longest: u64,
) -> Result<Vec<Allowed>, Problem> {
    let mut uploads = Vec::with_capacity(files.len());
    let mut allowed = Vec::with_capacity(files.len());
    for file in files {
        check(file, types, longest)?;
        let id = Id::<K>::random().map_err(|error| Problem::internal(error.to_string()))?;
        let key = format!("{folder}/{owner}/{id}");
        let policy = Policy {
            key: key.clone(),
            content_type: file.content_type.clone(),
            length: (1, file.bytes),
            expires: app.seconds() + FORM_LASTS,
        };
        let Form { url, fields } = app.parts().store.upload_form(&policy, app.seconds()).await?;
        allowed.push(Allowed { id: id.to_string(), upload: UploadForm { url, fields } });
        uploads.push(NewUpload {
            id,
            name: file.name.clone(),
            key,
            content_type: file.content_type.clone(),
            bytes: file.bytes,
        });
    }
    app.parts().database.announce(owner, &uploads, app.now()).await?;
    Ok(allowed)
}

fn check(file: &Announced, types: &[&str], longest: u64) -> Result<(), Problem> {
    let name: String = file.name.chars().filter(|c| !c.is_control()).take(60).collect();
    let wrong = |reason: String| Err(Problem::wrong(format!("{name}: {reason}")));
    match () {
        () if file.name.is_empty()
            || file.name.len() > LONGEST_NAME
            || file.name.contains(['/', '\\'])
            || file.name.contains(char::is_control)
            || [".", ".."].contains(&&*file.name) =>
        {
            wrong(format!(
                "a file's name has 1 to {LONGEST_NAME} bytes, no slashes and no control characters"
            ))
        }
        () if !types.contains(&&*file.content_type) => {
            wrong(format!("the type {:.40} is not one of {}", file.content_type, types.join(", ")))
        }
        () if file.bytes == 0 || file.bytes > longest => {
            wrong(format!("a file has at least one and at most {longest} bytes, not {}", file.bytes))
        }
        () => Ok(()),
    }
}

/// Looks at an upload that was announced; gives how it then stands. It is looked at, and kept, where its form does not
/// lead to: a form is good for a time, however often it is sent.
///
/// Several may look at the same time, and any of them may end at any step. Only a copy that the database has not
/// recorded, and surely will not, is deleted; any other is left to who looks again, or goes with its upload at last.
pub(super) async fn confirm<K: Subject>(
    app: &App,
    owner: OwnerId,
    upload: Upload<K>,
    look: impl AsyncFn(&App, &str) -> Result<Result<Facts, String>, Problem>,
) -> Result<Upload<K>, Problem> {
    if upload.state != UploadState::Announced {
        // Who asks again may have had no answer before: whoever was to give it ended too early to clear up.
        clear_up(app, &upload).await;
        return Ok(upload);
    }
    let (database, store) = (&app.parts().database, &app.parts().store);
    // Each look has its own: who looks at the same time looks at what came later, perhaps.
    let unique = Id::<K>::random().map_err(|error| Problem::internal(error.to_string()))?;
    let kept = kept_at(&upload.key, &unique.to_string());
    match store.copy(&upload.key, &kept).await {
        Ok(()) => {}
        // It has not come, or somebody else has taken it from there.
        Err(Missing(_)) => return still(app, owner, upload.id).await,
        Err(fault) => {
            // It may be made nevertheless.
            forget(app, kept).await;
            return Err(fault.into());
        }
    }
    let confirmed = match look(app, &kept).await {
        Ok(Ok(facts)) => database.confirm(owner, upload.id, &facts).await,
        Ok(Err(reason)) => {
            let refused = database.refuse(owner, upload.id, &reason).await;
            forget(app, kept).await;
            refused?;
            return still(app, owner, upload.id).await;
        }
        Err(problem) => {
            forget(app, kept).await;
            // Whoever was faster may have taken away what this look was at.
            let stands = still(app, owner, upload.id).await.ok();
            return stands.filter(|stands| stands.state != UploadState::Announced).ok_or(problem);
        }
    };
    let stands = match confirmed {
        Ok(true) => still(app, owner, upload.id).await?,
        // It was refused or deleted meanwhile.
        Ok(false) => {
            forget(app, kept).await;
            return still(app, owner, upload.id).await;
        }
        Err(fault) if is_surely_not_written(&fault) => {
            forget(app, kept).await;
            return Err(fault.into());
        }
        // Only the answer may be lost. As long as it is announced, what was asked for may yet be written.
        Err(fault) => {
            let stands = still(app, owner, upload.id).await.ok();
            stands.filter(|stands| stands.state != UploadState::Announced).ok_or(fault)?
        }
    };
    match stands.key == kept {
        true => forget(app, upload.key).await,
        // Another look was first, which may have been broken off behind that.
        false => clear_up(app, &stands).await,
    }
    Ok(stands)
}

/// Whether the database has said that it did not do what it was asked, or was not asked at all.
pub(super) fn is_surely_not_written(fault: &stampede_database::Fault) -> bool {
    matches!(fault, stampede_database::Fault::Busy(_) | stampede_database::Fault::Refused(_))
}

/// Deletes all that lies beside an upload which was looked at: nobody records another copy of it any more.
async fn clear_up<K: Subject>(app: &App, stands: &Upload<K>) {
    let (store, form) = (&app.parts().store, stands.uploaded_to());
    let beside = match store.list(&kept_at(form, ""), None, MOST_COPIES).await {
        Ok(copies) => copies.into_iter().map(|one| one.key).chain([form.to_owned()]),
        Err(fault) => return tracing::warn!(%fault, key = form, "what lies beside it is not known"),
    };
    let beside: Vec<_> = beside.filter(|key| *key != stands.key).collect();
    if let Err(fault) = store.delete(&beside).await {
        tracing::warn!(%fault, key = form, "what is not needed stays in the store");
    }
}

/// Deletes what is not needed.
async fn forget(app: &App, key: String) {
    if let Err(fault) = app.parts().store.delete(std::slice::from_ref(&key)).await {
        tracing::warn!(%fault, key, "what is not needed stays in the store");
    }
}

/// How an upload stands now.
async fn still<K: Subject>(app: &App, owner: OwnerId, id: Id<K>) -> Result<Upload<K>, Problem> {
    let found = app.parts().database.upload(owner, id).await?;
    found.ok_or_else(|| Problem::missing(format!("{id} was deleted")))
}

/// What a picture is, from its first bytes, or all of it where these do not tell.
pub(super) async fn look_at_picture(app: &App, key: &str) -> Result<Result<Facts, String>, Problem> {
    let store = &app.parts().store;
    let bytes = store.head(key).await?.map_or(0, |object| object.bytes);
    let start = store.read_start(key, START).await?;
    let is_picture = Format::of(&start).is_some();
    let mut probed = app.decoders().work(Work::Probe, start, None).await;
    if probed.is_err() && bytes > START && is_picture {
        let _room = app.decoders().room(bytes).await?;
        let (_, whole) = store.get(key, app.longest_picture()).await?;
        probed = app.decoders().work(Work::Probe, whole, None).await;
    }
    match probed {
        Ok(seen) => {
            let content_type = seen.facts.format().map_or("", Format::media_type).to_owned();
            let (width, height) = (seen.facts.width, seen.facts.height);
            Ok(Ok(Facts { key: key.to_owned(), content_type, bytes, width, height }))
        }
        Err(Fault::Permanent(reason)) => Ok(Err(reason)),
        Err(passing) => Err(passing.into()),
    }
}

/// Whether a stamp can be put on: it is decoded.
pub(super) async fn look_at_stamp(app: &App, key: &str) -> Result<Result<Facts, String>, Problem> {
    let (Object { content_type, bytes, .. }, content) = app.parts().store.get(key, LONGEST_STAMP).await?;
    match app.decoders().work(Work::ProbeStamp, content, None).await {
        Ok(seen) => {
            let (width, height) = (seen.facts.width, seen.facts.height);
            Ok(Ok(Facts { key: key.to_owned(), content_type, bytes, width, height }))
        }
        Err(Fault::Permanent(reason)) => Ok(Err(reason)),
        Err(passing) => Err(passing.into()),
    }
}

/// A cursor as a query says it.
pub(super) fn cursor<T: std::str::FromStr<Err = &'static str>>(
    text: Option<&str>,
) -> Result<Option<T>, Problem> {
    text.map(|text| text.parse().map_err(Problem::wrong)).transpose()
}

/// Where a page begins, and how long it is.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Paged {
    /// What the page before gave as `next`.
    pub(super) cursor: Option<String>,
    /// At most so many, 1 to 100; 50 when it is not said.
    #[param(minimum = 1, maximum = 100)]
    pub(super) limit: Option<u32>,
}

impl Paged {
    pub(super) fn most(&self) -> Result<u32, Problem> {
        let most = self.limit.unwrap_or(50);
        if (1..=100).contains(&most) { Ok(most) } else { Err(Problem::wrong("limit lies between 1 and 100")) }
    }
}

/// A page of uploads.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UploadPage {
    /// The newest first.
    pub(super) uploads: Vec<Uploaded>,
    /// The `cursor` of the next page, if there may be one.
    pub(super) next: Option<String>,
}

pub(super) async fn page<K: Subject>(
    app: &App,
    owner: OwnerId,
    paged: &Paged,
) -> Result<UploadPage, Problem> {
    let (behind, most) = (cursor(paged.cursor.as_deref())?, paged.most()?);
    let uploads = app.parts().database.list_uploads::<K>(owner, behind.as_ref(), most).await?;
    let next = uploads.last().filter(|_| uploads.len() == most as usize);
    let next = next.map(|last| stampede_database::UploadCursor::behind(last).to_string());
    Ok(UploadPage { uploads: uploads.iter().map(Uploaded::from).collect(), next })
}
