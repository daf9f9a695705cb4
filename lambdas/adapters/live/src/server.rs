//! A server of the Pusher Channels protocol, version 7, for one app.
//!
//! The listener that serves [`Server::routes`] must give up on clients that do not finish their request;
//! from the upgrade on, connections that say nothing are closed here.

mod api;
mod connection;
mod conversation;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::ws::Utf8Bytes;
use axum::routing::{any, post};
use serde_json::json;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::timeout;

use crate::{App, Event};

/// A server; a clone is another handle on the same.
#[derive(Clone, Debug)]
pub struct Server(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    app: App,
    /// Connections.
    most: u32,
    state: Mutex<State>,
    messages: AtomicU64,
    refused: AtomicU64,
    /// A place is taken before the upgrade and given back when the socket is closed.
    places: Arc<Semaphore>,
    /// Sockets that are only told why they are refused.
    refusals: Arc<Semaphore>,
    closing: watch::Sender<bool>,
}

/// Who is connected, and who listens to what.
#[derive(Debug, Default)]
struct State {
    connections: HashMap<u64, mpsc::Sender<Utf8Bytes>>,
    channels: HashMap<String, HashSet<u64>>,
}

/// What a server has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Clients connected now.
    pub connections: usize,
    /// Channels that somebody listens to.
    pub channels: usize,
    /// Messages handed to clients so far.
    pub messages: u64,
    /// Clients refused so far: of another app or protocol, or one too many.
    pub refused: u64,
}

/// Messages that wait for a slow client; one that lets more come is closed, and asks for what it missed.
const WAITING: usize = 128;
/// Sockets that are told at the same time why they are refused; more are refused without an upgrade.
const REFUSALS: u32 = 256;

impl Server {
    /// A server for an app, with at most so many connections.
    pub fn new(app: App, most: usize) -> Self {
        let (closing, _) = watch::channel(false);
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        let places = |most: u32| Arc::new(Semaphore::new(most as usize));
        Self(Arc::new(Inner {
            app,
            most,
            state: Mutex::default(),
            messages: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            places: places(most),
            refusals: places(REFUSALS),
            closing,
        }))
    }

    /// `GET /app/KEY` for clients and `POST /apps/ID/events` and `/batch_events` for publishers.
    pub fn routes(&self) -> Router {
        Router::new()
            .route("/app/{key}", any(connection::upgrade))
            .route("/apps/{id}/events", post(api::events))
            .route("/apps/{id}/batch_events", post(api::batch_events))
            .with_state(self.clone())
    }

    /// What it has done.
    pub fn counts(&self) -> Counts {
        let state = self.state();
        Counts {
            connections: state.connections.len(),
            channels: state.channels.len(),
            messages: self.0.messages.load(Ordering::Relaxed),
            refused: self.0.refused.load(Ordering::Relaxed),
        }
    }

    /// Tells all clients to connect anew, elsewhere or later, and waits until they are gone; no others are let
    /// in.
    pub async fn close(&self) {
        self.0.closing.send_replace(true);
        // A client that does not even take its farewell is not waited for.
        drop(timeout(2 * connection::FAREWELL, self.0.places.acquire_many(self.0.most)).await);
    }

    pub(crate) fn app(&self) -> &App {
        &self.0.app
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands an event to all who listen, but for one.
    pub(crate) fn publish(&self, event: &Event, but: Option<u64>) {
        let message = json!({ "event": event.name, "channel": event.channel, "data": event.data });
        let message = Utf8Bytes::from(message.to_string());
        let mut state = self.state();
        let Some(listeners) = state.channels.get(&event.channel) else { return };
        let mut slow = Vec::new();
        for &id in listeners.iter().filter(|&&id| Some(id) != but) {
            let sender = state.connections.get(&id);
            match sender.map(|sender| sender.try_send(message.clone())) {
                Some(Ok(())) => drop(self.0.messages.fetch_add(1, Ordering::Relaxed)),
                // Its task ends when its sender is gone.
                _ => slow.push(id),
            }
        }
        slow.iter().for_each(|id| drop(state.connections.remove(id)));
    }
}

/// The connection of a socket id: its first number.
fn connection_of(socket_id: &str) -> Option<u64> {
    socket_id.split_once('.')?.0.parse().ok()
}

impl State {
    fn leave(&mut self, id: u64, channel: &str) {
        if let Some(listeners) = self.channels.get_mut(channel) {
            listeners.remove(&id);
            if listeners.is_empty() {
                self.channels.remove(channel);
            }
        }
    }
}
