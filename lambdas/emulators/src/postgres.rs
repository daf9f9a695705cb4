//! PostgreSQL with a database of its own in a temporary folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::server::{Fault, Server, free_port};

/// A running PostgreSQL. Nothing of it is flushed to the disk: it forgets all when it is dropped.
#[derive(Debug)]
pub struct Postgres {
    /// `postgres://…`, with a user that may do everything.
    pub url: String,
    /// Before the folder, so that it is ended before that is removed.
    server: Option<Server>,
    programs: PathBuf,
    port: u16,
    folder: TempDir,
}

const WHAT: &str = "PostgreSQL";

impl Postgres {
    /// Starts one that asks for no password.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn start() -> Result<Self, Fault> {
        Self::start_with(None)
    }

    /// Starts one that asks for a password, of letters and digits.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn start_with_password(password: &str) -> Result<Self, Fault> {
        Self::start_with(Some(password))
    }

    fn start_with(password: Option<&str>) -> Result<Self, Fault> {
        let programs = programs().ok_or(Fault::Missing(WHAT))?;
        let failed = |source| Fault::Start { what: WHAT, source };
        let folder = tempfile::tempdir().map_err(failed)?;
        let data = folder.path().join("data");
        std::fs::create_dir(&data).map_err(failed)?;
        let secret = folder.path().join("password");
        std::fs::write(&secret, password.unwrap_or_default()).map_err(failed)?;
        let user = unprivileged();
        if let Some(user) = user {
            for path in [folder.path(), &data, &secret] {
                run(Command::new("chown").arg(user).arg(path))?;
            }
        }
        let mut initdb = as_user(user, &programs.join("initdb"));
        initdb.args(["--username=stampede", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        match password {
            Some(_) => initdb.arg("--auth=scram-sha-256").arg("--pwfile").arg(&secret),
            None => initdb.arg("--auth=trust"),
        };
        initdb.arg("-D");
        run(initdb.arg(&data))?;
        let port = free_port(WHAT)?;
        let password = password.map(|password| format!(":{password}")).unwrap_or_default();
        let url = format!("postgres://stampede{password}@127.0.0.1:{port}/postgres?sslmode=disable");
        let mut postgres = Self { url, server: None, programs, port, folder };
        postgres.start_again()?;
        Ok(postgres)
    }

    /// Stops it; what it holds stays.
    pub fn stop(&mut self) {
        self.server = None;
    }

    /// Starts it again, where it was and with what it held.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn start_again(&mut self) -> Result<(), Fault> {
        let (folder, port) = (self.folder.path(), self.port.to_string());
        let mut postgres = as_user(unprivileged(), &self.programs.join("postgres"));
        postgres.arg("-D").arg(folder.join("data")).arg("-k").arg(folder).args(["-p", &port]);
        postgres.args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "full_page_writes=off"]);
        postgres.args(["-c", "synchronous_commit=off", "-c", "max_connections=200"]);
        self.server = Some(Server::start(WHAT, &mut postgres, self.port, &folder.join("log"))?);
        Ok(())
    }
}

/// Where `initdb` and `postgres` are; Debian keeps them apart for each version.
fn programs() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = debian.map(|version| version.path().join("bin"));
    on_path.into_iter().flatten().chain(debian).find(|folder| folder.join("initdb").exists())
}

/// PostgreSQL refuses to be run by root; somebody else, then.
fn unprivileged() -> Option<&'static str> {
    let output = Command::new("id").arg("-u").output().ok()?;
    (output.stdout.trim_ascii() == b"0").then_some("nobody")
}

fn as_user(user: Option<&str>, program: &Path) -> Command {
    let Some(user) = user else { return Command::new(program) };
    let mut command = Command::new("setpriv");
    command.args([&format!("--reuid={user}"), "--clear-groups", "--inh-caps=-all"]).arg(program);
    command
}

fn run(command: &mut Command) -> Result<(), Fault> {
    let failed = |source| Fault::Start { what: WHAT, source };
    let output = command.output().map_err(failed)?;
    if output.status.success() {
        return Ok(());
    }
    Err(failed(std::io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned())))
}
