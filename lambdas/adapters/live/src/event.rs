//! What is told, and what a browser must know to be told it.

use serde::{Deserialize, Serialize};

/// One event on one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The channel, such as `private-owner`.
    pub channel: String,
    /// The event's name.
    pub name: String,
    /// Its data as JSON, at most 10 KiB (Pusher's limit).
    pub data: String,
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
