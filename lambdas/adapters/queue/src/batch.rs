//! Messages in batches: which go together, and what became of each.

use crate::Fault;

/// A message has at most so many bytes. SQS has allowed 1 MiB since August 2025; what emulators and
/// older regions take is this (Amazon SQS Developer Guide, "Message quotas").
pub const MOST_BYTES: usize = 256 << 10;

/// A longer reason is cut, in characters.
const LONGEST_REASON: usize = 1024;

/// What is to be sent, in batches.
pub(crate) struct Batches {
    /// Numbers of the messages of each.
    pub(crate) batches: Vec<Vec<usize>>,
    results: Vec<Result<(), Fault>>,
}

impl Batches {
    /// Of what can be sent, in order: at most `most` messages and `bytes` bytes each.
    pub(crate) fn new(bodies: &[String], most: usize, bytes: usize) -> Self {
        let results: Vec<_> = bodies.iter().map(|body| check(body)).collect();
        let mut batches: Vec<Vec<usize>> = Vec::new();
        let mut room = 0;
        for (at, body) in bodies.iter().enumerate().filter(|(at, _)| results[*at].is_ok()) {
            match batches.last_mut() {
                Some(batch) if batch.len() < most && body.len() <= room => batch.push(at),
                _ => {
                    batches.push(vec![at]);
                    room = bytes;
                }
            }
            room = room.saturating_sub(body.len());
        }
        Self { batches, results }
    }

    /// What became of each message, from what became of each batch.
    ///
    /// # Errors
    /// The first fault, when there were batches and none got through.
    pub(crate) fn told(mut self, outcomes: Vec<Outcome>) -> Outcome {
        let outcomes = all_or_each(outcomes, |at| self.batches[at].len())?;
        for (at, outcome) in self.batches.concat().into_iter().zip(outcomes) {
            self.results[at] = outcome;
        }
        Ok(self.results)
    }
}

/// Of each message of a call, or why the call failed as a whole.
pub(crate) type Outcome = Result<Vec<Result<(), Fault>>, Fault>;

/// One outcome of several calls, of which that numbered `n` was about `count(n)` messages.
pub(crate) fn all_or_each(outcomes: Vec<Outcome>, count: impl Fn(usize) -> usize) -> Outcome {
    if outcomes.iter().all(Result::is_err)
        && let Some(Err(fault)) = outcomes.first()
    {
        return Err(fault.clone());
    }
    let each = outcomes.into_iter().enumerate();
    let each = each.map(|(at, outcome)| outcome.unwrap_or_else(|fault| vec![Err(fault); count(at)]));
    Ok(each.flatten().collect())
}

/// What SQS refuses, every kind of queue refuses (Amazon SQS API Reference, `SendMessage`).
fn check(body: &str) -> Result<(), Fault> {
    if body.is_empty() {
        return Err(Fault::Body("it is empty".to_owned()));
    }
    if body.len() > MOST_BYTES {
        return Err(Fault::Body(format!("it has {} bytes, more than {MOST_BYTES}", body.len())));
    }
    match body.chars().find(|c| !is_sendable(*c)) {
        Some(c) => Err(Fault::Body(format!("it has a character that SQS does not take: {c:?}"))),
        None => Ok(()),
    }
}

/// A reason as every kind of queue takes it: it is cut, and what cannot be sent is left out.
pub(crate) fn reason(text: &str) -> String {
    let reason: String = text.chars().filter(|c| is_sendable(*c)).take(LONGEST_REASON).collect();
    if reason.is_empty() { "no reason was given".to_owned() } else { reason }
}

fn is_sendable(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passing() -> Fault {
        Fault::Service { operation: "SendMessageBatch", why: "it is slow".to_owned(), passing: true }
    }

    #[test]
    fn batches_keep_to_both_limits() {
        let bodies = [3, 3, 3, 9, 1, 1, 1, 1].map(|length| "x".repeat(length));
        let batches = Batches::new(&bodies, 3, 7).batches;
        // What is longer than a batch by itself still goes, alone.
        assert_eq!(batches, [vec![0, 1], vec![2], vec![3], vec![4, 5, 6], vec![7]]);
    }

    #[test]
    fn what_sqs_refuses_is_refused_alone() {
        let bodies = ["a", "", "b", "\0", "\u{ffff}", "c"].map(str::to_owned);
        let batches = Batches::new(&bodies, 10, MOST_BYTES);
        assert_eq!(batches.batches, [[0, 2, 5]]);
        let told = batches.told(vec![Ok(vec![Ok(()), Err(passing()), Ok(())])]).unwrap();
        let fine: Vec<_> = told.iter().map(Result::is_ok).collect();
        assert_eq!(fine, [true, false, false, false, false, true]);
        assert!(told[2].as_ref().is_err_and(Fault::is_passing));
        assert!(check(&"x".repeat(MOST_BYTES)).is_ok() && check("tab\tline\r\n€🦀").is_ok());
        assert!(check(&"x".repeat(MOST_BYTES + 1)).is_err());
    }

    #[test]
    fn reasons_can_be_sent() {
        assert_eq!(reason("not a\0 picture"), "not a picture");
        assert!(check(&reason("")).is_ok() && check(&reason("\0")).is_ok());
        assert_eq!(reason(&"é".repeat(5000)), "é".repeat(LONGEST_REASON));
    }

    #[test]
    fn a_lost_batch_is_told_for_each_of_its_messages() {
        let bodies = ["a", "b", "c"].map(str::to_owned);
        let batches = || Batches::new(&bodies, 2, MOST_BYTES);
        let told = batches().told(vec![Err(passing()), Ok(vec![Ok(())])]).unwrap();
        let fine: Vec<_> = told.iter().map(Result::is_ok).collect();
        assert_eq!(fine, [false, false, true]);
        assert!(batches().told(vec![Err(passing()), Err(passing())]).is_err());
        assert_eq!(Batches::new(&[], 2, 2).told(Vec::new()).unwrap().len(), 0);
    }
}
