//! Owners who upload, look, and make jobs, and who try again where a part does not answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use stampede_domain::id::OwnerId;

use super::{Counts, count, random};
use crate::client::{http, variant};

/// A request that has no answer by then has none.
const PATIENCE: Duration = Duration::from_secs(60);
/// Of the store, which gives some requests none at all.
const STORES_PATIENCE: Duration = Duration::from_secs(10);
/// Between jobs.
const PAUSE: Duration = Duration::from_millis(1500);
/// Then another stamp is used.
const JOBS_OF_A_STAMP: usize = 8;
/// Pictures that are named in one request.
const AT_ONCE: usize = 100;

pub(super) struct Owner {
    http: reqwest::Client,
    url: String,
    /// Whether what is there is never killed.
    is_steady: bool,
    id: OwnerId,
    token: String,
    counts: Arc<Counts>,
    random: u64,
    pictures: Vec<String>,
    stamps: Vec<String>,
}

/// What an owner did.
pub(super) struct Life {
    pub(super) owner: OwnerId,
    pub(super) jobs: Vec<Accepted>,
    token: String,
    pictures: Vec<String>,
    stamps: Vec<String>,
}

/// A job that the service has taken on.
pub(super) struct Accepted {
    id: String,
    token: String,
    pictures: u64,
    damaged: u64,
}

/// A job that is over.
pub(super) struct Finished {
    pub(super) done: u64,
    pub(super) failed: u64,
    /// Of the failed ones, those that were damaged before.
    pub(super) damaged: u64,
    /// Why others failed.
    pub(super) reasons: Vec<String>,
}

impl Owner {
    pub(super) fn new(number: u64, url: String, is_steady: bool, counts: Arc<Counts>) -> Self {
        let (id, random) = (OwnerId::from_bytes([0; 16]), number + 1);
        let (token, pictures, stamps) = Default::default();
        Self { http: http(), url, is_steady, id, token, counts, random, pictures, stamps }
    }

    /// Becomes somebody.
    pub(super) async fn begin(&mut self) {
        let begun = self.until(Method::POST, "/sessions", &json!({}), None).await;
        self.token = begun["token"].as_str().unwrap().to_owned();
        self.id = begun["owner"].as_str().unwrap().parse().unwrap();
    }

    /// Lives until all is over.
    pub(super) async fn live(mut self, over: Arc<AtomicBool>) -> Life {
        self.begin().await;
        let (mut jobs, mut stamp) = (Vec::new(), String::new());
        while !over.load(Ordering::Relaxed) {
            if jobs.len().is_multiple_of(JOBS_OF_A_STAMP) {
                stamp = self.stamp().await;
            }
            jobs.push(self.job(&stamp).await);
            tokio::time::sleep(PAUSE).await;
        }
        self.ended(jobs)
    }

    /// What became of it, these jobs among it.
    pub(super) fn ended(self, jobs: Vec<Accepted>) -> Life {
        let Self { id, token, pictures, stamps, .. } = self;
        Life { owner: id, jobs, token, pictures, stamps }
    }

    async fn job(&mut self, stamp: &str) -> Accepted {
        let pictures = 2 + random(&mut self.random) % 6;
        let mut damaged = 0;
        let names = ["baseline-420.jpg", "orientation-6.jpg", "png8-rgb.png", "baseline-444.jpg"];
        let mut contents = Vec::new();
        for _ in 0..pictures {
            let name = names[random(&mut self.random) as usize % names.len()];
            let mut content = std::fs::read(variant(name)).unwrap();
            if random(&mut self.random).is_multiple_of(20) {
                damaged += 1;
                content.truncate(content.len() / 2);
            }
            contents.push(content);
        }
        let ids = self.upload_all(&contents).await;
        let preview = json!({ "picture": ids[0], "stamp": "built-in:badge", "size": 200 });
        if self.ask(Method::POST, "/preview", &preview, None).await.is_some() {
            count(&self.counts.previews);
        }
        self.job_of(&ids, stamp, damaged).await
    }

    /// Uploads pictures and has them looked at; their identifiers.
    pub(super) async fn upload_all(&mut self, contents: &[Vec<u8>]) -> Vec<String> {
        let named: Vec<_> = contents
            .iter()
            .map(|content| json!({ "name": "a.jpg", "bytes": content.len(), "type": "image/jpeg" }))
            .collect();
        let forms = self.until(Method::POST, "/pictures", &json!({ "pictures": named }), None).await;
        let mut ids = Vec::new();
        for (form, content) in forms["pictures"].as_array().unwrap().iter().zip(contents) {
            self.upload(&form["upload"], content).await;
            ids.push(form["id"].as_str().unwrap().to_owned());
        }
        self.until(Method::POST, "/pictures/confirm", &json!({ "ids": ids }), None).await;
        self.pictures.extend(ids.iter().cloned());
        ids
    }

    /// Makes a job of pictures.
    pub(super) async fn job_of(&mut self, ids: &[String], stamp: &str, damaged: u64) -> Accepted {
        // However often it is sent, it is one job.
        let key = format!("{:x}{:x}", random(&mut self.random), random(&mut self.random));
        let wanted = json!({ "pictures": ids, "stamp": stamp, "settings": { "at": "center" } });
        let job = self.until(Method::POST, "/jobs", &wanted, Some(&key)).await;
        let id = job["id"].as_str().unwrap().to_owned();
        Accepted { id, token: self.token.clone(), pictures: ids.len() as u64, damaged }
    }

    /// Uploads a stamp and has it looked at; its identifier.
    async fn stamp(&mut self) -> String {
        let content = std::fs::read(variant("png8-rgba.png")).unwrap();
        let named = json!({ "name": "a.png", "bytes": content.len(), "type": "image/png" });
        let form = self.until(Method::POST, "/stamps", &named, None).await;
        self.upload(&form["upload"], &content).await;
        let id = form["id"].as_str().unwrap().to_owned();
        let looked = self.until(Method::POST, &format!("/stamps/{id}/confirm"), &json!({}), None).await;
        assert_eq!(looked["state"], "ready", "{looked}");
        self.stamps.push(id.clone());
        id
    }

    async fn upload(&self, form: &Value, content: &[u8]) {
        loop {
            let mut multipart = reqwest::multipart::Form::new();
            for field in form["fields"].as_array().unwrap() {
                let text = |at: usize| field[at].as_str().unwrap().to_owned();
                multipart = multipart.text(text(0), text(1));
            }
            let file = reqwest::multipart::Part::bytes(content.to_vec()).file_name("x");
            let call = self.http.post(form["url"].as_str().unwrap()).multipart(multipart.part("file", file));
            let sent = call.timeout(STORES_PATIENCE).send().await;
            if sent.is_ok_and(|answer| answer.status() == StatusCode::NO_CONTENT) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// What a path leads to, as soon as the store gives all of it.
    pub(super) async fn follow(&self, path: &str) -> Vec<u8> {
        loop {
            let call = self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.token);
            let place = call.timeout(PATIENCE).send().await.ok().and_then(|answer| {
                let place = answer.headers().get("location")?.to_str().ok()?;
                Some(place.to_owned())
            });
            if let Some(place) = place
                && let Ok(found) = self.http.get(place).timeout(STORES_PATIENCE).send().await
            {
                let status = found.status();
                assert!(!status.is_client_error(), "{path} leads to {status}");
                if status == StatusCode::OK
                    && let Ok(content) = found.bytes().await
                {
                    return content.to_vec();
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Asks until it is answered as it should be.
    pub(super) async fn until(&self, method: Method, path: &str, body: &Value, key: Option<&str>) -> Value {
        loop {
            if let Some(answer) = self.ask(method.clone(), path, body, key).await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Asks once. `None`: a part does not answer, or the process was killed.
    async fn ask(&self, method: Method, path: &str, body: &Value, key: Option<&str>) -> Option<Value> {
        let mut call =
            self.http.request(method.clone(), format!("{}{path}", self.url)).bearer_auth(&self.token);
        if let Some(key) = key {
            call = call.header("idempotency-key", key);
        }
        let broken = if self.is_steady { &self.counts.left } else { &self.counts.broken };
        let answer = match call.json(body).timeout(PATIENCE).send().await {
            Ok(answer) => answer,
            Err(error) => {
                count(if error.is_timeout() { &self.counts.unanswered } else { broken });
                return None;
            }
        };
        count(&self.counts.answered);
        let status = answer.status();
        let Ok(said) = answer.bytes().await else {
            count(broken);
            return None;
        };
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            count(&self.counts.failed);
            return None;
        }
        // A damaged picture has no preview.
        let is_fine =
            status.is_success() || (path == "/preview" && status == StatusCode::UNPROCESSABLE_ENTITY);
        assert!(is_fine, "{method} {path}: {status} {}", String::from_utf8_lossy(&said));
        Some(serde_json::from_slice(&said).unwrap_or_default())
    }
}

impl Life {
    /// Has all uploads looked at once more, as an owner who had no answer does: what lies beside them is cleared up.
    pub(super) async fn look_again(&self, url: &str) {
        let confirm = async |path: &str, body: Value| {
            let call = http().post(format!("{url}{path}")).bearer_auth(&self.token).json(&body);
            let answer = call.send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{path}: {:?}", answer.text().await);
        };
        for ids in self.pictures.chunks(AT_ONCE) {
            confirm("/pictures/confirm", json!({ "ids": ids })).await;
        }
        for id in &self.stamps {
            confirm(&format!("/stamps/{id}/confirm"), json!({})).await;
        }
    }
}

impl Accepted {
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Waits for it, and looks at each of its items.
    pub(super) async fn finished(&self, url: &str, deadline: Instant) -> Finished {
        let get = async |path: String| -> Value {
            let call = http().get(format!("{url}{path}")).bearer_auth(&self.token);
            call.send().await.unwrap().json().await.unwrap()
        };
        let job = loop {
            let job = get(format!("/jobs/{}", self.id)).await;
            if job["status"] == "finished" {
                break job;
            }
            assert!(Instant::now() < deadline, "a job is lost: {job}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        let items = get(format!("/jobs/{}/items?limit=100", self.id)).await;
        let items = items["items"].as_array().unwrap_or_else(|| panic!("{items}"));
        assert_eq!(items.len() as u64, self.pictures);
        let reasons =
            items.iter().filter(|item| item["state"] == "failed").map(|item| item["reason"].as_str());
        let reasons: Vec<_> =
            reasons.map(|reason| reason.expect("a failure without a reason").to_owned()).collect();
        let (damaged, others): (Vec<_>, Vec<_>) = reasons
            .into_iter()
            .partition(|reason| reason.starts_with("damaged") || reason.contains("not uploaded"));
        let count = |state: &str| job["counts"][state].as_u64().unwrap();
        assert_eq!(count("done") + count("failed"), self.pictures, "{job}");
        assert!(damaged.len() as u64 <= self.damaged, "whole pictures are called damaged: {damaged:?}");
        assert!(count("failed") >= self.damaged, "damaged pictures are called done: {items:?}");
        Finished {
            done: count("done"),
            failed: count("failed"),
            damaged: damaged.len() as u64,
            reasons: others,
        }
    }
}
