//! The queue that a fleet of stampers works from.

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{QueueAttributeName as Name, SendMessageBatchRequestEntry};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::said;

/// Messages of one call (Amazon SQS Developer Guide, "Message quotas").
const BATCH: usize = 10;
const SIDE_BY_SIDE: usize = 16;
/// What the queue did not take at once is sent again so often.
const TRIES: usize = 5;

/// A queue of SQS.
pub(super) struct Fleet {
    client: Client,
    url: String,
}

/// What is in a queue, and among its dead letters, as far as SQS knows.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Depth {
    pub(super) waiting: u64,
    pub(super) in_flight: u64,
    pub(super) dead: Option<u64>,
}

impl Fleet {
    pub(super) fn new(config: &SdkConfig, url: &str) -> Self {
        Self { client: Client::new(config), url: url.to_owned() }
    }

    /// Sends all, or says why not.
    pub(super) async fn send(&self, bodies: &[String]) -> Result<(), String> {
        let calls = bodies.chunks(BATCH).map(|batch| self.send_batch(batch.to_vec()));
        let calls: Vec<_> = calls.collect();
        stream::iter(calls).buffer_unordered(SIDE_BY_SIDE).try_collect().await
    }

    async fn send_batch(&self, mut bodies: Vec<String>) -> Result<(), String> {
        let mut why = String::new();
        for attempt in 0..TRIES {
            if attempt > 0 {
                tokio::time::sleep(std::time::Duration::from_millis(200 << attempt)).await;
            }
            let entries = bodies.iter().enumerate().map(|(at, body)| {
                let entry = SendMessageBatchRequestEntry::builder().id(at.to_string());
                entry.message_body(body).build().map_err(|error| error.to_string())
            });
            let entries = entries.collect::<Result<Vec<_>, _>>()?;
            let call = self.client.send_message_batch().queue_url(&self.url);
            let sent = call.set_entries(Some(entries)).send().await;
            let sent = sent.map_err(|error| said(&self.url, error))?;
            let Some(failed) = sent.failed.first() else { return Ok(()) };
            why = failed.message.clone().unwrap_or_else(|| failed.code.clone());
            let again =
                sent.failed.iter().filter_map(|one| bodies.get(one.id.parse::<usize>().ok()?).cloned());
            bodies = again.collect();
        }
        Err(format!("{}: the queue does not take all messages: {why}", self.url))
    }

    pub(super) async fn depth(&self) -> Result<Depth, String> {
        let attributes = self.attributes(&self.url).await?;
        let count = |name: &Name| attributes.get(name).and_then(|value| value.parse().ok()).unwrap_or(0);
        let policy = attributes.get(&Name::RedrivePolicy);
        let dead = match policy.and_then(|policy| serde_json::from_str::<serde_json::Value>(policy).ok()) {
            Some(policy) => {
                let target = policy["deadLetterTargetArn"].as_str().unwrap_or_default();
                self.dead(target.rsplit(':').next().unwrap_or_default()).await?
            }
            None => None,
        };
        Ok(Depth {
            waiting: count(&Name::ApproximateNumberOfMessages),
            in_flight: count(&Name::ApproximateNumberOfMessagesNotVisible),
            dead,
        })
    }

    /// How many dead letters there are, where one may ask.
    async fn dead(&self, name: &str) -> Result<Option<u64>, String> {
        let Ok(queue) = self.client.get_queue_url().queue_name(name).send().await else { return Ok(None) };
        let Some(url) = queue.queue_url else { return Ok(None) };
        let attributes = self.attributes(&url).await?;
        Ok(attributes.get(&Name::ApproximateNumberOfMessages).and_then(|value| value.parse().ok()))
    }

    async fn attributes(&self, url: &str) -> Result<std::collections::HashMap<Name, String>, String> {
        let call = self.client.get_queue_attributes().queue_url(url);
        let answer = call.attribute_names(Name::All).send().await.map_err(|error| said(url, error))?;
        Ok(answer.attributes.unwrap_or_default())
    }
}
