//! One picture: read, stamped, written.

use std::collections::BTreeMap;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use stamp_engine::Format;
use stampede_decoder::{Facts, Room, Work};
use stampede_domain::item::Output;
use stampede_domain::message::Task;
use stampede_store::{About, Object, Store};

use crate::{Fault, Stamper};

/// Of what an output's key is made, in this version: another way of stamping gives another key.
const FORM: &str = "stampede output 1";

impl Stamper {
    /// Stamps a picture, unless that was done before; gives what lies in the store then.
    pub(crate) async fn stamp(&self, task: &Task) -> Result<Output, Fault> {
        let store = self.store();
        let (object, content, _room) = self.picture(store, &task.picture.key).await?;
        let key = output_key(task, &object, &content);
        if let Some(output) = store.head(&key).await?.and_then(|known| output(&key, &known)) {
            return Ok(output);
        }
        let stamp = match &task.stamp {
            Some(key) => Some(self.stamps().own(store, key).await?),
            None => None,
        };
        let (name, index) = (task.picture.name.clone(), task.picture.index);
        let work = Work::Stamp { settings: task.settings.clone(), name, index };
        let stamped = self.decoders().work(work, content, stamp).await?;
        let output = Output {
            key,
            bytes: stamped.bytes.len() as u64,
            width: stamped.facts.width,
            height: stamped.facts.height,
            path: stamped.facts.way.clone(),
            milliseconds: stamped.milliseconds,
        };
        store.put(&output.key, stamped.bytes, &about(&output, content_type(&stamped.facts))).await?;
        Ok(output)
    }

    /// A picture that is to be stamped, as soon as there is room for it.
    pub(crate) async fn picture(&self, store: &Store, key: &str) -> Result<(Object, Bytes, Room), Fault> {
        let failed = |fault| match fault {
            stampede_store::Fault::Missing(_) => Fault::Permanent("the picture was deleted".to_owned()),
            fault => fault.into(),
        };
        let reading = store.read(key).await.map_err(failed)?;
        let room = self.decoders().room(reading.object().bytes).await?;
        let most = self.decoders().settings().limits.input_bytes;
        let (object, content) = reading.whole(key, most).await.map_err(failed)?;
        Ok((object, content, room))
    }
}

/// Made of all that decides what the output is.
fn output_key(task: &Task, object: &Object, content: &[u8]) -> String {
    let settings = serde_json::to_vec(&task.settings).unwrap_or_default();
    let (name, index) = (task.picture.name.as_bytes(), task.picture.index.to_le_bytes());
    let stamp = task.stamp.as_deref().unwrap_or_default().as_bytes();
    let mut parts =
        vec![FORM.as_bytes(), object.etag.as_bytes(), task.picture.key.as_bytes(), stamp, &settings];
    if task.settings.text.is_some() {
        // Its variables may name them.
        parts.extend([name, &index]);
    }
    let format =
        task.settings.format.as_deref().and_then(Format::of_extension).or_else(|| Format::of(content));
    let extension = format.map_or("bin", Format::extension);
    format!("{}/{}.{extension}", task.output, digest(&parts))
}

/// Half of the SHA-256 of parts, each with its length: no two lists of parts are the same bytes.
pub(crate) fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    HEXLOWER.encode(&hash.finalize()[..16])
}

const NOTED: [&str; 4] = ["width", "height", "path", "milliseconds"];

/// What the store is told that a picture is.
pub(crate) fn content_type(facts: &Facts) -> String {
    facts.format().map_or("application/octet-stream", Format::media_type).to_owned()
}

fn about(output: &Output, content_type: String) -> About {
    let values = [
        output.width.to_string(),
        output.height.to_string(),
        output.path.clone(),
        output.milliseconds.to_string(),
    ];
    let metadata: BTreeMap<_, _> = NOTED.map(str::to_owned).into_iter().zip(values).collect();
    About { content_type, metadata }
}

/// What was noted of an output when it was put.
fn output(key: &str, object: &Object) -> Option<Output> {
    let noted = |name: &str| object.metadata.get(name);
    Some(Output {
        key: key.to_owned(),
        bytes: object.bytes,
        width: noted("width")?.parse().ok()?,
        height: noted("height")?.parse().ok()?,
        path: noted("path")?.clone(),
        milliseconds: noted("milliseconds")?.parse().ok()?,
    })
}
