//! Where tasks wait: a local file, or SQS.
//!
//! Both are *standard* queues, as SQS calls them: what was sent is delivered **at least once, and in any
//! order**. A message may come twice even when all goes well, and comes again when who received it
//! does not [delete](Queue::delete) it within its visibility timeout. Receivers must bear both.
//!
//! # Why the local queue is our own
//!
//! effectum and honker fit best, but each links an SQLite of its own, which cannot stand beside the one
//! that sqlx links; both know workers and jobs rather than receipts. apalis-sqlite ties a message to a
//! worker that keeps a heartbeat, and yaque has one receiver per file and no timeouts: neither has
//! visibility timeouts or receipts, so that code which runs on SQS would not run on them.

#![forbid(unsafe_code)]

mod batch;
mod fault;
#[cfg(feature = "local")]
mod local;
#[cfg(feature = "sqs")]
mod sqs;

use std::time::Duration;

pub use batch::MOST_BYTES;
pub use fault::Fault;
#[cfg(feature = "local")]
pub use local::{Local, MOST_RECEIVES};
#[cfg(feature = "sqs")]
pub use sqs::Sqs;

/// No message is held longer at a time (Amazon SQS Developer Guide, "Message quotas"): longer
/// visibilities are cut to this.
pub const LONGEST_VISIBILITY: Duration = Duration::from_secs(12 * 60 * 60);

/// A queue. Clones are the same queue.
#[derive(Clone, Debug)]
pub enum Queue {
    /// In a file.
    #[cfg(feature = "local")]
    Local(Local),
    /// Amazon SQS, or what speaks its protocol.
    #[cfg(feature = "sqs")]
    Sqs(Sqs),
}

/// A message that was received, and is to be deleted or else comes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The message's, the same however often it is received.
    pub id: String,
    /// This receipt's: what [`Queue::delete`] and [`Queue::extend`] take.
    pub receipt: String,
    /// What was sent.
    pub body: String,
    /// How often it was received, this time included. On SQS this is approximate.
    pub receives: u32,
    /// When it was sent, in milliseconds since 1970-01-01 UTC.
    pub sent: u64,
    /// Why it was [buried](Queue::bury), if it was.
    pub reason: Option<String>,
}

/// How much is in a queue. On SQS these are approximate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Messages that can be received.
    pub waiting: u64,
    /// Messages that are received and not yet deleted.
    pub in_flight: u64,
}

macro_rules! each {
    ($queue:expr, $one:ident => $do:expr) => {
        match $queue {
            #[cfg(feature = "local")]
            Self::Local($one) => $do,
            #[cfg(feature = "sqs")]
            Self::Sqs($one) => $do,
        }
    };
}

impl Queue {
    /// Sends any number of messages, and tells of each whether it is in the queue. Messages have 1 to
    /// [`MOST_BYTES`] bytes of the characters that XML 1.0 allows.
    ///
    /// Where the answer is lost, a message can be in the queue although an error is told of it.
    ///
    /// # Errors
    /// When nothing was sent: the file or SQS cannot be used.
    pub async fn send(&self, bodies: &[String]) -> Result<Vec<Result<(), Fault>>, Fault> {
        each!(self, queue => queue.send(bodies).await)
    }

    /// Receives at most `most` messages, which nobody else receives for the time of `visibility`.
    ///
    /// Returns as soon as there is at least one message, and with none when `wait` is over. SQS counts
    /// whole seconds: there, parts of one count as one.
    ///
    /// Dropping the future is safe, but what it had just received comes again only after `visibility`.
    ///
    /// # Errors
    /// When the file or SQS cannot be used.
    pub async fn receive(
        &self,
        most: usize,
        wait: Duration,
        visibility: Duration,
    ) -> Result<Vec<Received>, Fault> {
        let visibility = visibility.min(LONGEST_VISIBILITY);
        each!(self, queue => queue.receive(most, wait, visibility).await)
    }

    /// Deletes what was received, and tells of each receipt whether it was taken.
    ///
    /// A receipt is good until its message is received again, even when its visibility has run out.
    /// One that is no longer good is taken and deletes nothing, as on SQS: the message is another's
    /// now, and the work on it may still be needed. On SQS there is no promise that an old receipt
    /// deletes nothing, only that the newest one deletes.
    ///
    /// # Errors
    /// When nothing was deleted: the file or SQS cannot be used.
    pub async fn delete(&self, receipts: &[String]) -> Result<Vec<Result<(), Fault>>, Fault> {
        each!(self, queue => queue.delete(receipts).await)
    }

    /// Makes what was received stay invisible for `visibility` from now on, and tells of each receipt
    /// whether it does; zero releases it at once. Of a message that is no longer held, an error is told
    /// ([`Fault::NotHeld`]): who works on it must know that another may, too.
    ///
    /// # Errors
    /// When nothing was changed: the file or SQS cannot be used.
    pub async fn extend(
        &self,
        receipts: &[String],
        visibility: Duration,
    ) -> Result<Vec<Result<(), Fault>>, Fault> {
        let visibility = visibility.min(LONGEST_VISIBILITY);
        each!(self, queue => queue.extend(receipts, visibility).await)
    }

    /// Puts a message that no retry mends among the dead letters, with the reason, of which
    /// the first 1,024 characters are kept.
    ///
    /// Locally it moves in one step, unless it is no longer held: then it stays. On SQS it is sent to
    /// the dead-letter queue, as another message with the attribute `reason`, and then deleted here; what
    /// fails in between leaves it in both.
    ///
    /// # Errors
    /// [`Fault::NoDeadLetters`], and when the file or SQS cannot be used.
    pub async fn bury(&self, message: &Received, reason: &str) -> Result<(), Fault> {
        each!(self, queue => queue.bury(message, &batch::reason(reason)).await)
    }

    /// How much is in it. This counts a local queue's messages, a few milliseconds for each 100,000.
    ///
    /// # Errors
    /// When the file or SQS cannot be used.
    pub async fn depth(&self) -> Result<Depth, Fault> {
        each!(self, queue => queue.depth().await)
    }

    /// The queue that takes what was received too often and what was buried, if it has one.
    pub fn dead_letters(&self) -> Option<Self> {
        match self {
            #[cfg(feature = "local")]
            Self::Local(queue) => queue.dead_letters().map(Self::Local),
            #[cfg(feature = "sqs")]
            Self::Sqs(queue) => queue.dead_letters().map(Self::Sqs),
        }
    }

    /// Whether it can be used now.
    ///
    /// # Errors
    /// Why it cannot.
    pub async fn ready(&self) -> Result<(), Fault> {
        each!(self, queue => queue.ready().await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compiles only where every call can be made from a spawned task.
    #[allow(dead_code, reason = "that it compiles is the test")]
    fn calls_can_be_spawned(queue: &Queue, texts: &[String], message: &Received) {
        fn spawned<F: Future + Send>(_: F) {}
        spawned(queue.send(texts));
        spawned(queue.receive(1, Duration::ZERO, Duration::ZERO));
        spawned(queue.delete(texts));
        spawned(queue.extend(texts, Duration::ZERO));
        spawned(queue.bury(message, ""));
        spawned(queue.depth());
        spawned(queue.ready());
    }
}
