//! The server with the unmodified `pusher-js` client and the official publisher, and our publisher with a
//! server that checks its signatures by the official library's code.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::{Value, json};
use stampede_live::{App, Event, Live, Pusher, Server};
use tokio::task::JoinHandle;

/// A node program of `tests/pusher`; it ends when it is dropped.
struct Node {
    child: Child,
    input: ChildStdin,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Node {
    fn start(script: &str, arguments: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pusher");
        assert!(folder.join("node_modules").exists(), "run `.ci/set-up test` first");
        let mut node = Command::new("node");
        node.arg(script).args(arguments).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = node.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { input: child.stdin.take().unwrap(), child, lines }
    }

    fn line(&mut self) -> String {
        self.lines.next().expect("node ended").unwrap()
    }

    /// Reads until all of these were said, in any order, and nothing that is forbidden.
    fn hear(&mut self, wanted: &[Value], forbidden: &[&str]) {
        let mut wanted = wanted.to_vec();
        while !wanted.is_empty() {
            let said: Value = serde_json::from_str(&self.line()).unwrap();
            assert!(forbidden.iter().all(|name| said.get(name).is_none()), "{said}");
            wanted.retain(|one| *one != said);
        }
    }

    fn tell(&mut self, step: &str) {
        writeln!(self.input, "{step}").unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(serde::Deserialize)]
struct Asked {
    socket_id: String,
    channel_name: String,
}

/// Lets everybody subscribe to `private-own` alone.
async fn auth(State(server): State<Server>, Form(asked): Form<Asked>) -> Result<String, StatusCode> {
    if asked.channel_name != "private-own" {
        return Err(StatusCode::FORBIDDEN);
    }
    let auth = Live::BuiltIn(server).authorize(&asked.socket_id, &asked.channel_name);
    auth.map(|auth| json!({ "auth": auth }).to_string()).map_err(|_| StatusCode::BAD_REQUEST)
}

async fn serve(server: &Server) -> u16 {
    serve_at(server, 0).await.0
}

/// The port, and what ends when its listener is to.
async fn serve_at(server: &Server, port: u16) -> (u16, JoinHandle<()>) {
    let routes =
        server.routes().merge(axum::Router::new().route("/auth", post(auth)).with_state(server.clone()));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (port, tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() }))
}

#[tokio::test(flavor = "multi_thread")]
async fn pusher_js_takes_the_server_for_pusher() {
    let server = Server::new(App::new("app", "key", "secret"), 100);
    let (port, listening) = serve_at(&server, 0).await;
    let live = Live::BuiltIn(server.clone());
    let client = serde_json::to_string(&live.client()).unwrap();
    let told = tokio::task::spawn_blocking(move || {
        let mut node = Node::start("client.js", &[&port.to_string(), &client]);
        let subscribed = json!({ "subscribed": "private-own" });
        node.hear(&[json!({ "state": "connected" }), subscribed.clone(), json!({ "refused": 403 })], &[]);
        node.tell("publish");
        let marker = json!({ "marker": true });
        node.hear(&[json!({ "published": 200 }), json!({ "news": { "number": 1 } }), marker.clone()], &[]);
        node.tell("batch");
        let news = |number: u32| json!({ "news": { "number": number } });
        node.hear(&[json!({ "published": 200 }), news(2), news(3)], &[]);
        node.tell("forge");
        node.hear(&[json!({ "forged": 401 }), marker.clone()], &["news"]);
        node.tell("speak");
        node.hear(&[json!({ "typing": { "by": "second" } })], &["echo"]);
        node.tell("exclude");
        let second = |number: u32| json!({ "second": { "number": number } });
        node.hear(&[second(5), second(6), marker], &["news"]);
        node.tell("stranger");
        node.hear(&[json!({ "stranger": 4001 })], &[]);
        (node, subscribed)
    });
    let (mut node, subscribed) = told.await.unwrap();
    let second = |number: u32| json!({ "second": { "number": number } });
    let event = |number: u32| Event {
        channel: "private-own".to_owned(),
        name: "news".to_owned(),
        data: json!({ "number": number }).to_string(),
    };
    live.trigger(&[event(7)]).await.unwrap();
    let (mut node, subscribed) = tokio::task::spawn_blocking(move || {
        node.hear(&[json!({ "news": { "number": 7 } }), second(7)], &["echo"]);
        (node, subscribed)
    })
    .await
    .unwrap();
    assert_eq!(server.counts().connections, 2);
    // It goes away; another takes its place, and the clients find it by themselves.
    let successor = Server::new(App::new("app", "key", "secret"), 100);
    listening.abort();
    assert!(listening.await.unwrap_err().is_cancelled());
    serve_at(&successor, port).await;
    server.close().await;
    let mut node = tokio::task::spawn_blocking(move || {
        node.hear(&[json!({ "state": "connecting" })], &[]);
        node.hear(&[json!({ "state": "connected" }), subscribed], &["news"]);
        node
    })
    .await
    .unwrap();
    Live::BuiltIn(successor).trigger(&[event(8)]).await.unwrap();
    let told = tokio::task::spawn_blocking(move || node.hear(&[json!({ "news": { "number": 8 } })], &[]));
    told.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn unsubscribed_clients_are_told_nothing() {
    let server = Server::new(App::new("app", "key", "secret"), 100);
    let port = serve(&server).await;
    let client = serde_json::to_string(&Live::BuiltIn(server).client()).unwrap();
    let node = tokio::task::spawn_blocking(move || {
        let mut node = Node::start("client.js", &[&port.to_string(), &client]);
        let marker = json!({ "marker": true });
        node.hear(&[json!({ "subscribed": "private-own" })], &[]);
        node.tell("publish");
        node.hear(&[json!({ "news": { "number": 1 } }), marker.clone()], &[]);
        node.tell("leave");
        node.hear(&[json!({ "left": true })], &[]);
        node.tell("publish");
        node.hear(&[json!({ "published": 200 }), marker], &["news"]);
        node
    });
    drop(node.await.unwrap());
}

/// A server elsewhere, such as one that others run: the site serves nothing but the authorization.
#[tokio::test(flavor = "multi_thread")]
async fn browsers_find_a_server_on_another_host() {
    let app = App::new("app", "key", "secret");
    let site = serve(&Server::new(app.clone(), 0)).await;
    let server = Server::new(app.clone(), 100);
    let address = format!("http://127.0.0.1:{}", serve(&server).await);
    let live = Live::Pusher(Pusher::at(app, &address).unwrap());
    let client = serde_json::to_string(&live.client()).unwrap();
    let subscribed = tokio::task::spawn_blocking(move || {
        let mut node = Node::start("client.js", &[&site.to_string(), &client]);
        node.hear(&[json!({ "subscribed": "private-own" })], &[]);
        node
    });
    let mut node = subscribed.await.unwrap();
    let data = json!({ "number": 1 }).to_string();
    let event = Event { channel: "private-own".to_owned(), name: "news".to_owned(), data };
    live.trigger(&[event]).await.unwrap();
    let told = tokio::task::spawn_blocking(move || node.hear(&[json!({ "news": { "number": 1 } })], &[]));
    told.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_to_pusher_are_signed_as_the_official_library_signs() {
    let start = tokio::task::spawn_blocking(|| {
        let mut node = Node::start("record.js", &[]);
        let port: u16 = node.line().parse().unwrap();
        (node, port)
    });
    let (mut node, port) = start.await.unwrap();
    let address = format!("http://127.0.0.1:{port}");
    let live = Live::Pusher(Pusher::at(App::new("app", "key", "secret"), &address).unwrap());
    let events: Vec<_> = (0..12)
        .map(|number| Event {
            channel: "private-own".to_owned(),
            name: "news".to_owned(),
            data: json!({ "number": number, "text": "é" }).to_string(),
        })
        .collect();
    live.trigger(&events).await.unwrap();
    let forged = Live::Pusher(Pusher::at(App::new("app", "key", "other"), &address).unwrap());
    let refused = forged.trigger(&events[..1]).await.unwrap_err();
    assert!(refused.to_string().contains("401") && !refused.is_passing(), "{refused}");
    let said = tokio::task::spawn_blocking(move || [node.line(), node.line(), node.line()]);
    let said = said.await.unwrap().map(|line| serde_json::from_str::<Value>(&line).unwrap());
    assert_eq!(said[0]["body"]["batch"].as_array().unwrap().len(), 10);
    assert_eq!(said[1]["body"]["batch"][1]["data"], events[11].data);
    assert_eq!([0, 1, 2].map(|at| said[at]["fits"].as_bool().unwrap()), [true, true, false]);
}
