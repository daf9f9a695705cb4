//! Killed at any moment and started again, the service loses no picture and finishes each once.

use std::time::Duration;

use serde_json::json;

use crate::client::{Client, variant};
use crate::places::{Service, free_port};

/// More with `STAMPEDE_SOAK`.
const PICTURES: usize = 60;
const KILLS: u64 = 12;
/// The pictures of one upload.
const AT_ONCE: usize = 100;

#[tokio::test(flavor = "multi_thread")]
async fn every_picture_is_done_once_however_often_the_service_is_killed() {
    let data = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut service = Service::start(data.path(), port, &[]);
    let client = Client::new(&service.url).await;
    let soak = std::env::var_os("STAMPEDE_SOAK").is_some();
    let (pictures, kills) = if soak { (500, 50) } else { (PICTURES, KILLS) };
    let mut ids = Vec::new();
    for from in (0..pictures).step_by(AT_ONCE) {
        let files = vec![variant("baseline-420.jpg"); AT_ONCE.min(pictures - from)];
        ids.extend(client.upload(&files).await);
    }
    let (status, job) = client.post("/jobs", json!({ "pictures": ids, "stamp": "built-in:logo" })).await;
    assert_eq!(status, 201, "{job}");
    let id = job["id"].as_str().unwrap();
    let mut random = 0x9e37_79b9_7f4a_7c15u64;
    for _ in 0..kills {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        // No condition to wait for: any moment is meant.
        tokio::time::sleep(Duration::from_millis(random >> 33 & 63)).await;
        service.kill();
        service = Service::start(data.path(), port, &[]);
    }
    let job = client.finished(id).await;
    assert_eq!(job["counts"]["done"], pictures, "{job}");
    let missed = client.get("/events?since=0").await;
    let changes = missed["changes"].as_array().unwrap();
    let done = changes.iter().flat_map(|change| change["items"].as_array().unwrap());
    let done = done.filter(|item| item["state"] == "done").count();
    assert_eq!(done, pictures, "each is done once, as its owner is told");
    let objects = walk(&data.path().join("store/objects/stamped"));
    assert_eq!(objects, pictures, "nothing is left half written, nothing twice");
    drop(service);
}

fn walk(folder: &std::path::Path) -> usize {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .fold(0, |count, path| count + if path.is_dir() { walk(&path) } else { 1 })
}
