//! How fast webhooks are accepted, and how soon the product is called: `make bench`, see docs/benchmarks.md.
//!
//! The server under test runs in a process of its own on one core; this process sends the load from the other one.
//! All that is compared is measured in turn within each round, so that what else goes on in the machine meets all alike.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "counts and times of a benchmark are far from where that matters"
)]

mod bare;
mod baseline;
mod child;
mod connection;
mod cpu;
mod deliveries;
mod end_to_end;
mod goals;
mod intake;
#[path = "../../tests/it/support/kafka.rs"]
#[allow(dead_code, missing_docs, reason = "shared with the tests, which use more of it")]
mod kafka;
mod lanes;
mod latencies;
mod load;
mod overload;
mod process;
mod report;

use std::{path::PathBuf, time::Duration};

use anyhow::ensure;
use clap::{Parser, Subcommand};
use tokio::runtime::Builder;

use self::{
    baseline::{Baseline, MORE_ROUNDS},
    child::Child,
    cpu::Cores,
    lanes::{Ground, Lane},
    load::Span,
    report::{LaneReport, Report},
};

/// Events a second in the measurement from end to end.
const EVENTS_PER_SECOND: f64 = 500.0;
const WARM_UP: Duration = Duration::from_secs(1);

/// Measures; prints a table, and writes target/bench/webhooks.json.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    plan: Plan,
    /// Given by `cargo bench`; not by `cargo test --all-targets`, which only wants to see that it builds.
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What is measured, and how long.
#[derive(clap::Args, serde::Serialize)]
struct Plan {
    /// How often everything is measured; the medians are told.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long each measurement takes, in seconds, besides one to warm up.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// What to measure, beside the signature check alone.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Lane::Embedded, Lane::Kafka, Lane::KafkaMock, Lane::EmbeddedWithEngine])]
    #[serde(skip)]
    only: Vec<Lane>,
    /// Leave out the measurement at half load.
    #[arg(long)]
    #[serde(skip)]
    no_half: bool,
    /// Leave out the measurement from end to end.
    #[arg(long)]
    #[serde(skip)]
    no_end_to_end: bool,
    /// Measure, too, how soon events have their effect at 70 % of what the service can do, and what becomes of them at
    /// one and a half times of it.
    #[arg(long)]
    #[serde(skip)]
    overload: bool,
    /// An option of Kafka's clients for all lanes with Kafka, like linger.ms=1; may be given several times.
    #[arg(long)]
    kafka_option: Vec<String>,
    /// Fail if a ratio is less than two thirds of that in this file, which an earlier run has written.
    #[arg(long)]
    #[serde(skip)]
    against: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// One of the processes that are measured; started by the bench itself.
    #[command(hide = true)]
    Child(Child),
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if let Some(Command::Child(child)) = arguments.command {
        return child::run(child);
    }
    if !arguments.bench {
        report::progress("nothing is measured without --bench");
        return Ok(());
    }
    let cores = Cores::find()?;
    cpu::pin(cores.load)?;
    Builder::new_current_thread().enable_all().build()?.block_on(measure(arguments.plan, cores))
}

async fn measure(plan: Plan, cores: Cores) -> anyhow::Result<()> {
    let mut lanes = vec![Lane::Bare];
    lanes.extend(&plan.only);
    let ground = Ground::new(cores, &lanes, &plan.kafka_option)?;
    let span = Span { warm_up: WARM_UP, measure: Duration::from_secs_f64(plan.seconds) };
    let mut reports: Vec<_> = lanes.into_iter().map(LaneReport::new).collect();
    let baseline = plan.against.as_deref().map(Baseline::read).transpose()?;
    let fallen = |reports: &[LaneReport]| baseline.as_ref().map_or_else(Vec::new, |baseline| baseline.fallen(reports));
    let mut round = 0;
    while round < plan.rounds || (round < plan.rounds + MORE_ROUNDS && !fallen(&reports).is_empty()) {
        round += 1;
        for report in &mut reports {
            report::progress(&format!("round {round}: {}", report.lane.name()));
            report.full.push(intake::full(&ground, report.lane, span).await?);
        }
    }
    for round in 1..=if plan.no_half { 0 } else { plan.rounds } {
        for report in &mut reports {
            report::progress(&format!("half load, round {round}: {}", report.lane.name()));
            let rate = report.full_load().per_second / 2.0;
            report.half.push(intake::paced(&ground, report.lane, span, rate).await?);
        }
    }
    let through = |lane| matches!(lane, Lane::Embedded | Lane::Kafka) && !plan.no_end_to_end;
    for report in reports.iter_mut().filter(|report| through(report.lane)) {
        report::progress(&format!("end to end: {}", report.lane.name()));
        let span = Span { warm_up: 3 * WARM_UP, measure: 3 * span.measure };
        report.end_to_end = Some(end_to_end::measure(&ground, report.lane, span, EVENTS_PER_SECOND).await?);
    }
    let whole = |lane| matches!(lane, Lane::Embedded | Lane::Kafka) && plan.overload;
    for report in reports.iter_mut().filter(|report| whole(report.lane)) {
        report::progress(&format!("as much as it can do, and more: {}", report.lane.name()));
        let span = Span { warm_up: 3 * WARM_UP, measure: 3 * span.measure };
        report.overload = Some(overload::measure(&ground, report.lane, span).await?);
    }
    Report::new(plan, cores, &reports).publish()?;
    let fallen = fallen(&reports);
    ensure!(fallen.is_empty(), "far slower than before:\n{}", fallen.join("\n"));
    Ok(())
}
