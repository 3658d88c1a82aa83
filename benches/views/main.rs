//! The views with very many rows: how soon the first page of each list is there, and how fast records are taken in: `make bench`,
//! see docs/benchmarks.md.
//!
//! The records are made while they are read, so that nothing of a log is measured.

#![allow(clippy::cast_precision_loss, reason = "counts of a benchmark are far from where that matters")]
#![allow(clippy::print_stdout, reason = "the results")]

mod lists;
mod log;
mod records;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::ensure;
use clap::Parser;
use tokio_util::sync::CancellationToken;
use usher::{
    domain::Timestamp,
    health::Health,
    log::{Log, Stream},
    store::Store,
    views::Views,
};

use self::{log::MadeUp, records::Records};

/// How often progress is looked at.
const EVERY: Duration = Duration::from_millis(20);
/// When the first record happened.
const EPOCH: Timestamp = Timestamp::from_millis(1_790_000_000_000);
/// The longest that the first page of a list may take, by the median.
const LONGEST: Duration = Duration::from_millis(100);
/// So many outcomes have to be taken in each second.
const LEAST: f64 = 5_000.0;

/// Measures; prints records a second by stream, and times of lists. Fails where one is not what it has to be.
#[derive(Parser)]
struct Arguments {
    /// Users of the source.
    #[arg(long, default_value_t = 100_000)]
    users: u64,
    /// Events of each user, each with a run of one step. There are as many sweeps over all users, each with a run.
    #[arg(long, default_value_t = 5)]
    rounds: u64,
    /// Given by `cargo bench`; not by `cargo test --all-targets`, which only wants to see that it builds.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Arguments { users, rounds, bench } = Arguments::parse();
    if !bench {
        return Ok(());
    }
    let records = Records { users, rounds, began: EPOCH, apart: Duration::from_millis(1) };
    let dir = tempfile::tempdir()?;
    let store = Store::open(dir.path(), "bench")?;
    let views = Views::open(&store)?;
    let log = Arc::new(MadeUp::new(records));
    let stop = CancellationToken::new();
    let shared: Arc<dyn Log> = Arc::clone(&log) as _;
    let tasks = views.follow(&shared, &Health::default(), &stop);

    println!("{} users, {} entries", records.users, records.entries());
    let mut outcomes = 0.0;
    for stream in [Stream::SweepProgress, Stream::Decisions, Stream::Outcomes, Stream::DeadLetters] {
        let count = records.count(stream);
        let began = Instant::now();
        log.fill(stream, count);
        while views.read_until(stream, MadeUp::PARTITION) < count {
            tokio::time::sleep(EVERY).await;
        }
        let per_second = count as f64 / began.elapsed().as_secs_f64();
        println!("{stream}: {count} records, {per_second:.0} a second");
        if stream == Stream::Outcomes {
            outcomes = per_second;
        }
    }
    println!("resident memory {} MiB, files {} MiB", memory()?, size(dir.path())?);
    let slowest = tokio::task::spawn_blocking(move || lists::measure(&views, records)).await??;
    stop.cancel();
    tasks.join_all().await;
    ensure!(outcomes >= LEAST, "{outcomes:.0} outcomes a second are too few");
    ensure!(slowest <= LONGEST, "{slowest:?} for a first page is too long");
    Ok(())
}

/// The resident memory of this process in MiB.
fn memory() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: u64 = line.and_then(|line| line.split_whitespace().next()).unwrap_or("0").parse()?;
    Ok(kib / 1024)
}

/// The size of the database of the views in MiB.
fn size(dir: &std::path::Path) -> anyhow::Result<u64> {
    let sizes = ["views.sqlite", "views.sqlite-wal"].map(|file| std::fs::metadata(dir.join(file)));
    let bytes: u64 = sizes.into_iter().flatten().map(|file| file.len()).sum();
    Ok(bytes / (1024 * 1024))
}
