//! Prepared stamps in a folder: one file each, under its key's name.
//!
//! A file is a header of 48 bytes and the samples, in this machine's byte order. The checksum
//! guards against damage, not against people: they are kept out by the folder's permissions. So it
//! is the fastest that finds damage, not a cryptographic one.
//!
//! | Offset | Length | |
//! |---|---|---|
//! | 0 | 8 | `STAMPREP` |
//! | 8 | 4 | version of this layout |
//! | 12 | 1 | ink: 0 gray, 1 RGB, 2 CMYK |
//! | 13 | 1 | bytes a sample: 1 or 2 |
//! | 14 | 2 | 0 |
//! | 16 | 4 | width |
//! | 20 | 4 | height |
//! | 24 | 8 | length of the samples, in bytes |
//! | 32 | 16 | XXH3 (128 bits) of the key, offsets 0 to 32 and the samples |

#![forbid(unsafe_code)]

use std::fs::{DirBuilder, File};
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::Path;
use std::sync::Once;
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, Mode, OFlags, fstat, open, openat, renameat, unlinkat};
use rustix::process::geteuid;

use super::{Key, Mapped};
use crate::{Depth, Ink, Prepared};

const MAGIC: [u8; 8] = *b"STAMPREP";
const VERSION: u32 = 2;
const HEADER: usize = 48;
/// A file's time of last use is kept this exact.
const TOUCH_AFTER: Duration = Duration::from_secs(60);
/// A file that is still being written at this age was left by a process that was killed.
const ABANDONED_AFTER: Duration = Duration::from_secs(3600);

#[derive(Debug)]
pub(super) struct Disk {
    folder: OwnedFd,
    limit: u64,
    warned: Once,
}

impl Disk {
    /// Opens the folder, made first where it is missing. All files are then opened relative to
    /// the open folder, so that nobody can exchange it for another.
    pub(super) fn open(folder: &Path, limit: u64) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
        let folder = open(folder, flags, Mode::empty())?;
        let stat = fstat(&folder)?;
        ours_alone(stat.st_uid, stat.st_mode as u32)?;
        Ok(Self { folder, limit, warned: Once::new() })
    }

    /// The stamp, if its file is there and whole.
    pub(super) fn load(&self, key: &Key) -> Option<Prepared> {
        match self.read(key) {
            Ok(prepared) => Some(prepared),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                self.warn(&error);
                None
            }
        }
    }

    /// Keeps the stamp, and makes room for it.
    pub(super) fn store(&self, key: &Key, prepared: &Prepared) {
        if (HEADER + prepared.bytes().len()) as u64 > self.limit {
            return;
        }
        let stored = self.write(key, prepared).and_then(|()| self.evict());
        if let Err(error) = stored {
            self.warn(&error);
        }
    }

    fn warn(&self, error: &io::Error) {
        self.warned.call_once(|| tracing::warn!("the folder of prepared stamps: {error}; going on without"));
    }

    fn read(&self, key: &Key) -> io::Result<Prepared> {
        // NONBLOCK, so that a pipe of that name does not make us wait.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = File::from(openat(&self.folder, name(key), flags, Mode::empty())?);
        let metadata = file.metadata()?;
        ours_alone(metadata.uid(), metadata.mode())?;
        if !metadata.is_file() || metadata.len() < HEADER as u64 {
            return Err(damaged());
        }
        let mapped = Mapped::new(&file, HEADER)?;
        let header = Header::read(mapped.header(), mapped.bytes().len()).ok_or_else(damaged)?;
        if checksum(key, &mapped.header()[..32], mapped.bytes()) != mapped.header()[32..] {
            return Err(damaged());
        }
        touch(&file, metadata.modified()?)?;
        Ok(Prepared::from_mapped(header.width, header.height, header.ink, header.depth, mapped))
    }

    /// Writes under another name and renames: readers see the whole file or none.
    fn write(&self, key: &Key, prepared: &Prepared) -> io::Result<()> {
        let temporary = format!(".{:016x}.tmp", random());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        let mut file = File::from(openat(&self.folder, &temporary, flags, mode)?);
        let header = Header::of(prepared).to_bytes();
        let sum = checksum(key, &header, prepared.bytes());
        let written = file
            .write_all(&header)
            .and_then(|()| file.write_all(&sum))
            .and_then(|()| file.write_all(prepared.bytes()))
            .and_then(|()| Ok(renameat(&self.folder, &temporary, &self.folder, name(key))?));
        if written.is_err() {
            let _ = unlinkat(&self.folder, &temporary, AtFlags::empty());
        }
        written
    }

    /// Removes the least recently used files until the rest is within the limit. Another process
    /// may remove some at the same time; what is mapped stays readable.
    fn evict(&self) -> io::Result<()> {
        let now = SystemTime::now();
        let mut files = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name().to_owned();
            let (is_kept, is_temporary) =
                (name.to_bytes().ends_with(b".stamp"), name.to_bytes().ends_with(b".tmp"));
            if !is_kept && !is_temporary {
                continue;
            }
            let Ok(stat) = rustix::fs::statat(&self.folder, &name, AtFlags::SYMLINK_NOFOLLOW) else {
                continue;
            };
            let seconds = u64::try_from(stat.st_mtime).unwrap_or_default();
            let used = SystemTime::UNIX_EPOCH
                + Duration::new(seconds, u32::try_from(stat.st_mtime_nsec).unwrap_or(0));
            if is_temporary {
                if now.duration_since(used).is_ok_and(|age| age > ABANDONED_AFTER) {
                    let _ = unlinkat(&self.folder, &name, AtFlags::empty());
                }
                continue;
            }
            files.push((used, u64::try_from(stat.st_size).unwrap_or_default(), name));
        }
        files.sort_unstable();
        let mut total: u64 = files.iter().map(|(_, size, _)| size).sum();
        for (_, size, name) in files {
            if total <= self.limit {
                break;
            }
            let _ = unlinkat(&self.folder, &name, AtFlags::empty());
            total -= size;
        }
        Ok(())
    }
}

/// What a file says before its samples.
struct Header {
    width: u32,
    height: u32,
    ink: Ink,
    depth: Depth,
    length: u64,
}

impl Header {
    fn of(prepared: &Prepared) -> Self {
        Self {
            width: prepared.width(),
            height: prepared.height(),
            ink: prepared.ink(),
            depth: prepared.depth(),
            length: prepared.bytes().len() as u64,
        }
    }

    fn to_bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_ne_bytes());
        bytes[12] = self.ink as u8;
        bytes[13] = self.depth.bytes() as u8;
        bytes[16..20].copy_from_slice(&self.width.to_ne_bytes());
        bytes[20..24].copy_from_slice(&self.height.to_ne_bytes());
        bytes[24..].copy_from_slice(&self.length.to_ne_bytes());
        bytes
    }

    /// `None` unless every field is sound and speaks of `length` bytes of samples.
    fn read(bytes: &[u8], length: usize) -> Option<Self> {
        let u32_at = |at: usize| Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?));
        let header = Self {
            width: u32_at(16)?,
            height: u32_at(20)?,
            ink: [Ink::Gray, Ink::Rgb, Ink::Cmyk]
                .into_iter()
                .find(|ink| Some(&(*ink as u8)) == bytes.get(12))?,
            depth: if bytes.get(13)? == &2 { Depth::Sixteen } else { Depth::Eight },
            length: length as u64,
        };
        let samples = u64::from(header.width) * u64::from(header.height);
        let wanted = samples.checked_mul((header.ink.channels() * header.depth.bytes()) as u64)?;
        (header.to_bytes() == bytes.get(..32)? && wanted == header.length).then_some(header)
    }
}

fn checksum(key: &Key, header: &[u8], samples: &[u8]) -> [u8; 16] {
    let mut hasher = twox_hash::XxHash3_128::new();
    for part in [key, header, samples] {
        hasher.write(part);
    }
    hasher.finish_128().to_ne_bytes()
}

fn name(key: &Key) -> String {
    format!("{}.stamp", blake3::Hash::from_bytes(*key).to_hex())
}

/// Refuses what another user owns or may write.
fn ours_alone(owner: u32, mode: u32) -> io::Result<()> {
    if owner == geteuid().as_raw() && mode & 0o022 == 0 {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::PermissionDenied, "others may write to it"))
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a damaged file")
}

/// Notes that a file was used.
fn touch(file: &File, used: SystemTime) -> io::Result<()> {
    let now = SystemTime::now();
    match now.duration_since(used) {
        Ok(age) if age > TOUCH_AFTER => file.set_modified(now),
        _ => Ok(()),
    }
}

/// Unlike any other process's: a hasher of the standard library is seeded at random.
fn random() -> u64 {
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests;
