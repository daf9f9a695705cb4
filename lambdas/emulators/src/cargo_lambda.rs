//! cargo-lambda's own Runtime API, written apart from [`Function`](crate::Function)'s: `cargo lambda watch`
//! hands events to a binary, and `cargo lambda invoke` sends one.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::aws::start;
use crate::server::{Fault, Server, root};

const WHAT: &str = "cargo-lambda";
const PROGRAM: &str = ".venv-lambda/bin/cargo-lambda";

/// A running `cargo lambda watch`, and the one function that it serves.
#[derive(Debug)]
pub struct CargoLambda {
    program: PathBuf,
    port: String,
    function: Option<Child>,
    _server: Server,
    _folder: TempDir,
}

impl CargoLambda {
    /// Starts it, without a function.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn start() -> Result<Self, Fault> {
        let mut at = String::new();
        let (_, server, folder) = start(WHAT, PROGRAM, |command, port| {
            port.clone_into(&mut at);
            // It asks cargo what is to be watched, though nothing is to be built.
            command.current_dir(root()).env_remove("HOME");
            command.args(["lambda", "watch", "--only-lambda-apis"]);
            command.args(["--invoke-address", "127.0.0.1", "--invoke-port", port]);
        })?;
        let program = root().join(PROGRAM);
        Ok(Self { program, port: at, function: None, _server: server, _folder: folder })
    }

    /// Starts a function's binary, which asks it for events. It is killed with this value.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn serve(&mut self, mut function: Command) -> Result<(), Fault> {
        // The name that `cargo lambda invoke` calls where none is said.
        function.env("AWS_LAMBDA_FUNCTION_NAME", "_").env("AWS_LAMBDA_FUNCTION_VERSION", "1");
        function.env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "2048");
        function.env("AWS_LAMBDA_RUNTIME_API", format!("http://127.0.0.1:{}/.rt", self.port));
        let child = function.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        self.function = Some(child.map_err(|source| Fault::Start { what: WHAT, source })?);
        Ok(())
    }

    /// What the function answers to an event.
    ///
    /// # Errors
    /// What `cargo lambda invoke` says.
    pub fn invoke(&self, event: &Value) -> Result<Value, String> {
        let mut command = Command::new(&self.program);
        command.args(["lambda", "invoke", "--invoke-address", "127.0.0.1", "--invoke-port", &self.port]);
        let said = command.arg("--data-ascii").arg(event.to_string()).output();
        let said = said.map_err(|error| error.to_string())?;
        if !said.status.success() {
            return Err(String::from_utf8_lossy(&said.stderr).into_owned());
        }
        serde_json::from_slice(&said.stdout).map_err(|error| error.to_string())
    }
}

impl Drop for CargoLambda {
    fn drop(&mut self) {
        if let Some(function) = &mut self.function {
            let _ = function.kill();
            let _ = function.wait();
        }
    }
}
