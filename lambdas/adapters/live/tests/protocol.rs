//! The server as a bare WebSocket client finds it: what it refuses, and what it bears.

mod client;

use std::time::Duration;

use client::{Client, serve};
use serde_json::{Value, json};
use stampede_live::{App, Event, Live, Server};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

fn server(most: usize) -> Server {
    Server::new(App::new("app", "key", "secret"), most)
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_another_app_or_protocol_are_told_why() {
    let server = server(5);
    let port = serve(&server).await;
    for (target, code) in [
        ("/app/other?protocol=7", 4001),
        ("/app/key?protocol=seven", 4006),
        ("/app/key?protocol=", 4006),
        ("/app/key?protocol=4", 4007),
        ("/app/key?protocol=8", 4007),
        ("/app/key", 4008),
    ] {
        let mut client = Client::connect(port, target).await;
        let said = client.hear().await;
        assert_eq!(
            (&said["event"], &said["data"]["code"]),
            (&json!("pusher:error"), &json!(code)),
            "{target}"
        );
        assert_eq!(client.close_code().await, Some(code), "{target}");
    }
    assert_eq!((server.counts().connections, server.counts().refused), (0, 6));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_closes_sends_all_away_and_waits_for_them() {
    let server = server(5);
    let port = serve(&server).await;
    let (mut client, _) = Client::hello(port).await;
    let leaves =
        tokio::spawn(async move { (client.hear().await["data"]["code"].clone(), client.close_code().await) });
    server.close().await;
    assert_eq!(server.counts().connections, 0);
    assert_eq!(leaves.await.unwrap(), (json!(4200), Some(4200)));
    let mut late = Client::connect(port, "/app/key?protocol=7").await;
    assert_eq!((&late.hear().await["data"]["code"], late.close_code().await), (&json!(4100), Some(4100)));
}

/// On a clock that jumps to the next moment at which anything is to happen.
#[tokio::test(start_paused = true)]
async fn a_client_that_is_silent_is_asked_and_then_sent_away() {
    let server = server(5);
    let (mut client, _) = Client::hello(serve(&server).await).await;
    let began = tokio::time::Instant::now();
    assert_eq!(client.hear().await["event"], "pusher:ping");
    let asked = began.elapsed();
    client.say("pusher:pong", None, json!({})).await;
    assert_eq!(client.hear().await["event"], "pusher:ping");
    assert_eq!(client.hear().await["data"]["code"], 4201);
    assert_eq!(client.close_code().await, Some(4201));
    assert!((120..130).contains(&asked.as_secs()), "{asked:?}");
    assert!((270..290).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_that_are_not_allowed_are_refused() {
    let server = server(5);
    let (mut client, id) = Client::hello(serve(&server).await).await;
    let live = Live::BuiltIn(server.clone());
    let other = live.authorize(&id, "private-other").unwrap();
    for (channel, auth, status) in [
        ("presence-a", "", 403),
        ("private-encrypted-a", "", 403),
        ("private-own", "", 401),
        ("private-own", &*other, 401),
        ("private-own", "key:00", 401),
    ] {
        client.say("pusher:subscribe", None, json!({ "channel": channel, "auth": auth })).await;
        let said = client.hear().await;
        assert_eq!(said["event"], "pusher:subscription_error", "{said}");
        assert_eq!((&said["channel"], &said["data"]["status"]), (&json!(channel), &json!(status)), "{said}");
        assert_eq!(said["data"]["type"], "AuthError");
    }
    for channel in ["", "a b", &"a".repeat(165)] {
        client.say("pusher:subscribe", None, json!({ "channel": channel })).await;
        assert_eq!(client.hear().await["event"], "pusher:error");
    }
    assert_eq!(server.counts().channels, 0);
    for number in 0..100 {
        subscribe(&mut client, &live, &id, &format!("a{number}")).await;
    }
    client.say("pusher:subscribe", None, json!({ "channel": "b" })).await;
    assert_eq!(client.hear().await["data"]["type"], "LimitReached");
    client.say("pusher:unsubscribe", None, json!({ "channel": "a0" })).await;
    subscribe(&mut client, &live, &id, "b").await;
    assert_eq!(server.counts().channels, 100);
}

async fn subscribe(client: &mut Client, live: &Live, id: &str, channel: &str) {
    // Public channels need none.
    let auth = live.authorize(id, channel).unwrap_or_default();
    client.say("pusher:subscribe", None, json!({ "channel": channel, "auth": auth })).await;
    let said = client.hear().await;
    assert_eq!(said["event"], "pusher_internal:subscription_succeeded", "{said}");
}

fn event(channel: &str, name: &str, data: &Value) -> Event {
    Event { channel: channel.to_owned(), name: name.to_owned(), data: data.to_string() }
}

#[tokio::test(flavor = "multi_thread")]
async fn client_events_are_few_and_for_others_on_private_channels() {
    let server = server(5);
    let port = serve(&server).await;
    let live = Live::BuiltIn(server);
    let (mut speaker, id) = Client::hello(port).await;
    for channel in ["public", "private-own"] {
        subscribe(&mut speaker, &live, &id, channel).await;
    }
    let (mut listener, id) = Client::hello(port).await;
    for channel in ["public", "private-own", "private-other"] {
        subscribe(&mut listener, &live, &id, channel).await;
    }
    // The speaker is not on the second.
    for channel in ["public", "private-other"] {
        speaker.say("client-a", Some(channel), json!({})).await;
        assert_eq!(speaker.hear().await["event"], "pusher:error");
    }
    speaker.say("news", Some("private-own"), json!({})).await;
    assert_eq!(speaker.hear().await["event"], "pusher:error");
    speaker.say("client-long", Some("private-own"), json!("1".repeat((10 << 10) + 1))).await;
    assert_eq!(speaker.hear().await["event"], "pusher:error");

    for number in 0..60 {
        speaker.say("client-a", Some("private-own"), json!({ "number": number })).await;
    }
    speaker.say("pusher:ping", None, json!({})).await;
    let mut refused = 0;
    loop {
        let said = speaker.hear().await;
        match said["event"].as_str() {
            Some("pusher:pong") => break,
            _ => assert_eq!(said["data"]["code"], 4301, "{said}"),
        }
        refused += 1;
    }
    // All that was let through lies before this.
    live.trigger(&[event("private-own", "marker", &json!({}))]).await.unwrap();
    let mut heard = 0;
    loop {
        let said = listener.hear().await;
        match said["event"].as_str() {
            Some("marker") => break,
            _ => assert_eq!(said["event"], "client-a", "{said}"),
        }
        heard += 1;
    }
    assert!(refused > 0 && heard >= 9, "{refused} {heard}");
    assert_eq!(refused + heard, 60);
    assert_eq!(speaker.hear().await["event"], "marker");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_too_long_ends_its_connection_alone() {
    let server = server(5);
    let port = serve(&server).await;
    let (mut other, _) = Client::hello(port).await;
    let (mut client, _) = Client::hello(port).await;
    client.say("pusher:ping", None, json!("1".repeat(15 << 10))).await;
    assert_eq!(client.hear().await["event"], "pusher:pong");
    client.say("pusher:ping", None, json!("1".repeat(17 << 10))).await;
    client.ends().await;
    other.say("pusher:ping", None, json!({})).await;
    assert_eq!(other.hear().await["event"], "pusher:pong");
    assert_eq!(server.counts().connections, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_is_closed_and_others_are_served() {
    let server = server(5);
    let port = serve(&server).await;
    let live = Live::BuiltIn(server.clone());
    let (mut reader, id) = Client::hello(port).await;
    subscribe(&mut reader, &live, &id, "private-own").await;
    let (mut sleeper, id) = Client::hello(port).await;
    subscribe(&mut sleeper, &live, &id, "private-own").await;
    let long = "1".repeat(10_000);
    let mut told = 0;
    while server.counts().connections == 2 {
        assert!(told < 20_000, "whatever a client does not read is kept");
        live.trigger(&[event("private-own", "news", &json!([told, long]))]).await.unwrap();
        assert_eq!(reader.hear().await["data"][0], told);
        told += 1;
    }
    // What it has missed is an end to what it hears.
    let mut heard = 0;
    let code = loop {
        let said = sleeper.hear().await;
        if said["event"] == "pusher:error" {
            break said["data"]["code"].clone();
        }
        assert_eq!(said["data"][0], heard);
        heard += 1;
    };
    assert_eq!((code, sleeper.close_code().await), (json!(4200), Some(4200)));
    assert!(heard < told, "{heard} of {told}");
    live.trigger(&[event("private-own", "marker", &json!({}))]).await.unwrap();
    assert_eq!(reader.hear().await["event"], "marker");
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
