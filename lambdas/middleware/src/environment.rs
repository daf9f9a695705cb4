//! The service as a Lambda's environment describes it. Any of these may stand in a secret, see `stampede-secrets`.
//!
//! | Variable | What |
//! |---|---|
//! | `STAMPEDE_SECRET` | what is signed with |
//! | `STAMPEDE_DATABASE` | `postgres://…` |
//! | `STAMPEDE_DATABASE_LOGIN` | the secret with its user's name and password, where those are not in the address |
//! | `STAMPEDE_BUCKETS` | `ORIGINALS,STAMPS,STAMPED` |
//! | `STAMPEDE_QUEUE`, `STAMPEDE_DEAD_LETTERS` | the queues' URLs |
//! | `STAMPEDE_PUSHER` | `ID:KEY:SECRET@CLUSTER` |
//! | `STAMPEDE_PICTURE_SECONDS` | a picture that takes longer to be looked at fails; 60 when it is not said |
//! | `STAMPEDE_LONGEST_ZIP` | a job with more bytes of results gets no ZIP; all get one when it is not said |
//! | `STAMPEDE_SANDBOX` | `always` or `never` confine decoding; where the kernel can when it is not said |
//! | `STAMPEDE_RATE` | requests a second of one owner, and new sessions a minute of one address, if not 200 |
//! | `STAMPEDE_INSECURE_COOKIE` | `1` where the site is not behind HTTPS, as on an emulator |

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use stampede_database::{Database, Options};
use stampede_decoder::Decoders;
use stampede_domain::signature::Secret;
use stampede_live::{Live, Pusher};
use stampede_queue::{Queue, Sqs};
use stampede_secrets::Environment;
use stampede_store::{Buckets, S3, Store};
use tokio::sync::Mutex;

use crate::{App, Parts, Settings};

/// A Lambda answers one request at a time.
const CONNECTIONS: u32 = 2;
/// RDS changes a password once a week or so; those who still have the old one open no new connection for so long.
const RENEWED: Duration = Duration::from_secs(300);
/// After a fault the password may be another; it is asked for again no sooner.
const AFTER_FAULT: Duration = Duration::from_secs(5);

type Fault = Box<dyn std::error::Error + Send + Sync>;

impl App {
    /// On PostgreSQL, S3, SQS and Pusher.
    ///
    /// # Errors
    /// A variable that is missing or wrong, by its name, or a database that cannot be reached.
    pub async fn from_env() -> Result<(Self, Login), Fault> {
        let environment = Environment::load().await?;
        let options = Options { connections: CONNECTIONS, ..Options::default() };
        let buckets: Buckets = environment.require("STAMPEDE_BUCKETS")?.parse()?;
        let queue = environment.require("STAMPEDE_QUEUE")?;
        let queue = Sqs::from_env(queue, environment.get("STAMPEDE_DEAD_LETTERS")).await;
        let pusher: Pusher = environment.require("STAMPEDE_PUSHER")?.parse()?;
        let mut settings = Settings::default();
        if let Some(rate) = environment.get("STAMPEDE_RATE") {
            settings.requests_a_second =
                rate.parse().map_err(|_| format!("STAMPEDE_RATE: {rate} is no number above 0"))?;
        }
        if let Some(bytes) = environment.get("STAMPEDE_LONGEST_ZIP") {
            settings.longest_zip =
                bytes.parse().map_err(|_| format!("STAMPEDE_LONGEST_ZIP: {bytes} is no number of bytes"))?;
        }
        settings.secure_cookie = environment.get("STAMPEDE_INSECURE_COOKIE").is_none();
        let database = Database::open(&environment.database().await?, options).await?;
        let parts = Parts {
            secret: Secret::new(environment.require("STAMPEDE_SECRET")?)?,
            database: database.clone(),
            store: Store::S3(S3::from_env(buckets).await),
            queue: Queue::Sqs(queue),
            live: Live::Pusher(pusher),
        };
        let mut decoding = stampede_decoder::Settings::default();
        if let Some(text) = environment.get("STAMPEDE_PICTURE_SECONDS") {
            let seconds = text.parse::<NonZeroU32>();
            let seconds =
                seconds.map_err(|_| format!("STAMPEDE_PICTURE_SECONDS: {text} is no number above 0"))?;
            decoding.time = Duration::from_secs(seconds.get().into());
        }
        if let Some(confinement) = environment.get("STAMPEDE_SANDBOX") {
            decoding.confinement =
                confinement.parse().map_err(|error| format!("STAMPEDE_SANDBOX: {error}"))?;
        }
        let app = Self::new(parts, settings, Decoders::new(decoding));
        let login = Login { environment, database, renewed: Mutex::new(Instant::now()) };
        Ok((app, login))
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

/// The database's login, which changes while a Lambda lives.
#[derive(Debug)]
pub struct Login {
    environment: Environment,
    database: Database,
    renewed: Mutex<Instant>,
}

impl Login {
    /// Asks for it again where it is old.
    pub async fn keep(&self) {
        self.renew(RENEWED).await;
    }

    /// Asks for it again after a fault that may come of it.
    pub async fn doubt(&self) {
        self.renew(AFTER_FAULT).await;
    }

    async fn renew(&self, age: Duration) {
        let mut renewed = self.renewed.lock().await;
        if !self.environment.login_changes() || renewed.elapsed() < age {
            return;
        }
        *renewed = Instant::now();
        let renewed = match self.environment.database().await {
            Ok(address) => self.database.renew(&address).map_err(Fault::from),
            Err(fault) => Err(fault.into()),
        };
        if let Err(fault) = renewed {
            tracing::warn!(fault, "the database's login stays as it was");
        }
    }
}
