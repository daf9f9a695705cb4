//! The HTTP API as a Lambda behind API Gateway. Its variables are listed in `environment.rs`.

#![forbid(unsafe_code)]

use std::time::Instant;

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use lambda_http::{Error, run};
use stampede_middleware::{App, router};
use stampede_telemetry::{Metrics, Unit};

#[tokio::main]
async fn main() -> Result<(), Error> {
    stampede_telemetry::start_log();
    let app = App::from_env().await?;
    run(router(app).layer(from_fn(measure))).await
}

async fn measure(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let response = next.run(request).await;
    Metrics::of("middleware")
        .with("Requests", Unit::Count, 1)
        .with("Faults", Unit::Count, u64::from(response.status().is_server_error()))
        .with("Refused", Unit::Count, u64::from(response.status().is_client_error()))
        .with("Duration", Unit::Milliseconds, started.elapsed().as_millis() as u64)
        .print();
    response
}
