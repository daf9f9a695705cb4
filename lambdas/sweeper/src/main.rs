//! The sweeper as a Lambda, called on a schedule: it sends what the middleware wrote and did not send, fails
//! what the dead-letter queue took, deletes what is to be deleted. Its variables are the middleware's.
//!
//! Called with `{"do": "migrate"}`, it brings the database's tables to this version's form and puts the
//! built-in stamps into the store: a database in private subnets is reached from nowhere else. For the same reason it
//! makes and revokes API tokens: `{"do": "add-token", "name": "ci"}` for somebody new, or with `"owner": "own_…"`, answers
//! with the `token`, which is shown nowhere else, its `id` and its `owner`; `{"do": "revoke-token", "owner": "own_…",
//! "id": "tok_…"}` revokes one.

#![forbid(unsafe_code)]

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};
use stampede_middleware::{App, NewToken, add_token, put_built_in_stamps, revoke_token, sweep};

/// What it is called with; a schedule's event says nothing that matters here.
#[derive(Deserialize)]
struct Call {
    #[serde(rename = "do", default)]
    what: Option<String>,
    /// What a new token is called.
    #[serde(default)]
    name: Option<String>,
    /// Whose a token is.
    #[serde(default)]
    owner: Option<String>,
    /// Which token is to be revoked.
    #[serde(default)]
    id: Option<String>,
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
        Some("add-token") => {
            let name = call.name.ok_or("say as `name` what to call the token")?;
            let made = add_token(app.database(), &name, call.owner.as_deref()).await?;
            let NewToken { token, id, owner } = made;
            // Who calls is told the token, and nobody else.
            tracing::info!(id, "an API token was made");
            Ok(json!({ "token": token.reveal(), "id": id, "owner": owner }))
        }
        Some("revoke-token") => {
            let named = "say as `owner` whose token it is, and as `id` which, as add-token told them";
            let (owner, id) = call.owner.zip(call.id).ok_or(named)?;
            revoke_token(app.database(), &owner, &id).await?;
            tracing::info!(id, "an API token was revoked");
            Ok(json!({ "done": "revoke-token" }))
        }
        Some(other) => {
            let known = "it knows migrate, add-token and revoke-token";
            Err(format!("the sweeper does not know how to {other}; {known}").into())
        }
    }
}
