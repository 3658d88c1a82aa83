//! The metric of a feed's lag: the time since which it is not known to be complete.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinHandle;

use crate::{clock::Clock, domain::Timestamp, metrics::Metrics};

/// Scrapes are further apart than that.
const UPDATE_INTERVAL: Duration = Duration::from_secs(1);

/// Keeps the gauge of one feed current, as it grows by itself; without it there is no such series.
pub(super) struct Lag {
    complete: Arc<AtomicI64>,
    gauge: Gauge,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Gauge {
    source: String,
    metrics: Metrics,
    clock: Arc<dyn Clock>,
}

impl Gauge {
    fn set(&self, complete: &AtomicI64) {
        let complete = Timestamp::from_millis(complete.load(Ordering::Relaxed));
        let lag = complete.until(self.clock.now()).as_secs_f64();
        self.metrics.feed_lag_seconds.with_label_values(&[self.source.as_str()]).set(lag);
    }
}

impl Lag {
    /// Begins with the time up to which the feed is complete.
    pub fn start(source: &str, complete: Timestamp, metrics: Metrics, clock: Arc<dyn Clock>) -> Self {
        let gauge = Gauge { source: source.to_owned(), metrics, clock };
        let complete = Arc::new(AtomicI64::new(complete.as_millis()));
        let task = tokio::spawn({
            let (gauge, complete) = (gauge.clone(), Arc::clone(&complete));
            async move {
                let mut every = tokio::time::interval(UPDATE_INTERVAL);
                loop {
                    every.tick().await;
                    gauge.set(&complete);
                }
            }
        });
        Self { complete, gauge, task }
    }

    /// All is known until `complete`.
    pub fn set(&self, complete: Timestamp) {
        self.complete.store(complete.as_millis(), Ordering::Relaxed);
        self.gauge.set(&self.complete);
    }
}

impl Drop for Lag {
    fn drop(&mut self) {
        self.task.abort();
        let gauge = &self.gauge;
        // An error says that it was not set yet.
        let _ = gauge.metrics.feed_lag_seconds.remove_label_values(&[gauge.source.as_str()]);
    }
}
