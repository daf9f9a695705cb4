//! A job's ZIP.

use stampede_database::{ZipRequest, ZipState};
use stampede_domain::callback::{ZipEvent, ZipReport};
use stampede_domain::item::Event;
use stampede_domain::message::Message;

use crate::jobs::{output, report};
use crate::places::{homes, job_id, make, new_job, owner};

#[tokio::test]
async fn a_zip_is_asked_for_made_and_void_when_the_job_changes() {
    for home in homes().await {
        let database = home.database;
        make(&database, &new_job(1, 1, 2), 1).await;
        let ask = |of: u8| {
            let (manifest, output) = ("zips/m.json".to_owned(), "zips/o.zip".to_owned());
            database.request_zip(owner(of), job_id(1), manifest, output, None, 9)
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

        database.retry(owner(1), job_id(1), 6).await.unwrap().unwrap();
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
            database.request_zip(owner(1), job_id(id), manifest, output, None, 3).await.unwrap();
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
