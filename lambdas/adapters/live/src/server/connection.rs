//! One client's connection.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{Instant, timeout, timeout_at};

use super::{Server, WAITING};
use crate::Event;
use crate::signature::is_channel;

/// A client that was silent for so long is asked whether it is there, and then has half a minute.
const SILENT: Duration = Duration::from_secs(120);
const PATIENCE: Duration = Duration::from_secs(30);
/// A socket that is closed is gone after so long, whether or not the client has read why.
pub(super) const FAREWELL: Duration = Duration::from_secs(2);
/// No client says anything longer.
const LONGEST: usize = 16 << 10;
const MOST_CHANNELS: usize = 100;
/// Client events a second ("Client events").
const CLIENT_EVENTS: u32 = 10;

#[derive(Deserialize)]
pub(super) struct Asked {
    protocol: Option<String>,
}

/// Why a connection is closed ("Error codes"); 4100 to 4199: connect again after a while, 4200 to 4299: at
/// once, others: never.
struct Closed(u16, &'static str);

pub(super) async fn upgrade(
    State(server): State<Server>,
    Path(key): Path<String>,
    Query(asked): Query<Asked>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let place = match asked.protocol.as_deref().map(str::parse::<u32>) {
        _ if key != server.app().key() => Err(Closed(4001, "there is no such app")),
        None => Err(Closed(4008, "no protocol version was said")),
        Some(Err(_)) => Err(Closed(4006, "the protocol version is not a number")),
        Some(Ok(5..=7)) => take_place(&server),
        Some(Ok(_)) => Err(Closed(4007, "versions 5 to 7 of the protocol are spoken here")),
    };
    // Ten thousand clients that mostly wait are not to hold buffers of 128 KiB each.
    let upgrade = upgrade.max_message_size(LONGEST).max_frame_size(LONGEST);
    let upgrade = upgrade.read_buffer_size(1 << 10).write_buffer_size(0).max_write_buffer_size(256 << 10);
    let closed = match place {
        Ok(place) => {
            return upgrade.on_upgrade(async move |socket| {
                Connection::serve(server, socket).await;
                drop(place);
            });
        }
        Err(closed) => closed,
    };
    server.0.refused.fetch_add(1, Ordering::Relaxed);
    // Clients hear no reason but through a socket.
    match Arc::clone(&server.0.refusals).try_acquire_owned() {
        Ok(place) => upgrade.on_upgrade(async move |socket| {
            close(socket, closed).await;
            drop(place);
        }),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, closed.1).into_response(),
    }
}

fn take_place(server: &Server) -> Result<OwnedSemaphorePermit, Closed> {
    if *server.0.closing.borrow() {
        // At once it would find the same server still going.
        return Err(Closed(4100, "the server goes away"));
    }
    let place = Arc::clone(&server.0.places).try_acquire_owned();
    place.map_err(|_| Closed(4100, "there are too many connections"))
}

async fn close(mut socket: WebSocket, Closed(code, reason): Closed) {
    let error = message("pusher:error", None, &json!({ "code": code, "message": reason }));
    // Who went away before hears neither.
    let _ = timeout(FAREWELL, async {
        let _ = socket.send(Message::Text(error)).await;
        let _ = socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
        // Until the client has read it.
        while let Some(Ok(_)) = socket.recv().await {}
    })
    .await;
}

/// A message of the protocol; its data is JSON within a string.
fn message(event: &str, channel: Option<&str>, data: &Value) -> Utf8Bytes {
    let mut message = json!({ "event": event, "data": data.to_string() });
    if let Some(channel) = channel {
        message["channel"] = channel.into();
    }
    message.to_string().into()
}

#[derive(Deserialize)]
struct Said {
    event: String,
    channel: Option<String>,
    #[serde(default)]
    data: Value,
}

struct Connection {
    server: Server,
    id: u64,
    socket_id: String,
    channels: Vec<String>,
    /// Since when client events are counted, and how many.
    said: (Instant, u32),
}

impl Connection {
    async fn serve(server: Server, mut socket: WebSocket) {
        let mut random = [0; 16];
        if getrandom::fill(&mut random).is_err() {
            return close(socket, Closed(4200, "the server has no randomness")).await;
        }
        let [a, b] =
            [0, 8].map(|at| random[at..at + 8].iter().fold(0u64, |all, &byte| all << 8 | u64::from(byte)));
        let (sender, mut events) = mpsc::channel(WAITING);
        server.state().connections.insert(a, sender);
        let mut connection = Self {
            server,
            id: a,
            socket_id: format!("{a}.{b}"),
            channels: Vec::new(),
            said: (Instant::now(), 0),
        };
        let hello = json!({ "socket_id": connection.socket_id, "activity_timeout": SILENT.as_secs() });
        let closed = match send(&mut socket, message("pusher:connection_established", None, &hello)).await {
            Ok(()) => connection.run(&mut socket, &mut events).await,
            Err(closed) => Some(closed),
        };
        connection.leave();
        if let Some(closed) = closed {
            close(socket, closed).await;
        }
    }

    fn leave(&self) {
        let mut state = self.server.state();
        state.connections.remove(&self.id);
        self.channels.iter().for_each(|channel| state.leave(self.id, channel));
    }

    /// Until somebody closes; why, if it is us.
    async fn run(
        &mut self,
        socket: &mut WebSocket,
        events: &mut mpsc::Receiver<Utf8Bytes>,
    ) -> Option<Closed> {
        let mut closing = self.server.0.closing.subscribe();
        let mut heard = Instant::now();
        let mut asked = false;
        loop {
            let deadline = heard + if asked { SILENT + PATIENCE } else { SILENT };
            tokio::select! {
                () = async { drop(closing.wait_for(|closing| *closing).await) } => return Some(Closed(4200, "the server goes away")),
                event = events.recv() => match event {
                    Some(event) => match send(socket, event).await {
                        Ok(()) => {}
                        Err(closed) => return Some(closed),
                    },
                    None => return Some(Closed(4200, "messages came faster than they were read")),
                },
                said = timeout_at(deadline, socket.recv()) => match said {
                    Err(_) if asked => return Some(Closed(4201, "no answer came to a ping")),
                    Err(_) => {
                        asked = true;
                        if let Err(closed) = send(socket, message("pusher:ping", None, &json!({}))).await {
                            return Some(closed);
                        }
                    }
                    Ok(Some(Ok(Message::Text(text)))) => {
                        (heard, asked) = (Instant::now(), false);
                        if let Err(closed) = self.hear(socket, &text).await {
                            return Some(closed);
                        }
                    }
                    Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) => return None,
                    Ok(Some(Ok(_))) => (heard, asked) = (Instant::now(), false),
                },
            }
        }
    }

    async fn hear(&mut self, socket: &mut WebSocket, text: &str) -> Result<(), Closed> {
        let Ok(Said { event, channel, data }) = serde_json::from_str(text) else {
            return send(socket, error(None, "the message is not one of the protocol")).await;
        };
        match (&*event, channel) {
            ("pusher:ping", _) => send(socket, message("pusher:pong", None, &json!({}))).await,
            ("pusher:pong", _) => Ok(()),
            ("pusher:subscribe", _) => {
                let of = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
                let answer = self.subscribe(of("channel"), of("auth"));
                send(socket, answer).await
            }
            ("pusher:unsubscribe", _) => {
                let channel = data.get("channel").and_then(Value::as_str).unwrap_or_default();
                self.channels.retain(|own| own != channel);
                self.server.state().leave(self.id, channel);
                Ok(())
            }
            (name, Some(channel)) if name.starts_with("client-") => match self.may_say(&channel) {
                Ok(()) => {
                    let data = data.as_str().map_or_else(|| data.to_string(), str::to_owned);
                    let event = Event { channel, name: event, data };
                    if let Err(fault) = event.check() {
                        return send(socket, error(None, &fault.to_string())).await;
                    }
                    self.server.publish(&event, Some(self.id));
                    Ok(())
                }
                Err(refused) => send(socket, refused).await,
            },
            _ => send(socket, error(None, "there is no such event for clients to send")).await,
        }
    }

    fn subscribe(&mut self, channel: &str, auth: &str) -> Utf8Bytes {
        let refused = |kind: &str, status: u16, reason: &str| {
            let data = json!({ "type": kind, "error": reason, "status": status });
            message("pusher:subscription_error", Some(channel), &data)
        };
        if !is_channel(channel) {
            return error(None, "no channel is called so");
        }
        if channel.starts_with("presence-") || channel.starts_with("private-encrypted-") {
            return refused("AuthError", 403, "there are public and private channels here, no others");
        }
        if channel.starts_with("private-") && !self.server.app().allows(&self.socket_id, channel, auth) {
            return refused("AuthError", 401, "the subscription's signature does not fit");
        }
        if self.channels.len() >= MOST_CHANNELS {
            return refused("LimitReached", 403, "a connection listens to at most 100 channels");
        }
        if !self.channels.iter().any(|own| own == channel) {
            self.channels.push(channel.to_owned());
        }
        self.server.state().channels.entry(channel.to_owned()).or_default().insert(self.id);
        message("pusher_internal:subscription_succeeded", Some(channel), &json!({}))
    }

    /// Whether a client event may be passed on.
    fn may_say(&mut self, channel: &str) -> Result<(), Utf8Bytes> {
        if !channel.starts_with("private-") || !self.channels.iter().any(|own| own == channel) {
            return Err(error(None, "clients speak on private channels that they listen to"));
        }
        if self.said.0.elapsed() > Duration::from_secs(1) {
            self.said = (Instant::now(), 0);
        }
        self.said.1 += 1;
        if self.said.1 > CLIENT_EVENTS {
            return Err(error(Some(4301), "a client sends at most 10 events a second"));
        }
        Ok(())
    }
}

fn error(code: Option<u16>, reason: &str) -> Utf8Bytes {
    message("pusher:error", None, &json!({ "code": code, "message": reason }))
}

/// A client that takes nothing for so long is no longer there.
async fn send(socket: &mut WebSocket, text: Utf8Bytes) -> Result<(), Closed> {
    match timeout(PATIENCE, socket.send(Message::Text(text))).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Closed(4200, "messages came faster than they were read")),
    }
}
