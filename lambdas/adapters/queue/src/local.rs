//! A durable queue in one SQLite file.
//!
//! [`Local`] hands every change to the [`writer`], a task that owns the one connection that writes and
//! puts what comes at the same time into one transaction. Any number of handles, in any number of
//! processes, can be on one file: SQLite lets one transaction at a time write.

mod clock;
mod group;
#[cfg(test)]
mod model;
mod receipt;
mod table;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::Instant;

use crate::batch::{Batches, Outcome, all_or_each};
use crate::{Depth, Fault, MOST_BYTES, Received};
use clock::Clock;
use receipt::{Receipt, Side};
use writer::{Change, Command, Waiter, Write, Writer};

/// What was received so often and not deleted goes to the dead letters instead of being received again.
pub const MOST_RECEIVES: u32 = 5;
/// Calls that wait for the writer.
const COMMANDS: usize = 1024;
/// So much of one call goes into one transaction: others do not wait for the rest of it.
const MESSAGES_AT_ONCE: usize = 500;
const BYTES_AT_ONCE: usize = 16 * MOST_BYTES;

/// A queue in a file, or the dead letters of one. Clones are the same queue.
///
/// What a call has acknowledged survives the end of the process, `kill -9` included. A loss of power or
/// a crash of the system may undo what was acknowledged since the last checkpoint (some megabytes of
/// changes), all of it from some moment on: the file stays sound, what was sent since is lost, and what
/// was deleted since comes again. That is `PRAGMA synchronous = NORMAL` with a write-ahead log.
///
/// Times are the system's clock's: where it is set back, messages stay invisible so much longer.
#[derive(Clone, Debug)]
pub struct Local {
    side: Side,
    file: Arc<File>,
}

#[derive(Debug)]
struct File {
    path: PathBuf,
    commands: mpsc::Sender<Command>,
    /// Counts, while the writer writes.
    reader: Mutex<SqliteConnection>,
    clock: Clock,
}

impl Local {
    /// Opens the queue in the file at `path`, which is made if it is not there; its folder must be.
    /// A message is received [`MOST_RECEIVES`] times.
    ///
    /// The queue lives as long as the Tokio runtime that this is called on.
    ///
    /// # Errors
    /// When the file cannot be used or is none of ours.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, Fault> {
        Self::open_with(path, MOST_RECEIVES).await
    }

    /// The same, with another number of receives after which messages are dead letters.
    ///
    /// # Errors
    /// As [`Local::open`].
    pub async fn open_with(path: impl AsRef<Path>, most_receives: u32) -> Result<Self, Fault> {
        Self::open_at(path.as_ref(), most_receives, Clock::System).await
    }

    async fn open_at(path: &Path, most_receives: u32, clock: Clock) -> Result<Self, Fault> {
        let connection = table::open(path).await?;
        let reader = table::open_to_read(path).await?;
        let (commands, queue) = mpsc::channel(COMMANDS);
        let writer = Writer::new(path.to_owned(), connection, queue, most_receives, clock.clone());
        tokio::spawn(writer.run());
        let file = File { path: path.to_owned(), commands, reader: Mutex::new(reader), clock };
        Ok(Self { side: Side::Main, file: Arc::new(file) })
    }

    pub(crate) async fn send(&self, bodies: &[String]) -> Outcome {
        let batches = Batches::new(bodies, MESSAGES_AT_ONCE, BYTES_AT_ONCE);
        let mut outcomes = Vec::with_capacity(batches.batches.len());
        for batch in &batches.batches {
            let batch: Vec<_> = batch.iter().map(|&at| &bodies[at]).collect();
            let change = Change::Send { side: self.side, bodies: json(&batch) };
            outcomes.push(self.change(change).await.map(|_| vec![Ok(()); batch.len()]));
        }
        batches.told(outcomes)
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
        let (reply, answer) = oneshot::channel();
        let now = Instant::now();
        // A time that no clock shows is no end.
        let until = now.checked_add(wait).unwrap_or_else(|| now + Duration::from_secs(1 << 30));
        let waiter = Waiter { side: self.side, most, visibility, until, reply };
        self.command(Command::Receive(waiter)).await?;
        answer.await.map_err(|_| Fault::Closed)?
    }

    pub(crate) async fn delete(&self, receipts: &[String]) -> Outcome {
        self.on_receipts(receipts, |side, receipts| Change::Delete { side, receipts }, |_, _| Ok(())).await
    }

    pub(crate) async fn extend(&self, receipts: &[String], visibility: Duration) -> Outcome {
        let change = |side, receipts| Change::Extend { side, receipts, visibility };
        let told = |receipt: Receipt, held: &[Receipt]| {
            if held.contains(&receipt) { Ok(()) } else { Err(Fault::NotHeld) }
        };
        self.on_receipts(receipts, change, told).await
    }

    pub(crate) async fn bury(&self, message: &Received, reason: &str) -> Result<(), Fault> {
        if self.side == Side::Dead {
            return Err(Fault::NoDeadLetters);
        }
        let receipt = Receipt::parse(&message.receipt, self.side)?;
        self.change(Change::Bury { receipt, reason: reason.to_owned() }).await.map(drop)
    }

    pub(crate) async fn depth(&self) -> Result<Depth, Fault> {
        let mut reader = self.file.reader.lock().await;
        let depth = table::depth(&mut reader, self.side, self.file.clock.now()).await;
        depth.map_err(|error| self.fault(error))
    }

    pub(crate) fn dead_letters(&self) -> Option<Self> {
        match self.side {
            Side::Main => Some(Self { side: Side::Dead, file: Arc::clone(&self.file) }),
            Side::Dead => None,
        }
    }

    pub(crate) async fn ready(&self) -> Result<(), Fault> {
        self.change(Change::None).await?;
        self.file.reader.lock().await.ping().await.map_err(|error| self.fault(error))
    }

    /// Makes a change of those receipts that are ours, and tells of each what `told` says, given the
    /// receipts that the change was of.
    async fn on_receipts(
        &self,
        texts: &[String],
        change: impl Fn(Side, String) -> Change,
        told: impl Fn(Receipt, &[Receipt]) -> Result<(), Fault>,
    ) -> Outcome {
        let mut outcomes = Vec::new();
        for texts in texts.chunks(MESSAGES_AT_ONCE) {
            let receipts: Vec<_> = texts.iter().map(|text| Receipt::parse(text, self.side)).collect();
            let ours: Vec<_> = receipts.iter().flatten().map(|receipt| (receipt.id, receipt.claim)).collect();
            let held = self.change(change(self.side, json(&ours))).await;
            outcomes
                .push(held.map(|held| receipts.into_iter().map(|receipt| told(receipt?, &held)).collect()));
        }
        all_or_each(outcomes, |at| texts.chunks(MESSAGES_AT_ONCE).nth(at).map_or(0, <[_]>::len))
    }

    async fn change(&self, change: Change) -> Result<Vec<Receipt>, Fault> {
        let (reply, answer) = oneshot::channel();
        self.command(Command::Write(Write { change, reply })).await?;
        answer.await.map_err(|_| Fault::Closed)?
    }

    async fn command(&self, command: Command) -> Result<(), Fault> {
        self.file.commands.send(command).await.map_err(|_| Fault::Closed)
    }

    fn fault(&self, error: sqlx::Error) -> Fault {
        Fault::File { path: self.file.path.clone(), source: Arc::new(error) }
    }
}

fn json<T: serde::Serialize>(of: &T) -> String {
    // Strings, numbers and lists: this cannot fail.
    serde_json::to_string(of).unwrap_or_default()
}
