//! A sweep over very many users by many schemes: what it asks of the product, and what memory it takes: `make bench`, see
//! docs/benchmarks.md.
//!
//! The real binary, as service and as sandbox, each in a process of its own. All schemes ring at the same minute, so they
//! share one listing.

#![allow(clippy::cast_precision_loss, reason = "counts of a benchmark are far from where that matters")]
#![allow(clippy::print_stdout, reason = "the results")]

mod ground;
mod process;
mod starting;

use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use clap::Parser;

use self::ground::{Ground, Plan};

/// How often memory and progress are looked at.
const EVERY: Duration = Duration::from_millis(200);

/// Measures; prints what was asked of the product, the memory and the time.
#[derive(Parser)]
struct Arguments {
    /// Users of the source.
    #[arg(long, default_value_t = 100_000)]
    users: u64,
    /// Of them, how many are selected by one of the schemes.
    #[arg(long, default_value_t = 1_000)]
    selected: u64,
    /// Schemes that are due.
    #[arg(long, default_value_t = 50)]
    schemes: u64,
    /// Calls a second that usher may make, and half of what the product allows.
    #[arg(long, default_value_t = 400)]
    per_second: u32,
    /// Given by `cargo bench`; not by `cargo test --all-targets`, which only wants to see that it builds.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if !arguments.bench {
        return Ok(());
    }
    let Arguments { users, selected, schemes, per_second, .. } = arguments;
    ensure!(selected <= users, "more users can't be selected than there are");
    let plan = Plan { users, selected, schemes, per_second };
    let ground = Ground::prepare(plan).await?;
    let before = ground.usher.memory()?;
    let run = wait_for_the_bell(&ground).await?;
    let (began, mut most) = (Instant::now(), before);
    loop {
        most = most.max(ground.usher.memory()?);
        let run = ground.run(&run).await?;
        match run["state"].as_str() {
            Some("done") => break,
            Some("running") => {}
            _ => bail!("the run did not end as it should: {run}"),
        }
        ensure!(began.elapsed() < Duration::from_mins(30), "the run does not end: {run}");
        tokio::time::sleep(EVERY).await;
    }
    let took = began.elapsed();
    let requests = ground.requests().await?;
    println!("{users} users, {schemes} schemes due at once, {selected} users selected by one of them");
    println!("took          {:.1} s", took.as_secs_f64());
    println!(
        "memory (RSS)  {} MiB before, {} MiB at most, {} MiB after",
        mib(before),
        mib(most),
        mib(ground.usher.memory()?)
    );
    let mut calls = 0;
    for request in &requests {
        let status = request.status.map_or("no answer".to_owned(), |status| status.to_string());
        println!("asked         {:7} x {} {} -> {status}", request.count, request.method, request.path);
        calls += request.count;
    }
    println!(
        "asked         {calls:7} in all, {:.0} a second; allowed: {per_second}",
        calls as f64 / took.as_secs_f64()
    );
    let refused =
        requests.iter().filter(|request| request.status == Some(429)).map(|request| request.count).sum::<u64>();
    ensure!(refused == 0, "the product had to ask usher {refused} times to slow down");
    Ok(())
}

/// The run of the scheme that selects somebody, as soon as the clock has struck.
async fn wait_for_the_bell(ground: &Ground) -> anyhow::Result<String> {
    let give_up = Instant::now() + Duration::from_secs(180);
    loop {
        if let Some(run) = ground.newest_run("selects").await? {
            return run["id"].as_str().map(str::to_owned).context("a run has an id");
        }
        ensure!(Instant::now() < give_up, "the clock does not strike");
        tokio::time::sleep(EVERY).await;
    }
}

fn mib(bytes: u64) -> u64 {
    bytes / (1024 * 1024)
}
