//! Pusher's HTTP API ("HTTP API" of the Channels documentation).

use std::str::FromStr;
use std::time::Duration;

use serde_json::json;

use crate::{App, Client, Event, Fault};

/// An app of Pusher's.
#[derive(Clone, Debug)]
pub struct Pusher {
    app: App,
    client: Client,
    base: String,
    http: reqwest::Client,
}

/// Events of one request ("POST batch events").
const BATCH: usize = 10;

impl FromStr for Pusher {
    type Err = Fault;

    /// `ID:KEY:SECRET@CLUSTER`, or an address such as `http://127.0.0.1:6001` in place of the cluster.
    fn from_str(text: &str) -> Result<Self, Fault> {
        let (app, place) = text.split_once('@').ok_or(Fault::App)?;
        let parts: Vec<_> = app.split(':').collect();
        let [id, key, secret] = <[&str; 3]>::try_from(parts).map_err(|_| Fault::App)?;
        let is_name = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if [id, key, secret, place].iter().any(|part| part.is_empty()) {
            return Err(Fault::App);
        }
        let app = App::new(id, key, secret);
        match place.contains("://") {
            true => Self::at(app, place),
            false if is_name(place) => Self::new(app, place),
            false => Err(Fault::App),
        }
    }
}

impl Pusher {
    /// An app in one of Pusher's clusters, such as `eu`.
    ///
    /// # Errors
    /// [`Fault::Client`] when TLS cannot be set up.
    pub fn new(app: App, cluster: &str) -> Result<Self, Fault> {
        let mut pusher = Self::at(app, &format!("https://api-{cluster}.pusher.com"))?;
        // Clients connect elsewhere than publishers, and know where.
        let key = pusher.client.key;
        pusher.client = Client { key, cluster: Some(cluster.to_owned()), ..Client::default() };
        Ok(pusher)
    }

    /// The same protocol and API somewhere else, such as `http://127.0.0.1:6001`.
    ///
    /// # Errors
    /// [`Fault::Address`], and [`Fault::Client`] when TLS cannot be set up.
    pub fn at(app: App, base: &str) -> Result<Self, Fault> {
        let address = reqwest::Url::parse(base).map_err(|_| Fault::Address(base.to_owned()))?;
        let tls = address.scheme() == "https";
        // The path is signed, so that nothing may stand before it, and clients are told of none.
        let origin = address.origin().ascii_serialization();
        if !(tls || address.scheme() == "http") || address.as_str() != format!("{origin}/") {
            return Err(Fault::Address(base.to_owned()));
        }
        let client = Client {
            key: app.key().to_owned(),
            cluster: None,
            host: address.host_str().map(str::to_owned),
            port: address.port_or_known_default(),
            tls: Some(tls),
        };
        // Another part of the process may have chosen it before.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(3))
            .timeout(Duration::from_secs(10))
            .build()
            .map_err(Fault::of)?;
        Ok(Self { app, client, base: origin, http })
    }

    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    pub(crate) fn client(&self) -> Client {
        self.client.clone()
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

    #[test]
    fn apps_are_written_in_one_way() {
        let pusher: Pusher = "1:key:secret@eu".parse().unwrap();
        assert_eq!(pusher.client().cluster.as_deref(), Some("eu"));
        let own: Pusher = "1:key:secret@http://127.0.0.1:6001".parse().unwrap();
        assert_eq!((own.client().host.as_deref(), own.client().port), (Some("127.0.0.1"), Some(6001)));
        for wrong in
            ["", "1:key@eu", "1:key:@eu", "1:key:hidden@", "1:key:hidden@eu.evil/x", "1:key:hidden:x@eu"]
        {
            let fault = wrong.parse::<Pusher>().unwrap_err();
            assert!(!fault.to_string().contains("hidden") && !fault.is_passing(), "{wrong}");
        }
    }

    #[test]
    fn clients_are_told_where_the_server_is() {
        let app = || App::new("app", "key", "secret");
        let client = |base: &str| Pusher::at(app(), base).unwrap().client();
        let at = |host: &str, port: u16, tls: bool| Client {
            key: "key".to_owned(),
            cluster: None,
            host: Some(host.to_owned()),
            port: Some(port),
            tls: Some(tls),
        };
        assert_eq!(client("http://127.0.0.1:6001"), at("127.0.0.1", 6001, false));
        assert_eq!(client("https://live.example/"), at("live.example", 443, true));
        assert_eq!(client("http://[::1]"), at("[::1]", 80, false));
        for wrong in
            ["live.example", "ws://live.example", "https://live.example/pusher", "http://a@b", "http://a?b"]
        {
            assert!(matches!(Pusher::at(app(), wrong), Err(Fault::Address(_))), "{wrong}");
        }
        let eu = Pusher::new(app(), "eu").unwrap().client();
        assert_eq!(serde_json::to_value(&eu).unwrap()["cluster"], "eu");
        assert_eq!((eu.host, eu.port, eu.tls), (None, None, None));
    }

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
