//! What a process and its decoders take of the machine.

use std::fs;
use std::time::{Duration, Instant};

/// Memory and files, a second apart.
pub(super) struct Samples {
    process: u32,
    pub(super) memory: Vec<Memory>,
    /// Files that it has open.
    pub(super) files: Vec<usize>,
}

/// Bytes of memory at a time.
#[derive(Clone, Copy)]
pub(super) struct Memory {
    /// Of the process.
    pub(super) own: u64,
    /// Of its decoders together.
    pub(super) decoders: u64,
    /// How many decoders there were.
    pub(super) number: u64,
}

impl Samples {
    pub(super) fn new(process: u32) -> Self {
        Self { process, memory: Vec::new(), files: Vec::new() }
    }

    pub(super) fn take(&mut self) {
        let decoders = decoders(self.process);
        let number = decoders.len() as u64;
        let decoders = decoders.into_iter().map(memory).sum();
        self.memory.push(Memory { own: memory(self.process), decoders, number });
        self.files.push(files(self.process));
    }

    /// The middle of something in the second and in the last quarter, of the samples that have it.
    pub(super) fn early_and_late(&self, of: fn(&Memory) -> Option<u64>) -> [u64; 2] {
        let (memory, quarter) = (&self.memory, self.memory.len() / 4);
        let middle = |part: &[Memory]| median(part.iter().filter_map(of).collect());
        [middle(&memory[quarter..2 * quarter]), middle(&memory[3 * quarter..])]
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

impl Memory {
    /// Of one decoder, on average, where there are any.
    pub(super) fn of_a_decoder(&self) -> Option<u64> {
        self.decoders.checked_div(self.number)
    }
}

/// The middle one; none is nothing.
fn median(mut all: Vec<u64>) -> u64 {
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or_default()
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
