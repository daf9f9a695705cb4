//! The stamper's binary, given events through the Lambda Runtime API: cargo-lambda's, and ours.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use stampede_emulators::{CargoLambda, Fault, Function, Ministack};
use stampede_queue::{Queue, Received, Sqs};
use stampede_store::{About, Buckets, S3, Store};

/// A picture and a stamp in a bucket, queues, and what a stamper is told of them.
struct Home {
    ministack: Ministack,
    store: Store,
    variables: Vec<(String, String)>,
    url: String,
    dead: String,
}

async fn home() -> Home {
    let ministack = Ministack::start().unwrap();
    let (url, dead) = ministack.queue("tasks", 5).await.unwrap();
    ministack.bucket("all").await.unwrap();
    let store = Store::S3(S3::new(&ministack.sdk_config(), Buckets::one("all")));
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/");
    for (key, file, content_type) in [
        ("in.jpg", "pictures/variants/baseline-420.jpg", "image/jpeg"),
        ("logo.png", "stamps/logo.png", "image/png"),
    ] {
        let content = std::fs::read(format!("{fixtures}{file}")).unwrap();
        store.put(key, content.into(), &About::of_type(content_type)).await.unwrap();
    }
    let own = [("STAMPEDE_QUEUE", &*url), ("STAMPEDE_DEAD_LETTERS", &dead)];
    let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let variables = own.into_iter().chain(ministack.variables()).collect();
    Home { ministack, store, variables, url, dead }
}

fn task(output: &str) -> Value {
    let at = |key: &str| json!({ "bucket": "all", "key": key });
    json!({ "kind": "object", "version": 1, "picture": at("in.jpg"), "stamp": at("logo.png"), "output": at(output) })
}

/// As many as SQS collects in a batching window.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_a_hundred_is_stamped_in_one_call() {
    let home = home().await;
    let mut stamper =
        Function::start(Path::new(env!("CARGO_BIN_EXE_stamper")), &home.variables).await.unwrap();
    let record = |number: usize| {
        let body = task(&format!("out/{number}.jpg")).to_string();
        json!({ "messageId": number.to_string(), "receiptHandle": "r", "body": body, "attributes": {} })
    };
    let event = json!({ "Records": (0..100).map(record).collect::<Vec<_>>() });
    let answer = stamper.call(event).await.unwrap();
    assert_eq!(answer["batchItemFailures"], json!([]));
    assert_eq!(home.store.list("out/", None, 1000).await.unwrap().len(), 100);
}

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
    let Home { ministack, store, variables, url, dead } = home().await;
    let config = ministack.sdk_config();
    let mut stamper = Command::new(env!("CARGO_BIN_EXE_stamper"));
    stamper.envs(variables);
    lambda.serve(stamper).unwrap();
    let task = task("out.jpg");
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
