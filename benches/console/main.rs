//! The pages of the console over very many users, entries and schemes: how soon each begins to arrive, and what it weighs with its
//! stylesheet and scripts: `make bench-console`, see docs/benchmarks.md.
//!
//! The real binary, as service and as sandbox, each in a process of its own. The log is written before it starts.

#![allow(clippy::cast_precision_loss, reason = "counts of a benchmark are far from where that matters")]
#![allow(clippy::print_stdout, reason = "the results")]

mod ground;
mod history;
mod pages;
#[path = "../sweep/process.rs"]
mod process;
#[path = "../views/records.rs"]
mod records;
mod report;
#[path = "../sweep/starting.rs"]
mod starting;
mod visitor;

use std::time::Duration;

use anyhow::ensure;
use chrono::Utc;
use clap::Parser;
use serde::Serialize;
use usher::domain::Timestamp;

use self::{ground::Ground, records::Records, report::Report, visitor::Visitor};

/// The records happened within so long: less than the log keeps.
const SPAN: Duration = Duration::from_hours(24 * 28);

/// Measures; prints a table with the goals, and fails where one is missed.
#[derive(Parser, Clone, Serialize)]
struct Arguments {
    /// Users of the source.
    #[arg(long, default_value_t = 100_000)]
    users: u64,
    /// Events of each user, each with a run of one step. There are as many sweeps over all users, each with a run.
    #[arg(long, default_value_t = 5)]
    rounds: u64,
    /// Schemes.
    #[arg(long, default_value_t = 200)]
    schemes: u64,
    /// How often each page is asked for.
    #[arg(long, default_value_t = 20)]
    times: usize,
    /// Only pages with this text in their address.
    #[arg(long)]
    only: Option<String>,
    /// Given by `cargo bench`; not by `cargo test --all-targets`, which only wants to see that it builds.
    #[arg(long, hide = true)]
    #[serde(skip)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if !arguments.bench {
        return Ok(());
    }
    let apart = SPAN / u32::try_from(arguments.users * arguments.rounds)?;
    let now = Timestamp::from_millis(Utc::now().timestamp_millis());
    let records = Records { users: arguments.users, rounds: arguments.rounds, began: now.minus(SPAN), apart };
    let ground = Ground::prepare(records, arguments.schemes).await?;
    let (found, visitor) = (ground.found(records).await?, Visitor::sign_in(&ground).await?);
    let mut rows = Vec::new();
    for page in pages::all(&found) {
        if arguments.only.as_ref().is_some_and(|only| !page.path.contains(only.as_str())) {
            continue;
        }
        rows.push(visitor.measure(&page, arguments.times).await?);
    }
    ensure!(!rows.is_empty(), "no page has this text in its address");
    let memory = ground.usher.memory()? / (1024 * 1024);
    Report::new(arguments, records.entries(), memory, rows).publish()
}
