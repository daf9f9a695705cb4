//! The stamper by itself: it takes what S3 tells of what lands in a bucket.

use std::time::Duration;

use stamp_engine::{Limits, probe};
use stampede_emulators::Ministack;
use stampede_store::About;

use crate::places::{Stamper, clients, fixture, is_empty, until};

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
