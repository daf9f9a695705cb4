//! The HTTP API as a Lambda behind API Gateway.
//!
//! | Variable | What |
//! |---|---|
//! | `STAMPEDE_SECRET` | what is signed with |
//! | `STAMPEDE_DATABASE` | `postgres://…` |
//! | `STAMPEDE_BUCKETS` | `ORIGINALS,STAMPS,STAMPED` |
//! | `STAMPEDE_QUEUE`, `STAMPEDE_DEAD_LETTERS` | the queues' URLs |
//! | `STAMPEDE_PUSHER` | `ID:KEY:SECRET@CLUSTER` |

#![forbid(unsafe_code)]

use std::env;
use std::sync::Arc;

use lambda_http::{Error, run};
use stamp_engine::{Cache, CacheOptions};
use stampede_database::{Database, Options};
use stampede_domain::signature::Secret;
use stampede_live::{Live, Pusher};
use stampede_middleware::{App, Parts, Settings, router};
use stampede_queue::{Queue, Sqs};
use stampede_store::{Buckets, S3, Store};

/// One request at a time is all that a Lambda has.
const CONNECTIONS: u32 = 2;

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing_subscriber::fmt().json().with_ansi(false).init();
    let app = App::new(parts().await?, Settings::default(), Arc::new(Cache::new(CacheOptions::default())));
    run(router(app)).await
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("the variable {name} is not set"))
}

async fn parts() -> Result<Parts, Error> {
    let options = Options { connections: CONNECTIONS, ..Options::default() };
    let database = Database::open(&variable("STAMPEDE_DATABASE")?, options).await?;
    let buckets: Buckets = variable("STAMPEDE_BUCKETS")?.parse()?;
    let queue = Sqs::from_env(variable("STAMPEDE_QUEUE")?, env::var("STAMPEDE_DEAD_LETTERS").ok()).await;
    let pusher: Pusher = variable("STAMPEDE_PUSHER")?.parse()?;
    Ok(Parts {
        database,
        store: Store::S3(S3::from_env(buckets).await),
        queue: Queue::Sqs(queue),
        live: Live::Pusher(pusher),
        secret: Secret::new(variable("STAMPEDE_SECRET")?)?,
    })
}
