//! The number of records that the views of this process are behind the log.

use std::{sync::Arc, time::Duration};

use tokio::time::MissedTickBehavior;

use crate::{
    log::{Log, Partition, Stream},
    metrics::Metrics,
    views::Views,
};

/// The interval of the measurements: on Kafka each one asks the brokers for each partition of each stream.
const INTERVAL: Duration = Duration::from_secs(10);

/// Keeps the gauge current, for as long as it is awaited. While the log does not answer it stays as it was.
pub(in crate::app) async fn follow(views: &Views, log: &Arc<dyn Log>, metrics: &Metrics) {
    let mut every = tokio::time::interval(INTERVAL);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        for stream in Views::STREAMS {
            let Some(lag) = lag(views, log, stream).await else { break };
            let lag = i64::try_from(lag).unwrap_or(i64::MAX);
            metrics.view_lag_records.with_label_values(&[stream.as_str()]).set(lag);
        }
    }
}

/// The records of `stream` that the views have still to read; none if that can't be found out now.
async fn lag(views: &Views, log: &Arc<dyn Log>, stream: Stream) -> Option<u64> {
    let mut lag = 0;
    for partition in (0..log.partitions()).map(Partition) {
        let bounds = log.bounds(stream, partition).await.ok()?;
        let next = views.read_until(stream, partition);
        lag += bounds.end.saturating_sub(next.max(bounds.start));
    }
    Some(lag)
}
