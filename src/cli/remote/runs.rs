//! `usher runs`: what was set off, how far it has come, and a word about what is held.

use std::process::ExitCode;

use clap::Subcommand;
use reqwest::Method;

use super::{Api, Error, Format, output::Output, progress};

/// What to do with runs.
#[derive(Subcommand)]
pub enum Command {
    /// The newest runs.
    List {
        /// Of this scheme.
        #[arg(long)]
        scheme: Option<String>,
        /// In this source.
        #[arg(long)]
        source: Option<String>,
        /// With a step that ended so: changed, unchanged, tested, held or failed.
        #[arg(long)]
        result: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// One run with its entries.
    Show {
        /// The run.
        id: String,
        /// At most so many entries.
        #[arg(long, default_value_t = 1000)]
        limit: usize,
    },
    /// Wait until a run has ended, with a progress bar on a terminal.
    Wait {
        /// The run.
        id: String,
    },
    /// Let a held run go on.
    Release {
        /// The run.
        id: String,
    },
    /// End a run that is held or running: what is not done yet is not done.
    Cancel {
        /// The run.
        id: String,
    },
}

pub async fn run(api: &Api, output: &mut Output<'_>, command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::List { scheme, source, result, limit } => {
            let filters = [("scheme", &scheme), ("source", &source), ("result", &result)];
            let query: Vec<_> = filters.iter().filter_map(|(key, value)| Some((*key, value.as_deref()?))).collect();
            let runs = api.list(&["runs"], &query, limit).await?;
            let columns = [
                ("run", "/id"),
                ("scheme", "/scheme"),
                ("trigger", "/trigger"),
                ("state", "/state"),
                ("started", "/started"),
                ("test mode", "/test_mode"),
                ("counts", "/counts"),
            ];
            output.list(&columns, &runs)?;
        }
        Command::Show { id, limit } => show(api, output, &id, limit).await?,
        Command::Wait { id } => return progress::follow(api, output, &id).await,
        Command::Release { id } => {
            api.send_to(Method::POST, &["runs", &id, "release"], None, None).await?;
            output.say(&format!("{id} is released"))?;
        }
        Command::Cancel { id } => {
            api.send_to(Method::POST, &["runs", &id, "cancel"], None, None).await?;
            output.say(&format!("{id} is cancelled"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(api: &Api, output: &mut Output<'_>, id: &str, limit: usize) -> Result<(), Error> {
    let mut run = api.get(&["runs", id], &[]).await?;
    let entries = api.list(&["runs", id, "entries"], &[], limit).await?;
    if output.format != Format::Table {
        run["entries"] = entries.into();
        return output.whole(&run);
    }
    output.one(&run, &progress::FIRST)?;
    if !entries.is_empty() {
        output.say("")?;
        let columns = [
            ("user", "/user"),
            ("name", "/user_name"),
            ("action", "/action"),
            ("target", "/target"),
            ("result", "/result"),
            ("reason", "/reason"),
            ("error", "/error"),
        ];
        output.list(&columns, &entries)?;
    }
    Ok(())
}
