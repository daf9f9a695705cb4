//! A job's ZIP.

use stampede_database::{NewUpload, ZipRequest, ZipState};
use stampede_domain::callback::{ZipEvent, ZipReport};
use stampede_domain::id::{Picture, PictureId};
use stampede_domain::item::Event;
use stampede_domain::message::Message;
use stampede_domain::trace::Cause;

use crate::jobs::{output, report};
use crate::places::{homes, job_id, make, new_job, owner};

#[tokio::test]
async fn a_zip_is_asked_for_made_and_void_when_the_job_changes() {
    for home in homes().await {
        let database = home.database;
        make(&database, &new_job(1, 1, 2), 1).await;
        let ask = |of: u8| {
            let (manifest, output) = ("zips/m.json".to_owned(), "zips/o.zip".to_owned());
            database.request_zip(owner(of), job_id(1), manifest, output, Cause::default(), 9)
        };
        assert_eq!(ask(2).await.unwrap(), ZipRequest::Missing, "{}", home.name);
        assert_eq!(ask(1).await.unwrap(), ZipRequest::Unfinished);
        let failed = Event::Failed { reason: "no picture".to_owned() };
        database.report(&[report(1, 0, 1, failed.clone()), report(1, 1, 1, failed)], 2).await.unwrap();
        assert_eq!(ask(1).await.unwrap(), ZipRequest::Empty);
        let done = Event::Finished { output: output(0) };
        database.report(&[report(1, 0, 1, done.clone())], 3).await.unwrap();
        let ZipRequest::New(change, outgoing) = ask(1).await.unwrap() else { panic!() };
        let Ok(Message::Zip(zip)) = Message::from_json(outgoing.body.as_bytes()) else { panic!() };
        assert_eq!((zip.attempt, zip.output.as_str()), (1, "zips/o.zip"));
        assert_eq!(ask(1).await.unwrap(), ZipRequest::Known(change.zip));

        let tell = |attempt, event| ZipReport { job: job_id(1), attempt, event };
        let progress = |entries| ZipEvent::Progress { entries };
        assert!(database.report_zip(&tell(1, progress(5)), 4).await.unwrap().is_some());
        assert!(database.report_zip(&tell(1, progress(3)), 4).await.unwrap().is_none());
        assert!(database.report_zip(&tell(2, progress(9)), 4).await.unwrap().is_none());
        let ready =
            database.report_zip(&tell(1, ZipEvent::Finished { bytes: 77 }), 5).await.unwrap().unwrap();
        assert_eq!(ready.zip, ZipState::Ready { key: "zips/o.zip".to_owned(), bytes: 77 });
        assert!(database.report_zip(&tell(1, progress(9)), 4).await.unwrap().is_none());

        database.retry(owner(1), job_id(1), None, 6).await.unwrap().unwrap();
        assert_eq!(database.job(owner(1), job_id(1)).await.unwrap().unwrap().zip, ZipState::None);
        database.report(&[report(1, 1, 2, done)], 7).await.unwrap();
        let ZipRequest::New(_, outgoing) = ask(1).await.unwrap() else { panic!() };
        let Ok(Message::Zip(zip)) = Message::from_json(outgoing.body.as_bytes()) else { panic!() };
        assert_eq!(zip.attempt, 2);
    }
}

#[tokio::test]
async fn the_order_of_reports_on_a_zip_does_not_matter() {
    for home in homes().await {
        let database = home.database;
        let failed = || ZipEvent::Failed { reason: "no room".to_owned() };
        let (progress, finished) = (ZipEvent::Progress { entries: 1 }, ZipEvent::Finished { bytes: 77 });
        let all = [
            vec![failed(), finished.clone(), failed(), progress.clone()],
            vec![progress.clone(), failed(), progress.clone(), finished.clone()],
            vec![finished.clone(), failed(), finished, progress],
        ];
        for (id, events) in (1..).zip(all) {
            make(&database, &new_job(id, 1, 1), 1).await;
            let done = Event::Finished { output: output(0) };
            database.report(&[report(id, 0, 1, done)], 2).await.unwrap();
            let (manifest, output) = ("zips/m.json".to_owned(), format!("zips/{id}.zip"));
            database.request_zip(owner(1), job_id(id), manifest, output, Cause::default(), 3).await.unwrap();
            for event in events {
                let report = ZipReport { job: job_id(id), attempt: 1, event };
                database.report_zip(&report, 4).await.unwrap();
            }
            let job = database.job(owner(1), job_id(id)).await.unwrap().unwrap();
            let ready = ZipState::Ready { key: format!("zips/{id}.zip"), bytes: 77 };
            assert_eq!(job.zip, ready, "{}: job {id}", home.name);
        }
    }
}

#[tokio::test]
async fn a_zip_is_void_when_a_picture_in_it_is_deleted_for_good() {
    for home in homes().await {
        let database = home.database;
        let upload = |number: u8| NewUpload::<Picture> {
            id: PictureId::from_bytes([number; 16]),
            name: "a.jpg".to_owned(),
            key: format!("originals/{number}"),
            content_type: "image/jpeg".to_owned(),
            bytes: 10,
        };
        let pictures = [upload(0), upload(1)];
        database.announce(owner(1), &pictures, 1).await.unwrap();
        let ask = |job: u8, key: &str| {
            let (manifest, output) = ("zips/m.json".to_owned(), key.to_owned());
            database.request_zip(owner(1), job_id(job), manifest, output, Cause::default(), 3)
        };
        let zip = async |job: u8| database.job(owner(1), job_id(job)).await.unwrap().unwrap().zip;
        let tell = |event| ZipReport { job: job_id(1), attempt: 1, event };
        // Job 1 is done with both pictures, job 2 with the first, job 3 with the second alone.
        let failed = || Event::Failed { reason: "no picture".to_owned() };
        let done = || Event::Finished { output: output(0) };
        for (job, first, second) in [(1, done(), done()), (2, done(), failed()), (3, failed(), done())] {
            make(&database, &new_job(job, 1, 2), 1).await;
            database.report(&[report(job, 0, 1, first), report(job, 1, 1, second)], 2).await.unwrap();
            ask(job, &format!("zips/{job}.zip")).await.unwrap();
        }
        database.report_zip(&tell(ZipEvent::Finished { bytes: 9 }), 4).await.unwrap().unwrap();
        // A ZIP that is void already lies in the store still.
        database.retry(owner(1), job_id(2), None, 5).await.unwrap().unwrap();
        let before = database.since(owner(1), 0, 1).await.unwrap().latest;

        database.delete_uploads(owner(1), &[pictures[0].id], 500).await.unwrap();
        assert_eq!(zip(1).await, ZipState::Ready { key: "zips/1.zip".to_owned(), bytes: 9 }, "{}", home.name);
        let due = database.purge_due(500, 10).await.unwrap();
        let [purge] = &due[..] else { panic!("{due:?}") };
        let mut also = purge.also.clone();
        also.sort();
        assert_eq!(also, ["zips/1.zip", "zips/2.zip"]);
        assert_eq!(zip(1).await, ZipState::None);
        assert!(matches!(zip(3).await, ZipState::Pending { .. }), "it has only the other picture");
        assert!(database.report_zip(&tell(ZipEvent::Finished { bytes: 9 }), 6).await.unwrap().is_none());
        let told = database.since(owner(1), before, 10).await.unwrap();
        assert!(told.complete && told.changes.len() == 1 && told.changes[0].zip == ZipState::None);
        // Until it is told, it is told again, and its owner is not.
        assert_eq!(database.purge_due(500, 10).await.unwrap(), due);
        assert_eq!(database.since(owner(1), before, 10).await.unwrap(), told);

        assert!(matches!(ask(1, "zips/new.zip").await.unwrap(), ZipRequest::New(..)));
        database.purged(std::slice::from_ref(&purge.id)).await.unwrap();
        let finished = ZipReport { job: job_id(1), attempt: 2, event: ZipEvent::Finished { bytes: 8 } };
        database.report_zip(&finished, 7).await.unwrap().unwrap();
        assert_eq!(zip(1).await, ZipState::Ready { key: "zips/new.zip".to_owned(), bytes: 8 });
        database.delete_uploads(owner(1), &[pictures[1].id], 500).await.unwrap();
        let mut also = database.purge_due(500, 10).await.unwrap()[0].also.clone();
        also.sort();
        assert_eq!(also, ["zips/3.zip", "zips/new.zip"], "what was deleted is not told again");
    }
}
