//! The local queue against a model of it in memory: whatever is done, both give the same.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::Queue;

const MOST: u32 = 3;
const START: i64 = 1_000_000;

/// What is done. A number `receipt` names one of the receipts there have been so far.
#[derive(Clone, Debug)]
enum Step {
    Send { dead: bool, count: usize },
    Receive { dead: bool, most: usize, visibility: u64 },
    Delete { receipt: usize },
    Extend { receipt: usize, visibility: u64 },
    Bury { receipt: usize },
    Pass { milliseconds: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    let side = || prop::bool::weighted(0.2);
    let receipt = || 0..1000_usize;
    let visibility = || 0..40_u64;
    prop_oneof![
        2 => (side(), 1..4_usize).prop_map(|(dead, count)| Step::Send { dead, count }),
        4 => (side(), 0..5_usize, visibility())
            .prop_map(|(dead, most, visibility)| Step::Receive { dead, most, visibility }),
        2 => receipt().prop_map(|receipt| Step::Delete { receipt }),
        2 => (receipt(), visibility()).prop_map(|(receipt, visibility)| Step::Extend { receipt, visibility }),
        1 => receipt().prop_map(|receipt| Step::Bury { receipt }),
        3 => (0..30_i64).prop_map(|milliseconds| Step::Pass { milliseconds }),
    ]
}

/// A message as the model has it. Its number tells its age; the newest receipt is the good one.
#[derive(Clone, Debug)]
struct Kept {
    dead: bool,
    visible: i64,
    sent: i64,
    receives: u32,
    receipt: Option<usize>,
    body: String,
    reason: Option<String>,
}

#[derive(Default)]
struct Model {
    messages: BTreeMap<u64, Kept>,
    sent: u64,
    now: i64,
    /// Where each receipt is from.
    receipts: Vec<bool>,
}

impl Model {
    fn send(&mut self, dead: bool, count: usize) -> Vec<String> {
        let bodies: Vec<_> = (self.sent..).take(count).map(|n| format!("body “{n}”\n")).collect();
        for body in bodies.clone() {
            let (visible, sent) = (self.now, self.now);
            let kept = Kept { dead, visible, sent, receives: 0, receipt: None, body, reason: None };
            self.messages.insert(self.sent, kept);
            self.sent += 1;
        }
        bodies
    }

    /// The messages received, by age; each gets the next receipt.
    fn receive(&mut self, dead: bool, most: usize, visibility: u64) -> Vec<Kept> {
        loop {
            let mut visible: Vec<_> = self.messages.iter().collect();
            visible.retain(|(_, kept)| kept.dead == dead && kept.visible <= self.now);
            visible.sort_by_key(|(number, kept)| (kept.visible, **number));
            let mut numbers: Vec<_> = visible.into_iter().map(|(number, _)| *number).take(most).collect();
            numbers.sort_unstable();
            let (mut received, mut moved) = (Vec::new(), false);
            for number in numbers {
                let kept = self.messages.get_mut(&number).unwrap();
                if !dead && kept.receives == MOST {
                    *kept =
                        Kept { dead: true, visible: self.now, receives: 0, receipt: None, ..kept.clone() };
                    moved = true;
                } else {
                    kept.receives += 1;
                    kept.visible = self.now + i64::try_from(visibility).unwrap();
                    kept.receipt = Some(self.receipts.len());
                    self.receipts.push(dead);
                    received.push(kept.clone());
                }
            }
            if !received.is_empty() || !moved {
                return received;
            }
        }
    }

    fn held_by(&mut self, receipt: usize) -> Option<(u64, &mut Kept)> {
        let mut messages = self.messages.iter_mut();
        messages.find(|(_, kept)| kept.receipt == Some(receipt)).map(|(number, kept)| (*number, kept))
    }

    fn depth(&self, dead: bool) -> Depth {
        let (waiting, in_flight): (Vec<_>, Vec<_>) = self
            .messages
            .values()
            .filter(|kept| kept.dead == dead)
            .partition(|kept| kept.visible <= self.now);
        Depth { waiting: waiting.len() as u64, in_flight: in_flight.len() as u64 }
    }
}

async fn run(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(AtomicI64::new(START));
    let path = folder.path().join("queue");
    let open = Local::open_at(&path, MOST, Clock::Turned(Arc::clone(&clock)));
    let main = Queue::Local(open.await.unwrap());
    let queues = [main.clone(), main.dead_letters().unwrap()];
    let mut model = Model { now: START, ..Model::default() };
    let mut receipts: Vec<Received> = Vec::new();
    let mut identifiers: HashMap<String, String> = HashMap::new();
    for step in steps {
        let some = |number: usize| (!receipts.is_empty()).then(|| number % receipts.len());
        match step {
            Step::Send { dead, count } => {
                let bodies = model.send(dead, count);
                let results = queues[usize::from(dead)].send(&bodies).await.unwrap();
                prop_assert!(results.len() == count && results.iter().all(Result::is_ok));
            }
            Step::Receive { dead, most, visibility } => {
                let expected = model.receive(dead, most, visibility);
                let visibility = Duration::from_millis(visibility);
                let queue = &queues[usize::from(dead)];
                let received = queue.receive(most, Duration::ZERO, visibility).await.unwrap();
                prop_assert_eq!(received.len(), expected.len());
                for (got, kept) in received.into_iter().zip(expected) {
                    prop_assert_eq!((&got.body, got.receives), (&kept.body, kept.receives));
                    prop_assert_eq!((got.sent, &got.reason), (kept.sent as u64, &kept.reason));
                    prop_assert_eq!(identifiers.entry(got.id.clone()).or_insert(kept.body), &got.body);
                    receipts.push(got);
                }
            }
            Step::Delete { receipt } => {
                let Some(at) = some(receipt) else { continue };
                if let Some((number, _)) = model.held_by(at) {
                    model.messages.remove(&number);
                }
                let queue = &queues[usize::from(model.receipts[at])];
                let receipt = std::slice::from_ref(&receipts[at].receipt);
                prop_assert!(queue.delete(receipt).await.unwrap()[0].is_ok());
            }
            Step::Extend { receipt, visibility } => {
                let Some(at) = some(receipt) else { continue };
                let now = model.now;
                let held = model.held_by(at).filter(|(_, kept)| kept.visible > now);
                let is_held = held.is_some();
                if let Some((_, kept)) = held {
                    kept.visible = now + i64::try_from(visibility).unwrap();
                }
                let queue = &queues[usize::from(model.receipts[at])];
                let receipt = std::slice::from_ref(&receipts[at].receipt);
                let told = queue.extend(receipt, Duration::from_millis(visibility)).await.unwrap();
                match &told[0] {
                    Ok(()) => prop_assert!(is_held),
                    Err(fault) => prop_assert!(!is_held && matches!(fault, Fault::NotHeld)),
                }
            }
            Step::Bury { receipt } => {
                let Some(at) = some(receipt) else { continue };
                let (now, reason) = (model.now, Some("bad".to_owned()));
                let from_dead = model.receipts[at];
                if let Some((_, kept)) = model.held_by(at).filter(|_| !from_dead) {
                    *kept =
                        Kept { dead: true, visible: now, receives: 0, receipt: None, reason, ..kept.clone() };
                }
                let buried = queues[usize::from(from_dead)].bury(&receipts[at], "bad").await;
                prop_assert_eq!(buried.is_err(), from_dead);
            }
            Step::Pass { milliseconds } => {
                model.now += milliseconds;
                clock.store(model.now, Ordering::SeqCst);
            }
        }
        for dead in [false, true] {
            prop_assert_eq!(queues[usize::from(dead)].depth().await.unwrap(), model.depth(dead));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_is_done_gives_what_the_model_gives(steps in vec(step(), 1..60)) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run(steps))?;
    }
}
