//! Webhooks accepted a second, and how long they take, at full and at half load.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::{
    cpu,
    deliveries::OfOneUser,
    lanes::{Ground, Lane, Running},
    latencies::median,
    load::{self, Sent, Span},
};

/// One lane in one round.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Measured {
    /// Deliveries accepted per second.
    pub per_second: f64,
    /// Half of them took no longer, in milliseconds.
    pub p50_ms: f64,
    /// 99 in a hundred took no longer, in milliseconds.
    pub p99_ms: f64,
    /// Deliveries that were not accepted.
    pub refused: usize,
    /// Of one core, while it was measured and warmed up.
    pub server_cpu: f64,
    /// Of one core: the load, with the mock of Kafka where there is one.
    pub load_cpu: f64,
}

impl Measured {
    /// Value by value the middle one of `rounds`; refusals are added up.
    pub fn median(rounds: &[Self]) -> Self {
        let of = |value: fn(&Self) -> f64| median(rounds.iter().map(value));
        Self {
            per_second: of(|round| round.per_second),
            p50_ms: of(|round| round.p50_ms),
            p99_ms: of(|round| round.p99_ms),
            refused: rounds.iter().map(|round| round.refused).sum(),
            server_cpu: of(|round| round.server_cpu),
            load_cpu: of(|round| round.load_cpu),
        }
    }
}

/// As fast as `lane` answers.
pub async fn full(ground: &Ground, lane: Lane, span: Span) -> anyhow::Result<Measured> {
    let running = ground.start(lane)?;
    let watch = Watch::start(&running)?;
    let sent = load::as_fast_as_answered(running.process.webhooks()?, span, OfOneUser::new).await?;
    watch.stop(running, &sent)
}

/// At `rate` deliveries a second.
pub async fn paced(ground: &Ground, lane: Lane, span: Span, rate: f64) -> anyhow::Result<Measured> {
    let running = ground.start(lane)?;
    let watch = Watch::start(&running)?;
    let sent = load::at_rate(running.process.webhooks()?, span, rate, OfOneUser::new).await?;
    watch.stop(running, &sent)
}

/// Processor time from a moment on.
struct Watch {
    since: Instant,
    server: Duration,
    load: Duration,
}

impl Watch {
    fn start(running: &Running) -> anyhow::Result<Self> {
        Ok(Self { since: Instant::now(), server: running.process.time()?, load: cpu::own_time()? })
    }

    fn stop(self, running: Running, sent: &Sent) -> anyhow::Result<Measured> {
        let share = |now: Duration, then: Duration| (now - then).as_secs_f64() / self.since.elapsed().as_secs_f64();
        let measured = Measured {
            per_second: sent.per_second(),
            p50_ms: sent.latencies.percentile(50),
            p99_ms: sent.latencies.percentile(99),
            refused: sent.refused,
            server_cpu: share(running.process.time()?, self.server),
            load_cpu: share(cpu::own_time()?, self.load),
        };
        running.process.stop()?;
        Ok(measured)
    }
}
