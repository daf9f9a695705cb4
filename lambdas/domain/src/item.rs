//! One picture of a job: where it stands, and what reports may change.
//!
//! ```text
//!            started              finished
//!  queued ───────────▶ processing ─────────▶ done ◀─┐ finished, late
//!    │                     │                        │
//!    │ failed              └──────────────▶ failed ─┘
//!    └────────────────────────────────────▶   │ retry: queued again, the next attempt
//! ```
//!
//! Queues deliver twice and out of order, so reports of one attempt come in any order and any number
//! of times. Whatever the order, the same reports leave the same state: what comes later in the life
//! of an item is never undone by what belongs earlier.

use serde::{Deserialize, Serialize};

/// Where an item stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum State {
    /// Waiting for a stamper.
    Queued,
    /// A stamper has it.
    Processing,
    /// Stamped.
    Done(Output),
    /// Not stamped.
    Failed {
        /// Why, in a sentence for the owner.
        reason: String,
    },
    /// Given up by its owner.
    Cancelled,
}

/// A stamped picture.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Output {
    /// Where it lies in the store.
    pub key: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// As viewed, in pixels.
    pub width: u32,
    /// As viewed, in pixels.
    pub height: u32,
    /// The way it took through the engine: `splice`, `pixel` or `copy`.
    pub path: String,
    /// How long stamping took.
    pub milliseconds: u64,
}

/// What a stamper, or the sweeper, reports of one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event", deny_unknown_fields)]
pub enum Event {
    /// Work has begun.
    Started,
    /// The output is in the store, whole.
    Finished {
        /// The output.
        output: Output,
    },
    /// It cannot be stamped, or was tried too often.
    Failed {
        /// Why.
        reason: String,
    },
}

/// A reason is cut to so many characters: browsers are told it in events of 10 KiB.
pub const LONGEST_REASON: usize = 400;

/// One picture of a job.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Item {
    /// Where it stands.
    pub state: State,
    /// Counts from 1; a retry is the next attempt, and reports of earlier ones are void.
    pub attempt: u32,
}

impl Item {
    /// A new item, waiting for its first attempt.
    pub const fn new() -> Self {
        Self { state: State::Queued, attempt: 1 }
    }

    /// Takes a report in; gives whether it changed anything.
    pub fn report(&mut self, attempt: u32, event: Event) -> bool {
        if attempt != self.attempt {
            return false;
        }
        let next = match (&self.state, event) {
            (State::Queued, Event::Started) => State::Processing,
            // A picture that was given up as lost may be finished after all.
            (State::Queued | State::Processing | State::Failed { .. }, Event::Finished { output }) => {
                State::Done(output)
            }
            (State::Queued | State::Processing, Event::Failed { reason }) => {
                State::Failed { reason: reason.chars().take(LONGEST_REASON).collect() }
            }
            _ => return false,
        };
        self.state = next;
        true
    }

    /// Gives it up, if it is not at its end; gives whether that changed anything.
    pub fn cancel(&mut self) -> bool {
        let open = !self.is_closed();
        if open {
            self.state = State::Cancelled;
        }
        open
    }

    /// Queues it again, if it failed or was given up; gives whether that changed anything.
    pub fn retry(&mut self) -> bool {
        let again = matches!(self.state, State::Failed { .. } | State::Cancelled);
        if again {
            self.state = State::Queued;
            self.attempt += 1;
        }
        again
    }

    /// Whether nothing more is to be done for it.
    pub fn is_closed(&self) -> bool {
        !matches!(self.state, State::Queued | State::Processing)
    }
}

impl Default for Item {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn output() -> Output {
        let (key, path) = ("stamped/a.jpg".to_owned(), "splice".to_owned());
        Output { key, bytes: 1, width: 2, height: 3, path, milliseconds: 4 }
    }

    fn event(number: usize) -> Event {
        match number {
            0 => Event::Started,
            1 => Event::Finished { output: output() },
            _ => Event::Failed { reason: "no picture".to_owned() },
        }
    }

    #[test]
    fn a_late_start_undoes_nothing() {
        let mut item = Item::new();
        assert!(item.report(1, event(1)));
        assert!(!item.report(1, event(0)) && !item.report(1, event(2)) && !item.report(1, event(1)));
        assert_eq!(item.state, State::Done(output()));
        assert!(!item.retry() && !item.cancel(), "what is done stays");
    }

    #[test]
    fn reasons_are_short() {
        let mut item = Item::new();
        item.report(1, Event::Failed { reason: "é".repeat(1000) });
        assert_eq!(item.state, State::Failed { reason: "é".repeat(LONGEST_REASON) });
    }

    #[test]
    fn a_retry_voids_what_came_before() {
        let mut item = Item::new();
        item.report(1, event(2));
        assert!(item.retry());
        assert!(!item.report(1, event(1)) && !item.report(3, event(1)));
        assert_eq!(item, Item { state: State::Queued, attempt: 2 });
        assert!(item.report(2, event(1)));
    }

    #[test]
    fn what_was_given_up_stays_so_until_it_is_retried() {
        let mut item = Item::new();
        assert!(item.cancel() && !item.cancel());
        assert!((0..3).all(|number| !item.report(1, event(number))));
        assert!(item.is_closed() && item.retry() && !item.is_closed());
    }

    proptest! {
        /// The same reports in any order, any number of times.
        #[test]
        fn the_order_of_reports_does_not_matter(
            reports in prop::collection::vec(0usize..3, 1..12), seed in any::<u64>(),
        ) {
            let end = |reports: &[usize]| {
                let mut item = Item::new();
                reports.iter().for_each(|&number| { item.report(1, event(number)); });
                item
            };
            let mut shuffled = reports.clone();
            let mut random = seed | 1;
            for at in (1..shuffled.len()).rev() {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                shuffled.swap(at, (random >> 33) as usize % (at + 1));
            }
            let twice = [&shuffled[..], &reports[..]].concat();
            prop_assert_eq!(end(&shuffled), end(&reports));
            prop_assert_eq!(end(&twice), end(&reports));
            let wanted = match () {
                () if reports.contains(&1) => State::Done(output()),
                () if reports.contains(&2) => State::Failed { reason: "no picture".to_owned() },
                () => State::Processing,
            };
            prop_assert_eq!(end(&reports).state, wanted);
        }
    }
}
