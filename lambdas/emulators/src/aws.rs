//! Two servers that speak as AWS does.

use std::process::Command;

use tempfile::TempDir;

use crate::server::{Fault, Server, free_port, root};

/// A running ministack: S3, SQS, Lambda and more in one process.
#[derive(Debug)]
pub struct Ministack {
    /// `http://127.0.0.1:PORT`, for every service.
    pub endpoint: String,
    _server: Server,
    _folder: TempDir,
}

/// A running moto: S3, SQS and more in one process, written apart from [`Ministack`]. It takes
/// any signature.
#[derive(Debug)]
pub struct Moto {
    /// `http://127.0.0.1:PORT`, for every service.
    pub endpoint: String,
    _server: Server,
    _folder: TempDir,
}

/// The access key that signs for the emulators, and its secret.
const KEY: &str = "test";

impl Ministack {
    /// Starts one that takes any signature, and none.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn start() -> Result<Self, Fault> {
        Self::start_with(|_| {})
    }

    /// Starts one that checks signatures, those of upload forms and presigned addresses too: they are made
    /// with the access key `test` and the secret `test`.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn start_strict() -> Result<Self, Fault> {
        Self::start_with(|command| {
            command.env("AUTH", "true").env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", KEY);
        })
    }

    fn start_with(set: impl FnOnce(&mut Command)) -> Result<Self, Fault> {
        let (endpoint, server, folder) =
            start("ministack", ".venv-ministack/bin/ministack", |command, port| {
                command.env("GATEWAY_PORT", port).env("MINISTACK_HOST", "127.0.0.1");
                command.env("BIND_HOST", "127.0.0.1");
                set(command);
            })?;
        Ok(Self { endpoint, _server: server, _folder: folder })
    }
}

impl Moto {
    /// Starts one.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn start() -> Result<Self, Fault> {
        let (endpoint, server, folder) = start("moto", ".venv-moto/bin/moto_server", |command, port| {
            command.args(["-H", "127.0.0.1", "-p", port]);
        })?;
        Ok(Self { endpoint, _server: server, _folder: folder })
    }
}

pub(crate) fn start(
    what: &'static str,
    program: &str,
    at_port: impl FnOnce(&mut Command, &str),
) -> Result<(String, Server, TempDir), Fault> {
    let program = root().join(program).canonicalize().map_err(|_| Fault::Missing(what))?;
    let folder = tempfile::tempdir().map_err(|source| Fault::Start { what, source })?;
    let port = free_port(what)?;
    let mut command = Command::new(program);
    // What they keep is kept here, ministack's unpacked Lambdas too, and goes with the folder.
    command.current_dir(folder.path()).env("HOME", folder.path()).env("TMPDIR", folder.path());
    at_port(&mut command, &port.to_string());
    let server = Server::start(what, &mut command, port, &folder.path().join("log"))?;
    Ok((format!("http://127.0.0.1:{port}"), server, folder))
}
