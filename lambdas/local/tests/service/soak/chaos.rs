//! What goes wrong, over and over.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use stampede_emulators::Postgres;
use tokio::task::block_in_place;

use super::{Counts, count, random};
use crate::flaky::Flaky;
use crate::places::{Service, free_port};

pub(super) struct Chaos {
    data: PathBuf,
    settings: Vec<(String, String)>,
    port: u16,
    service: Service,
    postgres: Postgres,
    store: Flaky,
}

impl Chaos {
    pub(super) fn new(
        data: PathBuf,
        settings: Vec<(String, String)>,
        postgres: Postgres,
        store: Flaky,
    ) -> Self {
        let port = free_port();
        let service = Service::start(&data, port, &settings);
        Self { data, settings, port, service, postgres, store }
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
                    block_in_place(|| self.postgres.stop());
                    pause(1000 + random(&mut state) % 3000).await;
                    block_in_place(|| self.postgres.start_again().unwrap());
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

async fn pause(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}
