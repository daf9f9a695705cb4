//! What a client says, and what it is answered; who carries it to and fro is no matter here.

use std::time::{Duration, Instant};

use axum::extract::ws::Utf8Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::Server;
use crate::Event;
use crate::signature::is_channel;

const MOST_CHANNELS: usize = 100;
/// Client events a second ("Client events").
const CLIENT_EVENTS: u32 = 10;

/// A message of the protocol; its data is JSON within a string.
pub(super) fn message(event: &str, channel: Option<&str>, data: &Value) -> Utf8Bytes {
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

/// With one client; when it is dropped, the client listens to nothing any more.
pub(super) struct Conversation {
    server: Server,
    id: u64,
    socket_id: String,
    channels: Vec<String>,
    /// Since when client events are counted, and how many.
    said: (Instant, u32),
}

impl Conversation {
    /// With a client that no other can be taken for by its 128 random bits, and that takes events from `sender`.
    pub(super) fn begin(server: Server, random: [u8; 16], sender: mpsc::Sender<Utf8Bytes>) -> Self {
        let [a, b] =
            [0, 8].map(|at| random[at..at + 8].iter().fold(0u64, |all, &byte| all << 8 | u64::from(byte)));
        server.state().connections.insert(a, sender);
        Self { server, id: a, socket_id: format!("{a}.{b}"), channels: Vec::new(), said: (Instant::now(), 0) }
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    pub(super) fn socket_id(&self) -> &str {
        &self.socket_id
    }

    /// What the client hears to what it said, if anything.
    pub(super) fn answer(&mut self, text: &str) -> Option<Utf8Bytes> {
        let Ok(Said { event, channel, data }) = serde_json::from_str(text) else {
            return Some(error(None, "the message is not one of the protocol"));
        };
        let of = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
        match (&*event, channel) {
            ("pusher:ping", _) => Some(message("pusher:pong", None, &json!({}))),
            ("pusher:pong", _) => None,
            ("pusher:subscribe", _) => Some(self.subscribe(of("channel"), of("auth"))),
            ("pusher:unsubscribe", _) => {
                let channel = of("channel");
                self.channels.retain(|own| own != channel);
                self.server.state().leave(self.id, channel);
                None
            }
            (name, Some(channel)) if name.starts_with("client-") => {
                let data = data.as_str().map_or_else(|| data.to_string(), str::to_owned);
                self.pass_on(Event { channel, name: event, data }).err()
            }
            _ => Some(error(None, "there is no such event for clients to send")),
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

    /// Tells the others on a channel; what the client is told if it may not.
    fn pass_on(&mut self, event: Event) -> Result<(), Utf8Bytes> {
        if !event.channel.starts_with("private-") || !self.channels.contains(&event.channel) {
            return Err(error(None, "clients speak on private channels that they listen to"));
        }
        if self.said.0.elapsed() > Duration::from_secs(1) {
            self.said = (Instant::now(), 0);
        }
        self.said.1 += 1;
        if self.said.1 > CLIENT_EVENTS {
            return Err(error(Some(4301), "a client sends at most 10 events a second"));
        }
        event.check().map_err(|fault| error(None, &fault.to_string()))?;
        self.server.publish(&event, Some(self.id));
        Ok(())
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        let mut state = self.server.state();
        state.connections.remove(&self.id);
        self.channels.iter().for_each(|channel| state.leave(self.id, channel));
    }
}

fn error(code: Option<u16>, reason: &str) -> Utf8Bytes {
    message("pusher:error", None, &json!({ "code": code, "message": reason }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::WAITING;
    use super::*;
    use crate::App;

    fn channels() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-c]",
            "private-[ab]",
            "(presence|private-encrypted)-a",
            Just(String::new()),
            Just("a".repeat(200)),
            ".*"
        ]
    }

    /// What clients say, what others might, and what is no message at all.
    fn lines() -> impl Strategy<Value = String> {
        let names = prop_oneof![
            Just("pusher:subscribe".to_owned()),
            Just("pusher:unsubscribe".to_owned()),
            "(pusher:|pusher_internal:|client-)?[a-z]{0,9}",
            ".*"
        ];
        let auths = prop_oneof![Just("right"), Just("key:00"), Just("")];
        let message =
            (names, channels(), auths, any::<bool>()).prop_map(|(event, channel, auth, is_text)| {
                let data = json!({ "channel": channel, "auth": auth });
                let data = if is_text { data.to_string().into() } else { data };
                json!({ "event": event, "channel": channel, "data": data }).to_string()
            });
        let cut = (message, any::<prop::sample::Index>(), ".?", any::<bool>());
        let message = cut.prop_map(|(mut line, at, other, is_whole)| {
            let at = line.floor_char_boundary(at.index(line.len()));
            if !is_whole {
                line.truncate(at);
                line.push_str(&other);
            }
            line
        });
        prop_oneof![9 => message, 1 => ".*"]
    }

    proptest! {
        /// Each answer is a message of the protocol, nobody hears a private channel without the app's signature, and
        /// of a client that is gone nothing is left.
        #[test]
        fn whatever_a_client_says_is_answered_in_the_protocol(said in prop::collection::vec(lines(), 0..20)) {
            let app = App::new("app", "key", "secret");
            let server = Server::new(app.clone(), 1);
            let (sender, _events) = mpsc::channel(WAITING);
            let mut conversation = Conversation::begin(server.clone(), [7; 16], sender);
            for line in said {
                // As the service signs it, which the client cannot.
                let right = serde_json::from_str::<Value>(&line).ok().and_then(|said| {
                    let channel = said["data"]["channel"].as_str()?;
                    app.authorize(conversation.socket_id(), channel).ok()
                });
                let signed = line.replace("right", right.as_deref().unwrap_or_default());
                let is_signed = right.is_some() && signed != line;
                let Some(answer) = conversation.answer(&signed) else { continue };
                let answer: Value = serde_json::from_str(&answer).unwrap();
                serde_json::from_str::<Value>(answer["data"].as_str().unwrap()).unwrap();
                prop_assert!(answer["event"].as_str().unwrap().starts_with("pusher"));
                let channel = answer["channel"].as_str().unwrap_or_default();
                if answer["event"] == "pusher_internal:subscription_succeeded" && channel.starts_with("private-") {
                    prop_assert!(is_signed, "{signed}");
                }
            }
            drop(conversation);
            let counts = server.counts();
            prop_assert_eq!((counts.connections, counts.channels), (0, 0));
        }
    }
}
