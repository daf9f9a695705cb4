//! Stampede in one process: the API, its database, the store, the queue, the stampers and the socket server.
//! Each part is embedded unless the configuration names a real one.

#![forbid(unsafe_code)]

mod config;
mod connections;
mod parts;
mod serve;
mod site;
mod tokens;
mod unread;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, Options};

/// The whole service in one process.
#[derive(Debug, Parser)]
#[command(name = "stampede", version)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve (when nothing else is said).
    Serve,
    /// Make an API token for a program, and show it once.
    AddToken {
        /// What to call it.
        name: String,
        /// Whose it is, as GET /me says; somebody new when it is not said.
        #[arg(long)]
        owner: Option<String>,
    },
    /// Revoke an API token.
    RevokeToken {
        /// Whose it is.
        #[arg(long)]
        owner: String,
        /// The token's identifier, which add-token told.
        id: String,
    },
}

fn main() -> ExitCode {
    stampede_decoder::serve_if_asked();
    let Arguments { options, command } = Arguments::parse();
    match run(options, command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("stampede: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: Options, command: Option<Command>) -> Result<(), String> {
    let config = Config::read(options)?;
    let filter = tracing_subscriber::EnvFilter::try_new(&config.log)
        .map_err(|error| format!("log: {error}; write info, debug or a filter such as stampede=debug"))?;
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("no threads: {error}"))?;
    runtime.block_on(async {
        match command.unwrap_or(Command::Serve) {
            Command::Serve => serve::serve(&config).await,
            Command::AddToken { name, owner } => tokens::add(&config, &name, owner.as_deref()).await,
            Command::RevokeToken { owner, id } => tokens::revoke(&config, &owner, &id).await,
        }
    })
}
