//! Progress to browsers over the Pusher Channels protocol: through Pusher, or a server of our own that the
//! same client takes for it.

#![forbid(unsafe_code)]

mod event;
mod fault;
mod pusher;
mod server;
mod signature;

pub use event::{Client, Event};
pub use fault::Fault;
pub use pusher::Pusher;
pub use server::{Counts, Server};
pub use signature::App;

/// How browsers are told.
#[derive(Clone, Debug)]
pub enum Live {
    /// Through Pusher, or what speaks its HTTP API.
    Pusher(Pusher),
    /// By this process.
    BuiltIn(Server),
}

impl Live {
    /// Tells everybody who is subscribed; any number of events.
    ///
    /// # Errors
    /// [`Fault`]. Who missed an event finds it by its number when it asks.
    pub async fn trigger(&self, events: &[Event]) -> Result<(), Fault> {
        match self {
            Self::Pusher(pusher) => pusher.trigger(events).await,
            Self::BuiltIn(server) => {
                events.iter().for_each(|event| server.publish(event, None));
                Ok(())
            }
        }
    }

    /// Lets a connection subscribe to a private channel: `KEY:SIGNATURE`. That the channel is the asker's own
    /// is for the caller to check.
    ///
    /// # Errors
    /// [`Fault::Name`] for what is neither a connection nor a private channel.
    pub fn authorize(&self, socket_id: &str, channel: &str) -> Result<String, Fault> {
        match self {
            Self::Pusher(pusher) => pusher.app().authorize(socket_id, channel),
            Self::BuiltIn(server) => server.app().authorize(socket_id, channel),
        }
    }

    /// What a browser must know to connect.
    pub fn client(&self) -> Client {
        match self {
            Self::Pusher(pusher) => pusher.client(),
            Self::BuiltIn(server) => Client { key: server.app().key().to_owned(), ..Client::default() },
        }
    }
}
