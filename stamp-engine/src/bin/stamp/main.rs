//! The `stamp` command: what was typed → settings → run → report.

#![forbid(unsafe_code)]

mod args;
mod config;
mod format;
mod inputs;
mod layers;
mod report;
mod resume;
mod run;
#[cfg(feature = "s3")]
mod s3;
mod sandbox;
mod settings;
mod stdin;
mod values;

use std::io;
use std::process::ExitCode;

#[cfg(feature = "s3")]
use clap::FromArgMatches as _;
use clap::{ArgMatches, CommandFactory as _};
use tracing_subscriber::EnvFilter;

use crate::args::Cli;
use crate::settings::Settings;

const SOME_FAILED: u8 = 1;
const USAGE: u8 = 2;

fn main() -> ExitCode {
    start_log();
    let matches = Cli::command().get_matches();
    if let Some(done) = print_documents(&matches) {
        return done;
    }
    match run(&matches) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(SOME_FAILED),
        Err(message) => {
            eprintln!("stamp: {message}\nTry `stamp --help`.");
            ExitCode::from(USAGE)
        }
    }
}

/// `Ok(false)` when something was left undone.
fn run(matches: &ArgMatches) -> Result<bool, String> {
    #[cfg(feature = "s3")]
    if let Some(command) = Cli::from_arg_matches(matches).map_err(|error| error.to_string())?.command {
        return command.run();
    }
    run::run(&Settings::from_matches(matches)?)
}

/// Warnings go to standard error; `STAMP_LOG=debug` shows more.
fn start_log() {
    let filter = EnvFilter::try_from_env("STAMP_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).without_time().init();
}

/// Completions and the manual page, made from the same definition as the options.
fn print_documents(matches: &ArgMatches) -> Option<ExitCode> {
    let mut command = Cli::command();
    let mut text = Vec::new();
    if let Some(&shell) = matches.get_one::<clap_complete::Shell>("completions") {
        clap_complete::generate(shell, &mut command, "stamp", &mut text);
    } else if matches.get_flag("man") {
        // Into memory this cannot fail.
        let _ = clap_mangen::Man::new(command).render(&mut text);
    } else {
        return None;
    }
    let printed = io::Write::write_all(&mut io::stdout(), &text);
    Some(if printed.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(SOME_FAILED) })
}
