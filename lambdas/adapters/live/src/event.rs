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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// The app's key.
    pub key: String,
    /// Pusher's cluster; without one, the server is where the site is.
    pub cluster: Option<String>,
}
