//! Jobs that are asked for twice, listed by pages, given up and taken up again, and whose pictures are deleted.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::{Client, variant};
use crate::places::homes;

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_made_once_listed_by_pages_given_up_and_taken_up_again() {
    for home in homes().await {
        let client = Client::new(&home.url).await;
        let ids = client.upload(&["baseline-420.jpg", "png8-rgb.png"].map(variant)).await;
        let wanted = json!({ "pictures": ids, "stamp": "built-in:logo" });
        let first = made_once(&client, &wanted).await;

        let mut jobs = vec![first];
        for _ in 0..4 {
            let (status, job) = client.post("/jobs", wanted.clone()).await;
            assert_eq!(status, StatusCode::CREATED, "{}: {job}", home.name);
            jobs.push(id_of(&job));
        }
        jobs.reverse();
        assert_eq!(listed(&client, 2).await, jobs, "{}", home.name);

        // Whatever was stamped by then stays so, and what was given up is done when it is taken up again.
        let last = format!("/jobs/{}", jobs[0]);
        let (status, _) = client.post(&format!("{last}/cancel"), json!({})).await;
        assert_eq!(status, StatusCode::OK);
        let counts = client.finished(&jobs[0]).await["counts"].clone();
        let ended = counts["done"].as_u64().unwrap() + counts["cancelled"].as_u64().unwrap();
        assert_eq!(ended, 2, "{}: {counts}", home.name);
        client.post(&format!("{last}/retry"), json!({})).await;
        assert_eq!(client.finished(&jobs[0]).await["counts"]["done"], 2, "{}", home.name);

        pictures_are_deleted_with_grace(&client, &ids, &wanted).await;
    }
}

/// A job that was asked for three times by one key; its identifier.
async fn made_once(client: &Client, wanted: &Value) -> String {
    let asked = async |wanted: &Value, key: &str| {
        let call = client.request(Method::POST, "/jobs", Some(wanted.clone()));
        let answer = call.header("idempotency-key", key).send().await.unwrap();
        (answer.status(), answer.json::<Value>().await.unwrap())
    };
    let (status, job) = asked(wanted, "the one").await;
    assert_eq!(status, StatusCode::CREATED, "{job}");
    for _ in 0..2 {
        let (status, again) = asked(wanted, "the one").await;
        assert_eq!((status, &again["id"]), (StatusCode::OK, &job["id"]));
    }
    let mut other = wanted.clone();
    other["settings"] = json!({ "at": "top" });
    let (status, problem) = asked(&other, "the one").await;
    assert_eq!((status, &problem["type"]), (StatusCode::CONFLICT, &json!("/problems/conflict")));
    let (status, problem) = asked(wanted, &"k".repeat(201)).await;
    assert!(status == 422 && problem["detail"].as_str().unwrap().contains("200 bytes"), "{problem}");
    id_of(&job)
}

/// All jobs, as pages of a length hold them.
async fn listed(client: &Client, length: u32) -> Vec<String> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("/jobs?limit={length}{cursor}")).await;
        all.extend(page["jobs"].as_array().unwrap().iter().map(id_of));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

async fn pictures_are_deleted_with_grace(client: &Client, ids: &[String], wanted: &Value) {
    let changed = async |method: Method, path: &str| {
        let answer = client.call(method, path, Some(json!({ "ids": ids }))).await;
        answer.json::<Value>().await.unwrap()["changed"].as_u64().unwrap()
    };
    let shown = async || client.get("/pictures").await["uploads"].as_array().unwrap().len();
    assert_eq!((changed(Method::DELETE, "/pictures").await, shown().await), (2, 0));
    assert_eq!(client.post("/jobs", wanted.clone()).await.0, StatusCode::NOT_FOUND);
    assert_eq!((changed(Method::POST, "/pictures/restore").await, shown().await), (2, 2));
    let (status, job) = client.post("/jobs", wanted.clone()).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(client.finished(&id_of(&job)).await["counts"]["done"], 2);
}

fn id_of(job: &Value) -> String {
    job["id"].as_str().unwrap().to_owned()
}
