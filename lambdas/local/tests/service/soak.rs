//! Everything at once for two minutes, or for as many as `STAMPEDE_SOAK_MINUTES` says: uploads, jobs, previews, ZIPs,
//! sockets that come and go, damaged pictures, a service that is killed, PostgreSQL that is stopped, a store that fails.
//!
//! Two processes serve the same database, buckets and queue. One is killed over and over; the other never, so that its
//! memory, its files and what it leaves in the store are looked at.

mod chaos;
mod leftovers;
mod owners;
mod packer;
mod process;
mod report;
mod sockets;
mod witness;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use stampede_database::{Database, Options};
use stampede_domain::id::OwnerId;
use stampede_emulators::{Ministack, Postgres};
use stampede_queue::{Queue, Sqs};
use tokio::task::JoinSet;

use self::chaos::Chaos;
use self::leftovers::Leftovers;
use self::owners::Owner;
use self::process::Samples;
use self::witness::Witness;
use crate::flaky::Flaky;
use crate::places::{Service, free_port, settings};

/// Owners beside one another, half of them at each process.
const OWNERS: usize = 4;
/// Sockets beside one another.
const SOCKETS: usize = 20;
/// So often results are packed, however long it takes: the emulator keeps each of these large objects in memory.
const ZIPS: u32 = 12;
/// What was accepted is finished so long after all is well again.
const PATIENCE: Duration = Duration::from_secs(400);

/// What happened.
#[derive(Default)]
struct Counts {
    answered: AtomicU64,
    /// With a status of 500 or more, which says that a part does not answer.
    failed: AtomicU64,
    /// Connections that the process which is killed over and over left.
    broken: AtomicU64,
    /// Connections that the other left.
    left: AtomicU64,
    unanswered: AtomicU64,
    previews: AtomicU64,
    zips: AtomicU64,
    /// Of these, those of several parts.
    large_zips: AtomicU64,
    sockets: AtomicU64,
    /// Why visits of sockets came to no end, but for PostgreSQL's being stopped.
    broken_visits: Mutex<Vec<String>>,
    kills: AtomicU64,
    stops: AtomicU64,
    /// Beginnings and ends of PostgreSQL's not being there.
    outages: AtomicU64,
    store_failures: AtomicU64,
}

impl Counts {
    fn broke(&self, reason: String) {
        self.broken_visits.lock().unwrap().push(reason);
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// The same settings, with the store at an address, and what is logged.
fn with_store(settings: &[(String, String)], url: &str, log: &str) -> Vec<(String, String)> {
    let more = [("AWS_ENDPOINT_URL_S3", url), ("STAMPEDE_LOG", log)];
    let more = more.map(|(name, value)| (name.to_owned(), value.to_owned()));
    settings.iter().cloned().chain(more).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn under_mixed_load_and_faults_nothing_is_lost_and_nothing_is_left_behind() {
    let minutes = std::env::var("STAMPEDE_SOAK_MINUTES").map_or(2, |minutes| minutes.parse().unwrap());
    let length = Duration::from_secs(60 * minutes);
    let (postgres, ministack) = (Postgres::start().unwrap(), Ministack::start().unwrap());
    let database = postgres.url.clone();
    let flaky = Flaky::start(&ministack.endpoint).await;
    let witness = Witness::start(&flaky.url).await;
    let [steady, mortal, temporary] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let mut settings = settings(&postgres, &ministack).await;
    settings.extend([
        ("STAMPEDE_SECRET".to_owned(), "a secret that both processes have".to_owned()),
        ("TMPDIR".to_owned(), temporary.path().to_str().unwrap().to_owned()),
    ]);
    // Its log names what it could not give up.
    let (of_steady, log) =
        (with_store(&settings, &witness.url, "error,stampede_store=warn"), steady.path().join("log"));
    let service = Service::start_with_log(steady.path(), free_port(), &of_steady, &log);
    let of_mortal = with_store(&settings, &flaky.url, "error");
    let chaos = Chaos::new(mortal.path().to_owned(), of_mortal, postgres, flaky.clone(), service.url.clone());
    let urls = [service.url.clone(), chaos.url()];

    let counts = Arc::new(Counts::default());
    let over = Arc::new(AtomicBool::new(false));
    let mut owners = JoinSet::new();
    for number in 0..OWNERS {
        let (url, is_steady) = (urls[number % 2].clone(), number % 2 == 0);
        let owner = Owner::new(number as u64, url, is_steady, Arc::clone(&counts));
        owners.spawn(owner.live(Arc::clone(&over)));
    }
    let packer = Owner::new(OWNERS as u64, urls[0].clone(), true, Arc::clone(&counts));
    owners.spawn(packer::pack(packer, length / ZIPS, Arc::clone(&counts), Arc::clone(&over)));
    let mut sockets = JoinSet::new();
    for number in 0..SOCKETS {
        sockets.spawn(sockets::come_and_go(
            number as u64,
            urls[0].clone(),
            Arc::clone(&counts),
            Arc::clone(&over),
        ));
    }
    let chaos = tokio::spawn(chaos.reign(Arc::clone(&counts), Arc::clone(&over)));
    let mut samples = Samples::new(service.id());
    let started = Instant::now();
    while started.elapsed() < length {
        samples.take();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    over.store(true, Ordering::Relaxed);
    let other = chaos.await.unwrap();
    while let Some(ended) = sockets.join_next().await {
        ended.unwrap();
    }
    let mut lives = Vec::new();
    while let Some(life) = owners.join_next().await {
        lives.push(life.unwrap());
    }

    let deadline = Instant::now() + PATIENCE;
    let mut outcome = report::Outcome::default();
    for job in lives.iter().flat_map(|life| &life.jobs) {
        outcome.add(job.finished(&urls[0], deadline).await);
    }
    let queue = settings.iter().find(|(name, _)| name == "STAMPEDE_QUEUE").unwrap();
    let queue = Queue::Sqs(Sqs::new(&ministack.sdk_config(), &*queue.1, None));
    while queue.depth().await.is_ok_and(|depth| (depth.waiting, depth.in_flight) != (0, 0)) {
        assert!(Instant::now() < deadline, "messages are left");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let left = samples.settle(deadline).await;
    let stamped = report::keys(&ministack.endpoint, "stamped").await;
    let unfinished = report::unfinished_uploads(&ministack.endpoint, "stamped").await;
    let database = Database::open(&database, Options::default()).await.unwrap();
    let ids: Vec<OwnerId> = lives.iter().map(|life| life.owner).collect();
    let beside = Leftovers::find(&database, &ministack.endpoint, &ids).await.unknown.len();
    for life in &lives {
        life.look_again(&urls[0]).await;
    }
    let leftovers = Leftovers::find(&database, &ministack.endpoint, &ids).await;
    database.close().await;
    drop(other);
    service.stop();
    let temporary: Vec<PathBuf> =
        std::fs::read_dir(temporary.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let (begun, log) = (witness.begun(), std::fs::read_to_string(log).unwrap());
    let own = unfinished.iter().filter(|id| begun.contains(*id)).count();
    let multipart = report::Multipart {
        begun: begun.len(),
        left: own,
        named: log.matches("an upload was not given up").count(),
        killed: unfinished.len() - own,
    };

    let report = report::Report {
        length,
        counts: &counts,
        jobs: lives.iter().map(|life| life.jobs.len()).sum(),
        outcome,
        samples: &samples,
        stamped: stamped.iter().filter(|key| key.starts_with("stamped/")).count(),
        multipart,
        beside,
        leftovers,
        temporary,
        left,
    };
    println!("{report}");
    if let Some(file) = std::env::var_os("STAMPEDE_SOAK_REPORT") {
        std::fs::write(file, report.to_string()).unwrap();
    }
    report.check();
}
