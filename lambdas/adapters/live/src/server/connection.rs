//! One client's connection.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{Instant, timeout, timeout_at};

use super::conversation::{Conversation, message};
use super::{Server, WAITING};

/// A client that was silent for so long is asked whether it is there, and then has half a minute.
const SILENT: Duration = Duration::from_secs(120);
const PATIENCE: Duration = Duration::from_secs(30);
/// A socket that is closed is gone after so long, whether or not the client has read why.
pub(super) const FAREWELL: Duration = Duration::from_secs(2);
/// No client says anything longer.
const LONGEST: usize = 16 << 10;

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
                serve(server, socket).await;
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

async fn serve(server: Server, mut socket: WebSocket) {
    let mut random = [0; 16];
    if getrandom::fill(&mut random).is_err() {
        return close(socket, Closed(4200, "the server has no randomness")).await;
    }
    let (sender, mut events) = mpsc::channel(WAITING);
    let mut conversation = Conversation::begin(server, random, sender);
    let hello = json!({ "socket_id": conversation.socket_id(), "activity_timeout": SILENT.as_secs() });
    let closed = match send(&mut socket, message("pusher:connection_established", None, &hello)).await {
        Ok(()) => converse(&mut conversation, &mut socket, &mut events).await,
        Err(closed) => Some(closed),
    };
    drop(conversation);
    if let Some(closed) = closed {
        close(socket, closed).await;
    }
}

/// Until somebody closes; why, if it is us.
async fn converse(
    conversation: &mut Conversation,
    socket: &mut WebSocket,
    events: &mut mpsc::Receiver<Utf8Bytes>,
) -> Option<Closed> {
    let mut closing = conversation.server().0.closing.subscribe();
    let mut heard = Instant::now();
    let mut asked = false;
    loop {
        let deadline = heard + if asked { SILENT + PATIENCE } else { SILENT };
        let next = tokio::select! {
            () = async { drop(closing.wait_for(|closing| *closing).await) } => return Some(Closed(4200, "the server goes away")),
            event = events.recv() => match event {
                Some(event) => Some(event),
                None => return Some(Closed(4200, "messages came faster than they were read")),
            },
            said = timeout_at(deadline, socket.recv()) => match said {
                Err(_) if asked => return Some(Closed(4201, "no answer came to a ping")),
                Err(_) => {
                    asked = true;
                    Some(message("pusher:ping", None, &json!({})))
                }
                Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) => return None,
                Ok(Some(Ok(said))) => {
                    (heard, asked) = (Instant::now(), false);
                    match said {
                        Message::Text(text) => conversation.answer(&text),
                        _ => None,
                    }
                }
            },
        };
        if let Some(next) = next
            && let Err(closed) = send(socket, next).await
        {
            return Some(closed);
        }
    }
}

/// A client that takes nothing for so long is no longer there.
async fn send(socket: &mut WebSocket, text: Utf8Bytes) -> Result<(), Closed> {
    match timeout(PATIENCE, socket.send(Message::Text(text))).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Closed(4200, "messages came faster than they were read")),
    }
}
