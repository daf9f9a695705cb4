//! Jobs of more items than one statement writes.

use stampede_domain::item::{Event, State};
use stampede_domain::job::{Counts, Status};
use stampede_domain::message::Message;

use crate::jobs::{output, report};
use crate::places::{homes, job_id, make, new_job, owner};

const ITEMS: u32 = 1203;

#[tokio::test]
async fn every_item_of_a_large_job_is_reported_cancelled_and_retried() {
    for home in homes().await {
        let database = home.database;
        let mut job = new_job(1, 1, 1);
        job.items = vec![job.items[0].clone(); ITEMS as usize];
        make(&database, &job, 1).await;
        // A third each: done, failed and begun; the last three are still queued.
        let event = |item: u32| match item % 3 {
            0 => Event::Finished { output: output(item) },
            1 => Event::Failed { reason: format!("no picture {item}") },
            _ => Event::Started,
        };
        let reports: Vec<_> = (0..ITEMS - 3).map(|item| report(1, item, 1, event(item))).collect();
        let changes = database.report(&reports, 2).await.unwrap();
        assert_eq!(changes[0].items.len(), 1200, "{}", home.name);
        let items = database.items(owner(1), job_id(1), 0, ITEMS).await.unwrap();
        for item in &items[..1200] {
            let (wanted, finished) = match item.number % 3 {
                0 => (State::Done(output(item.number)), Some(2)),
                1 => (State::Failed { reason: format!("no picture {}", item.number) }, Some(2)),
                _ => (State::Processing, None),
            };
            assert_eq!((&item.state, item.started, item.finished), (&wanted, Some(2), finished));
        }
        assert!(items[1200..].iter().all(|item| item.state == State::Queued && item.started.is_none()));

        let cancelled = database.cancel(owner(1), job_id(1), 3).await.unwrap().unwrap();
        assert_eq!(cancelled.counts, Counts { done: 400, failed: 400, cancelled: 403, ..Counts::default() });
        assert_eq!((cancelled.items.len(), cancelled.counts.status()), (403, Status::Finished));
        assert!(cancelled.items.is_sorted_by_key(|item| item.number));
        let items = database.items(owner(1), job_id(1), 0, ITEMS).await.unwrap();
        assert_eq!((items[1199].started, items[1199].finished), (Some(2), Some(3)), "it had begun");
        assert_eq!((items[1202].started, items[1202].finished), (Some(3), Some(3)));

        let (again, outgoing) = database.retry(owner(1), job_id(1), None, 4).await.unwrap().unwrap();
        assert_eq!(again.counts, Counts { queued: 803, done: 400, ..Counts::default() });
        let asked: Vec<_> = outgoing
            .iter()
            .map(|outgoing| match Message::from_json(outgoing.body.as_bytes()).unwrap() {
                Message::Stamp(task) => (task.item, task.attempt),
                Message::Zip(_) | Message::Object(_) => panic!("{}", outgoing.id),
            })
            .collect();
        let wanted: Vec<_> =
            (0..ITEMS).filter(|item| item % 3 > 0 || *item >= 1200).map(|item| (item, 2)).collect();
        assert_eq!(asked, wanted);
        let items = database.items(owner(1), job_id(1), 0, ITEMS).await.unwrap();
        assert_eq!((items[1].queued, items[1].started, items[1].finished), (4, None, None));
        assert_eq!((&items[1].state, items[1].attempt), (&State::Queued, 2));
        assert_eq!(
            (&items[0].state, items[0].queued, items[0].finished),
            (&State::Done(output(0)), 1, Some(2))
        );
    }
}
