//! Commands that talk to a running usher through its REST API.

mod api;
mod audit;
mod bulk;
mod confirm;
mod dead_letters;
mod decisions;
mod deletion;
mod error;
mod explain;
mod input;
mod listed;
mod output;
mod picks;
mod progress;
mod references;
mod runs;
mod schemes;
mod server;
mod sources;
#[cfg(test)]
mod testing;
mod users;

use std::{
    io::{BufWriter, ErrorKind, Write, stderr, stdout},
    path::Path,
    process::ExitCode,
};

use clap::{Args, Subcommand};
use url::Url;

pub use api::Api;
pub use error::Error;
pub use output::{AsList, Format, Output};
use output::{AsOne, plain};
use server::Server;

use super::{complain, start_runtime};

/// The commands that ask a running usher.
#[derive(Subcommand)]
pub enum Command {
    /// Tell why a scheme selects a user, or why not, condition by condition.
    Explain(At<explain::Explain>),
    /// Schemes: list, show, export, check, apply, diff, preview, conflicts, next, history, changes, bring-back, delete, run,
    /// pause, resume.
    Schemes(In<schemes::Command>),
    /// Runs: list, show, wait, release, cancel.
    Runs(In<runs::Command>),
    /// Dead letters: list, show, redrive, dismiss.
    DeadLetters(In<dead_letters::Command>),
    /// Show the decisions about a user, with their reasons.
    Decisions(At<decisions::Decisions>),
    /// Show what administrators did, and what they were refused.
    Audit(At<audit::Audit>),
    /// Sources: list, show, test, pause, resume; held newcomers.
    Sources(In<sources::Command>),
    /// Users: list, show, explain, timeline, refresh.
    Users(In<users::Command>),
    /// Picks of users for bulk actions: add, list, show, delete.
    Picks(In<picks::Command>),
    /// Bulk actions over the users of a pick: plan, run.
    Bulk(In<bulk::Command>),
}

/// A command and the usher that it is for.
#[derive(Args)]
pub struct At<A: Args> {
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    asked: A,
}

/// A group of commands and the usher that they are for.
#[derive(Args)]
pub struct In<C: Subcommand> {
    #[command(flatten)]
    server: Server,
    #[command(subcommand)]
    command: C,
}

/// A client of the usher at `url`. The token is in the file `token_file`, or in the variable USHER_TOKEN.
///
/// # Errors
/// [`Error::File`] if the file can't be read; those of [`Api::new`] about the token and the address.
pub fn api(url: Url, token_file: Option<&Path>) -> Result<Api, Error> {
    Server::new(url, token_file).api()
}

/// Runs `command` against the usher that it names.
pub fn run(command: Command) -> ExitCode {
    let done = start_runtime().map_err(|_| Error::Local("this machine gives usher no threads".to_owned())).and_then(
        |runtime| {
            let (mut out, mut err) = (BufWriter::new(stdout()), stderr());
            let mut output = Output { format: Format::Table, out: &mut out, err: &mut err };
            let done = runtime.block_on(carry_out(&mut output, command));
            // The output before a failure is printed, too.
            match out.flush() {
                Err(error) if done.is_ok() => Err(error.into()),
                Ok(()) | Err(_) => done,
            }
        },
    );
    match done {
        Ok(code) => code,
        // The reader of a pipe may close it early: `usher runs list | head`.
        Err(Error::Output(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        // Each line begins with its place in the file, as editors and `usher check` have it.
        Err(error @ Error::Problems(_)) => {
            let _ = writeln!(stderr(), "{}", plain(&error.to_string())); // where stderr is gone the exit code still tells
            ExitCode::from(error.exit_code())
        }
        Err(error) => complain(&plain(&error.to_string()), error.exit_code()),
    }
}

async fn carry_out(output: &mut Output<'_>, command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::Explain(At { server, asked }) => explain::run(&server.api()?, output, &asked).await,
        Command::Schemes(In { server, command }) => schemes::run(&server.api()?, output, command).await,
        Command::Runs(In { server, command }) => runs::run(&server.api()?, output, command).await,
        Command::DeadLetters(In { server, command }) => dead_letters::run(&server.api()?, output, command).await,
        Command::Decisions(At { server, asked }) => decisions::run(&server.api()?, output, &asked).await,
        Command::Audit(At { server, asked }) => audit::run(&server.api()?, output, &asked).await,
        Command::Sources(In { server, command }) => sources::run(&server.api()?, output, command).await,
        Command::Users(In { server, command }) => users::run(&server.api()?, output, command).await,
        Command::Picks(In { server, command }) => picks::run(&server.api()?, output, command).await,
        Command::Bulk(In { server, command }) => bulk::run(&server.api()?, output, command).await,
    }
}
