//! Serving, until somebody says to stop.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use axum::middleware::from_fn;
use stampede_decoder::Decoders;
use stampede_live::Client;
use stampede_middleware::{App, Parts, Settings, router, sweep};
use stampede_stamper::{Consumer, Reporter, Stamper, consume};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tower_http::cors::{self, CorsLayer};
use tower_http::timeout::TimeoutLayer;

use crate::config::Config;
use crate::connections::{Places, accept};
use crate::parts::{Opened, open};
use crate::site::{self, origin};
use crate::unread;

/// The sweeper's rounds.
const SWEEP_EVERY: Duration = Duration::from_secs(5);
/// A message for sockets comes within so long, as requests of the API do.
const MESSAGE_WITHIN: Duration = Duration::from_secs(25);
/// What is in hand may take so long when the process is told to stop.
const LAST_WORK: Duration = Duration::from_secs(30);
/// And requests that are being answered so long.
const LAST_ANSWERS: Duration = Duration::from_secs(30);

/// Serves.
pub(crate) async fn serve(config: &Config) -> Result<(), String> {
    let Opened { parts, folder, server } = open(config).await?;
    let listener = TcpListener::bind(config.address).await;
    let listener = listener.map_err(|error| format!("address: {}: {error}", config.address))?;
    let (stop, stopped) = watch::channel(false);
    let (rest, rested) = watch::channel(false);
    let rate = NonZeroU32::new(config.rate).unwrap_or(NonZeroU32::MIN);
    let secure_cookie = config.public_url.starts_with("https://");
    let settings = Settings { requests_a_second: rate, secure_cookie, ..Settings::default() };
    let decoding = stampede_decoder::Settings {
        time: Duration::from_secs(config.picture_seconds),
        confinement: config.sandbox,
        ..Default::default()
    };
    // Previews have decoders of their own: nobody who looks waits behind a job of thousands. Both together leave a
    // quarter of the memory.
    let of_previews = stampede_decoder::Settings { memory: decoding.memory / 2, ..decoding.clone() };
    let app = App::new(parts.clone(), settings, Decoders::new(of_previews));
    let mut routes = router(app.clone());
    if let Some(folder) = &folder {
        // Forms are signed, and no cookie counts there: any page may send one.
        let methods = [Method::GET, Method::HEAD, Method::POST];
        let any = CorsLayer::new().allow_origin(cors::Any).allow_methods(methods);
        routes = routes.merge(folder.routes().layer(any));
    }
    if let Some(server) = &server {
        let late = TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, MESSAGE_WITHIN);
        routes = routes.merge(server.routes().layer(late));
    }
    routes = routes.merge(site::routes(&config.site, &elsewhere(config, &parts).await));
    routes = routes.layer(from_fn(unread::read_to_the_end));
    let (mut tasks, mut stampers) = (JoinSet::new(), JoinSet::new());
    tasks.spawn(accept(listener, Places::of_this_process(), routes, stopped.clone()));
    tasks.spawn(sweep_often(app, stopped));
    if config.stampers > 0 {
        let reporter = Reporter::new(format!("http://{}/callback", reachable(config)), config.secret.clone());
        let reporter = reporter.map_err(|fault| fault.to_string())?;
        let decoders = Decoders::new(stampede_decoder::Settings { cores: config.stampers, ..decoding });
        let stamper = Stamper::new(parts.store.clone(), Some(reporter), decoders, None);
        stampers.spawn(consume(stamper, parts.queue.clone(), Consumer::default(), rested));
    }
    println!("Stampede is at {} (API: {}/docs)", config.public_url, config.public_url);
    asked_to_stop().await?;
    tracing::info!("finishing what is in hand");
    // Stampers first: what they finish, they tell the API, which tells who listens.
    rest.send_replace(true);
    drop(timeout(LAST_WORK, stampers.join_next()).await);
    if let Some(server) = server {
        server.close().await;
    }
    stop.send_replace(true);
    drop(timeout(LAST_ANSWERS, async { while tasks.join_next().await.is_some() {} }).await);
    parts.database.close().await;
    Ok(())
}

/// Where the site's pictures and sockets may be, but for where it is itself.
async fn elsewhere(config: &Config, parts: &Parts) -> Vec<String> {
    let mut all = vec![config.public_url.clone()];
    for key in ["originals/a", "stamps/a", "stamped/a"] {
        all.extend(parts.store.download_url(key, "a", 0, 1).await.ok());
    }
    let Client { cluster, host, port, tls, .. } = parts.live.client();
    if let Some(cluster) = cluster {
        all.extend([
            format!("wss://ws-{cluster}.pusher.com"),
            format!("https://sockjs-{cluster}.pusher.com"),
        ]);
    }
    if let (Some(host), Some(port)) = (host, port) {
        let scheme = if tls == Some(true) { "wss" } else { "ws" };
        all.push(format!("{scheme}://{host}:{port}"));
    }
    let mut origins: Vec<_> = all.iter().filter_map(|address| origin(address)).collect();
    origins.sort_unstable();
    origins.dedup();
    origins
}

/// Where this process itself reaches the API.
fn reachable(config: &Config) -> std::net::SocketAddr {
    let mut address = config.address;
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            std::net::IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            std::net::IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

async fn sweep_often(app: App, mut stopped: watch::Receiver<bool>) {
    loop {
        if let Err(fault) = sweep(&app).await {
            tracing::warn!(%fault, "the sweeper goes on next time");
        }
        tokio::select! {
            () = tokio::time::sleep(SWEEP_EVERY) => {}
            () = async { drop(stopped.wait_for(|stopped| *stopped).await) } => return,
        }
    }
}

async fn asked_to_stop() -> Result<(), String> {
    let failed = |error: std::io::Error| format!("signals: {error}");
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
