//! What came of it, and whether that is good.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Counts;
use super::leftovers::Leftovers;
use super::owners::Finished;
use super::process::{Memory, Samples};
use super::witness::upload_ids;
use crate::client::http;

/// What became of all pictures.
#[derive(Default)]
pub(super) struct Outcome {
    done: u64,
    failed: u64,
    damaged: u64,
    reasons: Vec<String>,
}

impl Outcome {
    pub(super) fn add(&mut self, job: Finished) {
        self.done += job.done;
        self.failed += job.failed;
        self.damaged += job.damaged;
        self.reasons.extend(job.reasons);
    }
}

/// Objects that are written in several parts.
pub(super) struct Multipart {
    /// By the process that is never killed.
    pub(super) begun: usize,
    /// Of these, those that are neither completed nor given up.
    pub(super) left: usize,
    /// Of these, those that its log names: the store did not take that they were given up. A bucket's rule ends them.
    pub(super) named: usize,
    /// Those that the process left which was killed over and over.
    pub(super) killed: usize,
}

pub(super) struct Report<'a> {
    pub(super) length: Duration,
    pub(super) counts: &'a Counts,
    pub(super) jobs: usize,
    pub(super) outcome: Outcome,
    pub(super) samples: &'a Samples,
    /// Objects among the stamped.
    pub(super) stamped: usize,
    pub(super) multipart: Multipart,
    /// Objects of uploads that were nobody's before all uploads were looked at again.
    pub(super) beside: usize,
    /// What is there after that.
    pub(super) leftovers: Leftovers,
    /// What lies in the folder for temporary files.
    pub(super) temporary: Vec<PathBuf>,
    /// Files that are open at the end.
    pub(super) left: usize,
}

const MIB: f64 = (1 << 20) as f64;
/// What a process may hold more late than early, in MiB: a large picture as it came, its result, and three parts of an
/// object that is being written, 8 MiB each, which the allocator has or has not given back. Of a small process, less.
const IN_HAND: f64 = 9.0 + 9.0 + 3.0 * 8.0 + 6.0;
/// And a decoder: the same picture as it came, its pixels, once more while they are mixed, and the result. Some have
/// their first large one late.
const IN_A_DECODER: f64 = 9.0 + 12.0 + 12.0 + 9.0;
/// In hand at a time with one owner who has results packed: a large result, and the ZIP that holds one.
const LARGE_AT_ONCE: u64 = 2;

impl Report<'_> {
    /// In the second and in the last quarter, in MiB.
    fn memory(&self, of: fn(&Memory) -> Option<u64>) -> [f64; 2] {
        self.samples.early_and_late(of).map(|bytes| bytes as f64 / MIB)
    }

    fn most_decoders(&self) -> u64 {
        self.samples.memory.iter().map(|memory| memory.number).max().unwrap_or(0)
    }

    pub(super) fn check(&self) {
        let Outcome { done, failed, damaged, ref reasons } = self.outcome;
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        assert!(self.jobs >= 10 && done >= 40, "hardly anything was done");
        let Counts { kills, stops, store_failures, sockets, previews, zips, large_zips, .. } = self.counts;
        for (what, counter) in [
            ("kill", kills),
            ("stop of PostgreSQL", stops),
            ("failure of the store", store_failures),
            ("socket", sockets),
            ("preview", previews),
            ("ZIP", zips),
            ("ZIP of several parts", large_zips),
        ] {
            assert!(count(counter) > 0, "there was no {what}");
        }
        assert!(damaged > 0, "no picture was damaged");
        assert_eq!(count(&self.counts.unanswered), 0, "requests without an answer");
        assert_eq!(count(&self.counts.left), 0, "connections were broken off by a process that runs");
        let broken = self.counts.broken_visits.lock().unwrap();
        assert!(broken.is_empty(), "sockets of a process that runs: {broken:?}");
        assert_eq!(failed - damaged, reasons.len() as u64);
        // What is tried again five times in the midst of faults may fail; each says so.
        assert!(reasons.len() as u64 * 20 <= done, "too many failed: {reasons:?}");
        assert_eq!(self.stamped as u64, done, "results that are nobody's, or that are missing");
        self.check_multipart();
        let Leftovers { unknown, missing, .. } = &self.leftovers;
        assert!(unknown.is_empty(), "uploads that are nobody's: {unknown:?}");
        assert!(missing.is_empty(), "uploads that are gone: {missing:?}");
        let strange = self.temporary.iter().find(|path| {
            !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("stampede-"))
        });
        assert_eq!(strange, None, "a temporary file is left");
        let first = self.samples.files.first().copied().unwrap_or_default();
        assert!(self.left <= first + 40, "{} files are open, {first} were", self.left);
        self.check_memory();
    }

    fn check_multipart(&self) {
        let Multipart { begun, left, named, killed } = self.multipart;
        assert!(begun > 0, "nothing was written in several parts");
        assert!(left <= named, "{left} uploads are neither completed nor given up, and {named} are named");
        // Whoever is killed gives nothing up.
        let kills = self.counts.kills.load(Ordering::Relaxed);
        assert!(killed as u64 <= kills * LARGE_AT_ONCE, "{killed} uploads are left by {kills} kills");
    }

    fn check_memory(&self) {
        let [early, late] = self.memory(|memory| Some(memory.own));
        let most = early + IN_HAND.min(early / 4.0 + 24.0);
        assert!(late <= most, "memory grows from {early:.0} to {late:.0} MiB");
        let [early, late] = self.memory(Memory::of_a_decoder);
        assert!(early > 0.0, "no decoders were seen");
        assert!(late <= early + IN_A_DECODER, "a decoder's memory grows from {early:.0} to {late:.0} MiB");
        // Those of previews and those that stamp are apart, each as many as there are cores.
        let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
        let most = self.most_decoders();
        assert!(most <= 2 * cores, "{most} decoders on {cores} cores");
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outcome { done, failed, damaged, reasons, .. } = &self.outcome;
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Counts {
            answered,
            failed: refused,
            broken,
            left,
            unanswered,
            previews,
            zips,
            large_zips,
            sockets,
            broken_visits,
            kills,
            stops,
            store_failures,
            ..
        } = self.counts;
        let Multipart { begun, left: left_begun, killed, .. } = self.multipart;
        let Leftovers { recorded, waiting, unknown, missing } = &self.leftovers;
        let [early, late] = self.memory(|memory| Some(memory.own));
        let [early_decoder, late_decoder] = self.memory(Memory::of_a_decoder);
        let all = self.samples.memory.iter().map(|memory| memory.own + memory.decoders);
        let most = all.max().unwrap_or(0) as f64 / MIB;
        let first = self.samples.files.first().copied().unwrap_or_default();
        for (what, value) in [
            ("Length", format!("{} s", self.length.as_secs())),
            ("Jobs accepted, and finished", self.jobs.to_string()),
            ("Pictures done", done.to_string()),
            ("Pictures failed, of them damaged ones", format!("{failed}, {damaged}")),
            ("Previews", count(previews).to_string()),
            ("ZIPs, of them longer than a part", format!("{}, {}", count(zips), count(large_zips))),
            (
                "Sockets that came and went; that broke off while PostgreSQL ran",
                format!("{}; {}", count(sockets), broken_visits.lock().unwrap().len()),
            ),
            ("Requests answered, of them with “not now”", format!("{}, {}", count(answered), count(refused))),
            (
                "Requests broken off by a kill, otherwise, and without any answer",
                format!("{}, {}, {}", count(broken), count(left), count(unanswered)),
            ),
            (
                "Kills; stops of PostgreSQL; failed calls of the store",
                format!("{}; {}; {}", count(kills), count(stops), count(store_failures)),
            ),
            ("Results in the store", self.stamped.to_string()),
            (
                "Multipart uploads of the process that lives, left half done; left by kills",
                format!("{begun}, {left_begun}; {killed}"),
            ),
            (
                "Uploads kept as recorded; not looked at; missing",
                format!("{recorded}; {waiting}; {}", missing.len()),
            ),
            (
                "Nobody's beside them; once all were looked at again",
                format!("{}; {}", self.beside, unknown.len()),
            ),
            ("Memory of the process, second and last quarter", format!("{early:.0} and {late:.0} MiB")),
            (
                "Memory of a decoder, second and last quarter; most decoders",
                format!("{early_decoder:.0} and {late_decoder:.0} MiB; {}", self.most_decoders()),
            ),
            ("Most memory with its decoders", format!("{most:.0} MiB")),
            ("Open files, at first and at the end", format!("{first} and {}", self.left)),
            (
                "Other reasons of failure",
                if reasons.is_empty() { "none".to_owned() } else { reasons.join("; ") },
            ),
        ] {
            writeln!(f, "| {what} | {value} |")?;
        }
        Ok(())
    }
}

/// The keys of a bucket's objects.
pub(super) async fn keys(endpoint: &str, bucket: &str) -> Vec<String> {
    let (mut all, mut behind) = (Vec::<String>::new(), String::new());
    loop {
        let page =
            http().get(format!("{endpoint}/{bucket}?list-type=2&start-after={behind}")).send().await.unwrap();
        let page = page.text().await.unwrap();
        let keys = page.split("<Key>").skip(1).filter_map(|rest| rest.split_once("</Key>"));
        all.extend(keys.map(|(key, _)| key.to_owned()));
        if !page.contains("<IsTruncated>true") {
            return all;
        }
        behind = all.last().cloned().unwrap_or_default();
    }
}

/// The multipart uploads of a bucket that are neither completed nor given up.
pub(super) async fn unfinished_uploads(endpoint: &str, bucket: &str) -> Vec<String> {
    let list = http().get(format!("{endpoint}/{bucket}?uploads")).send().await.unwrap();
    upload_ids(&list.text().await.unwrap())
}
