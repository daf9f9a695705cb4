//! A stamper that works for longer than a message is its own for: it holds on to it, and nobody else gets it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use stampede_decoder::{Decoders, Settings};
use stampede_domain::callback::{Callback, Report};
use stampede_domain::item::Event;
use stampede_domain::signature::Secret;
use stampede_emulators::Ministack;
use stampede_stamper::{Consumer, Reporter, Stamper, consume};
use stampede_store::About;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::places::{clients, fixture, is_empty, stamp_task, until};

/// A message is a receiver's own for so long, unless it holds on to it.
const VISIBILITY: Duration = Duration::from_secs(2);
/// Another receiver waits for so long: more than twice that, and less than a report waits for its answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A middleware that takes reports at once, and answers when it is told to.
struct Middleware {
    url: String,
    answers: watch::Sender<bool>,
    taken: Taken,
}

type Taken = Arc<Mutex<Vec<Report>>>;

impl Middleware {
    async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/callback", listener.local_addr().unwrap());
        let (answers, told) = watch::channel(false);
        let taken = Taken::default();
        let routes = Router::new().route("/callback", post(take)).with_state((Arc::clone(&taken), told));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, answers, taken }
    }

    /// How often it was told that a picture is done.
    fn done(&self) -> usize {
        let taken = self.taken.lock().unwrap();
        taken.iter().filter(|report| matches!(report.event, Event::Finished { .. })).count()
    }
}

async fn take(
    State((taken, mut told)): State<(Taken, watch::Receiver<bool>)>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let now = UNIX_EPOCH.elapsed().unwrap().as_secs();
    let signature = headers["stampede-signature"].to_str().unwrap();
    let (callback, _) = Callback::open(&body, signature, &secret(), now).unwrap();
    taken.lock().unwrap().extend(callback.reports);
    drop(told.wait_for(|told| *told).await);
    StatusCode::NO_CONTENT
}

fn secret() -> Secret {
    Secret::new([7; 32]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_worked_on_for_long_is_nobody_elses_and_is_done_once() {
    let ministack = Ministack::start().unwrap();
    let (url, dead) = ministack.queue("tasks", 5).await.unwrap();
    ministack.bucket("all").await.unwrap();
    let (store, queue) = clients(&ministack, "all", &url, &dead);
    for (key, name, content_type) in [
        ("originals/a", "pictures/variants/baseline-420.jpg", "image/jpeg"),
        ("stamps/a", "stamps/logo.png", "image/png"),
    ] {
        store.put(key, fixture(name), &About::of_type(content_type)).await.unwrap();
    }
    assert!(queue.send(&[stamp_task("originals/a", "stamps/a")]).await.unwrap().iter().all(Result::is_ok));

    let middleware = Middleware::start().await;
    let reporter = Reporter::new(&*middleware.url, secret()).unwrap();
    let program = env!("CARGO_BIN_EXE_stamper").into();
    let decoders = Decoders::new(Settings { program, ..Settings::default() });
    let stamper = Stamper::new(store.clone(), Some(reporter), decoders, None);
    let consumer = Consumer { batch: 1, batches: 1, visibility: VISIBILITY };
    let (stop, stopped) = watch::channel(false);
    let consuming = tokio::spawn(consume(stamper, queue.clone(), consumer, stopped));

    until("the picture is stamped, and nobody says that he heard it", async || middleware.done() == 1).await;
    let others = queue.receive(1, PATIENCE, VISIBILITY).await.unwrap();
    assert!(others.is_empty(), "it was let go of: {others:?}");
    middleware.answers.send_replace(true);
    until("the message is deleted", async || is_empty(&queue).await).await;
    stop.send_replace(true);
    consuming.await.unwrap();
    assert_eq!(middleware.done(), 1);
    assert!(is_empty(&queue.dead_letters().unwrap()).await);
    assert_eq!(store.list("stamped/", None, 9).await.unwrap().len(), 1);
}
