//! Opens sockets to a server in another process, each subscribed to a private channel of its own and one that
//! all share, and says what they cost there.
//!
//! `cargo run -p stampede-live --example sockets [SOCKETS]`, with 10,000 unless told otherwise; the
//! limit on open files must be higher, and is raised as far as it may be. Linux alone.

use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use futures_util::{SinkExt as _, StreamExt as _};
use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::{Value, json};
use stampede_live::{App, Event, Live, Pusher, Server};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;
type Socket = WebSocketStream<TcpStream>;

/// Handshakes at the same time; more would wait in the listener's backlog.
const AT_ONCE: usize = 100;
/// Events that all sockets are told, one after the other.
const EVENTS: u32 = 50;

fn main() -> Outcome<()> {
    let mut files = getrlimit(Resource::Nofile);
    files.current = files.maximum;
    setrlimit(Resource::Nofile, files)?;
    let runtime = tokio::runtime::Runtime::new()?;
    match std::env::args().nth(1).as_deref() {
        Some("serve") => runtime.block_on(serve()),
        count => runtime.block_on(measure(count.map_or(Ok(10_000), str::parse)?)),
    }
}

fn app() -> App {
    App::new("app", "key", "secret")
}

async fn serve() -> Outcome<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    Ok(axum::serve(listener, Server::new(app(), usize::MAX).routes()).await?)
}

async fn measure(count: usize) -> Outcome<()> {
    let mut server = Process::start()?;
    let port = server.port()?;
    let live = Live::Pusher(Pusher::at(app(), &format!("http://127.0.0.1:{port}"))?);
    let mut sockets = Vec::with_capacity(count);
    // What the first one costs is the server's own.
    sockets.push(connect(port, live.clone()).await?);
    let idle = server.resident()?;
    let began = Instant::now();
    while sockets.len() < count {
        let more = AT_ONCE.min(count - sockets.len());
        let mut connecting: JoinSet<_> = (0..more).map(|_| connect(port, live.clone())).collect();
        while let Some(socket) = connecting.join_next().await {
            sockets.push(socket??);
        }
    }
    let opened = began.elapsed();
    let resident = server.resident()?;
    println!(
        "{count} sockets in {opened:.1?}: {} KiB resident, {} before them, {:.1} a socket",
        resident,
        idle,
        (resident - idle) as f64 / (count - 1).max(1) as f64,
    );

    let began = Instant::now();
    let mut hearing: JoinSet<_> = sockets.into_iter().map(hear_all).collect();
    for number in 0..EVENTS {
        let data = json!({ "number": number }).to_string();
        let event = Event { channel: "all".to_owned(), name: "news".to_owned(), data };
        live.trigger(&[event]).await?;
    }
    let mut kept = Vec::with_capacity(count);
    while let Some(socket) = hearing.join_next().await {
        kept.push(socket??);
    }
    let (took, resident) = (began.elapsed(), server.resident()?);
    println!("{EVENTS} events to each of {count} sockets in {took:.1?}; {resident} KiB resident");
    Ok(())
}

/// A socket that listens to a channel of its own and to `all`.
async fn connect(port: u16, live: Live) -> Outcome<Socket> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let small = WebSocketConfig::default().read_buffer_size(1 << 10).write_buffer_size(0);
    let target = format!("ws://127.0.0.1:{port}/app/key?protocol=7");
    let (mut socket, _) = client_async_with_config(target, stream, Some(small)).await?;
    let hello: Value = serde_json::from_str(&hear(&mut socket, "pusher:connection_established").await?)?;
    let data: Value = serde_json::from_str(hello["data"].as_str().ok_or("no data")?)?;
    let id = data["socket_id"].as_str().ok_or("no socket id")?;
    let own = format!("private-{}", id.replace('.', "-"));
    let auth = live.authorize(id, &own)?;
    for data in [json!({ "channel": own, "auth": auth }), json!({ "channel": "all" })] {
        let message = json!({ "event": "pusher:subscribe", "data": data });
        socket.send(Message::text(message.to_string())).await?;
        hear(&mut socket, "pusher_internal:subscription_succeeded").await?;
    }
    Ok(socket)
}

async fn hear_all(mut socket: Socket) -> Outcome<Socket> {
    for _ in 0..EVENTS {
        hear(&mut socket, "news").await?;
    }
    Ok(socket)
}

/// The next message, which must be this event.
async fn hear(socket: &mut Socket, event: &str) -> Outcome<String> {
    let message = socket.next().await.ok_or("the server closed a socket")??.into_text()?;
    let said: Value = serde_json::from_str(&message)?;
    if said["event"] == event { Ok(message.to_string()) } else { Err(format!("not {event}: {said}").into()) }
}

/// The server's process; it ends with this one.
struct Process(Child);

impl Process {
    fn start() -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        Ok(Self(command.arg("serve").stdout(Stdio::piped()).spawn()?))
    }

    fn port(&mut self) -> Outcome<u16> {
        let said = self.0.stdout.take().ok_or("the server says nothing")?;
        let mut line = String::new();
        BufReader::new(said).read_line(&mut line)?;
        Ok(line.trim().parse()?)
    }

    /// KiB of memory that the process holds (`VmRSS` of proc(5)).
    fn resident(&self) -> Outcome<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
