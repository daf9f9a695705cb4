//! The engine's stampers, set up for one wish each: they keep what the next picture needs, too.

use std::collections::VecDeque;
use std::sync::Arc;

use stamp_engine::{Cache, Limits, Options, Stamp, Stamper};
use stampede_domain::settings::Settings;

use crate::Fault;

/// Wishes that are known; a batch mostly has one.
const KEPT: usize = 8;

#[derive(Debug, Default)]
pub(crate) struct Engines(VecDeque<Engine>);

#[derive(Debug)]
struct Engine {
    settings: Settings,
    stamp: Option<[u8; 32]>,
    stamper: Arc<Stamper>,
}

impl Engines {
    /// The one for a wish.
    pub(crate) fn get(
        &mut self,
        settings: &Settings,
        stamp: Option<Arc<Stamp>>,
        limits: Limits,
        cache: &Arc<Cache>,
    ) -> Result<Arc<Stamper>, Fault> {
        let hash = stamp.as_deref().map(Stamp::content_hash);
        let is_it = |one: &&Engine| one.stamp == hash && one.settings == *settings;
        if let Some(one) = self.0.iter().find(is_it) {
            return Ok(Arc::clone(&one.stamper));
        }
        let (layers, options) =
            settings.resolve(stamp).map_err(|wrong| Fault::Permanent(wrong.to_string()))?;
        let stamper = Stamper::new(layers, Options { limits, ..options }, Arc::clone(cache))?;
        let stamper = Arc::new(stamper);
        self.0.push_front(Engine { settings: settings.clone(), stamp: hash, stamper: Arc::clone(&stamper) });
        self.0.truncate(KEPT);
        Ok(stamper)
    }
}
