//! The task that writes: what comes at the same time goes into one transaction (group commit), and who
//! waits for messages waits here, first come first served.

use std::cmp::min;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::clock::{Clock, Milliseconds};
use super::group::{Group, Made};
use super::receipt::{Receipt, Side};
use super::table;
use crate::{Fault, Received};

/// A transaction has at most so many calls: the first does not wait long for the last.
const CALLS_AT_ONCE: usize = 256;
/// Another process cannot wake us: who waits looks this often.
const LOOK: Duration = Duration::from_millis(100);

/// What the writer is asked for.
#[derive(Debug)]
pub(super) enum Command {
    Write(Write),
    Receive(Waiter),
}

/// A change, and who waits for it to be written.
#[derive(Debug)]
pub(super) struct Write {
    pub(super) change: Change,
    /// Gets the receipts that an [`Change::Extend`] was of.
    pub(super) reply: oneshot::Sender<Result<Vec<Receipt>, Fault>>,
}

/// What is to be written. Lists are JSON, as [`table`] takes them.
#[derive(Debug)]
pub(super) enum Change {
    Send {
        side: Side,
        bodies: String,
    },
    Delete {
        side: Side,
        receipts: String,
    },
    Extend {
        side: Side,
        receipts: String,
        visibility: Duration,
    },
    Bury {
        receipt: Receipt,
        reason: String,
    },
    /// Only tells whether one can write.
    None,
}

/// Who waits for messages.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) side: Side,
    pub(super) most: usize,
    pub(super) visibility: Duration,
    /// No longer than this.
    pub(super) until: Instant,
    pub(super) reply: oneshot::Sender<Result<Vec<Received>, Fault>>,
}

/// The task's state.
pub(super) struct Writer {
    path: PathBuf,
    connection: SqliteConnection,
    commands: mpsc::Receiver<Command>,
    waiters: VecDeque<Waiter>,
    most_receives: u32,
    clock: Clock,
}

impl Writer {
    pub(super) fn new(
        path: PathBuf,
        connection: SqliteConnection,
        commands: mpsc::Receiver<Command>,
        most_receives: u32,
        clock: Clock,
    ) -> Self {
        Self { path, connection, commands, waiters: VecDeque::new(), most_receives, clock }
    }

    /// Until nobody has a handle any more.
    pub(super) async fn run(mut self) {
        let mut commands = Vec::with_capacity(CALLS_AT_ONCE);
        let mut look = Instant::now();
        loop {
            tokio::select! {
                count = self.commands.recv_many(&mut commands, CALLS_AT_ONCE) => if count == 0 { break },
                () = sleep_until(look), if !self.waiters.is_empty() => {}
            }
            let mut writes = Vec::with_capacity(commands.len());
            for command in commands.drain(..) {
                match command {
                    Command::Write(write) => writes.push(write),
                    Command::Receive(waiter) => self.waiters.push_back(waiter),
                }
            }
            // Who went away must not be given messages.
            self.waiters.retain(|waiter| !waiter.reply.is_closed());
            let written = self.write(&mut writes).await;
            match written {
                Ok(answers) => answers.into_iter().for_each(Answer::tell),
                Err(error) => self.fail(writes, error),
            }
            look = self.dismiss().await;
        }
        // Without this the log would lie beside the file until it is opened again.
        if let Err(error) = self.connection.close().await {
            tracing::warn!(path = %self.path.display(), %error, "the queue's file was not closed");
        }
    }

    /// One transaction of all that is to be written, and of what can be received. What it has done is
    /// taken out of `writes` and the waiters once it is committed; otherwise all are still there.
    async fn write(&mut self, writes: &mut Vec<Write>) -> Result<Vec<Answer>, sqlx::Error> {
        let now = self.clock.now();
        if writes.is_empty() && !self.is_due(now).await? {
            return Ok(Vec::new());
        }
        let group = Group::new(writes, &self.waiters, self.most_receives, now);
        let Made { held, received } = if group.is_one_statement() {
            group.make(&mut self.connection).await?
        } else {
            let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
            let made = group.make(&mut transaction).await?;
            transaction.commit().await?;
            made
        };
        let mut answers: Vec<_> =
            writes.drain(..).zip(held).map(|(write, held)| Answer::Written(write, held)).collect();
        for (waiter, messages) in std::mem::take(&mut self.waiters).into_iter().zip(received) {
            if messages.is_empty() {
                self.waiters.push_back(waiter);
            } else {
                answers.push(Answer::Received(waiter, messages));
            }
        }
        Ok(answers)
    }

    /// Whether somebody waits for what is there. This only reads: who waits for long does not keep
    /// others from writing.
    async fn is_due(&mut self, now: Milliseconds) -> Result<bool, sqlx::Error> {
        Ok(self.earliest().await?.is_some_and(|earliest| earliest <= now))
    }

    /// When the first message is visible that somebody waits for.
    async fn earliest(&mut self) -> Result<Option<Milliseconds>, sqlx::Error> {
        let mut earliest = None;
        for side in [Side::Main, Side::Dead] {
            if self.waiters.iter().any(|waiter| waiter.side == side) {
                let first = table::earliest(&mut self.connection, side).await?;
                earliest = earliest.into_iter().chain(first).min();
            }
        }
        Ok(earliest)
    }

    /// Sends those away whose time is over, and tells when to look again for the others.
    async fn dismiss(&mut self) -> Instant {
        let now = Instant::now();
        for waiter in std::mem::take(&mut self.waiters) {
            if waiter.until > now {
                self.waiters.push_back(waiter);
            } else {
                // Who went away needs no answer.
                let _ = waiter.reply.send(Ok(Vec::new()));
            }
        }
        let last = self.waiters.iter().map(|waiter| waiter.until).fold(now + LOOK, min);
        // What fails here fails at the next look, which tells it.
        let Ok(Some(earliest)) = self.earliest().await else { return last };
        let away = u64::try_from(earliest - self.clock.now()).unwrap_or_default();
        min(last, now + Duration::from_millis(away))
    }

    /// Nothing was written: all are told so, who waits for messages included.
    fn fail(&mut self, writes: Vec<Write>, error: sqlx::Error) {
        let fault = Fault::File { path: self.path.clone(), source: Arc::new(error) };
        for write in writes {
            let _ = write.reply.send(Err(fault.clone()));
        }
        for waiter in self.waiters.drain(..) {
            let _ = waiter.reply.send(Err(fault.clone()));
        }
    }
}

/// What somebody is told once it is committed.
enum Answer {
    Written(Write, Vec<Receipt>),
    Received(Waiter, Vec<Received>),
}

impl Answer {
    /// Who went away needs no answer.
    fn tell(self) {
        match self {
            Self::Written(write, held) => drop(write.reply.send(Ok(held))),
            Self::Received(waiter, messages) => drop(waiter.reply.send(Ok(messages))),
        }
    }
}

/// When a visibility that begins now ends.
pub(super) fn after(now: Milliseconds, visibility: Duration) -> Milliseconds {
    now.saturating_add(Milliseconds::try_from(visibility.as_millis()).unwrap_or(Milliseconds::MAX))
}
