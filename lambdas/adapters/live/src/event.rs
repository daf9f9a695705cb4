//! What is told, and what a browser must know to be told it.

use serde::{Deserialize, Serialize};

use crate::Fault;
use crate::signature::is_channel;

/// Bytes of an event's data, and of its name ("POST event", "Publishing events").
pub(crate) const LONGEST: usize = 10 << 10;
pub(crate) const LONGEST_NAME: usize = 200;

/// One event on one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The channel, such as `private-owner`.
    pub channel: String,
    /// The event's name, at most 200 bytes; `pusher:` and `pusher_internal:` begin the protocol's own.
    pub name: String,
    /// Its data as JSON, at most 10 KiB (Pusher's limit).
    pub data: String,
}

impl Event {
    /// Whether a publisher may tell this.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        check(&self.channel, &self.name, &self.data)
    }
}

/// Whether a publisher may tell this ("Channel naming conventions" and "Publishing events").
pub(crate) fn check(channel: &str, name: &str, data: &str) -> Result<(), Fault> {
    let shown = |text: &str| text.chars().take(LONGEST_NAME).collect();
    if !is_channel(channel) {
        return Err(Fault::Channel(shown(channel)));
    }
    let reserved = name.starts_with("pusher:") || name.starts_with("pusher_internal:");
    if reserved || !(1..=LONGEST_NAME).contains(&name.len()) {
        return Err(Fault::Event(shown(name)));
    }
    if data.len() > LONGEST {
        return Err(Fault::TooLong { channel: channel.to_owned(), bytes: data.len() });
    }
    Ok(())
}

/// What `pusher-js` is configured with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// The app's key.
    pub key: String,
    /// Pusher's cluster; none where the server is not Pusher's.
    pub cluster: Option<String>,
    /// The server's host (`wsHost`); with neither this nor a cluster, the server is where the site is.
    pub host: Option<String>,
    /// The server's TCP port (`wsPort` and `wssPort`), where there is a host.
    pub port: Option<u16>,
    /// Whether the server is spoken to through TLS (`forceTLS`), where there is a host.
    pub tls: Option<bool>,
}
