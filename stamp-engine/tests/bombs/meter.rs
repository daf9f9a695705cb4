//! What a piece of work costs, by the kernel's account.

use std::fs;

/// Clock ticks a second in /proc (USER_HZ), the same on every Linux that we know of.
const TICKS: f64 = 100.0;

/// Runs from its making to its reading.
pub(crate) struct Meter {
    ticks: u64,
    kilobytes: u64,
}

impl Meter {
    /// Forgets the memory's height so far (proc(5), `clear_refs`).
    pub(crate) fn start() -> Self {
        fs::write("/proc/self/clear_refs", "5").unwrap();
        Self { ticks: ticks(), kilobytes: status("VmRSS:") }
    }

    /// Seconds of processor time, of all threads, and by how many megabytes memory rose at its height.
    pub(crate) fn read(self) -> (f64, u64) {
        let peak = status("VmHWM:").saturating_sub(self.kilobytes);
        ((ticks() - self.ticks) as f64 / TICKS, peak / 1000)
    }
}

/// User and system time: the 14th and 15th field, of which the second may hold spaces.
fn ticks() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
    fields.skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum()
}

fn status(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().strip_suffix("kB").unwrap().trim().parse().unwrap()
}
