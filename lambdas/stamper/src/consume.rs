//! A long-running stamper: it asks the queue for messages until it is told to stop.

use std::time::Duration;

use stampede_queue::{Queue, Received};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::{Outcome, Stamper};

/// How messages are taken.
#[derive(Clone, Copy, Debug)]
pub struct Consumer {
    /// Of one receive.
    pub batch: usize,
    /// Batches in hand at a time: while one is stamped, another is read.
    pub batches: usize,
    /// What is received is nobody else's for so long, and is held on to while work goes on.
    pub visibility: Duration,
}

impl Default for Consumer {
    fn default() -> Self {
        Self { batch: 10, batches: 2, visibility: Duration::from_secs(60) }
    }
}

/// A long poll.
const WAIT: Duration = Duration::from_secs(10);
/// After a queue that does not answer.
const PAUSE: Duration = Duration::from_secs(2);
/// What passes is never tried later than this.
const LONGEST_RETRY: Duration = Duration::from_secs(600);

/// After what passes, a message that was received so often comes again in this time: 4 seconds, and twice as
/// long each time up to ten minutes.
pub fn retry_pause(receives: u32) -> Duration {
    // SQS counts approximately; the last shift is beyond the longest pause, and within 64 bits.
    Duration::from_secs(2 << receives.clamp(1, 16)).min(LONGEST_RETRY)
}

/// Takes and deals with messages until `stop` holds true; what is then in hand is finished.
pub async fn consume(stamper: Stamper, queue: Queue, consumer: Consumer, mut stop: watch::Receiver<bool>) {
    let mut in_hand = JoinSet::new();
    while !*stop.borrow() {
        while in_hand.len() >= consumer.batches.max(1) {
            drop(in_hand.join_next().await);
        }
        let received = tokio::select! {
            received = queue.receive(consumer.batch, WAIT, consumer.visibility) => received,
            () = async { drop(stop.wait_for(|stop| *stop).await) } => break,
        };
        match received {
            Ok(messages) if messages.is_empty() => {}
            Ok(messages) => {
                in_hand.spawn(batch(stamper.clone(), queue.clone(), messages, consumer.visibility));
            }
            Err(fault) => {
                tracing::warn!(%fault, "the queue does not answer");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    while in_hand.join_next().await.is_some() {}
}

async fn batch(stamper: Stamper, queue: Queue, messages: Vec<Received>, visibility: Duration) {
    let receipts: Vec<_> = messages.iter().map(|message| message.receipt.clone()).collect();
    let hold = async {
        loop {
            tokio::time::sleep(visibility / 3).await;
            if let Err(fault) = queue.extend(&receipts, visibility).await {
                tracing::warn!(%fault, "messages may come again while they are worked on");
            }
        }
    };
    let bodies = messages.iter().map(|message| message.body.clone()).collect();
    let outcomes = tokio::select! {
        outcomes = stamper.work(bodies) => outcomes,
        () = hold => return,
    };
    let mut done = Vec::new();
    for (message, outcome) in messages.iter().zip(outcomes) {
        let told = match outcome {
            Outcome::Done => {
                done.push(message.receipt.clone());
                Ok(())
            }
            Outcome::Retry(_) => {
                let pause = retry_pause(message.receives);
                queue.extend(std::slice::from_ref(&message.receipt), pause).await.map(|_| ())
            }
            Outcome::Bury(reason) => queue.bury(message, &reason).await,
        };
        if let Err(fault) = told {
            tracing::warn!(%fault, "a message comes again when its time is over");
        }
    }
    if let Err(fault) = queue.delete(&done).await {
        tracing::warn!(%fault, "messages that are done with come again, and nothing is done twice");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_from_four_seconds_up_to_ten_minutes() {
        let seconds = |receives| retry_pause(receives).as_secs();
        assert_eq!([1, 2, 3, 7, 8, 9].map(seconds), [4, 8, 16, 256, 512, 600]);
        for receives in 1..200 {
            assert_eq!(seconds(receives + 1), (2 * seconds(receives)).min(600), "{receives}");
        }
        assert_eq!([0, u32::MAX - 1, u32::MAX].map(seconds), [4, 600, 600]);
    }
}
