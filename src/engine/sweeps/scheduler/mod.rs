//! Fires the schedules of schemes, in every process with the role `engine`. All processes request the same sweeps, and
//! each sweep is made once.

use std::{collections::HashSet, sync::Arc, time::Duration};

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::schedule::{self, SchemeSchedule};
use crate::{
    clock::Clock,
    domain::{SchemeId, SweepRequest, Timestamp},
    health::Health,
    log::{Log, Partition, Position, Record, Stream, codec},
    metrics::Metrics,
    runtime::{Appender, Interrupted, pause, until_ok},
};

/// The longest wait without reading the clock: it may be set, and the machine may have slept.
const MAX_WAIT: Duration = Duration::from_secs(30);
/// The interval for checking whether the records have come back from the log.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The wait if the last firings are unknown.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Knows the schedules of all schemes.
pub trait Schedules: Send + Sync + 'static {
    /// The schemes with a schedule, of the sources of this process; none if they are unknown now.
    fn schedules(&self) -> Option<Vec<SchemeSchedule>>;

    /// The offset up to which this process has read the requests in `partition`. The last firings include them.
    fn read_until(&self, partition: Partition) -> u64;

    /// Changes whenever schemes or pauses may have changed.
    fn changed(&self) -> watch::Receiver<u64>;
}

/// Asks for sweeps when they are due.
pub struct Scheduler {
    schedules: Arc<dyn Schedules>,
    log: Arc<dyn Log>,
    appender: Appender,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    /// Told when the clock was set.
    wake: Arc<Notify>,
}

impl Scheduler {
    /// A scheduler that uses `clock`, and reads it again on `wake`.
    pub fn new(
        schedules: Arc<dyn Schedules>,
        log: Arc<dyn Log>,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
        wake: Arc<Notify>,
    ) -> Self {
        Self { schedules, appender: Appender::new(Arc::clone(&log)), log, clock, metrics, wake }
    }

    /// Runs until `stop`. It says to `health` how it is doing.
    pub async fn run(self: Arc<Self>, health: Health, stop: CancellationToken) {
        let component = health.component("scheduler");
        if self.caught_up(&stop).await.is_err() {
            return;
        }
        let mut changed = self.schedules.changed();
        let mut known: Option<HashSet<SchemeId>> = None;
        while !stop.is_cancelled() {
            changed.mark_unchanged();
            // All or none: one that is left out now would be taken for a new one afterwards.
            let Some(mut schedules) = self.schedules.schedules() else {
                component.failing("the state store does not tell until when schedules have been run");
                if pause(RETRY_AFTER, &stop).await.is_err() {
                    return;
                }
                continue;
            };
            component.working();
            if let Some(known) = &known {
                // A scheme that appears while usher runs counts from now on, whatever its schedule did long ago.
                schedules
                    .iter_mut()
                    .filter(|scheduled| !known.contains(&scheduled.scheme.id))
                    .for_each(|scheduled| scheduled.last_fired = None);
            }
            known = Some(schedules.iter().map(|scheduled| scheduled.scheme.id.clone()).collect());
            let now = self.clock.now();
            for request in schedule::due(&schedules, now) {
                if self.ask(&request, &stop).await.is_err() {
                    return;
                }
            }
            let wait = self.update_gauge(&schedules, now).map_or(MAX_WAIT, |next| now.until(next).min(MAX_WAIT));
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.wake.notified() => {}
                set = changed.changed() => if set.is_err() { return },
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Sets the metric of the next due times; returns the earliest of them.
    fn update_gauge(&self, schedules: &[SchemeSchedule], now: Timestamp) -> Option<Timestamp> {
        self.metrics.schedule_next.reset(); // schemes come and go
        let mut earliest: Option<Timestamp> = None;
        for scheduled in schedules.iter().filter(|scheduled| !scheduled.suspended) {
            let Some(next) = schedule::next(scheduled, now) else { continue };
            let labels = [scheduled.scheme.source.as_str(), scheduled.scheme.id.as_str()];
            #[allow(clippy::cast_precision_loss, reason = "milliseconds of centuries fit")]
            self.metrics.schedule_next.with_label_values(&labels).set(next.as_millis() as f64 / 1000.0);
            earliest = Some(earliest.map_or(next, |earliest| earliest.min(next)));
        }
        earliest
    }

    /// Appends a request, and waits until the last firings have it.
    async fn ask(&self, request: &SweepRequest, stop: &CancellationToken) -> Result<(), Interrupted> {
        if let SweepRequest::Asked(asked) = request {
            let due = asked.due.map(tracing::field::display);
            info!(sweep.id = %asked.sweep, source.id = %asked.source, due, schemes = asked.runs.len(), "sweep is due");
        }
        let record = Record { key: request.key(), payload: codec::encode(request) };
        let position = self.appender.append(Stream::Sweeps, record, stop).await?;
        self.read(position, stop).await
    }

    /// Waits until the last firings include all earlier firings and armings.
    async fn caught_up(&self, stop: &CancellationToken) -> Result<(), Interrupted> {
        for partition in (0..self.log.partitions()).map(Partition) {
            let component = || self.log.health().component("scheduler");
            let ask = || self.log.bounds(Stream::Sweeps, partition);
            let bounds = until_ok(component, "can't tell where requests end", stop, ask).await?;
            // Of one whose records were all dropped with time nothing is ever read.
            if let Some(offset) = bounds.end.checked_sub(1).filter(|_| !bounds.is_empty()) {
                self.read(Position { partition, offset }, stop).await?;
            }
        }
        Ok(())
    }

    async fn read(&self, position: Position, stop: &CancellationToken) -> Result<(), Interrupted> {
        while self.schedules.read_until(position.partition) <= position.offset {
            pause(POLL_INTERVAL, stop).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
