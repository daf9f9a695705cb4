//! A bucket of ministack behind a proxy that notes what is asked, and refuses what it is told to.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::super::world::root;

/// Lives no longer than its test.
pub(super) struct Bucket {
    name: &'static str,
    address: String,
    log: Arc<Mutex<Log>>,
    server: Child,
    _folder: tempfile::TempDir,
}

#[derive(Default)]
struct Log {
    /// The first lines of requests.
    asked: Vec<String>,
    /// Requests whose first line holds this are refused.
    refused: Option<String>,
}

impl Bucket {
    /// `None`, with a loud message, where ministack is not installed; a failure when the environment
    /// variable `STAMPEDE_REQUIRE_S3` is set, as it is in CI.
    pub(super) fn start(name: &'static str) -> Option<Self> {
        let program = root().join(".venv-ministack/bin/ministack");
        if !program.exists() {
            let message = "no ministack: `make test` installs it";
            assert!(std::env::var_os("STAMPEDE_REQUIRE_S3").is_none(), "{message}");
            eprintln!("\n*** SKIPPED, NOT PASSED: {message} ***\n");
            return None;
        }
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let folder = tempfile::tempdir().unwrap();
        let mut server = Command::new(program);
        // What it keeps goes with the folder.
        server.current_dir(folder.path()).env("HOME", folder.path()).env("TMPDIR", folder.path());
        server.env("GATEWAY_PORT", port.to_string()).env("MINISTACK_HOST", "127.0.0.1");
        server.env("BIND_HOST", "127.0.0.1").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut server = server.spawn().unwrap();
        let behind = format!("127.0.0.1:{port}");
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(&behind).is_err() {
            assert!(server.try_wait().unwrap().is_none() && Instant::now() < deadline, "ministack answers");
            std::thread::sleep(Duration::from_millis(20));
        }
        let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = proxy.local_addr().unwrap().to_string();
        let log = Arc::<Mutex<Log>>::default();
        let noted = Arc::clone(&log);
        std::thread::spawn(move || {
            for client in proxy.incoming().map_while(Result::ok) {
                let (behind, log) = (behind.clone(), Arc::clone(&noted));
                // Who goes away in mid-request is none of the test's business.
                std::thread::spawn(move || drop(pass_on(client, &behind, &log)));
            }
        });
        let bucket = Self { name, address, log, server, _folder: folder };
        bucket.send("", b"");
        Some(bucket)
    }

    /// What makes the command find it.
    pub(super) fn variables(&self) -> [(&'static str, String); 4] {
        [
            ("AWS_ENDPOINT_URL", format!("http://{}", self.address)),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ]
    }

    pub(super) fn put(&self, key: &str, bytes: &[u8]) {
        self.send(&format!("/{key}"), bytes);
    }

    fn send(&self, path: &str, bytes: &[u8]) {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        let (name, host, length) = (self.name, &self.address, bytes.len());
        write!(connection, "PUT /{name}{path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {length}\r\n\r\n")
            .unwrap();
        connection.write_all(bytes).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// The first lines of what was asked since it was last forgotten.
    pub(super) fn asked(&self) -> Vec<String> {
        self.log.lock().unwrap().asked.clone()
    }

    pub(super) fn forget(&self) {
        self.log.lock().unwrap().asked.clear();
    }

    /// Answers with 403 to every request whose first line holds `what`.
    pub(super) fn refuse(&self, what: &str) {
        self.log.lock().unwrap().refused = Some(what.to_owned());
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// One request of a connection, which is then closed.
fn pass_on(client: TcpStream, behind: &str, log: &Mutex<Log>) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut client = client;
    let mut first = String::new();
    if reader.read_line(&mut first)? == 0 {
        return Ok(());
    }
    let (mut head, mut length) = (first.clone() + "connection: close\r\n", 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let (name, value) = line.split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "connection" => continue,
            "content-length" => length = value.trim().parse().unwrap_or(0),
            _ => {}
        }
        head += &line;
        if line == "\r\n" || line.is_empty() {
            break;
        }
    }
    let refused = {
        let mut log = log.lock().unwrap();
        log.asked.push(first.trim_end().to_owned());
        log.refused.as_ref().is_some_and(|what| first.contains(what))
    };
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    if refused {
        return client.write_all(b"HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    }
    let mut server = TcpStream::connect(behind)?;
    server.write_all(head.as_bytes())?;
    server.write_all(&body)?;
    io::copy(&mut server, &mut client)?;
    Ok(())
}
