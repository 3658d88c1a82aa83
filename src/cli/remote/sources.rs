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
    /// Users of whom nothing told, and who are held because they are many, were created: ask the schemes about them.
    Release {
        /// The source.
        id: String,
    },
    /// Users of whom nothing told, and who are held because they are many, were there before: do nothing to them.
    Dismiss {
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
                ("newcomers", "/reconciliation/state"),
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
        Command::Release { id } => {
            let users = newcomers(api, &id, "release").await?;
            output.say(&format!("{users} newcomers of {id} count as created"))?;
        }
        Command::Dismiss { id } => {
            let users = newcomers(api, &id, "dismiss").await?;
            output.say(&format!("{users} newcomers of {id} were there before"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Says what newcomers who are held are; gives how many there are.
async fn newcomers(api: &Api, source: &str, what: &str) -> Result<u64, Error> {
    let answer = api.send_to(Method::POST, &["sources", source, "newcomers", what], None, None).await?;
    Ok(answer["users"].as_u64().unwrap_or_default())
}
