//! Where the benchmarks find their pictures, and how they look at their own memory.

#![forbid(unsafe_code)]

use std::fs;
use std::path::{Path, PathBuf};

/// A file of `fixtures/`.
///
/// # Panics
/// When it cannot be read.
pub fn fixture(name: &str) -> Vec<u8> {
    let path = folder().join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// `count` pictures of 12 MP: every JPEG of that size that `make large` makes, over and over.
///
/// # Panics
/// When there is none.
pub fn twelve_megapixels(count: usize) -> Vec<PathBuf> {
    let large = folder().join("large");
    let entries =
        fs::read_dir(&large).unwrap_or_else(|error| panic!("{}: {error}; run `make large`", large.display()));
    let is_wanted = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("12mp-") && name.ends_with(".jpg")
    };
    let mut found: Vec<_> = entries.map(|entry| entry.unwrap().path()).filter(is_wanted).collect();
    found.sort();
    assert!(!found.is_empty(), "no picture of 12 MP in {}; run `make large`", large.display());
    found.into_iter().cycle().take(count).collect()
}

/// The most memory that this process has had resident so far; `None` where the system does not tell.
pub fn peak_kilobytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}
