//! Connects usher to its log and to the products.

use std::sync::Arc;

use super::{predecessor, waiting};
use crate::{
    app::{Error, reloading::LiveSource},
    clock::Clock,
    config::{Config, LogConfig, Source},
    engine::{LookUps, References, WrittenSchemes, consumer_groups},
    explain::Explainer,
    health::{Component, Health},
    intake::Intake,
    log::{
        AppendTimes, Log,
        embedded::{self, EmbeddedLog},
        kafka::KafkaLog,
    },
    metrics::Metrics,
    products::{self, Limits},
    source::{Arrivals, Calls, Connection, Controls},
    views::Views,
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
            let sources = Some(config.sources.iter().map(|source| source.id.clone()).collect());
            let groups = config.sources.iter().flat_map(|source| consumer_groups(&source.id)).collect();
            let (clock, health) = (Arc::clone(clock), health.clone());
            let options = embedded::Options { sources, groups, clock, health, append_times, ..Default::default() };
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

/// A connection to each source, in the order of the configuration; nothing is called yet.
///
/// # Errors
/// `Error` names the source that can't be set up.
pub(in crate::app) fn connect(
    limits: Limits,
    config: &Config,
    clock: &Arc<dyn Clock>,
    controls: &Arc<dyn Controls>,
    log: &Arc<dyn Log>,
    metrics: &Metrics,
) -> Result<Vec<Arc<Connection>>, Error> {
    let partitions = match config.log {
        LogConfig::Embedded => None,
        LogConfig::Kafka(_) => Some(log.partitions()),
    };
    let connect = |source: &Source| {
        metrics.begin(source.id.as_str());
        let (client, settings) = products::connect_adjustable(limits, source, metrics.clone(), Arc::clone(clock))?;
        let calls = Calls { client, settings: Some(settings), rate: source.rate, partitions };
        let (clock, controls) = (Arc::clone(clock), Arc::clone(controls));
        Ok(Connection::adjustable(source.id.clone(), calls, clock, controls, metrics.clone()))
    };
    config.sources.iter().map(connect).collect()
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

/// The names that `protect` and `schemes` have of each source, in the order of the configuration; nothing is looked up
/// yet.
pub(in crate::app) fn references(
    config: &Config,
    live: &[LiveSource],
    connections: &[Arc<Connection>],
    schemes: &Arc<dyn WrittenSchemes>,
    look_ups: LookUps,
    metrics: &Metrics,
) -> Vec<Arc<References>> {
    let of = |((source, live), connection): ((&Source, &LiveSource), &Arc<Connection>)| {
        let (connection, schemes) = (Arc::clone(connection), Arc::clone(schemes));
        References::new(connection, source.product, live.protect.clone(), schemes, look_ups, metrics.clone())
    };
    config.sources.iter().zip(live).zip(connections).map(of).collect()
}

/// The explainer, which reads from the present products.
pub(in crate::app) fn explainer(
    connections: &[Arc<Connection>],
    references: &[Arc<References>],
    views: &Views,
    clock: &Arc<dyn Clock>,
) -> Explainer {
    let clients = connections.iter().map(|connection| (connection.source.clone(), Arc::clone(&connection.client)));
    let references = connections.iter().zip(references);
    let references = references.map(|(connection, known)| (connection.source.clone(), Arc::clone(known)));
    Explainer::new(clients, Arc::new(views.clone()), Arc::clone(clock)).referring(references)
}
