//! What a warm batch of ten pictures costs a stamper's Lambda: CPU time for each, against ministack's S3, and the memory
//! of all its processes at its peak.
//!
//! `cargo run -p stampede-stamper --example batch -- PATH/TO/bootstrap PICTURE… ` with ten pictures.

use std::path::PathBuf;

use serde_json::{Value, json};
use stampede_emulators::{Function, Ministack};
use stampede_store::{About, Buckets, S3, Store};

const BATCHES: usize = 10;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).map(PathBuf::from);
    let program = arguments.next().ok_or("name a binary")?;
    let pictures: Vec<_> = arguments.collect();
    let ministack = Ministack::start()?;
    let (queue, dead) = ministack.queue("tasks", 5).await?;
    ministack.bucket("all").await?;
    let mut variables = ministack.variables().to_vec();
    for (name, value) in [
        ("STAMPEDE_QUEUE", &*queue),
        ("STAMPEDE_DEAD_LETTERS", &dead),
        ("STAMPEDE_FROM", "s3://unused/"),
        ("STAMPEDE_INTO", "s3://unused-too/"),
        ("STAMPEDE_WITH", "s3://all/logo.svg"),
    ] {
        variables.push((name.to_owned(), value.to_owned()));
    }
    let config = ministack.sdk_config();
    let store = Store::S3(S3::new(&config, Buckets::one("all")));
    let logo = include_bytes!("../../../fixtures/stamps/logo.svg");
    store.put("logo.svg", logo.as_slice().into(), &About::of_type("image/svg+xml")).await?;
    for (number, picture) in pictures.iter().enumerate() {
        let content = std::fs::read(picture)?.into();
        store.put(&format!("in/{number}.jpg"), content, &About::of_type("image/jpeg")).await?;
    }
    let batch = |batch: usize| {
        let record = |number: usize| {
            let at = |key: String| json!({ "bucket": "all", "key": key });
            let body = json!({
                "kind": "object", "version": 1, "picture": at(format!("in/{number}.jpg")),
                "stamp": at("logo.svg".to_owned()), "output": at(format!("out/{batch}/{number}.jpg")),
            });
            json!({ "messageId": number.to_string(), "receiptHandle": "r", "body": body.to_string(), "attributes": {} })
        };
        json!({ "Records": (0..pictures.len()).map(record).collect::<Vec<Value>>() })
    };
    let mut function = Function::start(&program, &variables).await?;
    let cold = function.call(batch(0)).await?;
    assert_eq!(cold["batchItemFailures"], json!([]), "{cold}");
    let before = function.cpu_time()?;
    for number in 1..=BATCHES {
        let answer = function.call(batch(number)).await?;
        assert_eq!(answer["batchItemFailures"], json!([]), "{answer}");
    }
    let took = function.cpu_time()? - before;
    let milliseconds = 1e3 * took.as_secs_f64() / (BATCHES * pictures.len()) as f64;
    // What measures it reads the number at the beginning.
    println!(
        "{milliseconds:.1} ms of CPU time a picture, {} MiB of memory at its peak",
        function.peak_memory()? >> 20
    );
    Ok(())
}
