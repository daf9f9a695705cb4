//! Bucket mode as a Lambda: S3 tells a queue what lands in a bucket, and the queue feeds the stamper.

use std::time::{Duration, Instant};

use stamp_engine::{Limits, probe};
use stampede_emulators::Ministack;
use stampede_queue::{Queue, Sqs};
use stampede_store::{About, Buckets, S3, Store};

use crate::client::variant;
use crate::places::packages;

#[tokio::test(flavor = "multi_thread")]
async fn what_lands_in_a_bucket_is_stamped_by_a_lambda() {
    let packed = tempfile::tempdir().unwrap();
    let Some([stamper]) = packages(["stamper"], packed.path()) else { return };
    let ministack = Ministack::start().unwrap();
    let (url, dead) = ministack.queue("landed", 5).await.unwrap();
    for bucket in ["pictures", "stamps"] {
        ministack.bucket(bucket).await.unwrap();
    }
    let config = ministack.sdk_config();
    let pictures = Store::S3(S3::new(&config, Buckets::one("pictures")));
    let stamps = pictures.bucket("stamps").unwrap();
    let stamp = std::fs::read(variant("png8-rgb.png")).unwrap();
    stamps.put("logo.png", stamp.into(), &About::of_type("image/png")).await.unwrap();
    let mut variables = ministack.variables().to_vec();
    for (name, value) in [
        ("STAMPEDE_QUEUE", &*url),
        ("STAMPEDE_DEAD_LETTERS", &dead),
        ("STAMPEDE_FROM", "s3://pictures/"),
        ("STAMPEDE_INTO", "s3://pictures/stamped/"),
        ("STAMPEDE_WITH", "s3://stamps/logo.png"),
        ("STAMPEDE_SETTINGS", r#"{"at": "top-left", "size": "30%"}"#),
    ] {
        variables.push((name.to_owned(), value.to_owned()));
    }
    ministack.function("stamper", &stamper, &variables).await.unwrap();
    ministack.notify("pictures", "landed").await.unwrap();
    ministack.feed("stamper", "landed").await.unwrap();

    let queue = Queue::Sqs(Sqs::new(&config, url, Some(dead)));
    let whole = std::fs::read(variant("baseline-420.jpg")).unwrap();
    let jpeg = About::of_type("image/jpeg");
    pictures.put("2026/Été 1+1.jpg", whole.clone().into(), &jpeg).await.unwrap();
    pictures.put("broken.jpg", whole[..whole.len() / 2].to_vec().into(), &jpeg).await.unwrap();
    let output = "stamped/2026/Été 1+1.jpg";
    let deadline = Instant::now() + Duration::from_secs(60);
    // What S3 tells of the output is taken, too, and nothing comes of it.
    while pictures.head(output).await.unwrap().is_none() || !is_empty(&queue).await {
        assert!(Instant::now() < deadline, "{:?}", queue.depth().await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (about, content) = pictures.get(output, 1 << 30).await.unwrap();
    assert_eq!(about.content_type, "image/jpeg");
    assert!(content != whole, "nothing was put on it");
    let (is, was) = (probe(&content, &Limits::default()), probe(&whole, &Limits::default()));
    assert_eq!(is.unwrap(), was.unwrap());
    assert_eq!(pictures.list("stamped/", None, 9).await.unwrap().len(), 1);
    let letters = queue.dead_letters().unwrap();
    let buried = letters.receive(1, Duration::from_secs(20), Duration::from_secs(60)).await.unwrap();
    assert!(buried[0].body.contains("broken.jpg"), "{buried:?}");
    assert!(buried[0].reason.as_ref().unwrap().contains("JPEG"), "{buried:?}");
}

async fn is_empty(queue: &Queue) -> bool {
    let depth = queue.depth().await.unwrap();
    (depth.waiting, depth.in_flight) == (0, 0)
}
