//! What one picture and one batch may use, declared once and checked before anything is decoded.

use std::fs;
use std::path::Path;

use crate::{Error, Result};

/// Limits on input that may be hostile. The default suits pictures from anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Width × height of a picture; for an animation, of one frame. Default: 268,435,456 (2²⁸),
    /// 16,384 × 16,384.
    pub pixels: u64,
    /// Length of a picture file, in bytes. Default: 1 GiB.
    pub input_bytes: u64,
    /// Frames × width × height of an animation. Default: 4 × `pixels`.
    pub animation_pixels: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { pixels: 1 << 28, input_bytes: 1 << 30, animation_pixels: 1 << 30 }
    }
}

impl Limits {
    /// Refuses a file that is too long.
    ///
    /// # Errors
    /// [`Error::Limit`].
    pub fn check_bytes(&self, bytes: u64) -> Result<()> {
        within("the file's length", bytes, self.input_bytes, "bytes", "--limit-bytes")
    }

    /// Refuses a picture that has too many pixels.
    ///
    /// # Errors
    /// [`Error::Limit`].
    pub fn check_pixels(&self, width: u32, height: u32) -> Result<()> {
        let pixels = u64::from(width) * u64::from(height);
        within("the picture's size", pixels, self.pixels, "pixels", "--limit-pixels")
    }

    /// Refuses an animation with too many pixels over all its frames so far.
    ///
    /// # Errors
    /// [`Error::Limit`].
    pub fn check_animation(&self, width: u32, height: u32, frames: u64) -> Result<()> {
        let pixels = (u64::from(width) * u64::from(height)).saturating_mul(frames);
        within("the animation's size", pixels, self.animation_pixels, "pixels", "--limit-pixels")
    }
}

fn within(what: &'static str, actual: u64, limit: u64, unit: &str, option: &'static str) -> Result<()> {
    if actual <= limit {
        return Ok(());
    }
    Err(Error::Limit { what, actual: format!("{actual} {unit}"), limit: format!("{limit} {unit}"), option })
}

/// The memory, in bytes, that this process may use: the machine's, or that of its control group
/// (version 1 or 2) where that is less. `None` where the system tells neither.
pub fn available_memory() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| meminfo_total(&text));
    let group = cgroup_limit();
    match (machine, group) {
        (Some(machine), Some(group)) => Some(machine.min(group)),
        (machine, group) => machine.or(group),
    }
}

fn meminfo_total(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// The least limit on the way from this process's control group up to the root.
fn cgroup_limit() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let mut least = None::<u64>;
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { continue };
        let (root, file) = if controllers.is_empty() {
            ("/sys/fs/cgroup", "memory.max")
        } else if controllers.split(',').any(|name| name == "memory") {
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
        } else {
            continue;
        };
        for group in Path::new(path.trim_start_matches('/')).ancestors() {
            let limit = fs::read_to_string(Path::new(root).join(group).join(file));
            if let Some(limit) = limit.ok().and_then(|text| text.trim().parse::<u64>().ok()) {
                least = Some(least.map_or(limit, |least| least.min(limit)));
            }
        }
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_name_the_option_that_raises_them() {
        let limits = Limits { pixels: 100, ..Limits::default() };
        assert!(limits.check_pixels(10, 10).is_ok());
        let error = limits.check_pixels(u32::MAX, u32::MAX).unwrap_err().to_string();
        assert!(error.contains("--limit-pixels") && error.contains("100 pixels"), "{error}");
    }

    #[test]
    fn reads_the_total_from_meminfo() {
        assert_eq!(meminfo_total("MemTotal:       16 kB\nMemFree: 1 kB\n"), Some(16 * 1024));
        assert_eq!(meminfo_total("nothing"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn linux_tells_its_memory() {
        assert!(available_memory().is_some_and(|bytes| bytes > 1 << 20));
    }
}
