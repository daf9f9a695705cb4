//! An owner who has results packed, over and over: results and ZIPs that are written in several parts.

use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::owners::{Accepted, Life, Owner};
use super::{Counts, PATIENCE, count};
use crate::client::variant;

/// What is longer is written in several parts (`PART` of `adapters/store/src/s3/multipart.rs`).
const PART: u64 = 8 << 20;
/// Of a bitmap that is longer, as its result is.
const LARGE: (u32, u32) = (2000, 1500);

/// Packs until all is over, a job at a time and with a pause between them.
pub(super) async fn pack(
    mut owner: Owner,
    pause: Duration,
    counts: Arc<Counts>,
    over: Arc<AtomicBool>,
) -> Life {
    owner.begin().await;
    let small = std::fs::read(variant("baseline-420.jpg")).unwrap();
    let pictures = [bitmap(LARGE), small.clone(), small];
    let mut jobs = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let began = Instant::now();
        let ids = owner.upload_all(&pictures).await;
        let job = owner.job_of(&ids, "built-in:logo", 0).await;
        packed(&owner, &job, &counts).await;
        jobs.push(job);
        while began.elapsed() < pause && !over.load(Ordering::Relaxed) {
            sleep(Duration::from_millis(100)).await;
        }
    }
    owner.ended(jobs)
}

/// Has a job's results packed as soon as it is finished, and looks at the archive.
async fn packed(owner: &Owner, job: &Accepted, counts: &Counts) {
    let path = format!("/jobs/{}", job.id());
    let finished = asked(owner, Method::GET, &path, |job| job["status"] == "finished").await;
    let done = finished["counts"]["done"].as_u64().unwrap();
    if done == 0 {
        return;
    }
    let path = format!("{path}/zip");
    // One that could not be made is begun anew by whoever asks for it.
    let ready = asked(owner, Method::POST, &path, |zip| zip["state"] == "ready").await;
    let archive = owner.follow(&path).await;
    let bytes = archive.len() as u64;
    assert_eq!(ready["bytes"], bytes, "{path}");
    assert_eq!(zip::ZipArchive::new(Cursor::new(archive)).unwrap().len() as u64, done, "{path}");
    count(&counts.zips);
    if bytes > PART {
        count(&counts.large_zips);
    }
}

/// Asks until the answer is good.
async fn asked(owner: &Owner, method: Method, path: &str, is_good: fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let now = owner.until(method.clone(), path, &json!({}), None).await;
        if is_good(&now) {
            return now;
        }
        assert!(Instant::now() < deadline, "{path} comes to no end: {now}");
        sleep(Duration::from_millis(200)).await;
    }
}

/// A picture that is as long as its pixels are many: 24 bits each, bottom up.
fn bitmap((width, height): (u32, u32)) -> Vec<u8> {
    let pixels: Vec<u8> = (0..width * height * 3).map(|at| (at % 251) as u8).collect();
    let length = (54 + pixels.len() as u32).to_le_bytes();
    let (width, height) = (width.to_le_bytes(), height.to_le_bytes());
    let info = [&40_u32.to_le_bytes()[..], &width, &height, &[1, 0, 24, 0], &[0; 24]].concat();
    [b"BM", &length[..], &[0; 4], &54_u32.to_le_bytes(), &info, &pixels].concat()
}
