//! Connections: how many there may be, and how long they wait for a client.

mod places;
mod taken;

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub(crate) use self::places::Places;
use self::taken::Taken;

/// A request's headers come within so long, or the connection is closed.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);

/// Serves connections until it is told to stop, and those that are open then to their end.
pub(crate) async fn accept(
    listener: TcpListener,
    places: Places,
    routes: Router,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            // Who finds no place waits at the door, in the system's queue.
            accepted = async { (places.free().await, listener.accept().await) } => accepted,
            Some(_) = connections.join_next() => continue,
            () = async { drop(stopped.wait_for(|stopped| *stopped).await) } => break,
        };
        let (free, Ok((stream, peer))) = accepted else {
            // Too many open files: some are closed soon.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Some(place) = places.take(free, peer.ip()) else {
            tracing::debug!(%peer, "it has too many connections; this one is closed");
            continue;
        };
        drop(stream.set_nodelay(true));
        // A socket that it becomes holds the place, too.
        let stream = Taken::new(stream, place);
        connections.spawn(serve(stream, peer, routes.clone(), stopped.clone()));
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// One connection; told to stop, it ends behind the answer at hand.
async fn serve(
    stream: Taken<TcpStream>,
    peer: SocketAddr,
    routes: Router,
    mut stopped: watch::Receiver<bool>,
) {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADERS_WITHIN);
    let routes = TowerToHyperService::new(routes);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        routes.call(request)
    });
    let connection = builder.serve_connection(TokioIo::new(stream), service).with_upgrades();
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // Whatever ends it, it ends.
        _ = connection.as_mut() => return,
        () = async { drop(stopped.wait_for(|stopped| *stopped).await) } => {}
    }
    connection.as_mut().graceful_shutdown();
    drop(connection.await);
}
