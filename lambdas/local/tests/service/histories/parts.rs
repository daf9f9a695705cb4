//! The service's parts, put together as the local process does, with somebody between the stamper and the API who may
//! lose a call back, or its answer, or hold it back.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use stampede_database::{Database, Options};
use stampede_decoder::Decoders;
use stampede_domain::callback::Callback;
use stampede_domain::item::{Event, Item};
use stampede_domain::signature::Secret;
use stampede_live::{Live, Server};
use stampede_middleware::{App, Settings, put_built_in_stamps, router};
use stampede_queue::{Local, Queue};
use stampede_stamper::{Reporter, Stamper};
use stampede_store::{Folder, Store};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::client::http;

/// Longer than any test.
pub(super) const LONG: Duration = Duration::from_secs(3600);
pub(super) const NOW: Duration = Duration::ZERO;
/// A message is received so often; then it goes to the dead letters.
const MOST_RECEIVES: u32 = 3;

/// What decoders are begun as.
const SERVICE: &str = env!("CARGO_BIN_EXE_stampede");
/// A program that ends at once.
const NOTHING: &str = "/bin/false";

/// What happens to call backs.
#[derive(Clone, Copy, Default)]
pub(super) struct Calls {
    pub(super) lose_start: bool,
    pub(super) lose_end: bool,
    /// The end arrives, and who told it does not hear so.
    pub(super) answer_lost: bool,
    /// The end arrives when it is asked for.
    pub(super) late: bool,
}

pub(super) struct Parts {
    pub(super) url: String,
    pub(super) app: App,
    pub(super) database: Database,
    pub(super) store: Store,
    pub(super) queue: Queue,
    pub(super) stamper: Stamper,
    /// One that ends when it has begun: what it was about to make is nowhere.
    pub(super) dying: Stamper,
    between: Arc<Between>,
    data: TempDir,
}

/// Between the stamper and the API.
struct Between {
    callback: String,
    calls: Mutex<Calls>,
    late: Mutex<Vec<(HeaderMap, Bytes)>>,
    /// As the domain has it, of what arrived.
    item: Mutex<Item>,
}

impl Parts {
    pub(super) async fn start() -> Self {
        Self::start_with(Settings::default()).await
    }

    pub(super) async fn start_with(settings: Settings) -> Self {
        let data = tempfile::tempdir().unwrap();
        let (listener, url) = listen().await;
        let database = Database::open(&file(&data), Options::default()).await.unwrap();
        database.migrate().await.unwrap();
        let folder = Folder::open(&data.path().join("store"), &url, secret()).unwrap();
        let store = Store::Folder(folder.clone());
        put_built_in_stamps(&store).await.unwrap();
        let queue = Local::open_with(data.path().join("queue.db"), MOST_RECEIVES).await.unwrap();
        let queue = Queue::Local(queue);
        let app = app(database.clone(), store.clone(), queue.clone(), settings);
        let routes = router(app.clone()).merge(folder.routes());
        tokio::spawn(async move { axum::serve(listener, routes).await });

        let (calls, late, item) = Default::default();
        let between = Arc::new(Between { callback: format!("{url}/callback"), calls, late, item });
        let (listener, proxy) = listen().await;
        let routes = axum::Router::new().route("/", post(pass)).with_state(Arc::clone(&between));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let reporter = Reporter::new(format!("{proxy}/"), secret()).unwrap();
        let stamper = |program| Stamper::new(store.clone(), Some(reporter.clone()), decoders(program), None);
        let (stamper, dying) = (stamper(SERVICE), stamper(NOTHING));
        Self { url, app, database, store, queue, stamper, dying, between, data }
    }

    /// Where another process serves the same, which the database gives all and from which it takes nothing.
    pub(super) async fn unheard(&self) -> String {
        let file = format!("{}?mode=ro", file(&self.data));
        let database = Database::open(&file, Options::default()).await.unwrap();
        let app = app(database, self.store.clone(), self.queue.clone(), Settings::default());
        let (listener, url) = listen().await;
        tokio::spawn(async move { axum::serve(listener, router(app)).await });
        url
    }

    /// What happens to call backs from now on.
    pub(super) fn calls(&self, calls: Calls) {
        *self.between.calls.lock().unwrap() = calls;
    }

    /// What was held back arrives.
    pub(super) async fn late_calls(&self) {
        let late = std::mem::take(&mut *self.between.late.lock().unwrap());
        for (headers, body) in late {
            self.between.arrive(headers, body).await;
        }
    }

    pub(super) fn expected(&self) -> Item {
        self.between.item.lock().unwrap().clone()
    }

    pub(super) fn expect(&self, change: impl FnOnce(&mut Item) -> bool) {
        change(&mut self.between.item.lock().unwrap());
    }

    /// What lies in the store below a key.
    pub(super) async fn keys(&self, below: &str) -> Vec<String> {
        let objects = self.store.list(below, None, 100).await.unwrap();
        objects.into_iter().map(|object| object.key).collect()
    }
}

fn secret() -> Secret {
    Secret::new("a secret that is long enough for all").unwrap()
}

fn file(data: &TempDir) -> String {
    format!("sqlite:{}", data.path().join("a.db").display())
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

/// Decoders that are begun as this program.
fn decoders(program: &str) -> Decoders {
    Decoders::new(stampede_decoder::Settings { program: program.into(), cores: 1, ..Default::default() })
}

fn app(database: Database, store: Store, queue: Queue, settings: Settings) -> App {
    let live = Live::BuiltIn(Server::new(stampede_live::App::new("app", "key", "secret"), 10));
    let parts = stampede_middleware::Parts { database, store, queue, live, secret: secret() };
    App::new(parts, Settings { secure_cookie: false, ..settings }, decoders(SERVICE))
}

/// A refusal that the stamper does not try to mend, so that its patience need not be waited for.
const LOST: StatusCode = StatusCode::FORBIDDEN;

async fn pass(State(between): State<Arc<Between>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let callback: Callback = serde_json::from_slice(&body).unwrap();
    let is_start = callback.reports.iter().all(|report| report.event == Event::Started);
    let calls = *between.calls.lock().unwrap();
    if is_start {
        return if calls.lose_start { LOST } else { between.arrive(headers, body).await };
    }
    if calls.lose_end {
        return LOST;
    }
    if calls.late {
        between.late.lock().unwrap().push((headers, body));
        return LOST;
    }
    let answer = between.arrive(headers, body).await;
    if calls.answer_lost { LOST } else { answer }
}

impl Between {
    async fn arrive(&self, headers: HeaderMap, body: Bytes) -> StatusCode {
        let call = http().post(&self.callback).header("content-type", "application/json").body(body.clone());
        let answer = call.header("stampede-signature", &headers["stampede-signature"]).send().await.unwrap();
        if answer.status().is_success() {
            let callback: Callback = serde_json::from_slice(&body).unwrap();
            let mut item = self.item.lock().unwrap();
            for report in callback.reports {
                item.report(report.attempt, report.event);
            }
        }
        answer.status()
    }
}
