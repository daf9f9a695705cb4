//! The service as a Lambda's environment describes it.
//!
//! | Variable | What |
//! |---|---|
//! | `STAMPEDE_SECRET` | what is signed with |
//! | `STAMPEDE_DATABASE` | `postgres://…` |
//! | `STAMPEDE_BUCKETS` | `ORIGINALS,STAMPS,STAMPED` |
//! | `STAMPEDE_QUEUE`, `STAMPEDE_DEAD_LETTERS` | the queues' URLs |
//! | `STAMPEDE_PUSHER` | `ID:KEY:SECRET@CLUSTER` |
//! | `STAMPEDE_RATE` | requests a second of one owner, if not 200 |
//! | `STAMPEDE_INSECURE_COOKIE` | `1` where the site is not behind HTTPS, as on an emulator |

use std::env;
use std::sync::Arc;

use stamp_engine::{Cache, CacheOptions};
use stampede_database::{Database, Options};
use stampede_domain::signature::Secret;
use stampede_live::{Live, Pusher};
use stampede_queue::{Queue, Sqs};
use stampede_store::{Buckets, S3, Store};

use crate::{App, Parts, Settings};

/// A Lambda answers one request at a time.
const CONNECTIONS: u32 = 2;

type Fault = Box<dyn std::error::Error + Send + Sync>;

impl App {
    /// On PostgreSQL, S3, SQS and Pusher.
    ///
    /// # Errors
    /// A variable that is missing or wrong, by its name, or a database that cannot be reached.
    pub async fn from_env() -> Result<Self, Fault> {
        let options = Options { connections: CONNECTIONS, ..Options::default() };
        let buckets: Buckets = variable("STAMPEDE_BUCKETS")?.parse()?;
        let queue = Sqs::from_env(variable("STAMPEDE_QUEUE")?, env::var("STAMPEDE_DEAD_LETTERS").ok()).await;
        let pusher: Pusher = variable("STAMPEDE_PUSHER")?.parse()?;
        let mut settings = Settings::default();
        if let Ok(rate) = env::var("STAMPEDE_RATE") {
            settings.requests_a_second =
                rate.parse().map_err(|_| format!("STAMPEDE_RATE: {rate} is no number above 0"))?;
        }
        settings.secure_cookie = env::var("STAMPEDE_INSECURE_COOKIE").is_err();
        let parts = Parts {
            secret: Secret::new(variable("STAMPEDE_SECRET")?)?,
            database: Database::open(&variable("STAMPEDE_DATABASE")?, options).await?,
            store: Store::S3(S3::from_env(buckets).await),
            queue: Queue::Sqs(queue),
            live: Live::Pusher(pusher),
        };
        Ok(Self::new(parts, settings, Arc::new(Cache::new(CacheOptions::default()))))
    }

    /// What is remembered.
    pub fn database(&self) -> &Database {
        &self.parts().database
    }

    /// Where pictures lie.
    pub fn store(&self) -> &Store {
        &self.parts().store
    }
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("the variable {name} is not set"))
}
