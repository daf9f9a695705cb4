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
#[allow(clippy::large_enum_variant, reason = "there is one in a process")]
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
    /// [`Fault::Channel`], [`Fault::Event`] and [`Fault::TooLong`] before anything is told; others when some
    /// events may have been. Who missed an event finds it by its number when it asks.
    pub async fn trigger(&self, events: &[Event]) -> Result<(), Fault> {
        events.iter().try_for_each(Event::check)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn events_that_nobody_may_tell_are_refused() {
        let app = || App::new("app", "key", "secret");
        // Where nobody listens: a request would be unreachable.
        let pusher = Live::Pusher(Pusher::at(app(), "http://127.0.0.1:1").unwrap());
        let event = |channel: &str, name: &str, bytes: usize| Event {
            channel: channel.to_owned(),
            name: name.to_owned(),
            data: "1".repeat(bytes),
        };
        for live in [pusher, Live::BuiltIn(Server::new(app(), 1))] {
            for channel in ["", "a b", "private-ä", &"a".repeat(165)] {
                let fault = live.trigger(&[event("a", "a", 1), event(channel, "a", 1)]).await.unwrap_err();
                assert!(matches!(fault, Fault::Channel(_)) && !fault.is_passing(), "{fault}");
            }
            for name in ["", "pusher:error", "pusher_internal:subscription_succeeded", &"a".repeat(201)] {
                let fault = live.trigger(&[event("a", name, 1)]).await.unwrap_err();
                assert!(matches!(fault, Fault::Event(_)) && !fault.is_passing(), "{fault}");
            }
            let fault = live.trigger(&[event("a", "a", (10 << 10) + 1)]).await.unwrap_err();
            assert!(matches!(fault, Fault::TooLong { bytes: 10_241, .. }) && !fault.is_passing(), "{fault}");
            let told = live.trigger(&[event(&"a".repeat(164), &"a".repeat(200), 10 << 10)]).await;
            assert!(matches!(told, Ok(()) | Err(Fault::Unreachable(_))), "{told:?}");
        }
    }
}
