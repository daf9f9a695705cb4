//! The HTTP API for publishers, so far as events go.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, Uri};
use serde::Deserialize;

use super::Server;
use crate::Event;
use crate::signature::is_channel;

#[derive(Deserialize)]
struct One {
    name: String,
    data: String,
    channel: Option<String>,
    #[serde(default)]
    channels: Vec<String>,
}

#[derive(Deserialize)]
struct Batch {
    batch: Vec<One>,
}

/// Channels of one event, and events of one batch, at most.
const MOST: usize = 100;
/// Bytes of an event's data.
const LONGEST: usize = 10 << 10;

type Answer = Result<&'static str, (StatusCode, &'static str)>;

pub(super) async fn events(
    State(server): State<Server>,
    Path(id): Path<String>,
    uri: Uri,
    Query(query): Query<Vec<(String, String)>>,
    body: Bytes,
) -> Answer {
    check(&server, &id, &uri, &query, &body)?;
    let event = serde_json::from_slice(&body).map_err(|_| malformed())?;
    publish(&server, vec![event])
}

pub(super) async fn batch_events(
    State(server): State<Server>,
    Path(id): Path<String>,
    uri: Uri,
    Query(query): Query<Vec<(String, String)>>,
    body: Bytes,
) -> Answer {
    check(&server, &id, &uri, &query, &body)?;
    let Batch { batch } = serde_json::from_slice(&body).map_err(|_| malformed())?;
    publish(&server, batch)
}

fn malformed() -> (StatusCode, &'static str) {
    (StatusCode::BAD_REQUEST, "the body is not one of the HTTP API")
}

fn check(
    server: &Server,
    id: &str,
    uri: &Uri,
    query: &[(String, String)],
    body: &[u8],
) -> Result<(), (StatusCode, &'static str)> {
    let now = std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_secs());
    if id != server.app().id() {
        return Err((StatusCode::NOT_FOUND, "there is no such app"));
    }
    match server.app().signed("POST", uri.path(), query, body, now) {
        true => Ok(()),
        false => Err((StatusCode::UNAUTHORIZED, "the request's signature does not fit")),
    }
}

fn publish(server: &Server, events: Vec<One>) -> Answer {
    let right = |event: &One| {
        event.data.len() <= LONGEST
            && event.channels.len() <= MOST
            && event.channels.iter().chain(&event.channel).all(|channel| is_channel(channel))
    };
    if events.len() > MOST || !events.iter().all(right) {
        return Err(malformed());
    }
    for One { name, data, channel, channels } in events {
        for channel in channels.into_iter().chain(channel) {
            server.publish(&Event { channel, name: name.clone(), data: data.clone() }, None);
        }
    }
    Ok("{}")
}
