//! How much of a request's body is read, and how slowly it may come.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures_util::Stream;
use tokio::time::{Instant, Sleep, sleep};

/// A body of which less than [`LEAST`] comes in this time is given up.
pub(super) const WINDOW: Duration = Duration::from_secs(30);
/// Even a mobile network brings a hundred times as much.
const LEAST: usize = 4 << 10;

/// How many bytes of a body may yet be read; a clone is the same.
///
/// A form's parser keeps what it reads until it understands it: without this, a header without an end
/// would fill the memory.
#[derive(Clone, Debug)]
pub(super) struct Allowance(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    left: AtomicU64,
    stalled: AtomicBool,
}

impl Allowance {
    pub(super) fn new(bytes: u64) -> Self {
        Self(Arc::new(Inner { left: AtomicU64::new(bytes), stalled: AtomicBool::new(false) }))
    }

    pub(super) fn set(&self, bytes: u64) {
        self.0.left.store(bytes, Ordering::Relaxed);
    }

    /// Whether the body was given up as too little of it came.
    pub(super) fn has_stalled(&self) -> bool {
        self.0.stalled.load(Ordering::Relaxed)
    }

    /// The same body, which fails where more of it comes, and where too little does.
    pub(super) fn hold(&self, body: Body) -> Body {
        let (body, left) = (body.into_data_stream(), self.clone());
        Body::from_stream(Held { body, left, gave: false, came: 0, until: Box::pin(sleep(WINDOW)) })
    }

    fn take(&self, bytes: u64) -> Result<(), BoxError> {
        let take = |left: u64| left.checked_sub(bytes);
        let taken = self.0.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        taken.map(|_| ()).map_err(|_| "the form is longer than it may be".into())
    }
}

struct Held {
    body: BodyDataStream,
    left: Allowance,
    gave: bool,
    /// In this window.
    came: usize,
    /// The window's end.
    until: Pin<Box<Sleep>>,
}

impl Held {
    /// Waits for the window's end.
    fn stalled(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        self.until.as_mut().poll(context).map(|()| {
            self.left.0.stalled.store(true, Ordering::Relaxed);
            Some(Err("too little of the form comes".into()))
        })
    }

    fn count(&mut self, bytes: usize) {
        self.came += bytes;
        if self.came >= LEAST {
            self.came = 0;
            self.until.as_mut().reset(Instant::now() + WINDOW);
        }
    }
}

impl Stream for Held {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // The parser reads as long as something comes, before it gives any of it away. A pause after each
        // piece keeps it at one.
        if std::mem::take(&mut self.gave) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let bytes = match Pin::new(&mut self.body).poll_next(context) {
            Poll::Pending => return self.stalled(context),
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Ready(Some(bytes)) => bytes.map_err(BoxError::from),
        };
        self.count(bytes.as_ref().map_or(0, Bytes::len));
        let held = bytes.and_then(|bytes| self.left.take(bytes.len() as u64).map(|()| bytes));
        self.gave = true;
        Poll::Ready(Some(held))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;

    use super::*;

    #[tokio::test]
    async fn no_more_is_read_than_is_allowed() {
        let pieces = || futures_util::stream::iter([Ok::<_, BoxError>("12345"), Ok("67890"), Ok("1")]);
        let allowance = Allowance::new(10);
        let mut body = allowance.hold(Body::from_stream(pieces())).into_data_stream();
        assert_eq!(body.next().await.unwrap().unwrap(), "12345");
        assert_eq!(body.next().await.unwrap().unwrap(), "67890");
        assert!(body.next().await.unwrap().is_err());
        allowance.set(11);
        let body = allowance.hold(Body::from_stream(pieces()));
        assert_eq!(axum::body::to_bytes(body, 100).await.unwrap(), "12345678901");
    }

    /// Time passes by itself where nothing else happens.
    #[tokio::test(start_paused = true)]
    async fn what_hardly_comes_is_given_up() {
        for piece in ["", "1"] {
            let slow = futures_util::stream::unfold((), move |()| async move {
                sleep(Duration::from_secs(10)).await;
                Some((Ok::<_, BoxError>(piece), ()))
            });
            let allowance = Allowance::new(1 << 20);
            let body = axum::body::to_bytes(allowance.hold(Body::from_stream(slow)), 1 << 20);
            assert!(body.await.is_err() && allowance.has_stalled());
        }
        let steady = futures_util::stream::iter(0..100).then(async |_| {
            sleep(Duration::from_secs(10)).await;
            Ok::<_, BoxError>(vec![0; LEAST / 2])
        });
        let allowance = Allowance::new(1 << 20);
        let body = axum::body::to_bytes(allowance.hold(Body::from_stream(steady)), 1 << 20);
        assert_eq!((body.await.unwrap().len(), allowance.has_stalled()), (50 * LEAST, false));
    }
}
