//! A Lambda's binary by itself, called through the Lambda Runtime API (AWS Lambda Developer Guide, "Using the
//! Lambda runtime API").

use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path as Segments, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::sync::{Mutex, mpsc};

/// A Lambda that never asks for an event was not started right.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often it is looked whether it still lives.
const TICK: Duration = Duration::from_millis(20);

/// A running binary. It is killed when it is dropped.
#[derive(Debug)]
pub struct Function {
    child: Child,
    events: mpsc::Sender<Value>,
    told: mpsc::Receiver<Told>,
    /// From the start of the process until it asked for the first event.
    pub init: Duration,
}

#[derive(Debug)]
enum Told {
    Ready,
    Answer(Value),
    Error(Value),
}

#[derive(Debug)]
struct Shared {
    events: Mutex<mpsc::Receiver<Value>>,
    told: mpsc::Sender<Told>,
}

/// A Lambda that failed, or did not start.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The process cannot be started, or its server cannot.
    #[error("the function cannot be started: {0}")]
    Start(#[from] io::Error),
    /// It ended, or waits for something else.
    #[error("the function does not ask for events")]
    Silent,
    /// It said that a call, or its own start, failed.
    #[error("the function failed: {0}")]
    Said(Value),
}

impl Function {
    /// The memory that a function is told it has, in bytes.
    pub const MEMORY: u64 = 2048 << 20;

    /// Starts a binary with variables, and waits until it is ready.
    ///
    /// # Errors
    /// [`Failed`].
    pub async fn start(program: &Path, variables: &[(String, String)]) -> Result<Self, Failed> {
        let (events, queued) = mpsc::channel(1);
        let (tell, mut told) = mpsc::channel(4);
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { events: Mutex::new(queued), told: tell });
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/{what}", post(answer))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .with_state(shared);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let mut command = Command::new(program);
        command.env("AWS_LAMBDA_RUNTIME_API", address.to_string());
        let mebibytes = (Self::MEMORY >> 20).to_string();
        for (name, value) in [
            ("AWS_LAMBDA_FUNCTION_NAME", "function"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &*mebibytes),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "group"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "stream"),
        ] {
            command.env(name, value);
        }
        command.envs(variables.iter().cloned()).stdin(Stdio::null()).stdout(Stdio::null());
        let started = Instant::now();
        let mut child = command.spawn()?;
        let first = loop {
            match tokio::time::timeout(TICK, told.recv()).await {
                Ok(first) => break first,
                Err(_) if child.try_wait()?.is_some() || started.elapsed() > PATIENCE => break None,
                Err(_) => {}
            }
        };
        let init = started.elapsed();
        match first {
            Some(Told::Ready) => Ok(Self { child, events, told, init }),
            other => {
                child.kill()?;
                child.wait()?;
                match other {
                    Some(Told::Error(said)) => Err(Failed::Said(said)),
                    _ => Err(Failed::Silent),
                }
            }
        }
    }

    /// Calls it with an event.
    ///
    /// # Errors
    /// [`Failed`].
    pub async fn call(&mut self, event: Value) -> Result<Value, Failed> {
        self.events.send(event).await.map_err(|_| Failed::Silent)?;
        loop {
            match tokio::time::timeout(2 * PATIENCE, self.told.recv()).await {
                Ok(Some(Told::Answer(answer))) => return Ok(answer),
                Ok(Some(Told::Error(said))) => return Err(Failed::Said(said)),
                Ok(Some(Told::Ready)) => {}
                Ok(None) | Err(_) => return Err(Failed::Silent),
            }
        }
    }

    /// CPU time that it has taken so far, its own and the system's for it.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn cpu_time(&self) -> io::Result<Duration> {
        self.processes()?.iter().map(|process| cpu_time(process)).sum()
    }

    /// The most memory that it has had so far, and each of its children that live, in bytes: together they had no more
    /// at any one time, but for a picture that one hands to the other in a file in memory.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn peak_memory(&self) -> io::Result<u64> {
        self.processes()?.iter().map(|process| peak_memory(process)).sum()
    }

    /// Its own process and its children.
    fn processes(&self) -> io::Result<Vec<String>> {
        let own = self.child.id();
        let children = std::fs::read_dir(format!("/proc/{own}/task"))?
            .flatten()
            .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
            .flat_map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        Ok(std::iter::once(own.to_string()).chain(children).collect())
    }
}

fn cpu_time(process: &str) -> io::Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let unknown = || io::Error::other("/proc/PID/stat is not as expected");
    // Behind the name, which may hold anything, in parentheses: fields 3 on; 14 and 15 are the times
    // (proc(5)), in hundredths of a second on Linux.
    let (_, fields) = stat.rsplit_once(") ").ok_or_else(unknown)?;
    let times = fields.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().ok());
    let hundredths: Option<u64> = times.sum();
    Ok(Duration::from_millis(10 * hundredths.ok_or_else(unknown)?))
}

fn peak_memory(process: &str) -> io::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    // It says kB and means 1,024 bytes (proc_pid_status(5)).
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = peak.and_then(|peak| peak.strip_suffix("kB")?.trim().parse::<u64>().ok());
    let unknown = || io::Error::other("/proc/PID/status is not as expected");
    kibibytes.map(|kibibytes| kibibytes << 10).ok_or_else(unknown)
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> (HeaderMap, String) {
    // Who started it may no longer care.
    let _ = shared.told.send(Told::Ready).await;
    let event = shared.events.lock().await.recv().await.unwrap_or_default();
    let deadline = std::time::UNIX_EPOCH.elapsed().map_or(0, |now| now.as_millis()) + 60_000;
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("lambda-runtime-aws-request-id", "00000000-0000-0000-0000-000000000001".to_owned()),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:000000000000:function:f".to_owned(),
        ),
    ] {
        if let Ok(value) = value.parse() {
            headers.insert(name, value);
        }
    }
    (headers, event.to_string())
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    Segments((_, what)): Segments<(String, String)>,
    body: Bytes,
) -> StatusCode {
    let said = serde_json::from_slice(&body).unwrap_or_default();
    let told = if what == "response" { Told::Answer(said) } else { Told::Error(said) };
    let _ = shared.told.send(told).await;
    StatusCode::ACCEPTED
}

async fn init_error(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    let _ = shared.told.send(Told::Error(serde_json::from_slice(&body).unwrap_or_default())).await;
    StatusCode::ACCEPTED
}
