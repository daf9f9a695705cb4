//! The tables for walking made last: most pictures of a batch have the same Huffman tables.

#![forbid(unsafe_code)]

use std::sync::Arc;

use super::Fault;
use super::marker::{self, Header};
use super::walk::Walk;
use crate::Error;
use crate::recent::Recent;

/// Walks, to be used again for pictures that are coded alike.
#[derive(Debug)]
pub(super) struct Walks(Recent<Vec<u8>, Walk>);

impl Walks {
    pub(super) fn new() -> Self {
        Self(Recent::new(4))
    }

    /// The walk for the one scan of a sequential picture.
    pub(super) fn get(&self, raw: &[u8], header: &Header) -> Result<Arc<Walk>, Fault> {
        // All that a walk is made of: the Huffman tables, the sampling, and which goes with which.
        let mut key = Vec::new();
        for segment in &header.segments {
            if matches!(segment.code, marker::DHT | marker::SOS) {
                key.extend_from_slice(&raw[segment.place.clone()]);
            }
        }
        for component in &header.frame.components {
            key.extend([component.id, component.h as u8, component.v as u8]);
        }
        let found = self.0.get(key, |_| Walk::new(header).map_err(|_| Error::Cancelled));
        // A fault is not remembered, and this tells it.
        found.or_else(|_| Walk::new(header).map(Arc::new))
    }
}
