//! The server as a bare WebSocket client finds it: what it refuses, and what it bears.

mod client;

use std::time::Duration;

use client::{Client, serve};
use serde_json::json;
use stampede_live::{App, Server};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

fn server(most: usize) -> Server {
    Server::new(App::new("app", "key", "secret"), most)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_clients_get_in_than_there_are_places() {
    let server = server(5);
    let port = serve(&server).await;
    let connecting =
        (0..40).map(|_| tokio::spawn(async move { Client::connect(port, "/app/key?protocol=7").await }));
    let mut inside = Vec::new();
    for connected in connecting.collect::<Vec<_>>() {
        let mut client = connected.await.unwrap();
        let said = client.hear().await;
        match said["event"].as_str() {
            Some("pusher:connection_established") => inside.push(client),
            _ => assert_eq!((&said["data"]["code"], client.close_code().await), (&json!(4100), Some(4100))),
        }
    }
    assert_eq!((inside.len(), server.counts().connections, server.counts().refused), (5, 5, 35));
    // Whoever leaves makes a place.
    drop(inside.pop());
    let newcomer = async {
        loop {
            let mut client = Client::connect(port, "/app/key?protocol=7").await;
            if client.hear().await["event"] == "pusher:connection_established" {
                return client;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), newcomer).await.unwrap();
}

/// A refused client that never reads why, nor closes its socket.
async fn stay(port: u16) -> (String, BufReader<TcpStream>) {
    let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
    let request = "GET /app/other?protocol=7 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut status = String::new();
    stream.read_line(&mut status).await.unwrap();
    (status, stream)
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_clients_that_stay_are_few_and_soon_gone() {
    let server = server(5);
    let port = serve(&server).await;
    let mut staying = Vec::new();
    let refused = loop {
        let (status, stream) = stay(port).await;
        if !status.contains("101") {
            break status;
        }
        staying.push(stream);
        assert!(staying.len() < 450, "refused sockets are not bounded");
    };
    assert!(refused.contains("503"), "{refused}");
    assert_eq!(server.counts().connections, 0);
    // Who belongs here gets in all the same.
    drop(Client::hello(port).await);
    for mut stream in staying {
        // An end or a reset: it does not go on.
        let mut said = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut said)).await.unwrap();
        assert!(String::from_utf8_lossy(&said).contains("4001"));
    }
    let mut stranger = Client::connect(port, "/app/other?protocol=7").await;
    assert_eq!(stranger.hear().await["data"]["code"], 4001);
}
