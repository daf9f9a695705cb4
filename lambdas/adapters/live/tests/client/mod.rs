//! A bare client of the protocol, and a server for it.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use stampede_live::Server;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub(crate) async fn serve(server: &Server) -> u16 {
    let routes = server.routes();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    port
}

pub(crate) struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    pub(crate) async fn connect(port: u16, target: &str) -> Self {
        Self(connect_async(format!("ws://127.0.0.1:{port}{target}")).await.unwrap().0)
    }

    /// Connects, and is let in; its socket id.
    pub(crate) async fn hello(port: u16) -> (Self, String) {
        let mut client = Self::connect(port, "/app/key?protocol=7").await;
        let hello = client.hear().await;
        assert_eq!(hello["event"], "pusher:connection_established");
        let id = hello["data"]["socket_id"].as_str().unwrap().to_owned();
        (client, id)
    }

    /// The next message, its data decoded.
    pub(crate) async fn hear(&mut self) -> Value {
        match self.next().await {
            Some(Message::Text(text)) => {
                let mut said: Value = serde_json::from_str(&text).unwrap();
                if let Some(Ok(data)) = said["data"].as_str().map(serde_json::from_str) {
                    said["data"] = data;
                }
                said
            }
            other => panic!("no message came, but {other:?}"),
        }
    }

    /// The code of the close frame, when that is what comes next.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        match self.next().await {
            Some(Message::Close(frame)) => frame.map(|frame| frame.code.into()),
            other => panic!("no close came, but {other:?}"),
        }
    }

    /// Waits until the server has ended the connection, with a close or without.
    pub(crate) async fn ends(&mut self) {
        match self.next().await {
            None | Some(Message::Close(_)) => {}
            other => panic!("the connection goes on with {other:?}"),
        }
    }

    pub(crate) async fn say(&mut self, event: &str, channel: Option<&str>, data: Value) {
        let message = json!({ "event": event, "channel": channel, "data": data });
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    /// What comes next; nothing once the connection has ended, in whatever way.
    async fn next(&mut self) -> Option<Message> {
        // Longer than the server bears silence.
        let next = tokio::time::timeout(Duration::from_secs(180), self.0.next()).await;
        next.expect("the server says nothing").and_then(Result::ok)
    }
}
