//! `usher audit`: shows what administrators did.

use std::process::ExitCode;

use clap::Args;

use super::{
    Api, AsList, Error,
    listed::{self, Limit, limit},
    output::{Column, Output},
};

/// The default number of acts in a table.
const DEFAULT_LIMIT: usize = 50;

/// The filters of acts.
#[derive(Args)]
pub struct Audit {
    /// By this token or person, whomever they acted for.
    #[arg(long)]
    by: Option<String>,
    /// A word like scheme.pause, or its first part: scheme.
    #[arg(long)]
    action: Option<String>,
    /// On this object, like scheme:leavers.
    #[arg(long)]
    on: Option<String>,
    /// Done then or later, like 2026-11-21T08:30:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Done before then.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// The highest number, or `all`; by default 50 in a table, else all.
    #[arg(long, value_parser = limit)]
    limit: Option<Limit>,
    #[command(flatten)]
    shown: AsList,
}

const COLUMNS: [Column; 12] = [
    ("at", "/at"),
    ("by", "/by"),
    ("role", "/role"),
    ("via", "/via"),
    ("from", "/from"),
    ("action", "/action"),
    ("on", "/on"),
    ("before", "/before"),
    ("after", "/after"),
    ("result", "/result"),
    ("reason", "/reason"),
    ("run", "/run"),
];

/// Runs `usher audit`.
///
/// # Errors
/// Those of [`Api::get`]; [`Error::Output`] if the output can't be written.
pub async fn run(api: &Api, output: &mut Output<'_>, asked: &Audit) -> Result<ExitCode, Error> {
    output.format = asked.shown.output;
    let Audit { by, action, on, since, until, .. } = asked;
    let parameters = [("by", by), ("action", action), ("on", on), ("since", since), ("until", until)];
    let query: Vec<_> =
        parameters.iter().filter_map(|(name, value)| value.as_deref().map(|value| (*name, value))).collect();
    let limit = Limit::or(asked.limit, DEFAULT_LIMIT, output.format);
    if listed::show(api, output, (&["audit"], &query), &COLUMNS, limit, |_| ()).await? == 0 {
        output.note("nothing is recorded that matches")?;
    }
    Ok(ExitCode::SUCCESS)
}
