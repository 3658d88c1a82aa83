//! From an event being accepted to its product call being done, through the whole service.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use futures::StreamExt;
use serde::Serialize;
use usher::{
    domain::{Decision, Event, EventId, Product, StepResult, Timestamp},
    log::{
        Log, Partition, Stored, Stream,
        codec::{self, OutcomeRecord},
        embedded::EmbeddedLog,
        kafka::KafkaLog,
    },
    sandbox::Control,
};

use super::{
    child::Listening,
    deliveries::{OfManyUsers, account},
    lanes::{Ground, Lane, Running, Select},
    latencies::Latencies,
    load::{self, Span},
    process::Process,
};

/// How long the last of the work may take after the last event, and the service until it is ready.
const WAIT_TIMEOUT: Duration = Duration::from_secs(120);
/// How often it is asked whether it is.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// How long it took, in milliseconds; the stamps are of whole milliseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Took {
    /// Half took no longer.
    pub p50_ms: f64,
    /// 99 in a hundred took no longer.
    pub p99_ms: f64,
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    /// Events a second.
    pub rate: f64,
    /// Events whose effects were measured.
    pub events: usize,
    /// From accepted to the product's answer to the change.
    pub all: Took,
    /// Of that, until it was decided, with one reading of the user.
    pub planner: Took,
    /// Of that, until the change was written down as about to be made, with another reading of the user.
    pub executor: Took,
    /// Of that, until the product had answered.
    pub call: Took,
    /// 99 in a hundred of the events accepted in each second, warming up included, took no longer; in milliseconds. Falling
    /// from second to second, it tells of work that had gathered; rising, of more than the service can do.
    pub p99_ms_by_second: Vec<f64>,
    /// The bound of `usher_event_to_action_seconds` below which half were, warming up included.
    pub histogram_p50_at_most_ms: f64,
    /// The bound of `usher_event_to_action_seconds` below which 99 in a hundred were, warming up included.
    pub histogram_p99_at_most_ms: f64,
    /// The bound of `usher_append_seconds` below which 99 in a hundred appends were durable, warming up included.
    pub append_p99_at_most_ms: f64,
    /// Of one core.
    pub server_cpu: f64,
    /// For how long a thread of usher that could have run had no core, in milliseconds: all waits for one event together.
    pub kept_waiting_ms_an_event: f64,
    /// The processor time of one event, from the webhook to the outcome in the views, in microseconds.
    pub cpu_us_an_event: f64,
    /// How often one event made a thread of usher leave the core.
    pub context_switches_an_event: f64,
}

/// The whole service, and the simulated product that it works on.
pub struct Service {
    /// The service.
    pub running: Running,
    /// The product.
    pub sandbox: Process,
}

impl Service {
    /// Starts the service of `lane` with a scheme that puts each of so many users into a group.
    pub async fn start(ground: &Ground, lane: Lane, users: usize) -> anyhow::Result<Self> {
        let log = tempfile::NamedTempFile::new()?;
        let sandbox = Process::start(ground.cores.load, &["sandbox"], log.path())?;
        let Listening::Sandbox { origin, jira } = sandbox.listening.clone() else { bail!("this is no sandbox") };
        let control = Control::new(origin)?;
        control.put_users(Product::JiraDc, &(0..users).map(account).collect::<Vec<_>>()).await?;
        control.put_groups(Product::JiraDc, &["newcomers"]).await?;
        let running = ground.start_selecting(lane, Select::Everyone(&jira), true)?;
        until_ready(&running).await?;
        Ok(Self { running, sandbox })
    }
}

/// Sends `rate` events a second, each about a user of its own whom the scheme puts into a group.
pub async fn measure(ground: &Ground, lane: Lane, span: Span, rate: f64) -> anyhow::Result<Measured> {
    let users = ((span.warm_up + span.measure).as_secs_f64() * rate).ceil() as usize;
    let Service { running, sandbox } = Service::start(ground, lane, users).await?;
    let deliveries = OfManyUsers::new(users);
    let (before, switches, began) = (running.process.time()?, running.process.context_switches()?, Instant::now());
    let waited = running.process.kept_waiting()?;
    let sent = load::at_rate(running.process.webhooks()?, span, rate, |_| deliveries.clone()).await?;
    let server_cpu = (running.process.time()? - before).as_secs_f64() / began.elapsed().as_secs_f64();
    ensure!(sent.refused == 0, "{} deliveries were refused", sent.refused);
    let metrics = until_done(&running, users).await?;
    let cpu_us_an_event = (running.process.time()? - before).as_secs_f64() * 1e6 / users as f64;
    let context_switches_an_event = (running.process.context_switches()? - switches) as f64 / users as f64;
    let kept_waiting_ms_an_event = (running.process.kept_waiting()? - waited).as_secs_f64() * 1e3 / users as f64;
    let Running { process, folder, kafka } = running;
    process.stop()?;
    sandbox.stop()?;

    let log: Arc<dyn Log> = match kafka {
        Some(kafka) => Arc::new(KafkaLog::open(&kafka).await?),
        None => Arc::new(EmbeddedLog::open(&folder.path().join("data/log"), Default::default())?),
    };
    let stamps = stamps(log.as_ref()).await?;
    log.close().await;
    ensure!(stamps.len() == users, "{users} events were sent, {} had their effect", stamps.len());
    let first = stamps.iter().map(|stamps| stamps.accepted.as_millis()).min().unwrap_or_default();
    let p99_ms_by_second = by_second(first, &stamps);
    let warm = first + i64::try_from(span.warm_up.as_millis())?;
    let measured: Vec<_> = stamps.into_iter().filter(|stamps| stamps.accepted.as_millis() >= warm).collect();
    let took = |from: fn(&Stamps) -> Timestamp, to: fn(&Stamps) -> Timestamp| {
        let latencies = Latencies::new(measured.iter().map(|stamps| from(stamps).until(to(stamps))).collect());
        Took { p50_ms: latencies.percentile(50), p99_ms: latencies.percentile(99) }
    };
    Ok(Measured {
        rate,
        events: measured.len(),
        all: took(|stamps| stamps.accepted, |stamps| stamps.done),
        planner: took(|stamps| stamps.accepted, |stamps| stamps.decided),
        executor: took(|stamps| stamps.decided, |stamps| stamps.attempted),
        call: took(|stamps| stamps.attempted, |stamps| stamps.done),
        p99_ms_by_second,
        histogram_p50_at_most_ms: bound(&metrics, "event_to_action", 0.5)?,
        histogram_p99_at_most_ms: bound(&metrics, "event_to_action", 0.99)?,
        append_p99_at_most_ms: bound(&metrics, "append", 0.99)?,
        server_cpu,
        kept_waiting_ms_an_event,
        cpu_us_an_event,
        context_switches_an_event,
    })
}

/// Waits until the service works on events. On Kafka that takes until its groups have given out their partitions; what
/// came before would have to be worked off first.
async fn until_ready(running: &Running) -> anyhow::Result<()> {
    let Listening::Usher { admin, .. } = running.process.listening else { bail!("this is not usher") };
    let deadline = Instant::now() + WAIT_TIMEOUT;
    loop {
        let answer = reqwest::get(format!("http://{admin}/readyz")).await?;
        if answer.status().is_success() {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "the service does not become ready: {}", answer.text().await?);
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

/// The metrics of usher as they are now.
pub async fn metrics(running: &Running) -> anyhow::Result<String> {
    let Listening::Usher { admin, .. } = running.process.listening else { bail!("this is not usher") };
    Ok(reqwest::get(format!("http://{admin}/metrics")).await?.text().await?)
}

/// The metrics, once they say that all is done.
pub async fn until_done(running: &Running, users: usize) -> anyhow::Result<String> {
    let done = format!("usher_event_to_action_seconds_count {users}\n");
    let deadline = Instant::now() + WAIT_TIMEOUT;
    loop {
        let metrics = metrics(running).await?;
        if metrics.contains(&done) {
            return Ok(metrics);
        }
        if Instant::now() > deadline {
            let lines = metrics.lines().filter(|line| line.starts_with("usher_") && !line.contains("bucket"));
            bail!("not all work was done in time:\n{}", lines.collect::<Vec<_>>().join("\n"));
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

/// The lowest bound of the histogram `name` that so large a part of all was not above, in milliseconds.
fn bound(metrics: &str, name: &str, part: f64) -> anyhow::Result<f64> {
    let prefix = format!("usher_{name}_seconds_bucket{{le=\"");
    let buckets: Vec<(f64, f64)> = metrics
        .lines()
        .filter_map(|line| line.strip_prefix(&prefix)?.split_once("\"} "))
        .filter_map(|(bound, count)| Some((bound.replace("+Inf", "inf").parse().ok()?, count.parse().ok()?)))
        .collect();
    let all = buckets.last().context("there is no histogram")?.1;
    let bucket = buckets.iter().find(|(_, count)| *count >= all * part).context("the histogram is empty")?;
    Ok(bucket.0 * 1000.0)
}

/// The time within which 99 in a hundred of the events accepted in each second from `first` on were done, in milliseconds.
fn by_second(first: i64, stamps: &[Stamps]) -> Vec<f64> {
    let mut seconds: BTreeMap<i64, Vec<Duration>> = BTreeMap::new();
    for Stamps { accepted, done, .. } in stamps {
        seconds.entry((accepted.as_millis() - first) / 1000).or_default().push(accepted.until(*done));
    }
    seconds.into_values().map(|took| Latencies::new(took).percentile(99)).collect()
}

/// When the stations of one event were reached.
#[derive(Debug, Clone, Copy)]
struct Stamps {
    accepted: Timestamp,
    decided: Timestamp,
    attempted: Timestamp,
    done: Timestamp,
}

/// The stations of all events that led to a change, as the log has them.
async fn stamps(log: &dyn Log) -> anyhow::Result<Vec<Stamps>> {
    let (mut accepted, mut decided, mut attempted) = (HashMap::new(), HashMap::new(), HashMap::new());
    for record in all(log, Stream::Events).await? {
        let event: Event = codec::decode(&record.payload)?;
        accepted.insert(event.id, event.accepted);
    }
    for record in all(log, Stream::Decisions).await? {
        let decision: Decision = codec::decode(&record.payload)?;
        decided.insert(decision.event, decision.decided);
    }
    let mut stamps = Vec::new();
    for record in all(log, Stream::Outcomes).await? {
        match codec::decode(&record.payload)? {
            OutcomeRecord::Attempt(attempt) => drop(attempted.insert(attempt.step.event, attempt.at)),
            OutcomeRecord::Outcome(outcome) if outcome.result == StepResult::Changed => {
                let at = |stamps: &HashMap<EventId, Timestamp>| {
                    stamps.get(&outcome.step.event).copied().context("an outcome without what it follows from")
                };
                let (accepted, decided, attempted) = (at(&accepted)?, at(&decided)?, at(&attempted)?);
                stamps.push(Stamps { accepted, decided, attempted, done: outcome.at });
            }
            OutcomeRecord::Outcome(outcome) => bail!("a step ended with {}", outcome.result.as_str()),
        }
    }
    Ok(stamps)
}

/// All records that `stream` has now.
async fn all(log: &dyn Log, stream: Stream) -> anyhow::Result<Vec<Stored>> {
    let partitions = || (0..log.partitions()).map(Partition);
    let mut count = 0;
    for partition in partitions() {
        let bounds = log.bounds(stream, partition).await?;
        count += usize::try_from(bounds.end - bounds.start)?;
    }
    let records = log.read(stream, partitions().map(|partition| (partition, 0)).collect()).await?;
    Ok(records.take(count).collect::<Vec<_>>().await.into_iter().collect::<Result<_, _>>()?)
}
