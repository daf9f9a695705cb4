//! `POST /store`: what a form of [`Folder::upload_form`](super::Folder) allows.

use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest as _, Multipart, Request, State};
use axum::http::StatusCode;
use stampede_domain::upload::Policy;

use super::allowance::{Allowance, WINDOW};
use super::problem::Problem;
use super::{Folder, now};
use crate::About;
use crate::folder::Written;

/// A longer field is not one of a form of ours.
const LONGEST_FIELD: usize = 8 << 10;
/// What a form has beside its file, and what of the file comes with it in one piece.
const BESIDE: u64 = 1 << 20;
/// So much of a refused upload is still read: who sends it may not look for an answer before its end.
const PASSED_OVER: u64 = 32 << 20;

impl From<MultipartError> for Problem {
    fn from(error: MultipartError) -> Self {
        Self::bad_request(format!("the form cannot be read: {}", error.body_text()))
    }
}

pub(super) async fn upload(State(folder): State<Folder>, request: Request) -> Result<StatusCode, Problem> {
    let allowance = Allowance::new(BESIDE);
    let request = request.map(|body| allowance.hold(body));
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|refused| Problem(refused.status(), refused.body_text()))?;
    let result = take(&folder, &mut form, &allowance).await;
    if result.is_err() && !allowance.has_stalled() {
        allowance.set(PASSED_OVER);
        while let Ok(Some(_)) = form.next_field().await {}
    }
    if result.is_err() && allowance.has_stalled() {
        let seconds = WINDOW.as_secs();
        let slow = format!("hardly anything of the upload came for {seconds} seconds; send it again");
        return Err(Problem(StatusCode::REQUEST_TIMEOUT, slow));
    }
    result
}

async fn take(folder: &Folder, form: &mut Multipart, allowance: &Allowance) -> Result<StatusCode, Problem> {
    let (mut content_type, mut policy, mut signature) = (None::<String>, None::<String>, None::<String>);
    let mut allowed = None;
    while let Some(field) = form.next_field().await? {
        let name = field.name().unwrap_or_default().to_owned();
        let place = match name.as_str() {
            "Content-Type" => &mut content_type,
            "policy" => &mut policy,
            "signature" => &mut signature,
            "file" => {
                let wanted = "the fields Content-Type, policy and signature stand before the file";
                let policy: Policy = allowed.ok_or_else(|| Problem::bad_request(wanted))?;
                allowance.set(policy.length.1.saturating_add(BESIDE));
                return receive(folder, &policy, field).await;
            }
            // As S3 has it: a field that the policy does not know is none of the form's.
            _ => return Err(Problem::bad_request("the form has a field that is none of its own")),
        };
        if place.replace(text(field).await?).is_some() {
            return Err(Problem::bad_request(format!("the form has two fields named {name}")));
        }
        // Who has no form of ours is waited for no longer.
        if let (Some(content_type), Some(policy), Some(signature)) = (&content_type, &policy, &signature) {
            let policy = Policy::from_form(policy, signature, &folder.0.secret, now())?;
            // Its length is not known yet; its type is.
            policy.check(content_type, policy.length.0)?;
            allowed = Some(policy);
        }
    }
    Err(Problem::bad_request("the form has no field named file"))
}

async fn text(mut field: Field<'_>) -> Result<String, Problem> {
    let mut all = Vec::new();
    while let Some(bytes) = field.chunk().await? {
        all.extend_from_slice(&bytes);
        if all.len() > LONGEST_FIELD {
            let long = "a field of the form is too long".to_owned();
            return Err(Problem(StatusCode::PAYLOAD_TOO_LARGE, long));
        }
    }
    String::from_utf8(all).map_err(|_| Problem::bad_request("a field of the form is not text"))
}

async fn receive(folder: &Folder, policy: &Policy, mut file: Field<'_>) -> Result<StatusCode, Problem> {
    let about = About::of_type(&policy.content_type);
    let mut written = Written::begin(folder, &policy.key, &about).await?;
    while let Some(bytes) = file.chunk().await? {
        let length = written.bytes() + bytes.len() as u64;
        if length > policy.length.1 {
            policy.check(&policy.content_type, length)?;
        }
        written.write(&bytes).await?;
    }
    policy.check(&policy.content_type, written.bytes())?;
    written.finish().await?;
    Ok(StatusCode::NO_CONTENT)
}
