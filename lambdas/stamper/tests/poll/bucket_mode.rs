//! The stamper by itself: it takes what S3 tells of what lands in a bucket.

use std::time::Duration;

use stamp_engine::{Limits, probe};
use stampede_emulators::Ministack;
use stampede_store::About;

use crate::places::{Stamper, clients, fixture, is_empty, stamp_task, until};

#[tokio::test(flavor = "multi_thread")]
async fn what_lands_in_a_bucket_is_stamped_once_and_never_its_own_output() {
    let ministack = Ministack::start().unwrap();
    let (url, dead) = ministack.queue("landed", 5).await.unwrap();
    let mut variables = ministack.variables().to_vec();
    let mut set = |name: &str, value: &str| variables.push((name.to_owned(), value.to_owned()));
    set("STAMPEDE_QUEUE", &url);
    set("STAMPEDE_DEAD_LETTERS", &dead);
    set("STAMPEDE_FROM", "s3://pictures/");
    set("STAMPEDE_INTO", "s3://pictures/stamped/");
    set("STAMPEDE_WITH", "s3://stamps/logo.png");
    set("STAMPEDE_SETTINGS", r#"{"at": "top-left", "size": "30%"}"#);
    for bucket in ["pictures", "stamps"] {
        ministack.bucket(bucket).await.unwrap();
    }
    ministack.notify("pictures", "landed").await.unwrap();
    let (store, queue) = clients(&ministack, "pictures", &url, &dead);
    let letters = queue.dead_letters().unwrap();
    store
        .bucket("stamps")
        .unwrap()
        .put("logo.png", fixture("stamps/logo.png"), &About::of_type("image/png"))
        .await
        .unwrap();

    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let stamper = Stamper::start(&variables, &log);
    let whole = fixture("pictures/variants/baseline-420.jpg");
    let jpeg = About::of_type("image/jpeg");
    for key in ["2026/Été 1+1.jpg", "b.jpg"] {
        store.put(key, whole.clone(), &jpeg).await.unwrap();
    }
    store.put("broken.jpg", whole.slice(..whole.len() / 2), &jpeg).await.unwrap();
    until("two are stamped", async || store.list("stamped/", None, 9).await.unwrap().len() == 2).await;
    until("one is buried", async || letters.depth().await.unwrap().waiting == 1).await;
    // What S3 tells of the outputs is taken, too, and nothing comes of it.
    until("all is done", async || is_empty(&queue).await).await;
    let outputs = store.list("stamped/", None, 9).await.unwrap();
    let keys: Vec<_> = outputs.iter().map(|one| &*one.key).collect();
    assert_eq!(keys, ["stamped/2026/Été 1+1.jpg", "stamped/b.jpg"]);
    let (object, content) = store.get("stamped/b.jpg", 1 << 30).await.unwrap();
    assert_eq!(object.content_type, "image/jpeg");
    assert_ne!(content, whole);
    assert_eq!(probe(&content, &Limits::default()).unwrap(), probe(&whole, &Limits::default()).unwrap());

    // S3 may tell of the same twice.
    store.put("b.jpg", whole.clone(), &jpeg).await.unwrap();
    let again = || async { std::fs::read_to_string(&log).unwrap().contains(r#""path":"known""#) };
    until("the same is found made", again).await;
    stamper.stop();
    let buried = letters.receive(1, Duration::ZERO, Duration::from_secs(9)).await.unwrap();
    assert!(buried[0].reason.as_ref().unwrap().contains("JPEG"), "{buried:?}");
    assert!(buried[0].body.contains("broken.jpg"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_is_called_after_its_format_and_lies_in_a_folder() {
    let ministack = Ministack::start().unwrap();
    let (url, dead) = ministack.queue("landed", 5).await.unwrap();
    let mut variables = ministack.variables().to_vec();
    for (name, value) in [
        ("STAMPEDE_QUEUE", &*url),
        ("STAMPEDE_DEAD_LETTERS", &dead),
        ("STAMPEDE_FROM", "s3://pictures/2026/"),
        ("STAMPEDE_INTO", "s3://pictures/stamped"),
        ("STAMPEDE_SETTINGS", r#"{"text": "proof", "format": "webp"}"#),
    ] {
        variables.push((name.to_owned(), value.to_owned()));
    }
    ministack.bucket("pictures").await.unwrap();
    ministack.notify("pictures", "landed").await.unwrap();
    let (store, _) = clients(&ministack, "pictures", &url, &dead);
    let folder = tempfile::tempdir().unwrap();
    let stamper = Stamper::start(&variables, &folder.path().join("log"));
    let picture = fixture("pictures/variants/baseline-420.jpg");
    store.put("2026/x/a.jpg", picture, &About::of_type("image/jpeg")).await.unwrap();
    until("it is stamped", async || store.list("stamped", None, 9).await.unwrap().len() == 1).await;
    stamper.stop();
    let output = store.head("stamped/x/a.webp").await.unwrap().unwrap();
    assert_eq!(output.content_type, "image/webp");
}

/// As where the callback's address was forgotten.
#[tokio::test(flavor = "multi_thread")]
async fn half_a_way_to_the_middleware_is_no_way_to_start() {
    let ministack = Ministack::start().unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_stamper"));
    command.arg("--poll").envs(ministack.variables());
    command.env("STAMPEDE_QUEUE", "http://127.0.0.1:9/tasks").env("STAMPEDE_BUCKETS", "a,b,c");
    let said = command.output().unwrap();
    let error = String::from_utf8_lossy(&said.stderr);
    assert!(!said.status.success() && error.contains("STAMPEDE_CALLBACK"), "{error}");
}

/// Nobody could be told of it: another stamper of the same queue may take it.
#[tokio::test(flavor = "multi_thread")]
async fn a_stamper_without_a_middleware_touches_no_job() {
    let ministack = Ministack::start().unwrap();
    let (url, dead) = ministack.queue("tasks", 5).await.unwrap();
    let mut variables = ministack.variables().to_vec();
    variables.push(("STAMPEDE_QUEUE".to_owned(), url.clone()));
    let (_, queue) = clients(&ministack, "pictures", &url, &dead);
    assert!(queue.send(&[stamp_task("originals/a", "stamps/a")]).await.unwrap().iter().all(Result::is_ok));
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let stamper = Stamper::start(&variables, &log);
    let refused = || async { std::fs::read_to_string(&log).unwrap().contains("it takes no jobs") };
    until("it is given back", refused).await;
    stamper.stop();
}
