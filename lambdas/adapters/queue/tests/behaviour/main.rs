//! What every kind of queue does.

#[cfg(feature = "sqs")]
mod emulator;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use stampede_queue::{Depth, Fault, Local, MOST_BYTES, Queue, Received};

const LONG: Duration = Duration::from_secs(60);
/// The shortest visibility that SQS knows.
const SHORT: Duration = Duration::from_secs(1);
/// Longer than anything here takes.
const WAIT: Duration = Duration::from_secs(20);

/// A queue of its own, and what it needs.
async fn local() -> (Queue, Box<dyn std::any::Any>) {
    let folder = tempfile::tempdir().unwrap();
    let queue = Queue::Local(Local::open(folder.path().join("queue")).await.unwrap());
    (queue, Box::new(folder))
}

macro_rules! on {
    ($kind:path, $case:ident) => {
        #[tokio::test]
        async fn $case() {
            let (queue, _needs) = $kind().await;
            crate::$case(&queue).await;
        }
    };
}

macro_rules! on_every_kind {
    ($($case:ident)*) => {
        mod on_local {
            $(on!(crate::local, $case);)*
        }

        #[cfg(feature = "sqs")]
        mod on_ministack {
            $(on!(crate::emulator::ministack, $case);)*
        }

        #[cfg(feature = "sqs")]
        mod on_moto {
            $(on!(crate::emulator::moto, $case);)*
        }
    };
}

on_every_kind! {
    what_is_sent_is_received_and_deleted
    what_is_not_deleted_comes_again
    what_is_received_too_often_is_a_dead_letter
    extending_holds_and_releasing_lets_go
    burying_moves_with_the_reason
    batches_are_of_any_size
    every_message_is_told_of
    the_same_twice_is_two
    receiving_waits_until_something_is_sent
    receiving_waits_until_something_is_visible_again
}

/// Not on moto: it looks for what is visible and holds it in two steps, and two of its threads can find
/// the same in between.
mod alone {
    on!(crate::local, two_consumers_never_hold_the_same);

    #[cfg(feature = "sqs")]
    mod on_ministack {
        on!(crate::emulator::ministack, two_consumers_never_hold_the_same);
    }
}

fn bodies(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| format!("{{\"n\": {n}, \"text\": \"“é” <&> 🦀\"}}")).collect()
}

async fn send(queue: &Queue, bodies: &[String]) {
    let results = queue.send(bodies).await.unwrap();
    assert_eq!(results.len(), bodies.len());
    results.into_iter().for_each(|result| result.unwrap());
}

fn receipts(messages: &[Received]) -> Vec<String> {
    messages.iter().map(|message| message.receipt.clone()).collect()
}

async fn delete(queue: &Queue, messages: &[Received]) {
    let results = queue.delete(&receipts(messages)).await.unwrap();
    assert_eq!(results.len(), messages.len());
    results.into_iter().for_each(|result| result.unwrap());
}

/// Receives until it has `count` messages.
async fn receive(queue: &Queue, count: usize, visibility: Duration) -> Vec<Received> {
    let mut all = Vec::new();
    while all.len() < count {
        let some = queue.receive(count - all.len(), WAIT, visibility).await.unwrap();
        assert!(!some.is_empty(), "{} of {count} came", all.len());
        all.extend(some);
    }
    all
}

async fn assert_empty(queue: &Queue) {
    assert_eq!(queue.receive(10, Duration::ZERO, LONG).await.unwrap(), []);
}

async fn what_is_sent_is_received_and_deleted(queue: &Queue) {
    queue.ready().await.unwrap();
    assert_empty(queue).await;
    let bodies = bodies(0..3);
    send(queue, &bodies).await;
    assert_eq!(queue.depth().await.unwrap(), Depth { waiting: 3, in_flight: 0 });
    let received = receive(queue, 3, LONG).await;
    let got: BTreeSet<_> = received.iter().map(|message| message.body.clone()).collect();
    assert_eq!(got, bodies.into_iter().collect());
    for message in &received {
        assert_eq!((message.receives, &message.reason), (1, &None));
        // After 2020, before 2100.
        assert!((1_577_836_800_000..4_102_444_800_000).contains(&message.sent), "{}", message.sent);
    }
    assert_eq!(queue.depth().await.unwrap(), Depth { waiting: 0, in_flight: 3 });
    delete(queue, &received).await;
    assert_eq!(queue.depth().await.unwrap(), Depth::default());
    assert_empty(queue).await;
    assert_eq!(queue.receive(0, WAIT, LONG).await.unwrap(), []);
}

async fn what_is_not_deleted_comes_again(queue: &Queue) {
    send(queue, &bodies(0..1)).await;
    let first = receive(queue, 1, SHORT).await.remove(0);
    let second = receive(queue, 1, LONG).await.remove(0);
    assert_eq!((first.receives, second.receives), (1, 2));
    assert_eq!((&first.id, &first.body, first.sent), (&second.id, &second.body, second.sent));
    assert_ne!(first.receipt, second.receipt);
    delete(queue, &[second]).await;
    assert_eq!(queue.depth().await.unwrap(), Depth::default());
}

async fn what_is_received_too_often_is_a_dead_letter(queue: &Queue) {
    send(queue, &bodies(0..1)).await;
    for receives in 1..=5 {
        let message = receive(queue, 1, LONG).await.remove(0);
        assert_eq!(message.receives, receives);
        queue.extend(&[message.receipt], Duration::ZERO).await.unwrap().remove(0).unwrap();
    }
    assert_empty(queue).await;
    let dead = queue.dead_letters().unwrap();
    let message = receive(&dead, 1, LONG).await.remove(0);
    assert_eq!((&message.body, &message.reason), (&bodies(0..1)[0], &None));
    assert!(dead.dead_letters().is_none());
    assert!(matches!(dead.bury(&message, "why").await, Err(Fault::NoDeadLetters)));
    delete(&dead, &[message]).await;
    assert_eq!(dead.depth().await.unwrap(), Depth::default());
}

async fn extending_holds_and_releasing_lets_go(queue: &Queue) {
    send(queue, &bodies(0..1)).await;
    let first = receive(queue, 1, SHORT).await;
    queue.extend(&receipts(&first), LONG).await.unwrap().remove(0).unwrap();
    // It would be back now.
    assert_eq!(queue.receive(1, 2 * SHORT, LONG).await.unwrap(), []);
    queue.extend(&receipts(&first), Duration::ZERO).await.unwrap().remove(0).unwrap();
    let second = receive(queue, 1, LONG).await;
    assert_eq!(second[0].receives, 2);
    delete(queue, &second).await;
    let gone = queue.extend(&receipts(&second), LONG).await.unwrap().remove(0);
    assert!(matches!(gone, Err(Fault::NotHeld | Fault::Receipt(_))), "{gone:?}");
}

async fn burying_moves_with_the_reason(queue: &Queue) {
    send(queue, &bodies(0..1)).await;
    let message = receive(queue, 1, LONG).await.remove(0);
    queue.bury(&message, "not “ours”").await.unwrap();
    assert_eq!(queue.depth().await.unwrap(), Depth::default());
    let dead = queue.dead_letters().unwrap();
    let buried = receive(&dead, 1, LONG).await.remove(0);
    assert_eq!((buried.body, buried.reason.as_deref()), (message.body, Some("not “ours”")));
}

async fn batches_are_of_any_size(queue: &Queue) {
    let bodies = bodies(0..25);
    send(queue, &bodies).await;
    let received = receive(queue, 25, LONG).await;
    let got: BTreeSet<_> = received.iter().map(|message| message.body.clone()).collect();
    assert_eq!(got, bodies.into_iter().collect());
    let results = queue.extend(&receipts(&received), LONG).await.unwrap();
    assert!(results.len() == 25 && results.iter().all(Result::is_ok));
    delete(queue, &received).await;
    assert_eq!(queue.depth().await.unwrap(), Depth::default());
    // Three that do not fit one batch of SQS.
    send(queue, &["a", "b", "c"].map(|text| text.repeat(MOST_BYTES / 2))).await;
    let lengths: Vec<_> = receive(queue, 3, LONG).await.iter().map(|message| message.body.len()).collect();
    assert_eq!(lengths, [MOST_BYTES / 2; 3]);
    for nothing in [queue.send(&[]).await, queue.delete(&[]).await, queue.extend(&[], LONG).await] {
        assert_eq!(nothing.unwrap().len(), 0);
    }
}

async fn every_message_is_told_of(queue: &Queue) {
    let long = "x".repeat(MOST_BYTES + 1);
    let bodies = ["fine", "", &long, "not\u{0} fine", "fine too"].map(str::to_owned);
    let sent = queue.send(&bodies).await.unwrap();
    let fine: Vec<_> = sent.iter().map(Result::is_ok).collect();
    assert_eq!(fine, [true, false, false, false, true]);
    assert!(sent.iter().flat_map(|result| result.as_ref().err()).all(|fault| !fault.is_passing()));
    let received = receive(queue, 2, LONG).await;
    let mut mixed = receipts(&received);
    mixed.insert(1, "no receipt".to_owned());
    let extended = queue.extend(&mixed, LONG).await.unwrap();
    assert!(extended[0].is_ok() && extended[2].is_ok());
    assert!(extended[1].as_ref().is_err_and(|fault| !fault.is_passing()), "{extended:?}");
    let deleted = queue.delete(&mixed).await.unwrap();
    assert!(deleted[0].is_ok() && deleted[2].is_ok());
    assert_eq!(queue.depth().await.unwrap(), Depth::default());
}

async fn the_same_twice_is_two(queue: &Queue) {
    let twice = ["same".to_owned(), "same".to_owned()];
    send(queue, &twice).await;
    let received = receive(queue, 2, LONG).await;
    assert_ne!(received[0].id, received[1].id);
    delete(queue, &received[..1]).await;
    // Deleting twice is no error, except to ministack.
    let again = queue.delete(&receipts(&received[..1])).await.unwrap().remove(0);
    assert!(matches!(again, Ok(()) | Err(Fault::Receipt(_))), "{again:?}");
    assert_eq!(queue.depth().await.unwrap(), Depth { waiting: 0, in_flight: 1 });
}

async fn receiving_waits_until_something_is_sent(queue: &Queue) {
    let waiting = tokio::spawn({
        let queue = queue.clone();
        async move { queue.receive(1, LONG, LONG).await.unwrap() }
    });
    // Whether it waits already or not, it must come.
    send(queue, &bodies(0..1)).await;
    let received = tokio::time::timeout(WAIT, waiting).await.expect("it came long before its end").unwrap();
    assert_eq!(received.len(), 1);
}

async fn receiving_waits_until_something_is_visible_again(queue: &Queue) {
    send(queue, &bodies(0..1)).await;
    receive(queue, 1, SHORT).await;
    assert_empty(queue).await;
    let again = queue.receive(1, WAIT, LONG).await.unwrap();
    assert_eq!(again[0].receives, 2);
}

async fn two_consumers_never_hold_the_same(queue: &Queue) {
    const COUNT: usize = 120;
    let consumers: Vec<_> = (0..2)
        .map(|_| {
            let queue = queue.clone();
            tokio::spawn(async move {
                let mut held = Vec::new();
                loop {
                    let some = queue.receive(7, SHORT, LONG).await.unwrap();
                    if some.is_empty() {
                        return held;
                    }
                    held.extend(some);
                }
            })
        })
        .collect();
    let bodies = bodies(0..COUNT);
    for some in bodies.chunks(20) {
        send(queue, some).await;
    }
    let mut holders: BTreeMap<String, usize> = BTreeMap::new();
    for consumer in consumers {
        for message in consumer.await.unwrap() {
            assert_eq!(message.receives, 1);
            *holders.entry(message.body).or_default() += 1;
        }
    }
    // A consumer may have gone before the first was sent.
    for message in queue.receive(COUNT, Duration::ZERO, LONG).await.unwrap() {
        *holders.entry(message.body).or_default() += 1;
    }
    assert!(holders.values().all(|&count| count == 1), "{holders:?}");
    assert_eq!(holders.len(), COUNT);
}
