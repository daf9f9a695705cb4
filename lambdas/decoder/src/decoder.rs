//! The work itself, by the engine.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use stamp_engine::{Cache, Limits, Picture, probe};
use stampede_domain::settings::Settings;

use crate::Fault;
use crate::engines::Engines;
use crate::work::{Facts, Hash, Work};

/// Stamps kept; a batch mostly has one.
const KEPT: usize = 32;

/// How pictures are made small, and what memory that takes.
#[derive(Clone, Copy)]
pub(crate) struct Thumbnail {
    pub(crate) make: fn(&[u8], u32, &Limits) -> stamp_engine::Result<Vec<u8>>,
    pub(crate) memory_needed: fn(&[u8], u32, &Limits) -> stamp_engine::Result<u64>,
}

pub(crate) struct Decoder {
    limits: Limits,
    thumbnail: Option<Thumbnail>,
    cache: Arc<Cache>,
    engines: Engines,
    stamps: VecDeque<(Hash, Arc<stamp_engine::Stamp>)>,
}

/// What was made, and what it is.
pub(crate) struct Made {
    pub(crate) bytes: Vec<u8>,
    pub(crate) facts: Facts,
    pub(crate) milliseconds: u64,
}

impl Decoder {
    pub(crate) fn new(limits: Limits, cache: Cache, thumbnail: Option<Thumbnail>) -> Self {
        let (engines, stamps) = Default::default();
        Self { limits, thumbnail, cache: Arc::new(cache), engines, stamps }
    }

    /// A stamp that was seen lately.
    pub(crate) fn stamp(&self, hash: &Hash) -> Option<Arc<stamp_engine::Stamp>> {
        self.stamps.iter().find(|(known, _)| known == hash).map(|(_, stamp)| Arc::clone(stamp))
    }

    /// A stamp from its file.
    pub(crate) fn keep_stamp(&mut self, hash: Hash, file: &[u8]) -> Result<Arc<stamp_engine::Stamp>, Fault> {
        let stamp = Arc::new(stamp_engine::Stamp::from_bytes(file)?);
        self.stamps.push_front((hash, Arc::clone(&stamp)));
        self.stamps.truncate(KEPT);
        Ok(stamp)
    }

    /// Does the work, as soon as `admit` says that there is so much memory.
    pub(crate) fn perform(
        &mut self,
        work: &Work,
        content: &[u8],
        stamp: Option<Arc<stamp_engine::Stamp>>,
        admit: impl FnOnce(u64) -> Result<(), Fault>,
    ) -> Result<Made, Fault> {
        match work {
            Work::Stamp { settings, name, index } => {
                let picture =
                    Picture { bytes: content, name: Some(Path::new(name)), modified: None, index: *index };
                self.stamped(settings, stamp, picture, admit)
            }
            Work::Preview { settings, size } => {
                // The format is for what is written; here all end as JPEG.
                let settings = Settings { format: None, ..settings.clone() };
                let whole = self.stamped(&settings, stamp, Picture::from(content), admit)?;
                self.small(&whole.bytes, *size)
            }
            Work::Thumbnail { size } => {
                admit((self.thumbnail()?.memory_needed)(content, *size, &self.limits)?)?;
                self.small(content, *size)
            }
            Work::Probe => {
                let probe = probe(content, &self.limits)?;
                let (width, height) = probe.orientation.size(probe.width, probe.height);
                let format = probe.format.extension().to_owned();
                Ok(seen(Facts { width, height, format, ..Facts::default() }))
            }
            Work::ProbeStamp => {
                let side = |side: f64| side.ceil().clamp(1.0, 65_535.0) as u32;
                let stamp = stamp_engine::Stamp::from_bytes(content)?;
                stamp.check()?;
                let (width, height) = stamp.size();
                Ok(seen(Facts { width: side(width), height: side(height), ..Facts::default() }))
            }
        }
    }

    fn stamped(
        &mut self,
        settings: &Settings,
        stamp: Option<Arc<stamp_engine::Stamp>>,
        picture: Picture<'_>,
        admit: impl FnOnce(u64) -> Result<(), Fault>,
    ) -> Result<Made, Fault> {
        let stamper = self.engines.get(settings, stamp, self.limits, &self.cache)?;
        admit(stamper.memory_needed(picture.bytes)?)?;
        let started = Instant::now();
        let stamped = stamper.stamp(picture)?;
        let report = stamped.report;
        let format = report.output_format.extension().to_owned();
        let way = report.way.name().to_owned();
        let facts = Facts { width: report.width, height: report.height, format, way };
        Ok(Made { bytes: stamped.bytes, facts, milliseconds: since(started) })
    }

    fn thumbnail(&self) -> Result<Thumbnail, Fault> {
        self.thumbnail.ok_or_else(|| Fault::Permanent("this program makes no small pictures".to_owned()))
    }

    fn small(&self, content: &[u8], size: u32) -> Result<Made, Fault> {
        let started = Instant::now();
        let bytes = (self.thumbnail()?.make)(content, size, &self.limits)?;
        let facts = Facts { format: "jpg".to_owned(), ..Facts::default() };
        Ok(Made { bytes, facts, milliseconds: since(started) })
    }
}

fn seen(facts: Facts) -> Made {
    Made { bytes: Vec::new(), facts, milliseconds: 0 }
}

fn since(started: Instant) -> u64 {
    started.elapsed().as_millis() as u64
}
