//! `usher sources`: what is connected, and whether anything is called there.

use std::process::ExitCode;

use clap::Subcommand;
use reqwest::Method;

use super::{Api, Error, output::Output};

/// What to do with sources.
#[derive(Subcommand)]
pub enum Command {
    /// All sources and how they are doing.
    List,
    /// Call nothing in a source until it is resumed; what comes in waits.
    Pause {
        /// The source.
        id: String,
    },
    /// Go on with what has come in.
    Resume {
        /// The source.
        id: String,
    },
}

pub async fn run(api: &Api, output: &mut Output<'_>, command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::List => {
            let columns = [
                ("source", "/id"),
                ("product", "/product"),
                ("state", "/state"),
                ("paused", "/paused"),
                ("address", "/base_url"),
                ("why", "/why"),
            ];
            output.list(&columns, &api.list(&["sources"], &[], usize::MAX).await?)?;
        }
        Command::Pause { id } => {
            api.send_to(Method::POST, &["sources", &id, "pause"], None, None).await?;
            output.say(&format!("{id} is paused"))?;
        }
        Command::Resume { id } => {
            api.send_to(Method::POST, &["sources", &id, "resume"], None, None).await?;
            output.say(&format!("{id} goes on"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
