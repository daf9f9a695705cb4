//! What a process and its decoders take of the machine.

use std::fs;
use std::time::{Duration, Instant};

/// Memory and files, a second apart.
pub(super) struct Samples {
    process: u32,
    /// Bytes of memory: of the process, and of it with its decoders.
    pub(super) memory: Vec<(u64, u64)>,
    /// Files that it has open.
    pub(super) files: Vec<usize>,
}

impl Samples {
    pub(super) fn new(process: u32) -> Self {
        Self { process, memory: Vec::new(), files: Vec::new() }
    }

    pub(super) fn take(&mut self) {
        let own = memory(self.process);
        let decoders: u64 = decoders(self.process).into_iter().map(memory).sum();
        self.memory.push((own, own + decoders));
        self.files.push(files(self.process));
    }

    /// The files that are open once all clients are gone: no more than it has of its own.
    pub(super) async fn settle(&self, deadline: Instant) -> usize {
        let first = self.files.first().copied().unwrap_or_default();
        loop {
            let now = files(self.process);
            if now <= first + 40 || Instant::now() > deadline {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

/// The middle one of a part of the samples.
pub(super) fn median<T: Copy + Ord>(part: &[T]) -> T {
    let mut sorted = part.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

fn memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or(0) * 1024
}

fn files(process: u32) -> usize {
    fs::read_dir(format!("/proc/{process}/fd")).map_or(0, Iterator::count)
}

fn decoders(process: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let children = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    children
        .flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>())
        .collect()
}
