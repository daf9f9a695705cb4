//! Sockets that come, listen for a while, and go with or without a word.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::{Counts, count, random};
use crate::client::http;

/// A visit that has not come to its end by then never does.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why a visit did not come to its end.
enum Broken {
    /// The service said that a part does not answer.
    NotNow(StatusCode),
    /// It has no excuse.
    Otherwise(String),
}

/// Comes and goes until all is over.
pub(super) async fn come_and_go(number: u64, url: String, counts: Arc<Counts>, over: Arc<AtomicBool>) {
    let mut state = 1000 + number;
    while !over.load(Ordering::Relaxed) {
        let outages = counts.outages.load(Ordering::SeqCst);
        let visited = timeout(PATIENCE, visit(&url, &mut state)).await;
        let visited = visited.unwrap_or_else(|_| Err(Broken::Otherwise("no end of it".to_owned())));
        // They are odd while PostgreSQL is stopped.
        let was_stopped = outages % 2 == 1 || counts.outages.load(Ordering::SeqCst) != outages;
        match visited {
            Ok(()) => count(&counts.sockets),
            Err(Broken::NotNow(_)) if was_stopped => {}
            Err(Broken::NotNow(status)) => counts.broke(format!("{status} with PostgreSQL running")),
            Err(Broken::Otherwise(reason)) => counts.broke(reason),
        }
        sleep(Duration::from_millis(random(&mut state) % 500)).await;
    }
}

async fn visit(url: &str, state: &mut u64) -> Result<(), Broken> {
    let http = http();
    let begun = said(http.post(format!("{url}/sessions"))).await?;
    let token = text(&begun, "/token")?;
    let me = said(http.get(format!("{url}/me")).bearer_auth(token)).await?;
    let (key, channel) = (text(&me, "/live/key")?, text(&me, "/live/channel")?);
    let address = url.strip_prefix("http://").unwrap_or(url);
    let stream = TcpStream::connect(address).await.map_err(otherwise)?;
    let opened = client_async(format!("ws://{address}/app/{key}?protocol=7"), stream).await;
    let (mut socket, _) = opened.map_err(otherwise)?;
    let hello = heard(&mut socket).await?;
    let about: Value = serde_json::from_str(text(&hello, "/data")?).map_err(otherwise)?;
    let wish = [("socket_id", text(&about, "/socket_id")?), ("channel_name", channel)];
    let allowed = said(http.post(format!("{url}/live/auth")).bearer_auth(token).form(&wish)).await?;
    let subscribe =
        json!({ "event": "pusher:subscribe", "data": { "channel": channel, "auth": allowed["auth"] } });
    socket.send(Message::text(subscribe.to_string())).await.map_err(otherwise)?;
    let subscribed = heard(&mut socket).await?;
    if subscribed["event"] != "pusher_internal:subscription_succeeded" {
        return Err(Broken::Otherwise(subscribed.to_string()));
    }
    let stays = Duration::from_millis(random(state) % 10_000);
    drop(timeout(stays, socket.next()).await);
    if random(state).is_multiple_of(2) {
        socket.close(None).await.map_err(otherwise)?;
    }
    Ok(())
}

fn otherwise(error: impl Display) -> Broken {
    Broken::Otherwise(error.to_string())
}

/// What a request is answered with.
async fn said(call: RequestBuilder) -> Result<Value, Broken> {
    let answer = call.send().await.map_err(otherwise)?;
    let status = answer.status();
    if status.is_server_error() {
        return Err(Broken::NotNow(status));
    }
    let said = answer.text().await.map_err(otherwise)?;
    match status.is_success() {
        true => serde_json::from_str(&said).map_err(otherwise),
        false => Err(Broken::Otherwise(format!("{status}: {said}"))),
    }
}

/// The next message.
async fn heard(socket: &mut WebSocketStream<TcpStream>) -> Result<Value, Broken> {
    let message = socket.next().await.ok_or_else(|| otherwise("the socket was closed"))?;
    let message = message.map_err(otherwise)?;
    serde_json::from_str(message.to_text().map_err(otherwise)?).map_err(otherwise)
}

fn text<'a>(value: &'a Value, at: &str) -> Result<&'a str, Broken> {
    let text = value.pointer(at).and_then(Value::as_str);
    text.ok_or_else(|| Broken::Otherwise(format!("no {at} in {value}")))
}
