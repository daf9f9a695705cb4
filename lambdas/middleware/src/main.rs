//! The HTTP API as a Lambda behind API Gateway. Its variables are listed in `environment.rs`.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use lambda_http::{Error, run};
use stampede_middleware::{App, Login, router};
use stampede_telemetry::{Metrics, Unit};

fn main() -> Result<(), Error> {
    stampede_decoder::serve_if_asked();
    service()
}

#[tokio::main]
async fn service() -> Result<(), Error> {
    stampede_telemetry::start_log();
    let (app, login) = App::from_env().await?;
    run(router(app).layer(from_fn_with_state(Arc::new(login), measure))).await
}

async fn measure(State(login): State<Arc<Login>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    login.keep().await;
    let response = next.run(request).await;
    if response.status().is_server_error() {
        login.doubt().await;
    }
    Metrics::of("middleware")
        .with("Requests", Unit::Count, 1)
        .with("Faults", Unit::Count, u64::from(response.status().is_server_error()))
        .with("Refused", Unit::Count, u64::from(response.status().is_client_error()))
        .with("Duration", Unit::Milliseconds, started.elapsed().as_millis() as u64)
        .print();
    response
}
