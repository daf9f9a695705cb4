//! What goes into one transaction.

use std::collections::VecDeque;

use sqlx::SqliteConnection;

use super::clock::Milliseconds;
use super::receipt::{Receipt, Side};
use super::table;
use super::writer::{Change, Waiter, Write, after};
use crate::Received;

/// Sends of at most so many bytes go together into one statement. Longer ones would cost more to copy
/// than a statement does, and all of a group's at once too much memory.
const TOGETHER: usize = 64 << 10;

/// The changes and the receives of a transaction.
pub(super) struct Group<'a> {
    writes: &'a [Write],
    waiters: &'a VecDeque<Waiter>,
    /// JSON of the sends that go together, for each queue that there are some for.
    sends: Vec<(Side, String)>,
    most_receives: u32,
    now: Milliseconds,
}

/// What a group did, in the order of its changes and receives.
#[derive(Default)]
pub(super) struct Made {
    pub(super) held: Vec<Vec<Receipt>>,
    pub(super) received: Vec<Vec<Received>>,
}

impl<'a> Group<'a> {
    pub(super) fn new(
        writes: &'a [Write],
        waiters: &'a VecDeque<Waiter>,
        most_receives: u32,
        now: Milliseconds,
    ) -> Self {
        let together = |side| {
            let sends: Vec<_> =
                writes.iter().filter_map(|write| send_together(&write.change, side)).collect();
            (!sends.is_empty()).then(|| (side, format!("[{}]", sends.join(","))))
        };
        let sends = [Side::Main, Side::Dead].into_iter().filter_map(together).collect();
        Self { writes, waiters, sends, most_receives, now }
    }

    /// One statement is a transaction by itself, and takes the lock for writing from its beginning.
    pub(super) fn is_one_statement(&self) -> bool {
        let alone = self.writes.iter().filter(|write| self.is_alone(&write.change)).count();
        alone + self.sends.len() + self.waiters.len() == 1
    }

    pub(super) async fn make(&self, connection: &mut SqliteConnection) -> Result<Made, sqlx::Error> {
        let mut made = Made::default();
        for (side, bodies) in &self.sends {
            table::send(connection, *side, bodies, self.now).await?;
        }
        for Write { change, .. } in self.writes {
            let alone = self.is_alone(change);
            made.held.push(if alone { self.change(change, connection).await? } else { Vec::new() });
        }
        // Where one got nothing, the next gets nothing.
        let mut empty = [false; 2];
        for waiter in self.waiters {
            let empty = &mut empty[waiter.side as usize];
            let messages = if *empty { Vec::new() } else { self.claim(waiter, connection).await? };
            *empty = messages.is_empty();
            made.received.push(messages);
        }
        Ok(made)
    }

    fn is_alone(&self, change: &Change) -> bool {
        let together = |(side, _): &(Side, String)| send_together(change, *side).is_some();
        !matches!(change, Change::None) && !self.sends.iter().any(together)
    }

    async fn change(
        &self,
        change: &Change,
        connection: &mut SqliteConnection,
    ) -> Result<Vec<Receipt>, sqlx::Error> {
        let now = self.now;
        match change {
            Change::Send { side, bodies } => table::send(connection, *side, bodies, now).await?,
            Change::Delete { side, receipts } => table::delete(connection, *side, receipts).await?,
            Change::Extend { side, receipts, visibility } => {
                return table::extend(connection, *side, receipts, now, after(now, *visibility)).await;
            }
            Change::Bury { receipt, reason } => table::bury(connection, *receipt, reason, now).await?,
            Change::None => {}
        }
        Ok(Vec::new())
    }

    async fn claim(
        &self,
        waiter: &Waiter,
        connection: &mut SqliteConnection,
    ) -> Result<Vec<Received>, sqlx::Error> {
        let (side, most, until) = (waiter.side, waiter.most, after(self.now, waiter.visibility));
        loop {
            let claimed = table::claim(connection, side, most, self.most_receives, self.now, until).await?;
            // Behind those that went to the dead letters there may be others.
            if !claimed.received.is_empty() || claimed.moved == 0 {
                return Ok(claimed.received);
            }
        }
    }
}

/// The elements of a short send to `side`.
fn send_together(change: &Change, side: Side) -> Option<&str> {
    match change {
        Change::Send { side: to, bodies } if *to == side && bodies.len() <= TOGETHER => {
            bodies.strip_prefix('[')?.strip_suffix(']')
        }
        _ => None,
    }
}
