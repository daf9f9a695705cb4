//! The planes made last: most pictures of a batch share their sampling.

#![forbid(unsafe_code)]

use std::sync::Arc;

use super::Fault;
use super::frame::Frame;
use super::marker::{Header, Transform};
use super::overlay::Overlay;
use crate::Prepared;
use crate::recent::Recent;

/// Stamps' planes, to be used again for pictures of the same kind.
#[derive(Debug)]
pub(super) struct Overlays(Recent<Key, Overlay>);

/// So many are kept: layers × kinds of sampling × phases that are in use at a time.
const KEPT: usize = 16;

/// What decides what the planes hold.
#[derive(Debug)]
struct Key {
    stamp: Arc<Prepared>,
    sampling: Vec<(usize, usize)>,
    transform: Transform,
    phase: (u32, u32),
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.stamp, &other.stamp)
            && self.sampling == other.sampling
            && self.transform == other.transform
            && self.phase == other.phase
    }
}

impl Overlays {
    pub(super) fn new() -> Self {
        Self(Recent::new(KEPT))
    }

    /// The planes of `stamp` with its corner at `phase` of the frame's least repeating square.
    pub(super) fn get(
        &self,
        stamp: &Arc<Prepared>,
        header: &Header,
        phase: (u32, u32),
    ) -> Result<Arc<Overlay>, Fault> {
        let sampling = |frame: &Frame| frame.components.iter().map(|c| (c.h, c.v)).collect();
        let key = Key {
            stamp: Arc::clone(stamp),
            sampling: sampling(&header.frame),
            transform: header.transform,
            phase,
        };
        let make = |_: &Key| Ok(Overlay::new(stamp, &header.frame, header.transform, phase));
        self.0.get(key, make).map_err(|_| Fault::NotHere("its stamp cannot be prepared"))
    }
}
