//! Prepared stamps, kept in memory and in a folder.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Prepared, Request, Stamp};
use crate::Result;

/// Where and how much.
#[derive(Clone, Debug)]
pub struct CacheOptions {
    /// The folder.
    pub folder: Option<PathBuf>,
    /// Bytes on disk.
    pub disk_bytes: u64,
    /// Bytes in memory.
    pub memory_bytes: u64,
}

impl Default for CacheOptions {
    fn default() -> Self {
        todo!()
    }
}

/// Prepared stamps.
#[derive(Debug)]
pub struct Cache {}

impl Cache {
    /// Memory only.
    pub fn in_memory() -> Self {
        todo!()
    }

    /// Memory and a folder.
    pub fn new(_options: CacheOptions) -> Self {
        todo!()
    }

    /// The prepared stamp.
    pub fn get(&self, _stamp: &Stamp, _request: &Request) -> Result<Arc<Prepared>> {
        todo!()
    }
}
