//! What an owner does, from the first upload to the ZIP, and what nobody else sees of it.

use reqwest::Method;
use serde_json::{Value, json};
use stamp_engine::{Limits, probe};

use crate::client::{Client, variant};
use crate::places::homes;

#[tokio::test(flavor = "multi_thread")]
async fn pictures_are_uploaded_stamped_and_downloaded() {
    for home in homes().await {
        let client = Client::new(&home.url).await;
        let names = ["baseline-420.jpg", "orientation-6.jpg", "png8-rgb.png"];
        let ids = client.upload(&names.map(variant)).await;
        // A PNG that was announced as a JPEG is what it is.
        let pictures = client.get("/pictures").await;
        let types: Vec<_> = pictures["uploads"].as_array().unwrap().iter().map(|one| &one["type"]).collect();
        assert!(types.contains(&&json!("image/png")), "{}: {types:?}", home.name);

        let preview = json!({ "picture": ids[0], "stamp": "built-in:logo", "size": 200 });
        let thumbnail = format!("/pictures/{}/thumbnail?size=200", ids[0]);
        for (method, path, body) in
            [(Method::POST, "/preview", Some(preview)), (Method::GET, &*thumbnail, None)]
        {
            let shown = sent_once(&client, method, path, body).await;
            let small = probe(&shown, &Limits::default()).unwrap();
            assert_eq!(small.width.max(small.height), 200, "{}: {path}", home.name);
        }

        let wanted = json!({ "pictures": ids, "stamp": "built-in:logo", "settings": { "at": "top" } });
        let (status, job) = client.post("/jobs", wanted).await;
        assert_eq!(status, 201, "{}: {job}", home.name);
        let id = job["id"].as_str().unwrap();
        let job = client.finished(id).await;
        assert_eq!(job["counts"]["done"], 3, "{}: {job}", home.name);
        for (number, name) in names.iter().enumerate() {
            let result = client.follow(&format!("/jobs/{id}/items/{number}/download")).await;
            let before = std::fs::read(variant(name)).unwrap();
            let (is, was) = (probe(&result, &Limits::default()), probe(&before, &Limits::default()));
            assert_eq!(is.unwrap(), was.unwrap(), "{name}");
            assert_ne!(result, before);
        }
        let zip = format!("/jobs/{id}/zip");
        assert_eq!(client.post(&zip, json!({})).await.0, 202);
        while client.get(&format!("/jobs/{id}")).await["zip"]["state"] != "ready" {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let archive = std::io::Cursor::new(client.follow(&zip).await);
        let archive = zip::ZipArchive::new(archive).unwrap();
        let mut held: Vec<_> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
        held.sort_unstable();
        assert_eq!(held, names, "{}", home.name);

        let missed = client.get("/events?since=0").await;
        let changes = missed["changes"].as_array().unwrap();
        assert!(missed["complete"] == true && missed["latest"] == changes.len(), "{missed}");
        assert_eq!(changes.last().unwrap()["zip"]["state"], "ready");
    }
}

/// What is shown; who has it already, by its ETag, is not sent it again.
async fn sent_once(client: &Client, method: Method, path: &str, body: Option<Value>) -> Vec<u8> {
    let asked = async |known: Option<&str>| {
        let mut call = client.request(method.clone(), path, body.clone());
        if let Some(known) = known {
            call = call.header("if-none-match", known);
        }
        let answer = call.send().await.unwrap();
        let (status, etag) =
            (answer.status().as_u16(), answer.headers()["etag"].to_str().unwrap().to_owned());
        (status, etag, answer.bytes().await.unwrap().to_vec())
    };
    let (status, etag, shown) = asked(None).await;
    assert!(status == 200 && !shown.is_empty(), "{path}: {status}");
    for known in [etag.clone(), format!("\"other\", {etag}")] {
        assert_eq!(asked(Some(known.as_str())).await, (304, etag.clone(), Vec::new()), "{path}: {known}");
    }
    let (status, other, again) = asked(Some("\"other\"")).await;
    assert!((status, other) == (200, etag) && again == shown, "{path}: {status}");
    shown
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_one_owners_is_missing_to_another() {
    for home in homes().await {
        let (owner, other) = (Client::new(&home.url).await, Client::new(&home.url).await);
        let ids = owner.upload(&[variant("baseline-420.jpg")]).await;
        let (_, job) = owner.post("/jobs", json!({ "pictures": ids, "stamp": "built-in:logo" })).await;
        let id = job["id"].as_str().unwrap();
        owner.finished(id).await;
        for (method, path, body) in [
            (Method::GET, format!("/jobs/{id}"), None),
            (Method::GET, format!("/jobs/{id}/items"), None),
            (Method::GET, format!("/jobs/{id}/items/0/download"), None),
            (Method::POST, format!("/jobs/{id}/cancel"), None),
            (Method::POST, format!("/jobs/{id}/retry"), None),
            (Method::POST, format!("/jobs/{id}/zip"), None),
            (Method::GET, format!("/jobs/{id}/zip"), None),
            (Method::POST, "/pictures/confirm".to_owned(), Some(json!({ "ids": ids }))),
            (
                Method::POST,
                "/preview".to_owned(),
                Some(json!({ "picture": ids[0], "stamp": "built-in:logo" })),
            ),
            (Method::POST, "/jobs".to_owned(), Some(json!({ "pictures": ids, "stamp": "built-in:logo" }))),
        ] {
            let answer = other.call(method.clone(), &path, body).await;
            assert_eq!(answer.status(), 404, "{}: {method} {path}", home.name);
            assert_eq!(answer.headers()["content-type"], "application/problem+json", "{path}");
        }
        let delete = other.call(Method::DELETE, "/pictures", Some(json!({ "ids": ids }))).await;
        assert_eq!(delete.json::<Value>().await.unwrap()["changed"], 0);
        assert!(other.get("/jobs").await["jobs"].as_array().unwrap().is_empty());
        let nobody = crate::client::http().get(format!("{}/jobs", home.url)).send().await.unwrap();
        assert_eq!(nobody.status(), 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_picture_fails_alone_and_says_why() {
    for home in homes().await {
        let client = Client::new(&home.url).await;
        let folder = tempfile::tempdir().unwrap();
        // Of a character that SQS does not take.
        let cut = folder.path().join("cut\u{ffff}.jpg");
        let whole = std::fs::read(variant("baseline-420.jpg")).unwrap();
        std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
        let ids = client.upload(&[variant("baseline-420.jpg"), cut, variant("progressive-420.jpg")]).await;
        let (_, job) = client.post("/jobs", json!({ "pictures": ids, "stamp": "built-in:logo" })).await;
        let id = job["id"].as_str().unwrap();
        let job = client.finished(id).await;
        assert_eq!(
            (&job["counts"]["done"], &job["counts"]["failed"]),
            (&json!(2), &json!(1)),
            "{}",
            home.name
        );
        let items = client.get(&format!("/jobs/{id}/items")).await;
        assert!(items["items"][1]["reason"].as_str().unwrap().contains("damaged JPEG"), "{items}");
        let retry = format!("/jobs/{id}/retry");
        let (status, problem) = client.post(&retry, json!({ "item": "the second" })).await;
        assert!(status == 422 && problem["type"] == "/problems/malformed", "{}: {problem}", home.name);
        assert!(problem["detail"].as_str().unwrap().contains("item: invalid type"), "{problem}");
        assert_eq!(client.call(Method::POST, &retry, None).await.status(), 200, "a body may be left out");
        assert_eq!(client.finished(id).await["counts"]["failed"], 1, "{}", home.name);
        for (named, wrong) in [("opacity", json!(2)), ("text", json!("x".repeat(1001)))] {
            let settings = json!({ named: wrong });
            let wrong = json!({ "pictures": ids, "stamp": "built-in:logo", "settings": settings });
            let (status, problem) = client.post("/jobs", wrong).await;
            assert!(status == 422 && problem["detail"].as_str().unwrap().contains(named), "{problem}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_stamp_is_refused_and_says_why() {
    for home in homes().await {
        let client = Client::new(&home.url).await;
        let photo = std::fs::read(variant("baseline-420.jpg")).unwrap();
        let mut vast = photo.clone();
        // The height and the width of its SOF0 (ITU-T T.81 B.2.2).
        let frame = vast.windows(2).position(|marker| marker == [0xFF, 0xC0]).unwrap();
        vast[frame + 5..frame + 9].copy_from_slice(&[0xFF; 4]);
        for (name, kind, content, reason) in [
            ("cut.jpg", "image/jpeg", photo[..photo.len() / 2].to_vec(), "damaged JPEG"),
            ("vast.jpg", "image/jpeg", vast, "65535 × 65535 pixels are too many"),
            ("text.svg", "image/svg+xml", b"no picture".to_vec(), "not a picture"),
        ] {
            assert_eq!(client.upload_stamp(name, kind, content).await, None, "{}: {name}", home.name);
            let newest = client.get("/stamps?limit=1").await["uploads"][0].clone();
            assert_eq!((&newest["name"], &newest["state"]), (&json!(name), &json!("refused")));
            assert!(newest["reason"].as_str().unwrap().contains(reason), "{newest}");
        }
        let long = json!({ "name": "long.png", "bytes": (10 << 20) + 1, "type": "image/png" });
        let (status, problem) = client.post("/stamps", long).await;
        assert!(
            status == 422 && problem["detail"].as_str().unwrap().contains("at most 10485760 bytes"),
            "{problem}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_that_it_lives_and_is_ready_and_what_it_did() {
    for home in homes().await {
        let asked = async |path: &str| {
            let answer = crate::client::http().get(format!("{}{path}", home.url)).send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        };
        assert_eq!(asked("/health").await, (200, "ok".to_owned()), "{}", home.name);
        let (status, ready) = asked("/ready").await;
        let ready: Value = serde_json::from_str(&ready).unwrap();
        let all = json!({ "database": true, "queue": true, "store": true });
        assert_eq!((status, ready), (200, all), "{}", home.name);
        if home.name == "embedded" {
            let (_, metrics) = asked("/metrics").await;
            assert!(
                metrics.contains("# TYPE stampede_jobs_total counter\nstampede_jobs_total 0\n"),
                "{metrics}"
            );
        }
    }
}
