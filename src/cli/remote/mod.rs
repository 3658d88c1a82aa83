//! Commands that talk to a running usher through its REST API.

mod api;
mod error;
mod explain;
mod output;
mod progress;
mod runs;
mod schemes;
mod sources;

use std::{
    io::{ErrorKind, Write, stderr, stdout},
    process::ExitCode,
};

use clap::{Args, Subcommand};
use url::Url;

pub use api::Api;
pub use error::Error;
pub use output::{Format, Output};

use output::plain;

use super::{complain, start_runtime};
use crate::secret::Secret;

/// Which usher to talk to, and how to show what it says.
#[derive(Args)]
pub struct Remote {
    /// Where its admin listener is.
    #[arg(long, env = "USHER_URL", default_value = "http://127.0.0.1:8081", global = true)]
    url: Url,
    /// How to show lists.
    #[arg(long, short, value_enum, default_value_t = Format::Table, global = true)]
    output: Format,
}

impl Remote {
    /// How to show lists.
    pub fn output(&self) -> Format {
        self.output
    }
}

/// What can be asked of a running usher.
#[derive(Subcommand)]
pub enum Command {
    /// Tell why a scheme selects a user, or why not, condition by condition.
    Explain(explain::Explain),
    /// Schemes: list, export, apply, diff, run, pause, resume.
    #[command(subcommand)]
    Schemes(schemes::Command),
    /// Runs: list, show, wait, release, cancel.
    #[command(subcommand)]
    Runs(runs::Command),
    /// Sources: list, pause, resume; release or dismiss newcomers that are held.
    #[command(subcommand)]
    Sources(sources::Command),
}

/// Runs `command` against the usher that `remote` and the variable `USHER_TOKEN` name.
pub fn run(remote: Remote, command: Command) -> ExitCode {
    let token = std::env::var("USHER_TOKEN").ok().filter(|token| !token.is_empty()).map(Secret::new);
    let done = start_runtime().map_err(|error| Error::Local(error.to_string())).and_then(|runtime| {
        let api = Api::new(remote.url, token)?;
        let (mut out, mut err) = (stdout(), stderr());
        let mut output = Output { format: remote.output, out: &mut out, err: &mut err };
        runtime.block_on(carry_out(&api, &mut output, command))
    });
    match done {
        Ok(code) => code,
        // Whoever reads along has seen enough: `usher runs list | head`.
        Err(Error::Output(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        // Each line begins with its place in the file, as editors and `usher check` have it.
        Err(error @ Error::Problems(_)) => {
            let _ = writeln!(stderr(), "{error}"); // where stderr is gone the exit code still tells
            ExitCode::from(error.exit_code())
        }
        Err(error) => complain(&plain(&error.to_string()), error.exit_code()),
    }
}

async fn carry_out(api: &Api, output: &mut Output<'_>, command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::Explain(asked) => explain::run(api, output, &asked).await,
        Command::Schemes(command) => schemes::run(api, output, command).await,
        Command::Runs(command) => runs::run(api, output, command).await,
        Command::Sources(command) => sources::run(api, output, command).await,
    }
}
