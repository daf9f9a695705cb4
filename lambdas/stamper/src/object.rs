//! One object of any bucket: read, stamped, written to another place.

use std::collections::BTreeMap;

use stampede_decoder::{Stamp, Work};
use stampede_domain::message::ObjectTask;
use stampede_store::{About, Object};

use crate::task::{content_type, digest};
use crate::{Fault, Stamper};

/// Of what a seal is made, in this version: another way of stamping gives another seal.
const FORM: &str = "stampede object 2";
/// The metadata that holds an output's seal.
const SEAL: &str = "stampede";

impl Stamper {
    /// Stamps an object, unless its output is there and was made of the same; says by which way.
    pub(crate) async fn object(&self, task: &ObjectTask) -> Result<String, Fault> {
        let (from, into) =
            (self.store().bucket(&task.picture.bucket)?, self.store().bucket(&task.output.bucket)?);
        let (object, content, _room) = self.picture(&from, &task.picture.key).await?;
        let stamp = match &task.stamp {
            Some(address) => Some(self.stamps().foreign(self.store(), address).await?),
            None => None,
        };
        let seal = seal(task, &object, stamp.as_ref());
        let known = into.head(&task.output.key).await?;
        if known.is_some_and(|known| known.metadata.get(SEAL) == Some(&seal)) {
            return Ok("known".to_owned());
        }
        let name = task.picture.key.rsplit('/').next().unwrap_or_default().to_owned();
        let work = Work::Stamp { settings: task.settings.clone(), name, index: task.index };
        let stamped = self.decoders().work(work, content, stamp).await?;
        let about = About {
            content_type: content_type(&stamped.facts),
            metadata: BTreeMap::from([(SEAL.to_owned(), seal)]),
        };
        into.put(&task.output.key, stamped.bytes, &about).await?;
        Ok(stamped.facts.way)
    }
}

/// Made of all that decides what the output is.
fn seal(task: &ObjectTask, object: &Object, stamp: Option<&Stamp>) -> String {
    let settings = serde_json::to_vec(&task.settings).unwrap_or_default();
    let (key, index) = (task.picture.key.as_bytes(), task.index.to_le_bytes());
    let stamp = stamp.map(Stamp::hash).unwrap_or_default();
    let mut parts = vec![FORM.as_bytes(), object.etag.as_bytes(), &stamp, &settings];
    if task.settings.text.is_some() {
        // Its variables may name them.
        parts.extend([key, &index]);
    }
    digest(&parts)
}
