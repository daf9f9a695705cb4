//! The histories of `lambdas/domain/tests/life_cycle` on the real parts: SQLite, the folder, the local queue, a stamper
//! with its decoders, and the API with its sweeper. What happens next is drawn by lot; after each step the item is as the
//! domain's rules say, and in the end it is done once or failed with a reason. `STAMPEDE_HISTORIES` says how many.

mod parts;
mod uploads;
mod zips;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::json;
use stampede_database::{Created, NewItem, NewJob, Outgoing};
use stampede_domain::id::{JobId, OwnerId, PictureId};
use stampede_domain::item::{Event, State};
use stampede_domain::message::Message;
use stampede_middleware::sweep;
use stampede_queue::Received;

use self::parts::{Calls, LONG, NOW, Parts};
use crate::client::{Client, variant};

/// Histories, and steps of each.
const HISTORIES: u64 = 40;
const STEPS: usize = 16;
/// Each has parts of its own, and waits for most of its time.
const AT_ONCE: usize = 8;
/// In milliseconds since 1970: whoever wrote a message then has had their time to send it, and another may.
const LONG_AGO: u64 = 1;
/// What happens to messages that are written by somebody who does not live to note that they are sent.
const NOT_SENT: &str = "retry, and end before anything is sent";
const SENT_TWICE: &str = "retry and send, and end before that is noted";
/// What happens to a stamper that the domain's model lets end between its first two steps.
const NOT_STORED: &str = "begin, and end before anything is stored";

/// A history that goes on.
struct History {
    parts: Parts,
    client: Client,
    owner: OwnerId,
    job: JobId,
    is_sound: bool,
    /// Whether anything went wrong but the picture, or its owner changed their mind.
    is_troubled: bool,
    held: Vec<Received>,
    random: u64,
    /// What happened, for who looks at a failure.
    told: Vec<&'static str>,
}

impl History {
    async fn begin(number: u64) -> Self {
        let parts = Parts::start().await;
        let client = Client::new(&parts.url).await;
        let is_sound = !number.is_multiple_of(3);
        let ids = match is_sound {
            true => client.upload(&[variant("baseline-420.jpg")]).await,
            false => vec![client.upload_half("a.jpg", &variant("baseline-420.jpg")).await],
        };
        let owner = client.get("/me").await["owner"].as_str().unwrap().parse().unwrap();
        let job = match number % 4 {
            // Nothing of this is trouble: the sweeper sends what was not sent, and twice is as good as once.
            1 => made(&parts, owner, &ids[0]).await.0,
            2 => {
                let (job, outgoing) = made(&parts, owner, &ids[0]).await;
                send(&parts, outgoing).await;
                job
            }
            _ => {
                let wanted = json!({ "pictures": ids, "stamp": "built-in:logo" });
                let (status, job) = client.post("/jobs", wanted).await;
                assert_eq!(status, 201, "{job}");
                job["id"].as_str().unwrap().parse().unwrap()
            }
        };
        let (held, told, random) = (Vec::new(), Vec::new(), number * 7919 + 1);
        Self { parts, client, owner, job, is_sound, is_troubled: false, held, random, told }
    }

    fn lot(&mut self, of: u64) -> u64 {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % of
    }

    async fn step(&mut self) {
        let queue = self.parts.queue.clone();
        let at = self.held.len().checked_sub(1).map(|last| self.lot(last as u64 + 1) as usize);
        let lot = self.lot(17);
        let what = match (lot, at) {
            (0..=2, _) => {
                self.held.extend(queue.receive(1, NOW, LONG).await.unwrap());
                "receive"
            }
            (3..=4, Some(at)) => {
                self.work(at, Calls::default()).await;
                let message = self.held.remove(at);
                queue.delete(&[message.receipt]).await.unwrap();
                "work, tell, delete"
            }
            (5, Some(at)) => {
                self.work(at, Calls::default()).await;
                self.troubled("work and tell, and come back")
            }
            (6, Some(at)) => {
                self.work(at, Calls { lose_end: true, ..Calls::default() }).await;
                self.troubled("end once it is stored")
            }
            (7, Some(at)) => {
                self.work(at, Calls { lose_start: true, answer_lost: true, ..Calls::default() }).await;
                self.troubled("tell, and hear no answer")
            }
            (8, Some(at)) => {
                self.work(at, Calls { late: true, ..Calls::default() }).await;
                self.troubled("a call back is long on its way")
            }
            (9, Some(at)) => {
                let message = self.held.remove(at);
                queue.extend(&[message.receipt], NOW).await.unwrap();
                self.troubled("end before anything")
            }
            (10, Some(at)) => {
                // It is worked on still: whoever holds it does not know.
                queue.extend(std::slice::from_ref(&self.held[at].receipt), NOW).await.unwrap();
                self.troubled("come back too early")
            }
            (11, Some(at)) => {
                queue.send(std::slice::from_ref(&self.held[at].body)).await.unwrap();
                self.troubled("be there twice")
            }
            (12, _) => {
                self.sweep().await;
                self.parts.late_calls().await;
                "sweep, and late call backs arrive"
            }
            (13, _) => {
                let wish = if self.lot(2) == 0 { "cancel" } else { "retry" };
                self.client.call(Method::POST, &format!("/jobs/{}/{wish}", self.job), Some(json!({}))).await;
                self.parts.expect(|item| if wish == "cancel" { item.cancel() } else { item.retry() });
                self.troubled(wish)
            }
            (14 | 15, _) => {
                let again = self.parts.database.retry(self.owner, self.job, None, LONG_AGO).await.unwrap();
                self.parts.expect(|item| item.retry());
                let Some((_, outgoing)) = again else { return };
                if lot == 15 {
                    send(&self.parts, outgoing).await;
                }
                self.troubled(if lot == 15 { SENT_TWICE } else { NOT_SENT })
            }
            (16, Some(at)) => {
                let message = self.held.remove(at);
                self.parts.dying.work(vec![message.body]).await;
                queue.extend(&[message.receipt], NOW).await.unwrap();
                self.troubled(NOT_STORED)
            }
            _ => return,
        };
        self.told.push(what);
        self.compare().await;
    }

    fn troubled(&mut self, what: &'static str) -> &'static str {
        self.is_troubled = true;
        what
    }

    async fn work(&mut self, at: usize, calls: Calls) {
        self.parts.calls(calls);
        self.parts.stamper.work(vec![self.held[at].body.clone()]).await;
        self.parts.calls(Calls::default());
    }

    /// The sweeper fails what the dead letters hold.
    async fn sweep(&mut self) {
        let dead = self.parts.queue.dead_letters().unwrap();
        for letter in dead.receive(100, NOW, NOW).await.unwrap() {
            let Ok(Message::Stamp(task)) = Message::from_json(letter.body.as_bytes()) else {
                panic!("{}", letter.body)
            };
            let reason = "by the sweeper".to_owned();
            self.parts.expect(|item| item.report(task.attempt, Event::Failed { reason }));
        }
        sweep(&self.parts.app).await.unwrap();
    }

    /// The item is as the domain's rules say.
    async fn compare(&self) {
        let items = self.client.get(&format!("/jobs/{}/items", self.job)).await;
        let item = &items["items"][0];
        let expected = self.parts.expected();
        let state = match expected.state {
            State::Queued => "queued",
            State::Processing => "processing",
            State::Done(_) => "done",
            State::Failed { .. } => "failed",
            State::Cancelled => "cancelled",
        };
        assert_eq!(item["state"], state, "{item} after {:?}", self.told);
        assert_eq!(item["attempt"], expected.attempt, "{item} after {:?}", self.told);
    }

    /// Nothing goes wrong any more, and everything comes to its end; how, and what happened before.
    async fn end(mut self) -> (&'static str, Vec<&'static str>) {
        let queue = self.parts.queue.clone();
        for message in std::mem::take(&mut self.held) {
            // It may be another's by now, or gone.
            queue.extend(&[message.receipt], NOW).await.unwrap();
        }
        self.parts.late_calls().await;
        loop {
            self.sweep().await;
            let Some(message) = queue.receive(1, NOW, LONG).await.unwrap().pop() else { break };
            self.held = vec![message];
            self.work(0, Calls::default()).await;
            let message = self.held.remove(0);
            queue.delete(&[message.receipt]).await.unwrap();
        }
        self.sweep().await;
        self.compare().await;
        let depth = queue.depth().await.unwrap();
        assert_eq!((depth.waiting, depth.in_flight), (0, 0), "{:?}", self.told);
        let expected = self.parts.expected();
        assert!(expected.is_closed(), "{:?} after {:?}", expected.state, self.told);
        let objects = self.parts.keys("stamped/").await;
        let end = match &expected.state {
            State::Done(output) => {
                assert_eq!(objects, std::slice::from_ref(&output.key), "{:?}", self.told);
                assert!(self.is_sound);
                "done"
            }
            State::Failed { reason } => {
                assert!(!reason.is_empty() && (self.is_troubled || !self.is_sound), "{:?}", self.told);
                "failed"
            }
            _ => {
                assert!(self.is_troubled);
                "cancelled"
            }
        };
        (end, self.told)
    }
}

/// Makes a job of a picture as the API does, whose process ends when it is written; its message is to be sent.
async fn made(parts: &Parts, owner: OwnerId, picture: &str) -> (JobId, Vec<Outgoing>) {
    let picture: PictureId = picture.parse().unwrap();
    let upload = parts.database.upload(owner, picture).await.unwrap().unwrap();
    let id = JobId::random().unwrap();
    let job = NewJob {
        id,
        owner,
        stamp: Some(("built-in:logo".to_owned(), "stamps/built-in/logo.svg".to_owned())),
        settings: Default::default(),
        items: vec![NewItem { picture, name: upload.name, key: upload.key }],
        idempotency: None,
        request: None,
        traceparent: None,
    };
    match parts.database.create_job(&job, LONG_AGO).await.unwrap() {
        Created::New(outgoing) => (id, outgoing),
        other => panic!("{other:?}"),
    }
}

/// Sends messages, and does not note that.
async fn send(parts: &Parts, outgoing: Vec<Outgoing>) {
    let bodies: Vec<_> = outgoing.into_iter().map(|one| one.body).collect();
    assert!(parts.queue.send(&bodies).await.unwrap().iter().all(Result::is_ok));
}

/// From its beginning to its end; how it ends, and what happened.
async fn history(number: u64) -> (&'static str, Vec<&'static str>) {
    let mut history = History::begin(number).await;
    for _ in 0..STEPS {
        history.step().await;
    }
    history.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_in_whatever_order_each_picture_is_done_once_or_failed_with_a_reason() {
    let histories = std::env::var("STAMPEDE_HISTORIES").map_or(HISTORIES, |number| number.parse().unwrap());
    let (mut ends, mut happened) = (BTreeMap::new(), BTreeSet::new());
    let mut all = stream::iter(0..histories).map(history).buffer_unordered(AT_ONCE);
    while let Some((end, told)) = all.next().await {
        *ends.entry(end).or_insert(0) += 1;
        happened.extend(told);
    }
    println!("{ends:?} after {happened:?}");
    let is_all = [NOT_SENT, SENT_TWICE, NOT_STORED].iter().all(|what| happened.contains(what));
    assert!(ends.len() == 3 && is_all, "the lots are too much alike: {ends:?} after {happened:?}");
}
