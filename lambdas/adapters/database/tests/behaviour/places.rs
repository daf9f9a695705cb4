//! Both databases, each test with one of its own.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, Weak};

use stampede_database::{Created, Database, NewItem, NewJob, Options, Outgoing};
use stampede_domain::id::{JobId, OwnerId, PictureId};
use stampede_domain::settings::Settings;
use stampede_emulators::Postgres;
use tempfile::TempDir;

/// A database and what it lies in.
pub(crate) struct Home {
    pub(crate) name: &'static str,
    pub(crate) database: Database,
    _folder: Option<TempDir>,
    _server: Option<std::sync::Arc<Postgres>>,
}

/// One PostgreSQL for the tests that run at the same time; it ends with the last of them.
fn postgres() -> std::sync::Arc<Postgres> {
    static SERVER: OnceLock<Mutex<Weak<Postgres>>> = OnceLock::new();
    let mut server = SERVER.get_or_init(Mutex::default).lock().unwrap();
    server.upgrade().unwrap_or_else(|| {
        let started = std::sync::Arc::new(Postgres::start().unwrap());
        *server = std::sync::Arc::downgrade(&started);
        started
    })
}

/// SQLite, then PostgreSQL, empty and migrated.
pub(crate) async fn homes() -> Vec<Home> {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite:{}", folder.path().join("stampede.db").display());
    let sqlite = Database::open(&sqlite, Options::default()).await.unwrap();
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("test{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let server = postgres();
    make_database(&server.url, &name).await;
    let url = server.url.replace("/postgres?", &format!("/{name}?"));
    let postgres = Database::open(&url, Options::default()).await.unwrap();
    let homes = vec![
        Home { name: "SQLite", database: sqlite, _folder: Some(folder), _server: None },
        Home { name: "PostgreSQL", database: postgres, _folder: None, _server: Some(server) },
    ];
    for home in &homes {
        home.database.migrate().await.unwrap();
        home.database.migrate().await.unwrap();
        home.database.ready().await.unwrap();
    }
    homes
}

async fn make_database(url: &str, name: &str) {
    use sqlx::Executor as _;
    // Its port is open before it takes anybody in; a pool tries again until it does.
    let pool = sqlx::PgPool::connect(url).await.unwrap();
    pool.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    pool.close().await;
}

pub(crate) fn owner(number: u8) -> OwnerId {
    OwnerId::from_bytes([number; 16])
}

pub(crate) fn job_id(number: u8) -> JobId {
    JobId::from_bytes([number; 16])
}

/// A job with so many items, not made yet.
pub(crate) fn new_job(id: u8, of: u8, items: u8) -> NewJob {
    let item = |number: u8| NewItem {
        picture: PictureId::from_bytes([number; 16]),
        name: format!("{number}.jpg"),
        key: format!("originals/{}/{number}", owner(of)),
    };
    NewJob {
        id: job_id(id),
        owner: owner(of),
        stamp: Some(("built-in:logo".to_owned(), "stamps/built-in/logo".to_owned())),
        settings: Settings { at: Some("top".to_owned()), ..Settings::default() },
        items: (0..items).map(item).collect(),
        idempotency: None,
        request: Some("req-1".to_owned()),
        traceparent: None,
    }
}

/// Makes it.
pub(crate) async fn make(database: &Database, job: &NewJob, now: u64) -> Vec<Outgoing> {
    match database.create_job(job, now).await.unwrap() {
        Created::New(outgoing) => outgoing,
        other => panic!("{other:?}"),
    }
}
