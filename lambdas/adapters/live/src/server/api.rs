//! The HTTP API for publishers, so far as events go.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, Uri};
use serde::Deserialize;

use super::Server;
use crate::signature::is_socket_id;
use crate::{Event, Fault, event};

#[derive(Deserialize)]
struct One {
    name: String,
    data: String,
    channel: Option<String>,
    #[serde(default)]
    channels: Vec<String>,
    /// The connection that knows the event already.
    socket_id: Option<String>,
}

#[derive(Deserialize)]
struct Batch {
    batch: Vec<One>,
}

/// Channels of one event, and events of one batch, at most.
const MOST: usize = 100;

type Refusal = (StatusCode, String);
type Answer = Result<&'static str, Refusal>;

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

fn malformed() -> Refusal {
    (StatusCode::BAD_REQUEST, "the body is not one of the HTTP API".to_owned())
}

fn check(
    server: &Server,
    id: &str,
    uri: &Uri,
    query: &[(String, String)],
    body: &[u8],
) -> Result<(), Refusal> {
    let now = std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_secs());
    if id != server.app().id() {
        return Err((StatusCode::NOT_FOUND, "there is no such app".to_owned()));
    }
    match server.app().signed("POST", uri.path(), query, body, now) {
        true => Ok(()),
        false => Err((StatusCode::UNAUTHORIZED, "the request's signature does not fit".to_owned())),
    }
}

fn publish(server: &Server, events: Vec<One>) -> Answer {
    if events.len() > MOST {
        return Err((StatusCode::BAD_REQUEST, format!("a batch has at most {MOST} events")));
    }
    // All are told, or none.
    events.iter().try_for_each(check_event)?;
    for One { name, data, channel, channels, socket_id } in events {
        let but = socket_id.as_deref().and_then(super::connection_of);
        for channel in channels.into_iter().chain(channel) {
            server.publish(&Event { channel, name: name.clone(), data: data.clone() }, but);
        }
    }
    Ok("{}")
}

fn check_event(One { name, data, channel, channels, socket_id }: &One) -> Result<(), Refusal> {
    let refused = |reason: String| Err((StatusCode::BAD_REQUEST, reason));
    if !(1..=MOST).contains(&channels.iter().chain(channel).count()) {
        return refused(format!("an event has 1 to {MOST} channels"));
    }
    if let Some(id) = socket_id.as_deref().filter(|id| !is_socket_id(id)) {
        return refused(Fault::Name(id.chars().take(200).collect()).to_string());
    }
    for channel in channels.iter().chain(channel) {
        match event::check(channel, name, data) {
            Err(fault @ Fault::TooLong { .. }) => {
                return Err((StatusCode::PAYLOAD_TOO_LARGE, fault.to_string()));
            }
            Err(fault) => return refused(fault.to_string()),
            Ok(()) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::App;

    #[tokio::test]
    async fn requests_that_tell_nobody_anything_are_refused() {
        let app = App::new("app", "key", "secret");
        let server = Server::new(app.clone(), 1);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, server.routes()).await.unwrap() });
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::new();
        let post = async |path: &str, body: Value| {
            let (path, body) = (format!("/apps/app/{path}"), body.to_string());
            let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
            let query = app.query("POST", &path, body.as_bytes(), now);
            let sent = http.post(format!("{address}{path}?{query}")).body(body).send().await.unwrap();
            (sent.status().as_u16(), sent.text().await.unwrap())
        };
        let event = |part: Value| {
            let mut event = json!({ "name": "a", "data": "{}", "channel": "a" });
            event.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
            event
        };
        for (part, status) in [
            (json!({}), 200),
            (json!({ "socket_id": "1.2" }), 200),
            (json!({ "socket_id": "1" }), 400),
            (json!({ "channel": null }), 400),
            (json!({ "channel": null, "channels": [] }), 400),
            (json!({ "channels": vec!["a"; 100] }), 400),
            (json!({ "channel": null, "channels": vec!["a"; 100] }), 200),
            (json!({ "channel": "a b" }), 400),
            (json!({ "name": "pusher:error" }), 400),
            (json!({ "name": "pusher_internal:subscription_succeeded" }), 400),
            (json!({ "data": "1".repeat(10 << 10) }), 200),
            (json!({ "data": "1".repeat((10 << 10) + 1) }), 413),
        ] {
            let (said, why) = post("events", event(part.clone())).await;
            assert_eq!(said, status, "{part}: {why}");
            let batch = json!({ "batch": [event(json!({})), event(part.clone())] });
            let (said, why) = post("batch_events", batch).await;
            assert_eq!(said, status, "{part} in a batch: {why}");
        }
    }
}
