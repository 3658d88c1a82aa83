//! Connects usher to its log, and its senders to that.

use std::sync::Arc;

use super::{predecessor, waiting};
use crate::{
    app::Error,
    clock::Clock,
    config::{Config, LogConfig},
    engine::consumer_groups,
    health::{Component, Health},
    intake::Intake,
    log::{
        AppendTimes, Log,
        embedded::{self, EmbeddedLog},
        kafka::KafkaLog,
    },
    metrics::Metrics,
    source::Arrivals,
};

/// Opens the log that the configuration names, or makes it. It says to `health` how it is doing, and measures appends
/// into `metrics`. Kafka is waited for; meanwhile `opening` says why.
///
/// # Errors
/// `Error` if the log can't be used; `Error::Interrupted` if usher is to stop meanwhile.
pub(in crate::app) async fn open_log(
    config: &Config,
    clock: &Arc<dyn Clock>,
    (health, metrics): (&Health, &Metrics),
    opening: &Component,
) -> Result<Arc<dyn Log>, Error> {
    let append_times = AppendTimes::into(metrics.storage.append_seconds.clone());
    Ok(match &config.log {
        LogConfig::Embedded => {
            let dir = config.data_dir.join("log");
            let groups = config.sources.iter().flat_map(|source| consumer_groups(&source.id)).collect();
            let (clock, health) = (Arc::clone(clock), health.clone());
            let options = embedded::Options { groups, clock, health, append_times, ..Default::default() };
            let opening = tokio::task::spawn_blocking(move || EmbeddedLog::open(&dir, options));
            Arc::new(opening.await.map_err(|_| Error::Interrupted)??)
        }
        LogConfig::Kafka(kafka) => {
            opening.failing("Kafka has not answered yet");
            let predecessor = predecessor::of(&config.data_dir, kafka);
            let open = || KafkaLog::open_after(predecessor, kafka, health.clone());
            let log = waiting::for_log(opening, open).await?;
            Arc::new(log.measuring(append_times))
        }
    })
}

/// The intake of webhooks into `log`.
pub(in crate::app) fn intake(
    config: &Config,
    log: &Arc<dyn Log>,
    clock: &Arc<dyn Clock>,
    metrics: &Metrics,
    arrivals: &Arrivals,
) -> Intake {
    let (log, clock, max_body) = (Arc::clone(log), Arc::clone(clock), config.webhooks.max_body);
    Intake::new(&config.sources, max_body, log, clock, metrics.clone(), arrivals.clone())
        .trusting_traceparent(config.webhooks.trust_traceparent)
}
