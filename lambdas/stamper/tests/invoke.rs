//! The stamper's binary, given single events by `cargo lambda invoke`.

use std::process::Command;
use std::time::Duration;

use serde_json::json;
use stampede_emulators::{CargoLambda, Fault, Ministack};
use stampede_queue::{Queue, Received, Sqs};
use stampede_store::{About, Buckets, S3, Store};

#[tokio::test(flavor = "multi_thread")]
async fn of_a_batch_the_bad_one_is_buried_and_the_good_one_stamped() {
    let mut lambda = match CargoLambda::start() {
        Err(missing @ Fault::Missing(_)) => {
            assert!(std::env::var_os("STAMPEDE_REQUIRE_S3").is_none(), "{missing}");
            eprintln!("cargo lambda is not tested: {missing}");
            return;
        }
        lambda => lambda.unwrap(),
    };
    let ministack = Ministack::start().unwrap();
    let (url, dead) = ministack.queue("tasks", 5).await.unwrap();
    ministack.bucket("all").await.unwrap();
    let config = ministack.sdk_config();
    let store = Store::S3(S3::new(&config, Buckets::one("all")));
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/");
    for (key, file, content_type) in [
        ("in.jpg", "pictures/variants/baseline-420.jpg", "image/jpeg"),
        ("logo.png", "stamps/logo.png", "image/png"),
    ] {
        let content = std::fs::read(format!("{fixtures}{file}")).unwrap();
        store.put(key, content.into(), &About::of_type(content_type)).await.unwrap();
    }
    let mut stamper = Command::new(env!("CARGO_BIN_EXE_stamper"));
    stamper.envs(ministack.variables()).env("STAMPEDE_QUEUE", &url).env("STAMPEDE_DEAD_LETTERS", &dead);
    stamper.env("STAMPEDE_FROM", "s3://a/").env("STAMPEDE_INTO", "s3://b/").env("STAMPEDE_WITH", "s3://c/d");
    lambda.serve(stamper).unwrap();

    let at = |key: &str| json!({ "bucket": "all", "key": key });
    let task = json!({
        "kind": "object", "version": 1, "picture": at("in.jpg"), "stamp": at("logo.png"), "output": at("out.jpg"),
    });
    // As SQS's mapping does: it receives, and hands on what it received.
    let queue = Queue::Sqs(Sqs::new(&config, &*url, None));
    let bodies = [task.to_string(), json!({ "version": 1 }).to_string()];
    assert!(queue.send(&bodies).await.unwrap().iter().all(Result::is_ok));
    let (wait, held) = (Duration::from_secs(5), Duration::from_secs(60));
    let mut received = queue.receive(2, wait, held).await.unwrap();
    while received.len() < 2 {
        received.extend(queue.receive(1, wait, held).await.unwrap());
    }
    let record = |message: &Received| {
        let Received { id, receipt, body, .. } = message;
        json!({ "messageId": id, "receiptHandle": receipt, "body": body, "attributes": {} })
    };
    let event = json!({ "Records": received.iter().map(record).collect::<Vec<_>>() });
    let answer = tokio::task::spawn_blocking(move || lambda.invoke(&event)).await.unwrap();
    assert_eq!(answer.unwrap()["batchItemFailures"], json!([]));
    assert_eq!(store.head("out.jpg").await.unwrap().unwrap().content_type, "image/jpeg");
    let letters = Queue::Sqs(Sqs::new(&config, &*dead, None));
    let buried = letters.receive(1, Duration::from_secs(5), Duration::from_secs(60)).await.unwrap();
    assert!(buried[0].reason.as_ref().unwrap().contains("none of ours"), "{buried:?}");
}
