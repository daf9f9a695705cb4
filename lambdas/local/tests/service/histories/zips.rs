//! ZIPs of jobs, on the real parts.

use reqwest::Method;
use serde_json::json;
use stampede_middleware::{Settings, sweep};

use super::parts::{LONG, NOW, Parts};
use crate::client::{Client, variant};

/// A job of pictures that are all stamped; its identifier.
async fn stamped(parts: &Parts, client: &Client, pictures: Vec<String>) -> String {
    let (status, job) = client.post("/jobs", json!({ "pictures": pictures, "stamp": "built-in:logo" })).await;
    assert_eq!(status, 201, "{job}");
    work(parts).await;
    let id = job["id"].as_str().unwrap().to_owned();
    assert_eq!(client.finished(&id).await["counts"]["done"], pictures.len());
    id
}

/// Does what is in the queue.
async fn work(parts: &Parts) {
    let messages = parts.queue.receive(100, NOW, LONG).await.unwrap();
    parts.stamper.work(messages.iter().map(|message| message.body.clone()).collect()).await;
    let receipts: Vec<_> = messages.into_iter().map(|message| message.receipt).collect();
    parts.queue.delete(&receipts).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_longer_than_a_zip_may_be_gets_none_and_is_told_what_to_do() {
    let parts = Parts::start_with(Settings { longest_zip: 100_000, ..Settings::default() }).await;
    let client = Client::new(&parts.url).await;
    let small = client.upload_as("a.jpg", &variant("baseline-420.jpg")).await;
    let large = client.upload_as("b.png", &variant("png16-rgb.png")).await;
    let fits = stamped(&parts, &client, vec![small.clone()]).await;
    assert_eq!(client.post(&format!("/jobs/{fits}/zip"), json!({})).await.0, 202);

    let long = stamped(&parts, &client, vec![small, large]).await;
    let (status, problem) = client.post(&format!("/jobs/{long}/zip"), json!({})).await;
    let detail = problem["detail"].as_str().unwrap();
    assert!(status == 409 && detail.contains("at most 0.1 MB") && detail.contains("one by one"), "{problem}");
    assert_eq!(client.get(&format!("/jobs/{long}")).await["zip"]["state"], "none");
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_of_one_name_are_all_in_the_zip() {
    let parts = Parts::start().await;
    let client = Client::new(&parts.url).await;
    let mut pictures = Vec::new();
    for name in ["a.jpg", "3-a.jpg", "a.jpg", "A.jpg"] {
        pictures.push(client.upload_as(name, &variant("baseline-420.jpg")).await);
    }
    let job = stamped(&parts, &client, pictures).await;
    assert_eq!(client.post(&format!("/jobs/{job}/zip"), json!({})).await.0, 202);
    work(&parts).await;
    assert_eq!(client.get(&format!("/jobs/{job}")).await["zip"]["state"], "ready");
    let archive = client.follow(&format!("/jobs/{job}/zip")).await;
    let archive = zip::ZipArchive::new(std::io::Cursor::new(archive)).unwrap();
    let names: Vec<_> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    assert_eq!(names, ["a.jpg", "3-a.jpg", "3-3-a.jpg", "4-A.jpg"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_zip_that_was_never_made_nothing_stays_when_its_pictures_are_deleted() {
    let parts = Parts::start_with(Settings { grace: 0, ..Settings::default() }).await;
    let client = Client::new(&parts.url).await;
    let picture = client.upload(&[variant("baseline-420.jpg")]).await;
    let job = stamped(&parts, &client, picture.clone()).await;
    assert_eq!(client.post(&format!("/jobs/{job}/zip"), json!({})).await.0, 202);
    assert_eq!(parts.keys("zips/").await.len(), 1, "what is to be in it");
    client.call(Method::DELETE, "/pictures", Some(json!({ "ids": picture }))).await;
    sweep(&parts.app).await.unwrap();
    for below in ["zips/", "stamped/", "originals/"] {
        assert!(parts.keys(below).await.is_empty(), "{below}");
    }
}
