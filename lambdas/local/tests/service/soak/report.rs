//! What came of it, and whether that is good.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Counts;
use super::owners::Finished;
use super::process::{Samples, median};
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

pub(super) struct Report<'a> {
    pub(super) length: Duration,
    pub(super) counts: &'a Counts,
    pub(super) jobs: usize,
    pub(super) outcome: Outcome,
    pub(super) samples: &'a Samples,
    /// Objects among the stamped.
    pub(super) stamped: usize,
    /// Multipart uploads that nobody completed.
    pub(super) unfinished: usize,
    /// What lies in the folder for temporary files.
    pub(super) temporary: Vec<PathBuf>,
    /// Files that are open at the end.
    pub(super) left: usize,
}

const MIB: f64 = (1 << 20) as f64;

impl Report<'_> {
    /// The process's memory in the second and in the last quarter, in MiB.
    fn memory(&self) -> [f64; 2] {
        let own: Vec<u64> = self.samples.memory.iter().map(|&(own, _)| own).collect();
        let quarter = own.len() / 4;
        [&own[quarter..2 * quarter], &own[3 * quarter..]].map(|part| median(part) as f64 / MIB)
    }

    pub(super) fn check(&self) {
        let Outcome { done, failed, damaged, ref reasons } = self.outcome;
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        assert!(self.jobs >= 10 && done >= 40, "hardly anything was done");
        let Counts { kills, stops, store_failures, sockets, previews, .. } = self.counts;
        for (what, counter) in [
            ("kill", kills),
            ("stop of PostgreSQL", stops),
            ("failure of the store", store_failures),
            ("socket", sockets),
            ("preview", previews),
        ] {
            assert!(count(counter) > 0, "there was no {what}");
        }
        assert!(damaged > 0, "no picture was damaged");
        assert_eq!(count(&self.counts.unanswered), 0, "requests without an answer");
        assert_eq!(count(&self.counts.left), 0, "connections were broken off by a process that runs");
        assert_eq!(failed - damaged, reasons.len() as u64);
        // What is tried again five times in the midst of faults may fail; each says so.
        assert!(reasons.len() as u64 * 20 <= done, "too many failed: {reasons:?}");
        assert_eq!(self.stamped as u64, done, "results that are nobody's, or that are missing");
        assert_eq!(self.unfinished, 0, "uploads that nobody completed");
        let unknown = self.temporary.iter().find(|path| {
            !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("stampede-"))
        });
        assert_eq!(unknown, None, "a temporary file is left");
        let first = self.samples.files.first().copied().unwrap_or_default();
        assert!(self.left <= first + 40, "{} files are open, {first} were", self.left);
        let [early, late] = self.memory();
        assert!(late <= 1.25 * early + 24.0, "memory grows from {early:.0} to {late:.0} MiB");
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
            sockets,
            kills,
            stops,
            store_failures,
        } = self.counts;
        let [early, late] = self.memory();
        let most = self.samples.memory.iter().map(|&(_, all)| all).max().unwrap_or(0) as f64 / MIB;
        let first = self.samples.files.first().copied().unwrap_or_default();
        for (what, value) in [
            ("Length", format!("{} s", self.length.as_secs())),
            ("Jobs accepted, and finished", self.jobs.to_string()),
            ("Pictures done", done.to_string()),
            ("Pictures failed, of them damaged ones", format!("{failed}, {damaged}")),
            ("Previews", count(previews).to_string()),
            ("Sockets that came and went", count(sockets).to_string()),
            ("Requests answered, of them with “not now”", format!("{}, {}", count(answered), count(refused))),
            (
                "Requests broken off by a kill, otherwise, and without any answer",
                format!("{}, {}, {}", count(broken), count(left), count(unanswered)),
            ),
            (
                "Kills; stops of PostgreSQL; failed calls of the store",
                format!("{}; {}; {}", count(kills), count(stops), count(store_failures)),
            ),
            (
                "Results in the store; uploads left half done",
                format!("{}; {}", self.stamped, self.unfinished),
            ),
            ("Memory of the process, second and last quarter", format!("{early:.0} and {late:.0} MiB")),
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

/// How many objects a bucket has.
pub(super) async fn objects(endpoint: &str, bucket: &str) -> usize {
    let (mut all, mut behind) = (0, String::new());
    loop {
        let page =
            http().get(format!("{endpoint}/{bucket}?list-type=2&start-after={behind}")).send().await.unwrap();
        let page = page.text().await.unwrap();
        let keys: Vec<_> = page.split("<Key>").skip(1).filter_map(|rest| rest.split_once("</Key>")).collect();
        all += keys.len();
        match keys.last() {
            Some((last, _)) if page.contains("<IsTruncated>true") => behind = (*last).to_owned(),
            _ => return all,
        }
    }
}

/// How many multipart uploads of a bucket are neither completed nor given up.
pub(super) async fn unfinished_uploads(endpoint: &str, bucket: &str) -> usize {
    let list = http().get(format!("{endpoint}/{bucket}?uploads")).send().await.unwrap();
    list.text().await.unwrap().matches("<UploadId>").count()
}
