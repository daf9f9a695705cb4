//! The sweeper as a Lambda, called on a schedule: it sends what the middleware wrote and did not send, fails
//! what the dead-letter queue took, deletes what is to be deleted. Its variables are the middleware's.
//!
//! Called with `{"do": "migrate"}`, it brings the database's tables to this version's form and puts the
//! built-in stamps into the store: a database in private subnets is reached from nowhere else.

#![forbid(unsafe_code)]

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};
use stampede_middleware::{App, put_built_in_stamps, sweep};

/// What it is called with; a schedule's event says nothing that matters here.
#[derive(Deserialize)]
struct Call {
    #[serde(rename = "do", default)]
    what: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    stampede_telemetry::start_log();
    let (app, login) = &Box::pin(App::from_env()).await?;
    run(service_fn(move |event: LambdaEvent<Call>| async move {
        login.keep().await;
        let done = called(app, event.payload).await;
        if done.is_err() {
            login.doubt().await;
        }
        done
    }))
    .await
}

async fn called(app: &App, call: Call) -> Result<Value, Error> {
    match call.what.as_deref() {
        None => {
            Box::pin(sweep(app)).await?;
            Ok(json!({ "done": "sweep" }))
        }
        Some("migrate") => {
            Box::pin(app.database().migrate()).await?;
            put_built_in_stamps(app.store()).await?;
            tracing::info!("the database is of this version's form");
            Ok(json!({ "done": "migrate" }))
        }
        Some(other) => Err(format!("the sweeper does not know how to {other}; it knows migrate").into()),
    }
}
