//! Prepared stamps, kept in memory and in a folder.

#![deny(unsafe_code)]

#[cfg(unix)]
mod disk;
#[cfg(not(unix))]
#[path = "no_disk.rs"]
mod disk;
#[allow(unsafe_code, reason = "a memory map")]
mod mapped;
mod memory;

use std::path::PathBuf;
use std::sync::Arc;

pub(super) use mapped::Mapped;

use self::disk::Disk;
use self::memory::Memory;
use super::source::hash;
use super::{Prepared, Request, Stamp};
use crate::Result;

/// Where prepared stamps are kept, and how much of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheOptions {
    /// The folder, made where it is missing, for this user only. It is not used if it is a
    /// symbolic link, another user's, or others may write to it. `None`: memory only. Default:
    /// `stampede-` and the user's number in the folder for temporary files.
    pub folder: Option<PathBuf>,
    /// The folder's files have at most so many bytes together; the least recently used go first.
    /// Default: 256 MiB.
    pub disk_bytes: u64,
    /// So many bytes of prepared stamps are kept in memory. Default: 128 MiB.
    pub memory_bytes: u64,
}

impl Default for CacheOptions {
    fn default() -> Self {
        Self { folder: default_folder(), disk_bytes: 256 << 20, memory_bytes: 128 << 20 }
    }
}

#[cfg(unix)]
fn default_folder() -> Option<PathBuf> {
    Some(std::env::temp_dir().join(format!("stampede-{}", rustix::process::geteuid().as_raw())))
}

#[cfg(not(unix))]
fn default_folder() -> Option<PathBuf> {
    None
}

/// Prepared stamps, shared by any number of threads and, through the folder, of processes.
///
/// A folder that cannot be used, a damaged file in it, or a full disk never fails a picture: a
/// warning is logged and the stamp is prepared again.
#[derive(Debug)]
pub struct Cache {
    memory: Memory,
    disk: Option<Disk>,
}

/// BLAKE3 of all that decides a prepared stamp's samples.
type Key = [u8; 32];

impl Cache {
    /// Memory only.
    pub fn in_memory() -> Self {
        Self::new(CacheOptions { folder: None, ..CacheOptions::default() })
    }

    /// Memory and a folder.
    pub fn new(options: CacheOptions) -> Self {
        let disk = options.folder.and_then(|folder| {
            Disk::open(&folder, options.disk_bytes)
                .inspect_err(|error| {
                    tracing::warn!("prepared stamps are not kept in {}: {error}", folder.display());
                })
                .ok()
        });
        Self { memory: Memory::new(options.memory_bytes), disk }
    }

    /// The prepared stamp: from memory, else from the folder, else made now. While one thread
    /// makes it, others that ask for the same wait.
    ///
    /// # Errors
    /// As [`Prepared::new`].
    pub fn get(&self, stamp: &Stamp, request: &Request) -> Result<Arc<Prepared>> {
        let key = key(stamp, request);
        self.memory.get(&key, || {
            if let Some(found) = self.disk.as_ref().and_then(|disk| disk.load(&key)) {
                return Ok(found);
            }
            let prepared = Prepared::new(stamp, request)?;
            if let Some(disk) = &self.disk {
                disk.store(&key, &prepared);
            }
            Ok(prepared)
        })
    }
}

fn key(stamp: &Stamp, request: &Request) -> Key {
    let kinds = [request.orientation as u8, request.ink as u8, request.depth as u8];
    hash(&[
        // Another version may prepare otherwise.
        env!("CARGO_PKG_VERSION").as_bytes(),
        &stamp.content_hash(),
        &request.width.to_le_bytes(),
        &request.height.to_le_bytes(),
        &request.rotate.to_bits().to_le_bytes(),
        &request.opacity.to_bits().to_le_bytes(),
        &kinds,
        &request.profile.fingerprint(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Depth, Ink, Layout, Orientation, Pixels, Profile, Samples};

    pub(super) fn stamp() -> Stamp {
        let samples = Samples::U8((0..=255).collect());
        Stamp::from_pixels(Pixels::new(8, 8, Layout::Rgba, samples).unwrap()).unwrap()
    }

    pub(super) fn request(width: u32, height: u32) -> Request {
        Request {
            width,
            height,
            rotate: 0.0,
            opacity: 1.0,
            orientation: Orientation::Normal,
            ink: Ink::Rgb,
            depth: Depth::Eight,
            profile: Arc::new(Profile::srgb()),
        }
    }

    #[test]
    fn every_parameter_makes_another_key() {
        let other =
            Stamp::from_pixels(Pixels::new(1, 1, Layout::Gray, Samples::U8(vec![1])).unwrap()).unwrap();
        let gamma = moxcms::ColorProfile::new_gray_with_gamma(1.8).encode().unwrap();
        let requests = [
            request(3, 4),
            request(4, 3),
            Request { rotate: 1.0, ..request(3, 4) },
            Request { opacity: 0.5, ..request(3, 4) },
            Request { orientation: Orientation::Rotate90, ..request(3, 4) },
            Request { ink: Ink::Gray, ..request(3, 4) },
            Request { depth: Depth::Sixteen, ..request(3, 4) },
            Request { profile: Arc::new(Profile::from_icc(&gamma, Ink::Gray).unwrap()), ..request(3, 4) },
        ];
        let mut keys: Vec<Key> = requests.iter().map(|request| key(&stamp(), request)).collect();
        keys.push(key(&other, &request(3, 4)));
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count);
        assert_eq!(key(&stamp(), &request(3, 4)), key(&stamp(), &request(3, 4)));
    }

    #[test]
    fn memory_alone_hands_out_one_and_the_same() {
        let cache = Cache::in_memory();
        let first = cache.get(&stamp(), &request(5, 5)).unwrap();
        assert!(Arc::ptr_eq(&first, &cache.get(&stamp(), &request(5, 5)).unwrap()));
        assert!(cache.get(&stamp(), &request(0, 5)).is_err());
    }

    #[test]
    fn an_unusable_folder_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, b"").unwrap();
        let cache = Cache::new(CacheOptions { folder: Some(file.join("below")), ..CacheOptions::default() });
        assert!(cache.disk.is_none());
        assert_eq!(cache.get(&stamp(), &request(5, 5)).unwrap().width(), 5);
    }
}
