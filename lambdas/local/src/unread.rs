//! A request that is answered before all of it was read: too long, by nobody, to nowhere. A client that is still
//! sending may not hear an answer if the connection is closed at it (RFC 9112 9.6), and one that keeps the connection
//! would send its next request into a closed one.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use axum::middleware::Next;
use axum::response::Response;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// What was not wanted is taken off the connection for so long.
const LINGER: Duration = Duration::from_secs(5);

/// Reads what the answer did not need; where that does not end, the client is told that the connection does.
pub(crate) async fn read_to_the_end(request: Request, next: Next) -> Response {
    let (back, left) = oneshot::channel();
    let request = request.map(|body| Body::new(Lent { body, back: Some(back) }));
    let mut response = next.run(request).await;
    // Nothing comes back of a body that was read, or that the answer still reads.
    let ended = match left.await {
        Ok(body) => timeout(LINGER, drain(body)).await.unwrap_or(false),
        Err(_) => true,
    };
    if !ended {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Whether the body came to its end.
async fn drain(mut body: Body) -> bool {
    loop {
        match std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            None => return true,
            Some(Ok(_)) => {}
            Some(Err(_)) => return false,
        }
    }
}

/// A body that comes back if it is dropped before its end.
struct Lent {
    body: Body,
    back: Option<oneshot::Sender<Body>>,
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none() {
            self.back = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(back) = self.back.take().filter(|_| !self.body.is_end_stream()) {
            // Nobody waits where the connection is gone.
            drop(back.send(mem::take(&mut self.body)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use axum::Router;
    use axum::middleware::from_fn;
    use axum::routing::post;

    use super::*;

    async fn served() -> std::net::SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let whole = post(async |body: Bytes| body.len().to_string());
        let routes = Router::new().route("/none", post(async || "none")).route("/whole", whole);
        let served = axum::serve(listener, routes.layer(from_fn(read_to_the_end)));
        tokio::spawn(async move { served.await.unwrap() });
        address
    }

    /// What is answered to two requests on one connection, the latter of which asks for its end.
    fn answers(address: std::net::SocketAddr, first: &[u8]) -> String {
        let mut socket = TcpStream::connect(address).unwrap();
        socket.write_all(first).unwrap();
        let last = "POST /whole HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 3\r\n\r\nabc";
        socket.write_all(last.as_bytes()).unwrap();
        let mut all = String::new();
        socket.read_to_string(&mut all).unwrap();
        all
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_next_request_is_answered_behind_a_body_that_nobody_read() {
        let address = served().await;
        let read = tokio::task::spawn_blocking(move || {
            // The longest is more than a handler takes.
            for length in [0, 1, 100, 8 << 20] {
                let body = vec![b'x'; length];
                let sized = format!("content-length: {length}\r\n\r\n").into_bytes();
                let chunk = format!("transfer-encoding: chunked\r\n\r\n{:x}\r\n", length + 1).into_bytes();
                let sized = [sized, body.clone()].concat();
                let chunked = [chunk, body, b"x\r\n0\r\n\r\n".to_vec()].concat();
                for (path, rest) in
                    [("none", &sized), ("whole", &sized), ("none", &chunked), ("whole", &chunked)]
                {
                    let head = format!("POST /{path} HTTP/1.1\r\nhost: a\r\n").into_bytes();
                    let all = answers(address, &[&head[..], rest].concat());
                    assert_eq!(all.matches("HTTP/1.1 ").count(), 2, "{path} {length}: {all}");
                    assert!(all.ends_with("\r\n\r\n3"), "{path} {length}: {all}");
                }
            }
        });
        read.await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_body_that_does_not_end_ends_the_connection() {
        let address = served().await;
        let heard = tokio::task::spawn_blocking(move || {
            let mut socket = TcpStream::connect(address).unwrap();
            socket.write_all(b"POST /none HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nabc").unwrap();
            let mut all = String::new();
            socket.read_to_string(&mut all).unwrap();
            all
        });
        let all = heard.await.unwrap();
        assert!(all.starts_with("HTTP/1.1 200 OK") && all.contains("\r\nconnection: close\r\n"), "{all}");
    }
}
