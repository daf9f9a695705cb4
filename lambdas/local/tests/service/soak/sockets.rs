//! Sockets that come, listen for a while, and go with or without a word.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use super::{Counts, count, random};
use crate::client::http;

/// Comes and goes until all is over.
pub(super) async fn come_and_go(number: u64, url: String, counts: Arc<Counts>, over: Arc<AtomicBool>) {
    let mut state = 1000 + number;
    while !over.load(Ordering::Relaxed) {
        if visit(&url, &mut state).await.is_some() {
            count(&counts.sockets);
        }
        tokio::time::sleep(Duration::from_millis(random(&mut state) % 500)).await;
    }
}

/// One visit; `None` where a part did not answer.
async fn visit(url: &str, state: &mut u64) -> Option<()> {
    let http = http();
    let begun = http.post(format!("{url}/sessions")).send().await.ok()?;
    let begun: Value = begun.json().await.ok()?;
    let token = begun["token"].as_str()?;
    let me: Value = http.get(format!("{url}/me")).bearer_auth(token).send().await.ok()?.json().await.ok()?;
    let (key, channel) = (me["live"]["key"].as_str()?, me["live"]["channel"].as_str()?);
    let address = url.strip_prefix("http://")?;
    let stream = TcpStream::connect(address).await.ok()?;
    let (mut socket, _) = client_async(format!("ws://{address}/app/{key}?protocol=7"), stream).await.ok()?;
    let hello: Value = serde_json::from_str(socket.next().await?.ok()?.to_text().ok()?).ok()?;
    let about: Value = serde_json::from_str(hello["data"].as_str()?).ok()?;
    let wish = [("socket_id", about["socket_id"].as_str()?), ("channel_name", channel)];
    let allowed = http.post(format!("{url}/live/auth")).bearer_auth(token).form(&wish).send().await.ok()?;
    let allowed: Value = allowed.json().await.ok()?;
    let subscribe =
        json!({ "event": "pusher:subscribe", "data": { "channel": channel, "auth": allowed["auth"] } });
    socket.send(Message::text(subscribe.to_string())).await.ok()?;
    let subscribed = socket.next().await?.ok()?;
    assert!(subscribed.to_text().ok()?.contains("subscription_succeeded"), "{subscribed}");
    let stays = Duration::from_millis(random(state) % 10_000);
    drop(tokio::time::timeout(stays, socket.next()).await);
    if random(state).is_multiple_of(2) {
        socket.close(None).await.ok()?;
    }
    Some(())
}
