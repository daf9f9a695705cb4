//! How much of a request's body is read.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use axum::BoxError;
use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures_util::Stream;

/// How many bytes of a body may yet be read; a clone is the same.
///
/// A form's parser keeps what it reads until it understands it: without this, a header without an end
/// would fill the memory.
#[derive(Clone, Debug)]
pub(super) struct Allowance(Arc<AtomicU64>);

impl Allowance {
    pub(super) fn new(bytes: u64) -> Self {
        Self(Arc::new(AtomicU64::new(bytes)))
    }

    pub(super) fn set(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    /// The same body, which fails where more of it comes.
    pub(super) fn hold(&self, body: Body) -> Body {
        Body::from_stream(Held { body: body.into_data_stream(), left: self.clone(), gave: false })
    }

    fn take(&self, bytes: u64) -> Result<(), BoxError> {
        let take = |left: u64| left.checked_sub(bytes);
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        taken.map(|_| ()).map_err(|_| "the form is longer than it may be".into())
    }
}

struct Held {
    body: BodyDataStream,
    left: Allowance,
    gave: bool,
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
        let Some(bytes) = ready!(Pin::new(&mut self.body).poll_next(context)) else {
            return Poll::Ready(None);
        };
        let bytes = bytes.map_err(BoxError::from);
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
}
