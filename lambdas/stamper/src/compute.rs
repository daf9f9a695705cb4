//! The part that keeps a core busy, within the budget of memory.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use stamp_engine::{Picture, Report, Stamp};
use stampede_domain::settings::Settings;

use crate::{Fault, Stamper};

const MIB: u64 = 1 << 20;

/// What is to be done with a picture.
pub(crate) struct Wish<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) stamp: Option<Arc<Stamp>>,
    /// For the variables of a text.
    pub(crate) name: String,
    pub(crate) index: u64,
}

/// A stamped picture.
pub(crate) struct Stamped {
    pub(crate) bytes: Bytes,
    pub(crate) report: Report,
    /// That it took.
    pub(crate) milliseconds: u64,
}

impl Stamper {
    /// Stamps a picture as soon as there is memory and a core for it.
    pub(crate) async fn compute(&self, content: Bytes, wish: Wish<'_>) -> Result<Stamped, Fault> {
        let Wish { settings, stamp, name, index } = wish;
        let stamper = self.engines().get(settings, stamp, self.settings().limits, self.cache())?;
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
        let computed = tokio::task::spawn_blocking(move || {
            let started = Instant::now();
            let picture = Picture { bytes: &content, name: Some(Path::new(&name)), modified: None, index };
            let stamped = stamper.stamp(picture)?;
            let milliseconds = started.elapsed().as_millis() as u64;
            Ok::<_, Fault>(Stamped { bytes: stamped.bytes.into(), report: stamped.report, milliseconds })
        });
        // A panic is a picture's own: its neighbours go on.
        let computed =
            computed.await.map_err(|_| Fault::Permanent("the picture cannot be stamped".to_owned()))?;
        drop((core, memory));
        computed
    }
}
