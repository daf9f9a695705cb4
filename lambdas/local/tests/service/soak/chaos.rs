//! What goes wrong, over and over.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use stampede_emulators::Postgres;
use tokio::task::block_in_place;

use super::{Counts, count, random};
use crate::client::http;
use crate::flaky::Flaky;
use crate::places::{Service, free_port};

/// A database that is started again is there after so long, or never.
const PATIENCE: Duration = Duration::from_secs(120);

pub(super) struct Chaos {
    data: PathBuf,
    settings: Vec<(String, String)>,
    port: u16,
    service: Service,
    postgres: Postgres,
    store: Flaky,
    /// Where the process is that is never killed.
    steady: String,
}

impl Chaos {
    pub(super) fn new(
        data: PathBuf,
        settings: Vec<(String, String)>,
        postgres: Postgres,
        store: Flaky,
        steady: String,
    ) -> Self {
        let port = free_port();
        let service = Service::start(&data, port, &settings);
        Self { data, settings, port, service, postgres, store, steady }
    }

    /// Where the process that is killed is.
    pub(super) fn url(&self) -> String {
        self.service.url.clone()
    }

    /// Makes trouble until all is over, and leaves everything in order: what is left lives as long as this.
    pub(super) async fn reign(mut self, counts: Arc<Counts>, over: Arc<AtomicBool>) -> Self {
        let mut state = 7;
        while !over.load(Ordering::Relaxed) {
            pause(2000 + random(&mut state) % 4000).await;
            match random(&mut state) % 6 {
                0..=2 => {
                    count(&counts.kills);
                    let Self { data, settings, port, service, .. } = self;
                    block_in_place(|| service.kill());
                    pause(random(&mut state) % 1000).await;
                    let service = block_in_place(|| Service::start(&data, port, &settings));
                    self = Self { data, settings, port, service, ..self };
                }
                3 => {
                    count(&counts.stops);
                    counts.outages.fetch_add(1, Ordering::SeqCst);
                    block_in_place(|| self.postgres.stop());
                    pause(1000 + random(&mut state) % 3000).await;
                    block_in_place(|| self.postgres.start_again().unwrap());
                    until_ready(&self.steady).await;
                    counts.outages.fetch_add(1, Ordering::SeqCst);
                }
                _ => {
                    let before = self.store.failed();
                    self.store.fail(true);
                    pause(3000 + random(&mut state) % 4000).await;
                    self.store.fail(false);
                    counts.store_failures.fetch_add(self.store.failed() - before, Ordering::Relaxed);
                }
            }
        }
        self
    }
}

/// A database's port is open before it takes anybody in: who stands on it says when it does.
async fn until_ready(service: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = http().get(format!("{service}/ready")).send().await;
        if answer.is_ok_and(|answer| answer.status().is_success()) {
            return;
        }
        assert!(Instant::now() < deadline, "PostgreSQL is running, and the service does not notice");
        pause(50).await;
    }
}

async fn pause(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}
