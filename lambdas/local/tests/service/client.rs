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

    /// A request, to be sent as it is or with more headers.
    pub(crate) fn request(&self, method: Method, path: &str, body: Option<Value>) -> reqwest::RequestBuilder {
        let call = self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token);
        match body {
            Some(body) => call.json(&body),
            None => call,
        }
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> reqwest::Response {
        self.request(method, path, body).send().await.unwrap()
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
        let name = |file: &PathBuf| file.file_name().unwrap().to_str().unwrap().to_owned();
        self.upload_named(files.iter().map(|file| (name(file), std::fs::read(file).unwrap())).collect()).await
    }

    /// Uploads a file as a picture of another name; its identifier.
    pub(crate) async fn upload_as(&self, name: &str, file: &Path) -> String {
        self.upload_named(vec![(name.to_owned(), std::fs::read(file).unwrap())]).await.remove(0)
    }

    /// Uploads the first half of a file as a picture; its identifier.
    pub(crate) async fn upload_half(&self, name: &str, file: &Path) -> String {
        let content = std::fs::read(file).unwrap();
        self.upload_named(vec![(name.to_owned(), content[..content.len() / 2].to_vec())]).await.remove(0)
    }

    async fn upload_named(&self, files: Vec<(String, Vec<u8>)>) -> Vec<String> {
        let named = files
            .iter()
            .map(|(name, content)| json!({ "name": name, "bytes": content.len(), "type": "image/jpeg" }));
        let named: Vec<_> = named.collect();
        let (status, forms) = self.post("/pictures", json!({ "pictures": named })).await;
        assert_eq!(status, 201, "{forms}");
        let mut ids = Vec::new();
        for (form, (_, content)) in forms["pictures"].as_array().unwrap().iter().zip(files) {
            self.send(&form["upload"], content).await;
            ids.push(form["id"].as_str().unwrap().to_owned());
        }
        let (status, _) = self.post("/pictures/confirm", json!({ "ids": ids })).await;
        assert_eq!(status, 200);
        ids
    }

    /// Uploads a stamp; its identifier, if it is taken.
    pub(crate) async fn upload_stamp(&self, name: &str, kind: &str, content: Vec<u8>) -> Option<String> {
        let (status, form) =
            self.post("/stamps", json!({ "name": name, "bytes": content.len(), "type": kind })).await;
        assert_eq!(status, 201, "{form}");
        self.send(&form["upload"], content).await;
        let id = form["id"].as_str().unwrap();
        let (_, looked) = self.post(&format!("/stamps/{id}/confirm"), json!({})).await;
        (looked["state"] == "ready").then(|| id.to_owned())
    }

    /// Sends a file by its form.
    pub(crate) async fn send(&self, upload: &Value, content: Vec<u8>) {
        assert_eq!(self.try_to_send(upload, content).await, 204);
    }

    /// Sends a file by a form that may be none.
    pub(crate) async fn try_to_send(&self, upload: &Value, content: Vec<u8>) -> StatusCode {
        let mut multipart = reqwest::multipart::Form::new();
        for field in upload["fields"].as_array().unwrap() {
            let text = |at: usize| field[at].as_str().unwrap().to_owned();
            multipart = multipart.text(text(0), text(1));
        }
        let multipart = multipart.part("file", reqwest::multipart::Part::bytes(content).file_name("x"));
        let sent = self.http.post(upload["url"].as_str().unwrap()).multipart(multipart).send().await;
        sent.unwrap().status()
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
