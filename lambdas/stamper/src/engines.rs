//! The engine's stampers, set up for one wish each: they keep what the next picture needs, too.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use stamp_engine::{Cache, Limits, Options, Stamp};
use stampede_domain::settings::Settings;

use crate::Fault;

/// Wishes that are known; a batch mostly has one.
const KEPT: usize = 8;

#[derive(Debug, Default)]
pub(crate) struct Engines(Mutex<VecDeque<Engine>>);

#[derive(Debug)]
struct Engine {
    settings: Settings,
    stamp: Option<[u8; 32]>,
    stamper: Arc<stamp_engine::Stamper>,
}

impl Engines {
    /// The one for a wish.
    pub(crate) fn get(
        &self,
        settings: &Settings,
        stamp: Option<Arc<Stamp>>,
        limits: Limits,
        cache: &Arc<Cache>,
    ) -> Result<Arc<stamp_engine::Stamper>, Fault> {
        let hash = stamp.as_deref().map(Stamp::content_hash);
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |one: &&Engine| one.stamp == hash && one.settings == *settings;
        if let Some(one) = kept().iter().find(is_it) {
            return Ok(Arc::clone(&one.stamper));
        }
        let (layers, options) =
            settings.resolve(stamp).map_err(|wrong| Fault::Permanent(wrong.to_string()))?;
        let options = Options { limits, ..options };
        let stamper = Arc::new(stamp_engine::Stamper::new(layers, options, Arc::clone(cache))?);
        let mut kept = kept();
        kept.push_front(Engine { settings: settings.clone(), stamp: hash, stamper: Arc::clone(&stamper) });
        kept.truncate(KEPT);
        Ok(stamper)
    }
}
