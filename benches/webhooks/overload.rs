//! How much the whole service can do, how soon events have their effect at 70 % of that, and what becomes of them where
//! more come than it can do.

use std::time::{Duration, Instant};

use anyhow::ensure;
use serde::Serialize;

use super::{
    deliveries::OfManyUsers,
    end_to_end::{self, Service, metrics, until_done},
    lanes::{Ground, Lane, Running},
    load::{self, Span},
};

/// The events by which is found out how much the service can do.
const BURST: usize = 6_000;
/// The part of that at which events are to have their effect soon.
const STEADY: f64 = 0.7;
/// So many times as much as it can do.
const TOO_MUCH: f64 = 1.5;
/// How long it gets too much.
const TOO_LONG: Duration = Duration::from_secs(10);
const SECOND: Duration = Duration::from_secs(1);

/// The result.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    /// Events with a change that the service does a second, when all of them are there.
    pub capacity: f64,
    /// Events at 70 % of that.
    pub steady: end_to_end::Measured,
    /// Events at one and a half times of that.
    pub overload: Overload,
}

/// Measures the service while it gets more than it can do.
#[derive(Debug, Clone, Serialize)]
pub struct Overload {
    /// Events sent a second.
    pub rate: f64,
    /// Deliveries that were not accepted.
    pub refused: usize,
    /// 99 in a hundred deliveries were answered within this time, in milliseconds.
    pub answered_p99_ms: f64,
    /// Events decided in each second.
    pub decided: Vec<f64>,
    /// Steps done in each second.
    pub done: Vec<f64>,
    /// Events accepted and not done, at the end of each second.
    pub lag: Vec<f64>,
}

impl Overload {
    /// The least that was done in a second, as a part of the mean; the least of all stages.
    pub fn least_share(&self) -> f64 {
        [&self.decided, &self.done].map(|each| least_share(each)).into_iter().fold(f64::INFINITY, f64::min)
    }

    /// The most by which the lag grew in a second, as a part of the mean.
    pub fn most_growth(&self) -> f64 {
        let growth: Vec<_> = self.lag.windows(2).map(|pair| pair[1] - pair[0]).collect();
        growth.iter().fold(0.0, |most, one| f64::max(most, *one)) / mean(&growth)
    }
}

/// Measures `lane`.
pub async fn measure(ground: &Ground, lane: Lane, span: Span) -> anyhow::Result<Measured> {
    let capacity = capacity(ground, lane).await?;
    let steady = end_to_end::measure(ground, lane, span, capacity * STEADY).await?;
    let overload = overload(ground, lane, capacity * TOO_MUCH).await?;
    Ok(Measured { capacity, steady, overload })
}

async fn capacity(ground: &Ground, lane: Lane) -> anyhow::Result<f64> {
    let Service { running, sandbox } = Service::start(ground, lane, BURST).await?;
    let deliveries = OfManyUsers::new(BURST);
    let all_at_once = Span { warm_up: Duration::ZERO, measure: SECOND };
    let began = Instant::now();
    let sent = load::at_rate(running.process.webhooks()?, all_at_once, BURST as f64, |_| deliveries.clone()).await?;
    ensure!(sent.refused == 0, "{} deliveries were refused", sent.refused);
    until_done(&running, BURST).await?;
    let capacity = BURST as f64 / began.elapsed().as_secs_f64();
    running.process.stop()?;
    sandbox.stop()?;
    Ok(capacity)
}

async fn overload(ground: &Ground, lane: Lane, rate: f64) -> anyhow::Result<Overload> {
    let span = Span { warm_up: SECOND, measure: TOO_LONG };
    let users = ((span.warm_up + span.measure).as_secs_f64() * rate).ceil() as usize;
    let Service { running, sandbox } = Service::start(ground, lane, users).await?;
    let deliveries = OfManyUsers::new(users);
    let webhooks = running.process.webhooks()?;
    let (sent, seen) = tokio::join!(load::at_rate(webhooks, span, rate, |_| deliveries.clone()), watch(&running, span));
    let (sent, seen) = (sent?, seen?);
    running.process.stop()?;
    sandbox.stop()?;
    let each = |of: fn(&Counts) -> f64| {
        let a_second = |pair: &[Counts]| (of(&pair[1]) - of(&pair[0])) / (pair[1].at - pair[0].at).as_secs_f64();
        seen.windows(2).map(a_second).collect()
    };
    Ok(Overload {
        rate,
        refused: sent.refused,
        answered_p99_ms: sent.latencies.percentile(99),
        decided: each(|counts| counts.decided),
        done: each(|counts| counts.done),
        lag: seen.iter().map(|counts| counts.accepted - counts.done).collect(),
    })
}

/// How far the stages have come.
struct Counts {
    at: Instant,
    accepted: f64,
    decided: f64,
    done: f64,
}

/// Looks once a second how far the stages of `running` have come, after the warm-up.
async fn watch(running: &Running, span: Span) -> anyhow::Result<Vec<Counts>> {
    let mut seconds = tokio::time::interval_at((Instant::now() + span.warm_up).into(), SECOND);
    let mut seen = Vec::new();
    for _ in 0..span.measure.as_secs() {
        seconds.tick().await;
        let metrics = metrics(running).await?;
        let count = |name: &str| {
            let of = |line: &str| line.strip_prefix(name)?.rsplit_once(' ')?.1.parse::<f64>().ok();
            metrics.lines().filter_map(of).sum()
        };
        let (accepted, decided) = (count("usher_events_total{"), count("usher_decisions_total{"));
        seen.push(Counts { at: Instant::now(), accepted, decided, done: count("usher_event_to_action_seconds_count") });
    }
    Ok(seen)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn least_share(values: &[f64]) -> f64 {
    values.iter().fold(f64::INFINITY, |least, one| f64::min(least, *one)) / mean(values)
}
