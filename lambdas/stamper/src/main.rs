//! The stamper as a Lambda on SQS batches; `stamper --poll` asks the queue itself, for containers.
//!
//! | Variable | What |
//! |---|---|
//! | `STAMPEDE_SECRETS` | secrets of Secrets Manager that hold more of these, as the last |
//! | `STAMPEDE_QUEUE`, `STAMPEDE_DEAD_LETTERS` | the queues' URLs |
//! | `STAMPEDE_BUCKETS` | `ORIGINALS,STAMPS,STAMPED` |
//! | `STAMPEDE_CALLBACK` | the URL that takes reports |
//! | `STAMPEDE_SECRET` | what reports are signed with |
//! | `STAMPEDE_PICTURE_SECONDS` | a picture that takes longer fails; 60 when it is not said |
//! | `STAMPEDE_SANDBOX` | `always` or `never` confine decoding; where the kernel can when it is not said |
//!
//! A stamper without `STAMPEDE_BUCKETS`, `STAMPEDE_CALLBACK` and `STAMPEDE_SECRET` has no middleware and takes no jobs:
//! it does what `stamp enqueue` sends, and each of its messages says where things lie. Bucket mode takes S3's event
//! notifications from the same queue besides:
//!
//! | Variable | What |
//! |---|---|
//! | `STAMPEDE_FROM` | `s3://BUCKET/PREFIX`: what lands there is stamped |
//! | `STAMPEDE_INTO` | `s3://BUCKET/PREFIX`: where it goes, under the same name, with the extension of the format that is written |
//! | `STAMPEDE_WITH` | `s3://BUCKET/KEY`, the stamp |
//! | `STAMPEDE_SETTINGS` | how, as JSON: the settings of a job, such as `{"at": "top"}` |

#![forbid(unsafe_code)]

use std::env;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use stampede_decoder::{Decoders, Settings};
use stampede_domain::message::Address;
use stampede_domain::rule::{Prefix, Rule};
use stampede_domain::signature::Secret;
use stampede_queue::{Queue, Received, Sqs};
use stampede_secrets::Environment;
use stampede_stamper::{Consumer, Outcome, Reporter, Stamper, consume, retry_pause};
use stampede_store::{Buckets, S3, Store};
use stampede_telemetry::{Metrics, Unit};
use tokio::sync::watch;

fn main() -> Result<(), Error> {
    stampede_decoder::serve_stamping_if_asked();
    service()
}

#[tokio::main]
async fn service() -> Result<(), Error> {
    stampede_telemetry::start_log();
    let (stamper, queue) = parts().await?;
    if env::args().nth(1).as_deref() == Some("--poll") {
        return poll(stamper, queue).await;
    }
    let (stamper, queue) = (&stamper, &queue);
    run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        let (started, before) = (Instant::now(), counted(stamper));
        let answer = batch(stamper, queue, event.payload.records).await;
        let mut metrics = Metrics::of("stamper");
        for ((name, before), (_, after)) in before.into_iter().zip(counted(stamper)) {
            metrics = metrics.with(name, Unit::Count, after - before);
        }
        metrics.with("Duration", Unit::Milliseconds, started.elapsed().as_millis() as u64).print();
        Ok::<_, Error>(answer)
    }))
    .await
}

async fn parts() -> Result<(Stamper, Queue), Error> {
    let environment = Environment::load().await?;
    let queue = environment.require("STAMPEDE_QUEUE")?;
    let queue = Sqs::from_env(queue, environment.get("STAMPEDE_DEAD_LETTERS")).await;
    let from = environment.get("STAMPEDE_FROM");
    let rule = from.as_deref().map(|from| rule(from, &environment)).transpose()?;
    let (buckets, reporter) = if takes_jobs(&environment) {
        let callback = environment.require("STAMPEDE_CALLBACK")?;
        let secret = Secret::new(environment.require("STAMPEDE_SECRET")?)?;
        (environment.require("STAMPEDE_BUCKETS")?.parse()?, Some(Reporter::new(callback, secret)?))
    } else {
        // Messages name their buckets.
        (Buckets::one(""), None)
    };
    let store = Store::S3(S3::from_env(buckets).await);
    let decoders = Decoders::new(settings(&environment)?);
    Ok((Stamper::new(store, reporter, decoders, rule), Queue::Sqs(queue)))
}

/// Whether there is a middleware. Where only a part of what leads to it is said, the rest was forgotten, unless there
/// is other work.
fn takes_jobs(environment: &Environment) -> bool {
    let is_said = |name: &str| environment.get(name).is_some();
    let is_hinted = ["STAMPEDE_SECRET", "STAMPEDE_BUCKETS"].into_iter().any(is_said);
    is_said("STAMPEDE_CALLBACK") || (is_hinted && !is_said("STAMPEDE_FROM"))
}

fn rule(from: &str, environment: &Environment) -> Result<Rule, Error> {
    let stamp = match environment.get("STAMPEDE_WITH") {
        Some(stamp) => {
            let Prefix { bucket, prefix: key } = stamp.parse()?;
            Some(Address { bucket, key })
        }
        None => None,
    };
    let settings = match environment.get("STAMPEDE_SETTINGS") {
        Some(text) => serde_json::from_str(&text).map_err(|error| format!("STAMPEDE_SETTINGS: {error}"))?,
        None => Default::default(),
    };
    Ok(Rule::new(from.parse()?, environment.require("STAMPEDE_INTO")?.parse()?, stamp, settings)?)
}

/// Within the size that a Lambda was given.
fn settings(environment: &Environment) -> Result<Settings, Error> {
    let size = env::var("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").ok().and_then(|size| size.parse::<u64>().ok());
    let mut settings = Settings::default();
    if let Some(mebibytes) = size {
        // The other half is for what was read and waits, and for the runtime.
        settings.memory = (mebibytes << 20) / 2;
    }
    if let Some(text) = environment.get("STAMPEDE_PICTURE_SECONDS") {
        let seconds = text.parse().ok().filter(|&seconds| seconds > 0);
        let seconds =
            seconds.ok_or_else(|| format!("STAMPEDE_PICTURE_SECONDS: {text} is no number above 0"))?;
        settings.time = Duration::from_secs(seconds);
    }
    if let Some(text) = environment.get("STAMPEDE_SANDBOX") {
        settings.confinement = text.parse().map_err(|error| format!("STAMPEDE_SANDBOX: {error}"))?;
    }
    Ok(settings)
}

/// What was done since the start, under the metrics' names.
fn counted(stamper: &Stamper) -> [(&'static str, u64); 4] {
    let counts = stamper.counts();
    let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
    [
        ("Stamped", count(&counts.stamped)),
        ("Failed", count(&counts.failed)),
        ("Retried", count(&counts.retried)),
        ("Buried", count(&counts.buried)),
    ]
}

/// What SQS is told of a batch: the messages that are to come again. A bad one holds up none.
async fn batch(stamper: &Stamper, queue: &Queue, records: Vec<SqsMessage>) -> SqsBatchResponse {
    let messages: Vec<_> = records.into_iter().map(received).collect();
    let bodies = messages.iter().map(|message| message.body.clone()).collect();
    let mut answer = SqsBatchResponse::default();
    for (message, outcome) in messages.iter().zip(stamper.work(bodies).await) {
        let again = match outcome {
            Outcome::Done => false,
            Outcome::Retry(_) => {
                let pause = retry_pause(message.receives);
                let held = queue.extend(std::slice::from_ref(&message.receipt), pause).await;
                if let Err(fault) = held {
                    tracing::warn!(%fault, "it comes again when its visibility ends");
                }
                true
            }
            // Buried, it is deleted, and SQS may hear that it is done with.
            Outcome::Bury(reason) => match queue.bury(message, &reason).await {
                Ok(()) => false,
                Err(fault) => {
                    tracing::warn!(%fault, reason, "a message that is none of ours cannot be buried");
                    true
                }
            },
        };
        if again {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier.clone_from(&message.id);
            answer.batch_item_failures.push(failure);
        }
    }
    answer
}

/// A record as the queue would have given it.
fn received(record: SqsMessage) -> Received {
    let attribute = |name: &str| record.attributes.get(name).and_then(|value| value.parse::<u64>().ok());
    Received {
        receives: attribute("ApproximateReceiveCount")
            .and_then(|count| u32::try_from(count).ok())
            .unwrap_or(1),
        sent: attribute("SentTimestamp").unwrap_or(0),
        id: record.message_id.unwrap_or_default(),
        receipt: record.receipt_handle.unwrap_or_default(),
        body: record.body.unwrap_or_default(),
        reason: None,
    }
}

/// Asks for messages until the process is told to stop; what is in hand is finished.
async fn poll(stamper: Stamper, queue: Queue) -> Result<(), Error> {
    let (stop, stopped) = watch::channel(false);
    let consumer = tokio::spawn(consume(stamper, queue, Consumer::default(), stopped));
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    stop.send_replace(true);
    consumer.await?;
    Ok(())
}
