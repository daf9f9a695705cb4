//! A server that lives no longer than the test that started it.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server that could not be started.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// It is not installed.
    #[error("{0} is not installed; run `.ci/set-up test`")]
    Missing(&'static str),
    /// The system does not start it.
    #[error("{what} cannot be started: {source}")]
    Start {
        /// What.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
    /// It ended at once, or does not answer.
    #[error("{what} does not answer on port {port}; it said: {said}")]
    Silent {
        /// What.
        what: &'static str,
        /// Where it was expected.
        port: u16,
        /// The end of its log.
        said: String,
    },
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
}

/// A server that has not answered after so long never will.
const PATIENCE: Duration = Duration::from_secs(60);

/// Ends the server as soon as its own standard input ends, which is when the test's process does.
const WATCH: &str = r#""$@" </dev/null & server=$!
(while read -r _; do :; done; kill -INT $server 2>/dev/null; sleep 5; kill -KILL $server 2>/dev/null) <&3 &
wait $server"#;

impl Server {
    /// Starts `command`, whose words are the program and its arguments, and waits until `port` answers.
    pub(crate) fn start(
        what: &'static str,
        command: &mut Command,
        port: u16,
        log: &Path,
    ) -> Result<Self, Fault> {
        let failed = |source| Fault::Start { what, source };
        let output = std::fs::File::create(log).map_err(failed)?;
        let mut watched = Command::new("bash");
        watched.arg("-c").arg(format!("exec 3<&0; {WATCH}")).arg("watch");
        watched.arg(command.get_program()).args(command.get_args());
        watched.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(folder) = command.get_current_dir() {
            watched.current_dir(folder);
        }
        watched.stdin(Stdio::piped()).stdout(output.try_clone().map_err(failed)?).stderr(output);
        let mut server = Self { child: watched.spawn().map_err(failed)? };
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = server.child.try_wait().map_err(failed)?.is_some();
            if ended || Instant::now() > deadline {
                let said = std::fs::read_to_string(log).unwrap_or_default();
                let from = said.len().saturating_sub(1000);
                let said = said.get(from..).unwrap_or(&said).to_owned();
                return Err(Fault::Silent { what, port, said });
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// A port that nobody listens on.
pub(crate) fn free_port(what: &'static str) -> Result<u16, Fault> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|source| Fault::Start { what, source })?;
    listener.local_addr().map(|address| address.port()).map_err(|source| Fault::Start { what, source })
}

/// The repository's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
