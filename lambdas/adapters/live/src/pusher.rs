//! Pusher's HTTP API ("HTTP API" of the Channels documentation).

use std::time::Duration;

use serde_json::json;

use crate::{App, Client, Event, Fault};

/// An app of Pusher's.
#[derive(Clone, Debug)]
pub struct Pusher {
    app: App,
    cluster: Option<String>,
    base: String,
    http: reqwest::Client,
}

/// Events of one request ("POST batch events").
const BATCH: usize = 10;

impl Pusher {
    /// An app in one of Pusher's clusters, such as `eu`.
    ///
    /// # Errors
    /// [`Fault::Client`] when TLS cannot be set up.
    pub fn new(app: App, cluster: &str) -> Result<Self, Fault> {
        let mut pusher = Self::at(app, &format!("https://api-{cluster}.pusher.com"))?;
        pusher.cluster = Some(cluster.to_owned());
        Ok(pusher)
    }

    /// The same API somewhere else, such as `http://127.0.0.1:6001`.
    ///
    /// # Errors
    /// [`Fault::Address`], and [`Fault::Client`] when TLS cannot be set up.
    pub fn at(app: App, base: &str) -> Result<Self, Fault> {
        if !base.starts_with("http://") && !base.starts_with("https://") {
            return Err(Fault::Address(base.to_owned()));
        }
        // Another part of the process may have chosen it before.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(3))
            .timeout(Duration::from_secs(10))
            .build()
            .map_err(Fault::of)?;
        Ok(Self { app, cluster: None, base: base.trim_end_matches('/').to_owned(), http })
    }

    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    pub(crate) fn client(&self) -> Client {
        Client { key: self.app.key().to_owned(), cluster: self.cluster.clone() }
    }

    pub(crate) async fn trigger(&self, events: &[Event]) -> Result<(), Fault> {
        for events in events.chunks(BATCH) {
            match self.send(events).await {
                // Once more: most of what passes does so at once.
                Err(fault) if fault.is_passing() => self.send(events).await?,
                sent => sent?,
            }
        }
        Ok(())
    }

    async fn send(&self, events: &[Event]) -> Result<(), Fault> {
        let batch: Vec<_> = events
            .iter()
            .map(|event| json!({ "channel": event.channel, "name": event.name, "data": event.data }))
            .collect();
        let body = json!({ "batch": batch }).to_string();
        let path = format!("/apps/{}/batch_events", self.app.id());
        let now = std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_secs());
        let query = self.app.query("POST", &path, body.as_bytes(), now);
        let post = self.http.post(format!("{}{path}?{query}", self.base));
        let answer =
            post.header("Content-Type", "application/json").body(body).send().await.map_err(Fault::of)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let said = answer.text().await.unwrap_or_default().chars().take(300).collect();
        Err(Fault::Refused { status: status.as_u16(), said })
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[tokio::test]
    async fn faults_do_not_tell_signatures() {
        // Nobody listens any more.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let pusher = Pusher::at(App::new("app", "key", "secret"), &base).unwrap();
        let event = Event { channel: "a".to_owned(), name: "b".to_owned(), data: "{}".to_owned() };
        let fault = pusher.trigger(&[event]).await.unwrap_err();
        let mut told = format!("{fault} {fault:?}");
        let mut source = fault.source();
        while let Some(error) = source {
            told += &format!(" {error} {error:?}");
            source = error.source();
        }
        assert!(matches!(fault, Fault::Unreachable(_)) && fault.is_passing(), "{told}");
        assert!(!told.contains("auth_") && !told.contains("/apps/"), "{told}");
    }
}
