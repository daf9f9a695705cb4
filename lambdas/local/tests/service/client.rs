//! A client of the API.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

pub(crate) fn http() -> reqwest::Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

pub(crate) fn variant(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/pictures/variants").join(name)
}

/// Somebody with a session.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Client {
    pub(crate) async fn new(url: &str) -> Self {
        let http = http();
        let begun: Value = http.post(format!("{url}/sessions")).send().await.unwrap().json().await.unwrap();
        Self { http, url: url.to_owned(), token: begun["token"].as_str().unwrap().to_owned() }
    }

    /// The same where the service is now.
    pub(crate) fn at(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> reqwest::Response {
        let call = self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token);
        let call = match body {
            Some(body) => call.json(&body),
            None => call,
        };
        call.send().await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, None).await.json().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let answer = self.call(Method::POST, path, Some(body)).await;
        (answer.status(), answer.json().await.unwrap())
    }

    /// Uploads files as pictures and has them looked at; their identifiers.
    pub(crate) async fn upload(&self, files: &[PathBuf]) -> Vec<String> {
        let contents: Vec<_> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
        let named = files.iter().zip(&contents).map(|(file, content)| {
            let name = file.file_name().unwrap().to_str().unwrap();
            json!({ "name": name, "bytes": content.len(), "type": "image/jpeg" })
        });
        let named: Vec<_> = named.collect();
        let (status, forms) = self.post("/pictures", json!({ "pictures": named })).await;
        assert_eq!(status, 201, "{forms}");
        let mut ids = Vec::new();
        for (form, content) in forms["pictures"].as_array().unwrap().iter().zip(contents) {
            let mut multipart = reqwest::multipart::Form::new();
            for field in form["upload"]["fields"].as_array().unwrap() {
                let text = |at: usize| field[at].as_str().unwrap().to_owned();
                multipart = multipart.text(text(0), text(1));
            }
            let multipart = multipart.part("file", reqwest::multipart::Part::bytes(content).file_name("x"));
            let sent =
                self.http.post(form["upload"]["url"].as_str().unwrap()).multipart(multipart).send().await;
            assert_eq!(sent.unwrap().status(), 204);
            ids.push(form["id"].as_str().unwrap().to_owned());
        }
        let (status, _) = self.post("/pictures/confirm", json!({ "ids": ids })).await;
        assert_eq!(status, 200);
        ids
    }

    /// Asks for the job until it is finished.
    pub(crate) async fn finished(&self, job: &str) -> Value {
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            let now = self.get(&format!("/jobs/{job}")).await;
            if now["status"] == "finished" {
                return now;
            }
            assert!(Instant::now() < deadline, "{now}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What a path leads to.
    pub(crate) async fn follow(&self, path: &str) -> Vec<u8> {
        let answer = self.call(Method::GET, path, None).await;
        assert_eq!(answer.status(), 303, "{path}");
        let place = answer.headers()["location"].to_str().unwrap().to_owned();
        let found = self.http.get(place).send().await.unwrap();
        assert_eq!(found.status(), 200);
        found.bytes().await.unwrap().to_vec()
    }
}
