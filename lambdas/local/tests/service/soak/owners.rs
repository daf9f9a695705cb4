//! Owners who upload, look, and make jobs, and who try again where a part does not answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Counts, count, random};
use crate::client::{http, variant};

/// A request that has no answer by then has none.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between jobs.
const PAUSE: Duration = Duration::from_millis(1500);

pub(super) struct Owner {
    http: reqwest::Client,
    url: String,
    /// Whether what is there is never killed.
    is_steady: bool,
    token: String,
    counts: Arc<Counts>,
    random: u64,
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
        Self { http: http(), url, is_steady, token: String::new(), counts, random: number + 1 }
    }

    /// Lives until all is over; the jobs that were accepted.
    pub(super) async fn live(mut self, over: Arc<AtomicBool>) -> Vec<Accepted> {
        let begun = self.until(Method::POST, "/sessions", &json!({}), None).await;
        self.token = begun["token"].as_str().unwrap().to_owned();
        let mut jobs = Vec::new();
        while !over.load(Ordering::Relaxed) {
            jobs.push(self.job().await);
            tokio::time::sleep(PAUSE).await;
        }
        jobs
    }

    async fn job(&mut self) -> Accepted {
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
        let named: Vec<_> = contents
            .iter()
            .map(|content| json!({ "name": "a.jpg", "bytes": content.len(), "type": "image/jpeg" }))
            .collect();
        let forms = self.until(Method::POST, "/pictures", &json!({ "pictures": named }), None).await;
        let mut ids = Vec::new();
        for (form, content) in forms["pictures"].as_array().unwrap().iter().zip(&contents) {
            self.upload(&form["upload"], content).await;
            ids.push(form["id"].as_str().unwrap().to_owned());
        }
        self.until(Method::POST, "/pictures/confirm", &json!({ "ids": ids }), None).await;
        let preview = json!({ "picture": ids[0], "stamp": "built-in:badge", "size": 200 });
        if self.ask(Method::POST, "/preview", &preview, None).await.is_some() {
            count(&self.counts.previews);
        }
        // However often it is sent, it is one job.
        let key = format!("{:x}{:x}", random(&mut self.random), random(&mut self.random));
        let wanted = json!({ "pictures": ids, "stamp": "built-in:logo", "settings": { "at": "center" } });
        let job = self.until(Method::POST, "/jobs", &wanted, Some(&key)).await;
        let id = job["id"].as_str().unwrap().to_owned();
        Accepted { id, token: self.token.clone(), pictures, damaged }
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
            // It goes to the store, whose silence is none of the service's.
            let sent = call.timeout(Duration::from_secs(10)).send().await;
            if sent.is_ok_and(|answer| answer.status() == StatusCode::NO_CONTENT) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Asks until it is answered as it should be.
    async fn until(&self, method: Method, path: &str, body: &Value, key: Option<&str>) -> Value {
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

impl Accepted {
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
