//! One picture: read, stamped, written.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use stamp_engine::{Format, Picture, Report};
use stampede_domain::item::Output;
use stampede_domain::message::Task;
use stampede_store::{About, Object};

use crate::{Fault, Stamper};

/// Of what an output's key is made, in this version: another way of stamping gives another key.
const FORM: &str = "stampede output 1";
const MIB: u64 = 1 << 20;

impl Stamper {
    /// Stamps a picture, unless that was done before; gives what lies in the store then.
    pub(crate) async fn stamp(&self, task: &Task) -> Result<Output, Fault> {
        let store = self.store();
        let longest = self.settings().limits.input_bytes;
        let (object, content) = store.get(&task.picture.key, longest).await.map_err(|fault| match fault {
            stampede_store::Fault::Missing(_) => Fault::Permanent("the picture was deleted".to_owned()),
            fault => fault.into(),
        })?;
        let key = output_key(task, &object, &content);
        if let Some(output) = store.head(&key).await?.and_then(|known| output(&key, &known)) {
            return Ok(output);
        }
        let (stamped, report, milliseconds) = self.compute(task, content).await?;
        let output = Output {
            key,
            bytes: stamped.len() as u64,
            width: report.width,
            height: report.height,
            path: report.way.name().to_owned(),
            milliseconds,
        };
        store.put(&output.key, stamped, &about(&output, report.output_format)).await?;
        Ok(output)
    }

    /// The part that keeps a core busy, within the budget of memory.
    async fn compute(&self, task: &Task, content: Bytes) -> Result<(Bytes, Report, u64), Fault> {
        let stamp = match &task.stamp {
            Some(key) => Some(self.stamps().get(self.store(), key).await?),
            None => None,
        };
        let resolved = task.settings.resolve(stamp);
        let (layers, options) = resolved.map_err(|wrong| Fault::Permanent(wrong.to_string()))?;
        let options = stamp_engine::Options { limits: self.settings().limits, ..options };
        let stamper = stamp_engine::Stamper::new(layers, options, Arc::clone(self.cache()))?;
        let needed = stamper.memory_needed(&content)?.div_ceil(MIB);
        let budget = self.settings().memory / MIB;
        if needed > budget {
            let reason =
                format!("stamping it takes {needed} MiB of memory, more than the {budget} MiB there are");
            return Err(Fault::Permanent(reason));
        }
        let closed = |_| Fault::Passing("the stamper is going away".to_owned());
        let memory = self.memory().acquire_many(needed as u32).await.map_err(closed)?;
        let core = self.cores().acquire().await.map_err(closed)?;
        let (name, index) = (task.picture.name.clone(), task.picture.index);
        let computed = tokio::task::spawn_blocking(move || {
            let started = Instant::now();
            let picture = Picture { bytes: &content, name: Some(Path::new(&name)), modified: None, index };
            let stamped = stamper.stamp(picture)?;
            Ok::<_, Fault>((Bytes::from(stamped.bytes), stamped.report, started.elapsed().as_millis() as u64))
        });
        // A panic is a picture's own: its neighbours go on.
        let computed =
            computed.await.map_err(|_| Fault::Permanent("the picture cannot be stamped".to_owned()))?;
        drop((core, memory));
        computed
    }
}

/// Made of all that decides what the output is.
fn output_key(task: &Task, object: &Object, content: &[u8]) -> String {
    let settings = serde_json::to_vec(&task.settings).unwrap_or_default();
    let mut hash = Sha256::new();
    let mut add = |part: &[u8]| {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    };
    add(FORM.as_bytes());
    add(object.etag.as_bytes());
    add(task.picture.key.as_bytes());
    add(task.stamp.as_deref().unwrap_or_default().as_bytes());
    add(&settings);
    if task.settings.text.is_some() {
        // Its variables may name them.
        add(task.picture.name.as_bytes());
        add(&task.picture.index.to_le_bytes());
    }
    let format =
        task.settings.format.as_deref().and_then(Format::of_extension).or_else(|| Format::of(content));
    let extension = format.map_or("bin", Format::extension);
    format!("{}/{}.{extension}", task.output, HEXLOWER.encode(&hash.finalize()[..16]))
}

const NOTED: [&str; 4] = ["width", "height", "path", "milliseconds"];

fn about(output: &Output, format: Format) -> About {
    let values = [
        output.width.to_string(),
        output.height.to_string(),
        output.path.clone(),
        output.milliseconds.to_string(),
    ];
    let metadata: BTreeMap<_, _> = NOTED.map(str::to_owned).into_iter().zip(values).collect();
    About { content_type: format.media_type().to_owned(), metadata }
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
