//! Amazon SQS, standard queues.

mod fault;

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{Builder, StalledStreamProtectionConfig};
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
    MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName, SendMessageBatchRequestEntry,
};
use aws_smithy_http_client::tls;
use futures_util::stream::{self, StreamExt as _};
use tokio::time::Instant;

use crate::batch::{Batches, Outcome, all_or_each};
use crate::{Depth, Fault, MOST_BYTES, Received};

/// Messages of a batch, and of one receive (Amazon SQS Developer Guide, "Message quotas").
const BATCH: usize = 10;
/// The longest long poll (the same, "Short and long polling").
const LONGEST_POLL: Duration = Duration::from_secs(20);
/// Calls at a time of one that takes several.
const SIDE_BY_SIDE: usize = 8;

const CONNECT: Duration = Duration::from_secs(3);
/// An attempt, beside what a long poll waits. The SDK makes three where one fails in passing.
const ATTEMPT: Duration = Duration::from_secs(10);

/// The attribute that carries why a message was buried.
const REASON: &str = "reason";

/// A standard queue of SQS, and the queue of its dead letters.
///
/// What is received too often goes to the dead letters by the queue's redrive policy, which is set where
/// the queue is made, and must name the same dead-letter queue.
#[derive(Clone, Debug)]
pub struct Sqs {
    client: Client,
    url: String,
    dead_letters: Option<String>,
}

impl Sqs {
    /// The queue at `url`, with region, credentials and endpoint (`AWS_ENDPOINT_URL`) as the environment
    /// says.
    pub async fn from_env(url: impl Into<String>, dead_letters: Option<String>) -> Self {
        let config = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client()).load().await;
        Self::new(&config, url, dead_letters)
    }

    /// The queue at `url`, with region, credentials and endpoint of `config`. HTTP client and timeouts
    /// are our own: a long poll takes longer than most calls may.
    pub fn new(config: &SdkConfig, url: impl Into<String>, dead_letters: Option<String>) -> Self {
        let config = Builder::from(config)
            .http_client(http_client())
            .timeout_config(timeouts(Duration::ZERO))
            // While a long poll waits, nothing flows.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        Self { client: Client::from_conf(config), url: url.into(), dead_letters }
    }

    pub(crate) async fn send(&self, bodies: &[String]) -> Outcome {
        let batches = Batches::new(bodies, BATCH, MOST_BYTES);
        let calls: Vec<_> = batches.batches.iter().map(|batch| self.send_batch(bodies, batch)).collect();
        let outcomes = stream::iter(calls).buffered(SIDE_BY_SIDE).collect().await;
        batches.told(outcomes)
    }

    async fn send_batch(&self, bodies: &[String], batch: &[usize]) -> Outcome {
        const OPERATION: &str = "SendMessageBatch";
        let entries = batch.iter().enumerate().map(|(at, &body)| {
            let entry = SendMessageBatchRequestEntry::builder().id(at.to_string());
            entry.message_body(&bodies[body]).build().map_err(|error| fault::build(OPERATION, &error))
        });
        let call = self.client.send_message_batch().queue_url(&self.url);
        let call = call.set_entries(Some(entries.collect::<Result<_, _>>()?));
        let output = call.send().await.map_err(|error| fault::service(OPERATION, error))?;
        Ok(told(batch.len(), output.failed(), |entry| fault::entry(OPERATION, entry)))
    }

    pub(crate) async fn receive(
        &self,
        most: usize,
        wait: Duration,
        visibility: Duration,
    ) -> Result<Vec<Received>, Fault> {
        if most == 0 {
            return Ok(Vec::new());
        }
        let start = Instant::now();
        let mut received = loop {
            let poll = wait.saturating_sub(start.elapsed());
            let received = self.receive_batch(most.min(BATCH), poll.min(LONGEST_POLL), visibility).await?;
            if !received.is_empty() || poll <= LONGEST_POLL {
                break received;
            }
        };
        // Where a full batch was, there are likely more, and who has one waits for no other.
        if received.len() == BATCH {
            let rest = (BATCH..most).step_by(BATCH).map(|from| (most - from).min(BATCH));
            let calls = rest.map(|most| self.receive_batch(most, Duration::ZERO, visibility));
            let mut calls = stream::iter(calls).buffer_unordered(SIDE_BY_SIDE);
            while let Some(batch) = calls.next().await {
                match batch {
                    Ok(batch) => received.extend(batch),
                    // Those that came are held already: they are worth more than the error.
                    Err(error) => tracing::warn!(%error, "a part of a receive failed"),
                }
            }
        }
        Ok(received)
    }

    async fn receive_batch(
        &self,
        most: usize,
        wait: Duration,
        visibility: Duration,
    ) -> Result<Vec<Received>, Fault> {
        let timeouts = Builder::new().timeout_config(timeouts(wait));
        let call = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(i32::try_from(most).unwrap_or(i32::MAX))
            .wait_time_seconds(seconds(wait))
            .visibility_timeout(seconds(visibility))
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .message_attribute_names(REASON)
            .customize()
            .config_override(timeouts);
        let output = call.send().await.map_err(|error| fault::service("ReceiveMessage", error))?;
        Ok(output.messages.unwrap_or_default().into_iter().map(read).collect())
    }

    pub(crate) async fn delete(&self, receipts: &[String]) -> Outcome {
        let calls: Vec<_> = receipts.chunks(BATCH).map(|batch| self.delete_batch(batch)).collect();
        let outcomes = stream::iter(calls).buffered(SIDE_BY_SIDE).collect().await;
        all_or_each(outcomes, |at| batch_length(receipts, at))
    }

    async fn delete_batch(&self, batch: &[String]) -> Outcome {
        const OPERATION: &str = "DeleteMessageBatch";
        let entries = batch.iter().enumerate().map(|(at, receipt)| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(at.to_string());
            entry.receipt_handle(receipt).build().map_err(|error| fault::build(OPERATION, &error))
        });
        let call = self.client.delete_message_batch().queue_url(&self.url);
        let call = call.set_entries(Some(entries.collect::<Result<_, _>>()?));
        let output = call.send().await.map_err(|error| fault::service(OPERATION, error))?;
        Ok(told(batch.len(), output.failed(), |entry| fault::receipt(OPERATION, entry, batch)))
    }

    pub(crate) async fn extend(&self, receipts: &[String], visibility: Duration) -> Outcome {
        let calls: Vec<_> =
            receipts.chunks(BATCH).map(|batch| self.extend_batch(batch, visibility)).collect();
        let outcomes = stream::iter(calls).buffered(SIDE_BY_SIDE).collect().await;
        all_or_each(outcomes, |at| batch_length(receipts, at))
    }

    async fn extend_batch(&self, batch: &[String], visibility: Duration) -> Outcome {
        const OPERATION: &str = "ChangeMessageVisibilityBatch";
        let entries = batch.iter().enumerate().map(|(at, receipt)| {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(at.to_string());
            let entry = entry.receipt_handle(receipt).visibility_timeout(seconds(visibility));
            entry.build().map_err(|error| fault::build(OPERATION, &error))
        });
        let call = self.client.change_message_visibility_batch().queue_url(&self.url);
        let call = call.set_entries(Some(entries.collect::<Result<_, _>>()?));
        let output = call.send().await.map_err(|error| fault::service(OPERATION, error))?;
        Ok(told(batch.len(), output.failed(), |entry| fault::receipt(OPERATION, entry, batch)))
    }

    pub(crate) async fn bury(&self, message: &Received, reason: &str) -> Result<(), Fault> {
        const OPERATION: &str = "SendMessage";
        let dead_letters = self.dead_letters.as_ref().ok_or(Fault::NoDeadLetters)?;
        let reason = MessageAttributeValue::builder().data_type("String").string_value(reason).build();
        let reason = reason.map_err(|error| fault::build(OPERATION, &error))?;
        let call = self.client.send_message().queue_url(dead_letters).message_body(&message.body);
        let call = call.message_attributes(REASON, reason);
        call.send().await.map_err(|error| fault::service(OPERATION, error))?;
        self.delete(std::slice::from_ref(&message.receipt)).await?.into_iter().collect()
    }

    pub(crate) async fn depth(&self) -> Result<Depth, Fault> {
        let waiting = QueueAttributeName::ApproximateNumberOfMessages;
        let in_flight = QueueAttributeName::ApproximateNumberOfMessagesNotVisible;
        let call = self.client.get_queue_attributes().queue_url(&self.url);
        let call = call.attribute_names(waiting.clone()).attribute_names(in_flight.clone());
        let output = call.send().await.map_err(|error| fault::service("GetQueueAttributes", error))?;
        let count = |name| {
            let count = output.attributes().and_then(|attributes| attributes.get(name)?.parse().ok());
            count.ok_or_else(|| Fault::Service {
                operation: "GetQueueAttributes",
                why: format!("the answer has no number as {name}"),
                passing: false,
            })
        };
        Ok(Depth { waiting: count(&waiting)?, in_flight: count(&in_flight)? })
    }

    pub(crate) fn dead_letters(&self) -> Option<Self> {
        let url = self.dead_letters.clone()?;
        Some(Self { client: self.client.clone(), url, dead_letters: None })
    }

    pub(crate) async fn ready(&self) -> Result<(), Fault> {
        for url in [Some(&self.url), self.dead_letters.as_ref()].into_iter().flatten() {
            let call = self.client.get_queue_attributes().queue_url(url);
            let call = call.attribute_names(QueueAttributeName::QueueArn);
            call.send().await.map_err(|error| fault::service("GetQueueAttributes", error))?;
        }
        Ok(())
    }
}

fn http_client() -> aws_sdk_sqs::config::SharedHttpClient {
    let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    aws_smithy_http_client::Builder::new().tls_provider(ring).build_https()
}

/// For a call that the service may take so long to answer.
fn timeouts(wait: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(wait + ATTEMPT)
        .operation_timeout(wait + 3 * ATTEMPT)
        .build()
}

/// Whole seconds, none of them cut short.
fn seconds(duration: Duration) -> i32 {
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

fn batch_length(receipts: &[String], at: usize) -> usize {
    receipts.chunks(BATCH).nth(at).map_or(0, <[_]>::len)
}

/// What became of each of `count` entries, whose identifiers are their numbers.
fn told(
    count: usize,
    failed: &[BatchResultErrorEntry],
    fault: impl Fn(&BatchResultErrorEntry) -> Fault,
) -> Vec<Result<(), Fault>> {
    let mut results = vec![Ok(()); count];
    for entry in failed {
        let result = entry.id().parse().ok().and_then(|at: usize| results.get_mut(at));
        if let Some(result) = result {
            *result = Err(fault(entry));
        }
    }
    results
}

fn read(message: Message) -> Received {
    let attribute = |name| message.attributes.as_ref().and_then(|attributes| attributes.get(&name));
    let receives = attribute(MessageSystemAttributeName::ApproximateReceiveCount);
    let sent = attribute(MessageSystemAttributeName::SentTimestamp);
    let reason = message.message_attributes.as_ref().and_then(|attributes| attributes.get(REASON));
    Received {
        receives: receives.and_then(|text| text.parse().ok()).unwrap_or(1),
        sent: sent.and_then(|text| text.parse().ok()).unwrap_or(0),
        reason: reason.and_then(|reason| reason.string_value.clone()),
        id: message.message_id.unwrap_or_default(),
        receipt: message.receipt_handle.unwrap_or_default(),
        body: message.body.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_a_second_is_lost() {
        let given = [0, 1, 999, 1000, 1001, 43_200_000].map(Duration::from_millis);
        assert_eq!(given.map(seconds), [0, 1, 1, 1, 2, 43_200]);
    }

    #[test]
    fn each_entry_gets_its_own_failure() {
        let failed = |id: &str, code: &str, ours: bool| {
            let entry = BatchResultErrorEntry::builder().id(id).code(code).sender_fault(ours);
            entry.message("because").build().unwrap()
        };
        let failed = [
            failed("1", "InternalError", false),
            failed("3", "InvalidMessageContents", true),
            failed("9", "InternalError", false),
        ];
        let told = told(4, &failed, |entry| fault::entry("SendMessageBatch", entry));
        assert!(told[0].is_ok() && told[2].is_ok());
        let (passing, lasting) = (told[1].clone().unwrap_err(), told[3].clone().unwrap_err());
        assert!(passing.is_passing() && passing.to_string().contains("InternalError: because"));
        assert!(!lasting.is_passing());
    }

    #[test]
    fn what_receipts_are_refused_for_is_told_apart() {
        let fault = |code: &str, message: &str| {
            let entry = BatchResultErrorEntry::builder().id("0").code(code).sender_fault(true);
            let entry = entry.message(message).build().unwrap();
            fault::receipt("ChangeMessageVisibilityBatch", &entry, &["a receipt".to_owned()])
        };
        let unavailable = "Value x for parameter ReceiptHandle is invalid. Reason: Message does not exist or \
                           is not available for visibility timeout change.";
        assert!(matches!(fault("AWS.SimpleQueueService.MessageNotInflight", ""), Fault::NotHeld));
        assert!(matches!(fault("InvalidParameterValue", unavailable), Fault::NotHeld));
        assert!(matches!(fault("ReceiptHandleIsInvalid", ""), Fault::Receipt(text) if text == "a receipt"));
        assert!(matches!(fault("InternalError", ""), Fault::Service { .. }));
    }
}
