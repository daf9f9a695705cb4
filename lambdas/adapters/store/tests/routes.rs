//! What a folder's routes answer to those who mean well and to those who do not.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use reqwest::multipart::Part;
use reqwest::{Response, StatusCode};
use stampede_domain::signature::Secret;
use stampede_domain::upload::Policy;
use stampede_store::{About, Folder, Form, Store};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

struct Served {
    store: Store,
    address: SocketAddr,
    home: TempDir,
}

async fn served() -> Served {
    let home = tempfile::tempdir().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let secret = Secret::new([7; 32]).unwrap();
    let folder = Folder::open(home.path(), &format!("http://{address}"), secret).unwrap();
    let routes = folder.routes();
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    Served { store: Store::Folder(folder), address, home }
}

impl Served {
    async fn form(&self, length: (u64, u64)) -> Form {
        let (key, content_type) = ("originals/x".to_owned(), "image/png".to_owned());
        let policy = Policy { key, content_type, length, expires: now() + 60 };
        self.store.upload_form(&policy, now()).await.unwrap()
    }

    fn unfinished(&self) -> usize {
        std::fs::read_dir(self.unfinished_path()).unwrap().count()
    }

    fn unfinished_path(&self) -> PathBuf {
        self.home.path().join("unfinished")
    }

    /// Waits until a condition holds that another task brings about.
    async fn until(&self, holds: impl Fn(&Self) -> bool) {
        for _ in 0..1000 {
            if holds(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it does not come about");
    }
}

fn now() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

fn client() -> reqwest::Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::new()
}

async fn post(form: &Form, fields: &[(String, String)], file: Option<Vec<u8>>) -> Response {
    let mut multipart = reqwest::multipart::Form::new();
    for (name, value) in fields {
        multipart = multipart.text(name.clone(), value.clone());
    }
    if let Some(file) = file {
        multipart = multipart.part("file", Part::bytes(file).file_name("a.png"));
    }
    client().post(&form.url).multipart(multipart).send().await.unwrap()
}

async fn problem(answer: Response) -> (StatusCode, String) {
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    let status = answer.status();
    let problem: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!((&problem["type"], &problem["status"]), (&"about:blank".into(), &status.as_u16().into()));
    (status, problem["detail"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn refusals_say_what_was_wrong() {
    let served = served().await;
    let form = served.form((2, 10)).await;
    let with = |name: &str, value: &str| {
        let mut fields = form.fields.clone();
        fields.iter_mut().filter(|field| field.0 == name).for_each(|field| field.1 = value.to_owned());
        fields
    };
    let more = |name: &str| [form.fields.clone(), vec![(name.to_owned(), "1".to_owned())]].concat();
    let picture = || Some(b"picture".to_vec());
    for (fields, file, status, detail) in [
        (form.fields.clone(), Some(vec![0; 11]), 413, "11 bytes"),
        (form.fields.clone(), Some(vec![0; 1]), 400, "1 bytes"),
        (with("Content-Type", "text/html"), picture(), 415, "declared as text/html"),
        (with("signature", "AAAA"), picture(), 403, "not one of ours"),
        (with("policy", &"A".repeat(9000)), picture(), 413, "too long"),
        (more("acl"), picture(), 400, "none of its own"),
        (more("policy"), picture(), 400, "two fields named policy"),
        (form.fields[1..].to_vec(), picture(), 400, "before the file"),
        (form.fields.clone(), None, 400, "no field named file"),
    ] {
        let (told, why) = problem(post(&form, &fields, file).await).await;
        assert_eq!(told, status, "{why}");
        assert!(why.contains(detail), "{why}");
    }
    let plain = client().post(&form.url).body("no form").send().await.unwrap();
    assert_eq!(problem(plain).await.0, 400);
    let deleted = client().delete(format!("{}/originals/x", form.url)).send().await.unwrap();
    assert!(deleted.headers().contains_key("allow"));
    assert_eq!(problem(deleted).await.0, 405);
    let unsigned = client().get(format!("{}/originals/x", form.url)).send().await.unwrap();
    assert_eq!(problem(unsigned).await.0, 400);
    assert_eq!(served.store.head("originals/x").await.unwrap(), None);
    assert_eq!(served.unfinished(), 0);
    assert_eq!(post(&form, &form.fields, picture()).await.status(), 204);
}

#[tokio::test]
async fn long_uploads_are_refused_before_they_are_kept() {
    let served = served().await;
    let form = served.form((1, 3 << 20)).await;
    // As long as it may be, and in many pieces.
    assert_eq!(post(&form, &form.fields, Some(vec![1; 3 << 20])).await.status(), 204);
    let (_, body) = served.store.get("originals/x", 1 << 30).await.unwrap();
    assert_eq!(body.len(), 3 << 20);
    let (status, _) = problem(post(&form, &form.fields, Some(vec![2; 20 << 20])).await).await;
    assert_eq!(status, 413);
    assert_eq!(served.unfinished(), 0);
    assert_eq!(served.store.get("originals/x", 1 << 30).await.unwrap().1, body);
}

const HEAD: &str = "POST /store HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n";

#[tokio::test]
async fn a_form_without_an_end_fills_no_memory() {
    let served = served().await;
    let mut connection = TcpStream::connect(served.address).await.unwrap();
    let head =
        format!("{HEAD}Content-Length: 1000000000\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"");
    connection.write_all(head.as_bytes()).await.unwrap();
    let (mut answers, mut requests) = connection.into_split();
    let sender = tokio::spawn(async move {
        let piece = vec![b'a'; 1 << 16];
        // Until nobody reads it.
        let mut sent = 0_usize;
        while sent < 1_000_000_000 && requests.write_all(&piece).await.is_ok() {
            sent += piece.len();
        }
        sent
    });
    let mut answer = [0; 12];
    answers.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 400");
    drop(answers);
    assert!(sender.await.unwrap() < 100 << 20);
}

#[tokio::test]
async fn a_form_that_is_none_of_ours_is_not_waited_for() {
    let served = served().await;
    let form = served.form((1, 10)).await;
    let mut body = String::new();
    for (name, value) in &form.fields {
        let value = if name == "signature" { "AAAA" } else { value };
        body += &format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    // Its fields are all that comes, and what follows is no file.
    body += "--b\r\nContent-Disposition: form-data; name=\"more\"\r\n\r\n1\r\n--b--\r\n";
    let mut connection = TcpStream::connect(served.address).await.unwrap();
    let head = format!("{HEAD}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    connection.write_all((head + &body).as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("not one of ours"), "{answer}");
}

#[tokio::test]
async fn an_upload_that_breaks_off_is_not_kept() {
    let served = served().await;
    let form = served.form((1, 1 << 20)).await;
    let mut body = String::new();
    for (name, value) in &form.fields {
        body += &format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    body += "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n";
    body += &"x".repeat(1000);
    let mut connection = TcpStream::connect(served.address).await.unwrap();
    let head = format!("{HEAD}Content-Length: {}\r\n\r\n", body.len() + 1000);
    connection.write_all((head + &body).as_bytes()).await.unwrap();
    served.until(|served| served.unfinished() == 1).await;
    drop(connection);
    served.until(|served| served.unfinished() == 0).await;
    assert_eq!(served.store.head("originals/x").await.unwrap(), None);
}

#[tokio::test]
async fn downloads_keep_to_http() {
    let served = served().await;
    let svg = Bytes::from_static(b"<svg><script>alert(1)</script></svg>");
    served.store.put("stamped/a/b c", svg.clone(), &About::of_type("image/svg+xml")).await.unwrap();
    let url = served.store.download_url("stamped/a/b c", "a.svg", now(), 60).await.unwrap();
    let whole = client().get(&url).send().await.unwrap();
    for (name, value) in [
        ("content-type", "image/svg+xml"),
        ("content-length", "36"),
        ("accept-ranges", "bytes"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(whole.headers()[name], value);
    }
    assert!(whole.headers()["content-security-policy"].to_str().unwrap().starts_with("sandbox;"));
    assert!(whole.headers()["content-disposition"].to_str().unwrap().starts_with("attachment;"));
    let etag = whole.headers()["etag"].clone();
    let head = client().head(&url).send().await.unwrap();
    assert_eq!((head.status(), &head.headers()["content-length"]), (StatusCode::OK, &"36".parse().unwrap()));
    assert_eq!(head.headers()["etag"], etag);
    assert!(head.bytes().await.unwrap().is_empty());

    let ranged = async |range: &str, if_range: &str| {
        let request = client().get(&url).header("Range", range).header("If-Range", if_range);
        let answer = request.send().await.unwrap();
        let content_range = answer.headers().get("content-range").cloned();
        let content_range = content_range.map(|range| range.to_str().unwrap().to_owned());
        (answer.status().as_u16(), content_range, answer.bytes().await.unwrap())
    };
    let etag = etag.to_str().unwrap();
    let (status, range, body) = ranged("bytes=5-12", etag).await;
    assert_eq!((status, range.as_deref(), &body), (206, Some("bytes 5-12/36"), &svg.slice(5..13)));
    let (status, range, body) = ranged("bytes=5-12", "\"another\"").await;
    assert_eq!((status, range, &body), (200, None, &svg));
    let (status, range, _) = ranged("bytes=36-", etag).await;
    assert_eq!((status, range.as_deref()), (416, Some("bytes */36")));
    for (known, status) in [(etag, 304), ("\"a\", W/\"b\"", 200), ("*", 304)] {
        let answer = client().get(&url).header("If-None-Match", known).send().await.unwrap();
        assert_eq!(answer.status(), status, "{known}");
    }
}

/// `text` with one bit of one character changed.
fn changed(text: &str, at: prop::sample::Index, bit: u32) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let at = at.index(bytes.len());
    bytes[at] ^= 1 << bit;
    String::from_utf8(bytes).ok().filter(|text| text.chars().all(|c| c.is_ascii_graphic()))
}

#[test]
fn what_is_changed_in_one_byte_is_refused() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let served = runtime.block_on(served());
    let form = runtime.block_on(served.form((1, 100)));
    let about = About::of_type("image/png");
    runtime.block_on(served.store.put("stamped/a", Bytes::from_static(b"1"), &about)).unwrap();
    let url = runtime.block_on(served.store.download_url("stamped/a", "name", now(), 60)).unwrap();
    let (address, query) = url.split_once('?').unwrap();
    let strategy = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_u32..7);
    let config = ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let result = runner.run(&strategy, |(field, at, bit)| {
        let mut fields = form.fields.clone();
        let field = field.index(fields.len());
        if let Some(value) = changed(&fields[field].1, at, bit) {
            fields[field].1 = value;
            let answer = runtime.block_on(post(&form, &fields, Some(b"picture".to_vec())));
            prop_assert!(answer.status().is_client_error(), "{fields:?}: {}", answer.status());
        }
        if let Some(query) = changed(query, at, bit).filter(|query| !query.contains('#')) {
            let answer = runtime.block_on(client().get(format!("{address}?{query}")).send()).unwrap();
            prop_assert!(answer.status().is_client_error(), "{query}: {}", answer.status());
        }
        Ok(())
    });
    result.unwrap();
    assert_eq!(runtime.block_on(served.store.head("originals/x")).unwrap(), None);
}
