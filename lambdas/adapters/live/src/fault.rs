//! What can go wrong.

use crate::event::{LONGEST, LONGEST_NAME};

/// Events were not told, or a subscription not allowed.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// No connection or channel is called so.
    #[error("“{0}” is no socket id or private channel of the Pusher protocol")]
    Name(String),
    /// No channel is called so.
    #[error("no channel is called “{0}”: a name has 1 to 164 of the characters A-Z a-z 0-9 _ - = @ , . ;")]
    Channel(String),
    /// No event of a publisher is called so.
    #[error("no event is called “{0}”: a name has 1 to {LONGEST_NAME} bytes, and none begins with pusher:")]
    Event(String),
    /// An event's data is too long.
    #[error("the event for {channel} has {bytes} bytes of data; at most {LONGEST} are told at once")]
    TooLong {
        /// The event's channel.
        channel: String,
        /// Bytes of its data.
        bytes: usize,
    },
    /// Pusher does not answer.
    #[error("Pusher does not answer: {0}")]
    Unreachable(#[source] reqwest::Error),
    /// There can be no requests, for want of TLS for example.
    #[error("requests to Pusher cannot be set up: {0}")]
    Client(#[source] reqwest::Error),
    /// Pusher refuses.
    #[error("Pusher refuses the events ({status}): {said}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it said.
        said: String,
    },
    /// Not how an app is written. It holds a secret, and is not shown.
    #[error(
        "Pusher's app is written as ID:KEY:SECRET@CLUSTER, or with http://HOST:PORT in place of a cluster"
    )]
    App,
    /// The address of another host is wrong.
    #[error("the address {0} of Pusher's HTTP API is wrong; it is http://HOST:PORT or https://HOST:PORT")]
    Address(String),
}

impl Fault {
    /// Of a request that was not answered. Its address is signed, and so kept out of logs: who has it could
    /// send the same for ten minutes.
    pub(crate) fn of(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if error.is_builder() { Self::Client(error) } else { Self::Unreachable(error) }
    }

    /// Whether the same may succeed later.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
            Self::Name(_)
            | Self::App
            | Self::Channel(_)
            | Self::Event(_)
            | Self::TooLong { .. }
            | Self::Client(_)
            | Self::Address(_) => false,
        }
    }
}
