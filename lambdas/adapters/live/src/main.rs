//! A server of Pusher's protocol by itself, in Pusher's place. `STAMPEDE_LIVE` says for which app, and where:
//! `ID:KEY:SECRET@ADDRESS`, such as `stampede:stampede:a-long-secret@127.0.0.1:6001`.
//!
//! The middleware publishes to it where `STAMPEDE_PUSHER` is `ID:KEY:SECRET@http://127.0.0.1:6001`. Before the open
//! internet belongs something that ends TLS and gives up on clients that do not finish their requests.

#![forbid(unsafe_code)]

use stampede_live::{App, Server};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Sockets at a time.
const MOST_SOCKETS: usize = 10_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let wanted = std::env::var("STAMPEDE_LIVE").unwrap_or_default();
    let wrong = "set STAMPEDE_LIVE to ID:KEY:SECRET@ADDRESS";
    let (app, address) = wanted.split_once('@').ok_or(wrong)?;
    let parts: Vec<_> = app.split(':').collect();
    let [id, key, secret] = <[&str; 3]>::try_from(parts).map_err(|_| wrong)?;
    let server = Server::new(App::new(id, key, secret), MOST_SOCKETS);
    let listener = TcpListener::bind(address).await.map_err(|error| format!("{address}: {error}"))?;
    println!("live is at {}", listener.local_addr()?);
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        served = axum::serve(listener, server.routes()) => served?,
        _ = terminate.recv() => server.close().await,
        _ = interrupt.recv() => server.close().await,
    }
    Ok(())
}
