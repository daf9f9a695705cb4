//! The stamper's binary, given events through the Lambda Runtime API: cargo-lambda's, and ours.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stampede_emulators::{CargoLambda, Fault, Function, Ministack};
use stampede_queue::{Queue, Received, Sqs};
use stampede_store::{About, Buckets, S3, Store};

const STAMPER: &str = env!("CARGO_BIN_EXE_stamper");
/// None of ours.
const OTHER: &str = r#"{"version":1}"#;
/// A poll.
const WAIT: Duration = Duration::from_secs(5);
/// As long as SQS's mapping would hold what it received: the queue's own visibility.
const HELD: Duration = Duration::from_secs(60);

/// A picture and a stamp in a bucket, queues, and what a stamper is told of them.
struct Home {
    _ministack: Ministack,
    store: Store,
    variables: Vec<(String, String)>,
    queue: Queue,
}

/// What was received `most` times goes to the dead letters.
async fn home(most: u32) -> Home {
    let ministack = Ministack::start().unwrap();
    let (url, dead) = ministack.queue("tasks", most).await.unwrap();
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
    let own = [("STAMPEDE_QUEUE", &*url), ("STAMPEDE_DEAD_LETTERS", &dead)];
    let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let variables = own.into_iter().chain(ministack.variables()).collect();
    let queue = Queue::Sqs(Sqs::new(&config, url, Some(dead)));
    Home { _ministack: ministack, store, variables, queue }
}

fn task(output: &str) -> String {
    let at = |key: &str| json!({ "bucket": "all", "key": key });
    let (picture, stamp, output) = (at("in.jpg"), at("logo.png"), at(output));
    json!({ "kind": "object", "version": 1, "picture": picture, "stamp": stamp, "output": output })
        .to_string()
}

/// What SQS's mapping hands on of what it received.
fn event(messages: &[Received]) -> Value {
    let record = |message: &Received| {
        let Received { id, receipt, body, receives, .. } = message;
        let attributes = json!({ "ApproximateReceiveCount": receives.to_string() });
        json!({ "messageId": id, "receiptHandle": receipt, "body": body, "attributes": attributes })
    };
    json!({ "Records": messages.iter().map(record).collect::<Vec<_>>() })
}

/// Sends a good task and one that is none of ours, and receives both; the good one comes first.
async fn received(queue: &Queue) -> [Received; 2] {
    let bodies = [task("out.jpg"), OTHER.to_owned()];
    assert!(queue.send(&bodies).await.unwrap().iter().all(Result::is_ok));
    let deadline = Instant::now() + HELD;
    let mut received = Vec::new();
    while received.len() < bodies.len() {
        assert!(Instant::now() < deadline, "{received:?}");
        received.extend(queue.receive(bodies.len(), WAIT, HELD).await.unwrap());
    }
    received.sort_by_key(|message| message.body == OTHER);
    received.try_into().unwrap()
}

/// Takes the one that is none of ours out of the dead letters.
async fn assert_is_buried(letters: &Queue) {
    let buried = letters.receive(1, WAIT, HELD).await.unwrap().remove(0);
    assert!(buried.body == OTHER && buried.reason.as_ref().unwrap().contains("none of ours"), "{buried:?}");
    assert!(letters.delete(&[buried.receipt]).await.unwrap().iter().all(Result::is_ok));
}

/// As many as SQS collects in a batching window.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_a_hundred_is_stamped_in_one_call() {
    let home = home(5).await;
    let mut stamper = Function::start(Path::new(STAMPER), &home.variables).await.unwrap();
    let message = |number: usize| Received {
        id: number.to_string(),
        receipt: "r".to_owned(),
        body: task(&format!("out/{number}.jpg")),
        receives: 1,
        sent: 0,
        reason: None,
    };
    let messages: Vec<_> = (0..100).map(message).collect();
    let answer = stamper.call(event(&messages)).await.unwrap();
    assert_eq!(answer["batchItemFailures"], json!([]));
    assert_eq!(home.store.list("out/", None, 1000).await.unwrap().len(), 100);
    let peak = stamper.peak_memory().unwrap();
    assert!(peak < Function::MEMORY, "it took {peak} bytes of memory");
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
    let home = home(5).await;
    let mut stamper = Command::new(STAMPER);
    stamper.envs(home.variables.iter().cloned());
    lambda.serve(stamper).unwrap();
    let event = event(&received(&home.queue).await);
    let answer = tokio::task::spawn_blocking(move || lambda.invoke(&event)).await.unwrap();
    assert_eq!(answer.unwrap()["batchItemFailures"], json!([]));
    assert_eq!(home.store.head("out.jpg").await.unwrap().unwrap().content_type, "image/jpeg");
    assert_is_buried(&home.queue.dead_letters().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_pass_is_given_back_for_longer_each_time_until_it_came_too_often() {
    let Home { _ministack, queue, mut variables, .. } = home(2).await;
    let letters = queue.dead_letters().unwrap();
    // Nobody listens there.
    variables.push(("AWS_ENDPOINT_URL_S3".to_owned(), "http://127.0.0.1:9".to_owned()));
    let mut stamper = Function::start(Path::new(STAMPER), &variables).await.unwrap();
    let both = received(&queue).await;
    let good = &both[0];
    let given_back = json!([{ "itemIdentifier": good.id }]);
    let answer = stamper.call(event(&both)).await.unwrap();
    assert_eq!(answer["batchItemFailures"], given_back);
    assert_is_buried(&letters).await;

    // Long before it would by itself.
    let again = queue.receive(1, HELD / 3, HELD).await.unwrap();
    assert!(again.len() == 1 && again[0].id == good.id && again[0].receives == 2, "{again:?}");
    let answer = stamper.call(event(&again)).await.unwrap();
    assert_eq!(answer["batchItemFailures"], given_back);
    let deadline = Instant::now() + HELD / 2;
    let letter = loop {
        // What came too often is moved when somebody asks for it.
        let still = queue.receive(1, Duration::ZERO, HELD).await.unwrap();
        assert!(still.is_empty(), "{still:?}");
        if let Some(letter) = letters.receive(1, Duration::from_secs(1), HELD).await.unwrap().pop() {
            break letter;
        }
        assert!(Instant::now() < deadline, "it does not come to the dead letters");
    };
    assert_eq!((letter.body, letter.reason), (good.body.clone(), None));
}
