//! A job: how far its items are.

use serde::{Deserialize, Serialize};

use crate::item::State;

/// How many of a job's items stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    /// Waiting.
    pub queued: u64,
    /// With a stamper.
    pub processing: u64,
    /// Stamped.
    pub done: u64,
    /// Not to be stamped.
    pub failed: u64,
    /// Given up.
    pub cancelled: u64,
}

/// Where a job stands, as its items do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// No item was begun.
    Queued,
    /// Some item is open.
    Running,
    /// Every item is at its end.
    Finished,
}

/// At most so many pictures are in a job.
pub const MOST_ITEMS: usize = 10_000;

impl Counts {
    /// Counts items.
    pub fn of<'a>(states: impl IntoIterator<Item = &'a State>) -> Self {
        let mut counts = Self::default();
        for state in states {
            *counts.of_state(state) += 1;
        }
        counts
    }

    /// The count that a state belongs to.
    pub fn of_state(&mut self, state: &State) -> &mut u64 {
        match state {
            State::Queued => &mut self.queued,
            State::Processing => &mut self.processing,
            State::Done(_) => &mut self.done,
            State::Failed { .. } => &mut self.failed,
            State::Cancelled => &mut self.cancelled,
        }
    }

    /// All items.
    pub fn total(&self) -> u64 {
        self.queued + self.processing + self.done + self.failed + self.cancelled
    }

    /// Where the job stands.
    pub fn status(&self) -> Status {
        match self.queued + self.processing {
            0 => Status::Finished,
            _ if self.queued == self.total() => Status::Queued,
            _ => Status::Running,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_stands_where_its_items_do() {
        let failed = State::Failed { reason: String::new() };
        let status = |states: &[State]| Counts::of(states).status();
        assert_eq!(status(&[State::Queued, State::Queued]), Status::Queued);
        assert_eq!(status(&[State::Queued, failed.clone()]), Status::Running);
        assert_eq!(status(&[State::Processing]), Status::Running);
        assert_eq!(status(&[State::Cancelled, failed]), Status::Finished);
        assert_eq!(Counts::of(&[State::Queued, State::Cancelled]).total(), 2);
    }
}
