//! The stamper as a Lambda on SQS batches; `stamper --poll` asks the queue itself, for containers.
//!
//! | Variable | What |
//! |---|---|
//! | `STAMPEDE_SECRET` | what reports are signed with |
//! | `STAMPEDE_CALLBACK` | the URL that takes reports |
//! | `STAMPEDE_BUCKETS` | `ORIGINALS,STAMPS,STAMPED` |
//! | `STAMPEDE_QUEUE`, `STAMPEDE_DEAD_LETTERS` | the queues' URLs |

#![forbid(unsafe_code)]

use std::env;
use std::sync::Arc;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use stamp_engine::{Cache, CacheOptions};
use stampede_domain::signature::Secret;
use stampede_queue::{Queue, Received, Sqs};
use stampede_stamper::{Consumer, Outcome, Reporter, Settings, Stamper, consume, retry_pause};
use stampede_store::{Buckets, S3, Store};
use tokio::sync::watch;

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing_subscriber::fmt().json().with_ansi(false).with_writer(std::io::stderr).init();
    let (stamper, queue) = parts().await?;
    if env::args().nth(1).as_deref() == Some("--poll") {
        return poll(stamper, queue).await;
    }
    let (stamper, queue) = (&stamper, &queue);
    run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, Error>(batch(stamper, queue, event.payload.records).await)
    }))
    .await
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("the variable {name} is not set"))
}

async fn parts() -> Result<(Stamper, Queue), Error> {
    let buckets: Buckets = variable("STAMPEDE_BUCKETS")?.parse()?;
    let store = Store::S3(S3::from_env(buckets).await);
    let reporter = Reporter::new(variable("STAMPEDE_CALLBACK")?, Secret::new(variable("STAMPEDE_SECRET")?)?)?;
    let cache = Arc::new(Cache::new(CacheOptions::default()));
    let queue = Sqs::from_env(variable("STAMPEDE_QUEUE")?, env::var("STAMPEDE_DEAD_LETTERS").ok()).await;
    Ok((Stamper::new(store, reporter, cache, Settings::default()), Queue::Sqs(queue)))
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
