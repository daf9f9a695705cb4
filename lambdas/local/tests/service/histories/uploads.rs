//! What looks at uploads leave in the store, wherever they are broken off and however many there are at a time.

use axum::body::Bytes;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use stampede_database::NewUpload;
use stampede_domain::id::{OwnerId, PictureId};
use stampede_middleware::{Settings, sweep};
use stampede_store::About;

use super::parts::Parts;
use crate::client::{Client, variant};

/// Looks at a time, and how often that many.
const LOOKS: usize = 8;
const ROUNDS: usize = 5;

/// A picture that was sent and not looked at; its identifier.
async fn sent(client: &Client) -> String {
    let content = std::fs::read(variant("baseline-420.jpg")).unwrap();
    let picture = json!({ "name": "a.jpg", "bytes": content.len(), "type": "image/jpeg" });
    let (status, forms) = client.post("/pictures", json!({ "pictures": [picture] })).await;
    assert_eq!(status, 201, "{forms}");
    client.send(&forms["pictures"][0]["upload"], content).await;
    forms["pictures"][0]["id"].as_str().unwrap().to_owned()
}

/// How it stands when it was looked at.
async fn looked_at(client: &Client, picture: &str) -> Value {
    let (status, looked) = client.post("/pictures/confirm", json!({ "ids": [picture] })).await;
    assert_eq!(status, 200, "{looked}");
    looked["uploads"][0]["state"].clone()
}

/// Leaves what a process does that ends when it has made its copy, and before it has told the database.
async fn broken_off(parts: &Parts, form: &str) {
    parts.store.copy(form, &format!("{form}.left")).await.unwrap();
}

/// The one object of a picture that is ready, which is read when it is shown.
async fn kept(parts: &Parts, client: &Client, picture: &str) -> String {
    let keys = parts.keys("originals/").await;
    let [kept] = &keys[..] else { panic!("{keys:?}") };
    let shown = client.call(Method::GET, &format!("/pictures/{picture}/thumbnail"), None).await;
    assert_eq!(shown.status(), 200);
    kept.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_look_that_was_broken_off_has_left_is_cleared_up_by_who_looks_again() {
    let parts = Parts::start().await;
    let client = Client::new(&parts.url).await;
    let picture = sent(&client).await;
    let form = parts.keys("originals/").await.remove(0);
    broken_off(&parts, &form).await;
    assert_eq!(looked_at(&client, &picture).await, "ready");
    // As a form does that is sent once more.
    parts.store.copy(&format!("{form}.left"), &form).await.unwrap();
    assert_eq!(parts.keys("originals/").await.len(), 3);
    assert_eq!(looked_at(&client, &picture).await, "ready");
    let first = kept(&parts, &client, &picture).await;
    assert!(first != form && !first.ends_with(".left"), "{first}");
    assert_eq!(looked_at(&client, &picture).await, "ready");
    assert_eq!(kept(&parts, &client, &picture).await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_looks_at_a_time_one_is_recorded_and_no_other_leaves_or_takes_anything() {
    let parts = Parts::start_with(Settings { grace: 0, ..Settings::default() }).await;
    let client = Client::new(&parts.url).await;
    for _ in 0..ROUNDS {
        let picture = sent(&client).await;
        let looks = join_all((0..LOOKS).map(|_| looked_at(&client, &picture))).await;
        assert!(looks.iter().all(|state| state == "ready"), "{looks:?}");
        kept(&parts, &client, &picture).await;
        client.call(Method::DELETE, "/pictures", Some(json!({ "ids": [picture] }))).await;
        sweep(&parts.app).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_the_database_does_not_take_is_deleted_at_once() {
    let parts = Parts::start().await;
    let client = Client::new(&parts.url).await;
    let picture = sent(&client).await;
    let form = parts.keys("originals/").await;
    let unheard = client.at(&parts.unheard().await);
    let (status, problem) = unheard.post("/pictures/confirm", json!({ "ids": [picture] })).await;
    assert_eq!(status, 500, "{problem}");
    assert_eq!(parts.keys("originals/").await, form);
    assert_eq!(looked_at(&client, &picture).await, "ready");
    kept(&parts, &client, &picture).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_copies_of_a_picture_go_with_it() {
    let parts = Parts::start_with(Settings { grace: 0, ..Settings::default() }).await;
    let client = Client::new(&parts.url).await;
    let picture = sent(&client).await;
    let form = parts.keys("originals/").await.remove(0);
    broken_off(&parts, &form).await;
    assert_eq!(looked_at(&client, &picture).await, "ready");
    assert_eq!(parts.keys("originals/").await.len(), 2, "one is recorded, the other is nobody's");
    client.call(Method::DELETE, "/pictures", Some(json!({ "ids": [picture] }))).await;
    sweep(&parts.app).await.unwrap();
    assert!(parts.keys("originals/").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn all_copies_of_a_picture_that_nobody_ever_confirmed_go_after_a_day() {
    let parts = Parts::start().await;
    let client = Client::new(&parts.url).await;
    let owner: OwnerId = client.get("/me").await["owner"].as_str().unwrap().parse().unwrap();
    let id = PictureId::random().unwrap();
    let (key, content_type) = (format!("originals/{owner}/{id}"), "image/jpeg".to_owned());
    let content = std::fs::read(variant("baseline-420.jpg")).unwrap();
    let bytes = content.len() as u64;
    let announced = NewUpload { id, name: "a.jpg".to_owned(), key: key.clone(), content_type, bytes };
    // More than a day ago.
    parts.database.announce(owner, &[announced], 1).await.unwrap();
    parts.store.put(&key, Bytes::from(content), &About::of_type("image/jpeg")).await.unwrap();
    broken_off(&parts, &key).await;
    // The first round marks it, the second deletes it.
    for left in [2, 0] {
        sweep(&parts.app).await.unwrap();
        assert_eq!(parts.keys("originals/").await.len(), left);
    }
}
