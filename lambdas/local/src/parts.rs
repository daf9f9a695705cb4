//! The parts that the configuration names.

use stampede_database::{Database, Options};
use stampede_live::{App, Live, Server};
use stampede_middleware::{Parts, put_built_in_stamps};
use stampede_queue::{Local, Queue, Sqs};
use stampede_store::{Folder, S3, Store};

use crate::config::Config;

/// Sockets at a time.
const MOST_SOCKETS: usize = 10_000;

/// The parts, and those of them that are served here.
pub(crate) struct Opened {
    pub(crate) parts: Parts,
    pub(crate) folder: Option<Folder>,
    pub(crate) server: Option<Server>,
}

/// Opens the database alone, and brings its tables to this version's form.
pub(crate) async fn database(config: &Config) -> Result<Database, String> {
    let failed = |fault: stampede_database::Fault| format!("database: {fault}");
    let database = Database::open(&config.database, Options::default()).await.map_err(failed)?;
    database.migrate().await.map_err(failed)?;
    Ok(database)
}

/// Opens all parts.
pub(crate) async fn open(config: &Config) -> Result<Opened, String> {
    std::fs::create_dir_all(&config.data)
        .map_err(|error| format!("data: {}: {error}", config.data.display()))?;
    let database = database(config).await?;
    let (store, folder) = match &config.buckets {
        Some(buckets) => (Store::S3(S3::from_env(buckets.clone()).await), None),
        None => {
            let folder = Folder::open(&config.data.join("store"), &config.public_url, config.secret.clone());
            let folder = folder.map_err(|fault| format!("data: {fault}"))?;
            (Store::Folder(folder.clone()), Some(folder))
        }
    };
    put_built_in_stamps(&store).await.map_err(|fault| format!("store: {fault}"))?;
    let queue = match &config.queue {
        Some(url) => Queue::Sqs(Sqs::from_env(url, config.dead_letters.clone()).await),
        None => {
            let local = Local::open(config.data.join("queue.db")).await;
            Queue::Local(local.map_err(|fault| format!("queue: {fault}"))?)
        }
    };
    let (live, server) = match &config.pusher {
        Some(pusher) => (Live::Pusher(pusher.clone()), None),
        None => {
            // Nobody publishes to it but this process, so that its secret need not outlive it.
            let mut random = [0; 32];
            getrandom::fill(&mut random).map_err(|error| error.to_string())?;
            let secret = data_encoding::HEXLOWER.encode(&random);
            let server = Server::new(App::new("stampede", "stampede", secret), MOST_SOCKETS);
            (Live::BuiltIn(server.clone()), Some(server))
        }
    };
    let parts = Parts { database, store, queue, live, secret: config.secret.clone() };
    Ok(Opened { parts, folder, server })
}
