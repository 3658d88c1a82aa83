//! The lag of a feed: the time since which it is not known to be complete, as a metric and for administrators.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinHandle;

use crate::{
    clock::Clock,
    domain::Timestamp,
    metrics::Metrics,
    source::{Arrivals, FeedNow},
};

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
    arrivals: Arrivals,
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
    pub fn start(
        source: &str,
        complete: Timestamp,
        (arrivals, metrics): (Arrivals, Metrics),
        clock: Arc<dyn Clock>,
    ) -> Self {
        arrivals.set_feed(source, |feed| *feed = Some(FeedNow { complete, last_entry: None, why: None }));
        let gauge = Gauge { source: source.to_owned(), arrivals, metrics, clock };
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
        self.change(|feed| feed.complete = complete);
    }

    /// An entry from `newest` was read.
    pub fn read(&self, newest: Timestamp) {
        self.change(|feed| feed.last_entry = Some(feed.last_entry.map_or(newest, |last| last.max(newest))));
    }

    /// The feed can't be followed for this reason; none: it can.
    pub fn troubled(&self, why: Option<String>) {
        self.change(|feed| feed.why = why);
    }

    fn change(&self, change: impl FnOnce(&mut FeedNow)) {
        self.gauge.arrivals.set_feed(&self.gauge.source, |feed| {
            if let Some(feed) = feed {
                change(feed);
            }
        });
    }
}

impl Drop for Lag {
    fn drop(&mut self) {
        self.task.abort();
        let gauge = &self.gauge;
        gauge.arrivals.set_feed(&gauge.source, |feed| *feed = None);
        // An error says that it was not set yet.
        let _ = gauge.metrics.feed_lag_seconds.remove_label_values(&[gauge.source.as_str()]);
    }
}
