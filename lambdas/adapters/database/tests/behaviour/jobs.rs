//! Jobs: made once, changed by reports in any order, cancelled, tried again.

use stampede_database::{Created, Idempotency, JobCursor, LEASE};
use stampede_domain::callback::Report;
use stampede_domain::item::{Event, Output, State};
use stampede_domain::job::{Counts, Status};
use stampede_domain::message::Message;

use crate::places::{homes, job_id, make, new_job, owner};

pub(crate) fn output(number: u32) -> Output {
    let key = format!("stamped/{number}");
    Output { key, bytes: 5, width: 4, height: 3, path: "splice".to_owned(), milliseconds: 2 }
}

pub(crate) fn report(job: u8, item: u32, attempt: u32, event: Event) -> Report {
    Report { job: job_id(job), item, attempt, event }
}

#[tokio::test]
async fn a_job_is_made_with_its_messages_and_only_its_owner_sees_it() {
    for home in homes().await {
        let database = home.database;
        let outgoing = make(&database, &new_job(1, 1, 3), 1000).await;
        assert_eq!(outgoing.len(), 3, "{}", home.name);
        let Ok(Message::Stamp(task)) = Message::from_json(outgoing[2].body.as_bytes()) else { panic!() };
        assert_eq!((task.item, task.attempt, task.picture.index), (2, 1, 3));
        assert_eq!(task.stamp.as_deref(), Some("stamps/built-in/logo"));
        assert_eq!(task.output, format!("stamped/{}/{}", owner(1), "pic_02020202020202020202020202020202"));
        let job = database.job(owner(1), job_id(1)).await.unwrap().unwrap();
        assert_eq!((job.status, job.counts.queued, job.created), (Status::Queued, 3, 1000));
        assert_eq!(job.settings.at.as_deref(), Some("top"));
        assert_eq!(database.job(owner(2), job_id(1)).await.unwrap(), None);
        assert!(database.items(owner(2), job_id(1), 0, 10).await.unwrap().is_empty());
        assert!(database.cancel(owner(2), job_id(1), 1).await.unwrap().is_none());
        assert!(database.retry(owner(2), job_id(1), None, 1).await.unwrap().is_none());
        let items = database.items(owner(1), job_id(1), 1, 1).await.unwrap();
        assert!(items.len() == 1 && items[0].number == 1 && items[0].name == "1.jpg");
    }
}

#[tokio::test]
async fn messages_are_sent_by_one_and_again_by_another_when_it_dies() {
    for home in homes().await {
        let database = home.database;
        let outgoing = make(&database, &new_job(1, 1, 3), 1000).await;
        assert!(database.take_outbox(10, 1001).await.unwrap().is_empty(), "{}", home.name);
        database.sent(&[outgoing[0].id.clone()]).await.unwrap();
        let (a, b) =
            tokio::join!(database.take_outbox(10, 1000 + LEASE), database.take_outbox(10, 1000 + LEASE));
        let mut taken = [a.unwrap(), b.unwrap()].concat();
        taken.sort_by(|a, b| a.id.cmp(&b.id));
        assert_eq!(taken, outgoing[1..], "each is taken once");
        database.sent(&taken.iter().map(|one| one.id.clone()).collect::<Vec<_>>()).await.unwrap();
        assert!(database.take_outbox(10, u64::MAX >> 2).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_request_that_comes_again_makes_one_job() {
    for home in homes().await {
        let database = home.database;
        let request = |id: u8, of: u8, fingerprint: u8| {
            let idempotency = Idempotency { key: "k".to_owned(), fingerprint: [fingerprint; 32] };
            let mut job = new_job(id, of, 2);
            job.idempotency = Some(idempotency);
            job
        };
        let tasks: Vec<_> = (1..=50)
            .map(|id| {
                let (database, job) = (database.clone(), request(id, 1, 7));
                tokio::spawn(async move { database.create_job(&job, 5).await.unwrap() })
            })
            .collect();
        let mut made = Vec::new();
        for task in tasks {
            made.push(task.await.unwrap());
        }
        let new = made.iter().filter(|made| matches!(made, Created::New(_))).count();
        assert_eq!(new, 1, "{}", home.name);
        let jobs = database.list_jobs(owner(1), None, 100).await.unwrap();
        assert_eq!(jobs.len(), 1);
        assert!(
            made.iter().all(|made| matches!(made, Created::New(_)) || *made == Created::Again(jobs[0].id))
        );
        assert_eq!(database.create_job(&request(60, 1, 8), 6).await.unwrap(), Created::Differs);
        // Another owner's key is another key.
        assert!(matches!(database.create_job(&request(61, 2, 8), 6).await.unwrap(), Created::New(_)));
        database.prune(6 + 25 * 3600 * 1000).await.unwrap();
        assert!(matches!(database.create_job(&request(62, 1, 9), 6).await.unwrap(), Created::New(_)));
    }
}

#[tokio::test]
async fn pages_hold_every_job_once_the_newest_first() {
    for home in homes().await {
        let database = home.database;
        for id in 1..=7 {
            // Several of the same moment.
            make(&database, &new_job(id, 1, 1), u64::from(id / 3)).await;
        }
        make(&database, &new_job(9, 2, 1), 0).await;
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let page = database.list_jobs(owner(1), cursor, 3).await.unwrap();
            let Some(last) = page.last() else { break };
            cursor = Some(JobCursor::behind(last).to_string().parse().unwrap());
            seen.extend(page.into_iter().map(|job| (job.created, job.id)));
        }
        let mut sorted = seen.clone();
        sorted.sort_by(|a, b| b.cmp(a));
        sorted.dedup();
        assert!(seen == sorted && seen.len() == 7, "{}: {seen:?}", home.name);
    }
}

#[tokio::test]
async fn reports_in_any_order_leave_one_state_and_changes_without_gaps() {
    for home in homes().await {
        let database = home.database;
        make(&database, &new_job(1, 1, 20), 1).await;
        let mut tasks = Vec::new();
        for round in 0..3u32 {
            for item in 0..20 {
                let event = match (item + round) % 3 {
                    0 => Event::Started,
                    1 if item % 4 == 0 => Event::Failed { reason: "no picture".to_owned() },
                    _ if item % 4 == 0 => Event::Started,
                    _ => Event::Finished { output: output(item) },
                };
                let (database, reports) = (database.clone(), [report(1, item, 1, event)]);
                tasks.push(tokio::spawn(async move { database.report(&reports, 2).await.unwrap() }));
            }
        }
        let mut sequences = Vec::new();
        for task in tasks {
            sequences.extend(task.await.unwrap().iter().map(|change| change.sequence));
        }
        sequences.sort_unstable();
        assert!((1..).zip(&sequences).all(|(wanted, &is)| wanted == is), "{}: {sequences:?}", home.name);
        let job = database.job(owner(1), job_id(1)).await.unwrap().unwrap();
        let items = database.items(owner(1), job_id(1), 0, 100).await.unwrap();
        assert_eq!(Counts::of(items.iter().map(|item| &item.state)), job.counts);
        assert_eq!((job.counts.done, job.counts.failed, job.status), (15, 5, Status::Finished));
        assert!(job.finished == Some(2) && items.iter().all(|item| item.started == Some(2)));
        let since = database.since(owner(1), 3, 1000).await.unwrap();
        assert!(since.complete && since.latest == sequences.len() as u64);
        assert_eq!(since.changes.len(), sequences.len() - 3);
        assert_eq!(since.changes.last().unwrap().counts, job.counts);
        let nothing = database.since(owner(2), 0, 10).await.unwrap();
        assert!(nothing.complete && nothing.latest == 0);
        let ahead = database.since(owner(1), since.latest + 1, 10).await.unwrap();
        assert!(!ahead.complete && ahead.latest == since.latest, "no such change was ever told");
        database.prune(3 + 8 * 24 * 3600 * 1000).await.unwrap();
        assert!(!database.since(owner(1), 3, 10).await.unwrap().complete);
        assert!(database.since(owner(1), sequences.len() as u64, 10).await.unwrap().complete);
    }
}

#[tokio::test]
async fn a_retry_is_a_new_attempt_with_new_messages() {
    for home in homes().await {
        let database = home.database;
        let first = make(&database, &new_job(1, 1, 3), 1).await;
        database.sent(&first.iter().map(|one| one.id.clone()).collect::<Vec<_>>()).await.unwrap();
        let failed = Event::Failed { reason: "no picture".to_owned() };
        let done = Event::Finished { output: output(1) };
        database.report(&[report(1, 0, 1, failed), report(1, 1, 1, done.clone())], 2).await.unwrap();
        let cancelled = database.cancel(owner(1), job_id(1), 3).await.unwrap().unwrap();
        assert_eq!(cancelled.counts, Counts { done: 1, failed: 1, cancelled: 1, ..Counts::default() });
        assert!(database.cancel(owner(1), job_id(1), 3).await.unwrap().is_none(), "{}", home.name);
        // Neither what is done nor what never was is tried again.
        for number in [1, 9] {
            assert!(database.retry(owner(1), job_id(1), Some(number), 4).await.unwrap().is_none());
        }
        let (change, outgoing) = database.retry(owner(1), job_id(1), Some(2), 4).await.unwrap().unwrap();
        assert_eq!(change.counts, Counts { queued: 1, done: 1, failed: 1, ..Counts::default() });
        assert_eq!((change.items.len(), change.items[0].number, outgoing.len()), (1, 2, 1));
        database.cancel(owner(1), job_id(1), 4).await.unwrap().unwrap();
        let (change, outgoing) = database.retry(owner(1), job_id(1), None, 4).await.unwrap().unwrap();
        assert_eq!(change.counts, Counts { queued: 2, done: 1, ..Counts::default() });
        assert_eq!(outgoing.len(), 2);
        let Ok(Message::Stamp(task)) = Message::from_json(outgoing[1].body.as_bytes()) else { panic!() };
        assert_eq!((task.item, task.attempt, task.stamp.is_some()), (2, 3, true));
        let late = database.report(&[report(1, 0, 1, done.clone())], 5).await.unwrap();
        assert!(late.is_empty(), "a report of the attempt before is void");
        database.report(&[report(1, 0, 2, done.clone()), report(1, 2, 3, done)], 6).await.unwrap();
        let job = database.job(owner(1), job_id(1)).await.unwrap().unwrap();
        assert_eq!((job.counts.done, job.finished), (3, Some(6)));
        let items = database.items(owner(1), job_id(1), 0, 10).await.unwrap();
        assert!(items.iter().all(|item| matches!(item.state, State::Done(_))));
        assert_eq!(items[0].queued, 4);
    }
}

#[tokio::test]
async fn what_is_cancelled_before_it_is_sent_is_not_sent() {
    for home in homes().await {
        let database = home.database;
        make(&database, &new_job(1, 1, 3), 1).await;
        let other = make(&database, &new_job(2, 1, 1), 2).await;
        let done = Event::Finished { output: output(0) };
        database.report(&[report(1, 0, 1, done)], 3).await.unwrap();
        database.cancel(owner(1), job_id(1), 4).await.unwrap().unwrap();
        let (_, again) = database.retry(owner(1), job_id(1), None, 5).await.unwrap().unwrap();
        let left = database.take_outbox(10, 5 + LEASE).await.unwrap();
        let left: std::collections::BTreeSet<_> = left.into_iter().map(|one| one.id).collect();
        // Not 1 and 2 of the first attempt; that of 0, which was not cancelled, changes nothing.
        let mut wanted = std::collections::BTreeSet::from([format!("{}/0/1", job_id(1))]);
        wanted.extend(again.into_iter().chain(other).map(|one| one.id));
        assert_eq!(left, wanted, "{}", home.name);
    }
}

#[tokio::test]
async fn messages_are_taken_in_the_order_they_were_put_in() {
    for home in homes().await {
        let database = home.database;
        let mut wanted = Vec::new();
        // Names in another order than times, and more items than have one digit.
        for (id, now) in [(3, 1), (1, 2), (2, 3)] {
            wanted.extend(make(&database, &new_job(id, 1, 12), now).await);
        }
        // The first are taken, and not sent: they are the oldest still.
        let first = database.take_outbox(5, 1 + LEASE).await.unwrap();
        assert_eq!(first, wanted[..5], "{}", home.name);
        let left = database.take_outbox(100, 3 + LEASE).await.unwrap();
        assert_eq!(left, wanted[5..]);
        assert_eq!(database.take_outbox(100, 3 + 2 * LEASE).await.unwrap(), wanted);
    }
}
