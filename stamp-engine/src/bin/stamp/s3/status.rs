//! `stamp status`: how far a fleet is.

use aws_config::SdkConfig;
use clap::Args;
use serde::Serialize;

use super::fleet::{Depth, Fleet};
use super::state::{State, StateFile};

/// Which fleet.
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The queue's URL
    #[arg(long, value_name = "URL")]
    queue: String,
    /// What was given to `stamp enqueue --state`
    #[arg(long, value_name = "FILE")]
    state: Option<std::path::PathBuf>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Shown {
    sources: Vec<State>,
    sent: u64,
    #[serde(flatten)]
    depth: Depth,
}

impl Status {
    pub(super) async fn run(&self, config: &SdkConfig) -> Result<bool, String> {
        let depth = Fleet::new(config, &self.queue).depth().await?;
        let sources = self.states()?;
        let sent = sources.iter().map(|state| state.sent).sum();
        let shown = Shown { sources, sent, depth };
        if self.json {
            println!("{}", serde_json::to_string(&shown).map_err(|error| error.to_string())?);
            return Ok(true);
        }
        for state in &shown.sources {
            let how_far = if state.finished { "all listed" } else { "broken off; run enqueue again" };
            println!("{}: {} sent, {how_far}", state.source, state.sent);
        }
        let Depth { waiting, in_flight, dead } = shown.depth;
        println!("{waiting} wait, {in_flight} are being stamped");
        match dead {
            Some(0) => println!("none failed"),
            Some(dead) => {
                println!("{dead} failed: their messages are among the dead letters, with the reasons")
            }
            None => println!("the queue has no dead-letter queue, or it may not be looked at"),
        }
        Ok(true)
    }

    /// The wishes that were sent to this queue from this machine.
    fn states(&self) -> Result<Vec<State>, String> {
        let files = match &self.state {
            Some(file) => vec![file.clone()],
            None => {
                let folder = crate::resume::state_folder();
                let entries = folder.and_then(|folder| std::fs::read_dir(folder).ok());
                let paths = entries.into_iter().flatten().flatten().map(|entry| entry.path());
                let is_ours = |path: &std::path::PathBuf| {
                    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("enqueue-"))
                };
                paths.filter(is_ours).collect()
            }
        };
        let mut states = Vec::new();
        for file in files {
            states.extend(StateFile(file).read()?.filter(|state| state.queue == self.queue));
        }
        Ok(states)
    }
}
