//! Everything usher counts, under the names dashboards rely on.
//!
//! Labels come from small closed sets: sources and schemes of the configuration, and enums.

mod config;
mod exemplars;
mod gauge_set;
pub mod open_metrics;
mod partitions;
mod storage;

use std::collections::HashMap;

use prometheus::{
    Encoder, Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
    Opts, Registry, TextEncoder, process_collector::ProcessCollector,
};

pub use self::{
    config::ConfigMetrics,
    exemplars::TracedHistogram,
    gauge_set::GaugeSet,
    partitions::{CountedPartition, PartitionMetrics},
    storage::{DataPart, StorageMetrics},
};

use crate::{
    domain::{ActionKind, Ignored, RecordKind, ReferenceKind, Stage, StepResult},
    http_server::Closed,
    telemetry::{self, traces},
};

/// The listeners, as labels.
const LISTENERS: [&str; 2] = ["webhooks", "admin"];

/// The metric families; cheap to clone, all clones count together.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    /// Webhook deliveries by source (`unknown` for an unknown one) and result.
    pub webhooks: IntCounterVec,
    /// Requests that are no HTTP, by listener.
    pub malformed_requests: IntCounterVec,
    /// Wrong admin tokens, by how they were answered.
    pub admin_tokens_refused: IntCounterVec,
    /// Connections that a listener closed, by listener and reason.
    pub connections_closed: IntCounterVec,
    /// Seconds from a webhook's request in to its answer out.
    pub webhook_seconds: TracedHistogram,
    /// When a delivery of a source was accepted last, in seconds since 1970.
    pub webhook_last_accepted: GaugeVec,
    /// Reported events that usher ignores, by source and reason.
    pub webhooks_ignored: IntCounterVec,
    /// Records of a product that can't be read and were passed over, by source and kind.
    pub records_passed_over: IntCounterVec,
    /// Reported times that are impossible, or in another unit than milliseconds, by source.
    pub implausible_times: IntCounterVec,
    /// Events accepted, by source and kind.
    pub events: IntCounterVec,
    /// Answers of schemes to events, by source, scheme (empty if none was asked) and result.
    pub decisions: IntCounterVec,
    /// Steps ended, by source, action and result.
    pub steps: IntCounterVec,
    /// Seconds from an event being durable to its first product call being done; of sweeps see below.
    pub event_to_action_seconds: TracedHistogram,
    /// The same of users that a sweep came across: they wait for all the users before them.
    pub sweep_event_to_action_seconds: Histogram,
    /// Records recognised as done before, by stage.
    pub duplicates: IntCounterVec,
    /// Events decided although steps of the user had not ended for two minutes, by source.
    pub decided_early: IntCounterVec,
    /// Creations first learnt of from a feed or by comparing, though the source has webhooks.
    pub reconciled: IntCounterVec,
    /// Listed users without a reported creation, held because they are too many at once, by source.
    pub reconciliation_held: IntGaugeVec,
    /// Creations with held steps, because many users were created at once, by source.
    pub creations_held: IntCounterVec,
    /// Records given up, by stage.
    pub dead_letters: IntCounterVec,
    /// Seconds a product took to answer, by source, operation and HTTP status (or the reason for its absence).
    pub product_request_seconds: HistogramVec,
    /// Failures of the work on a partition, by stage and source: it could not be read or restored, or ended by a bug.
    pub partition_failures: IntCounterVec,
    /// Answers of products that asked to slow down.
    pub product_throttled: IntCounterVec,
    /// Records not yet worked on, by stream.
    pub log_lag_records: IntGaugeVec,
    /// Seconds until a source's credentials expire, if the configuration says when.
    pub credentials_expiry_seconds: GaugeVec,
    /// When schemes with a schedule are due next, in seconds since 1970, by source and scheme.
    pub schedule_next: GaugeVec,
    /// Runs of sweeps that have not ended.
    pub runs: IntGaugeVec,
    /// Users sighted by sweeps, again at releases, by source.
    pub sweep_users: IntCounterVec,
    /// The time before now up to which a source's feed is known to be complete, if this process follows it.
    pub feed_lag_seconds: GaugeVec,
    /// Names in schemes and in `protect` that the product does not have, by source and kind.
    pub references_unresolved: IntGaugeVec,
    /// Log lines that stderr did not take.
    pub log_lines_dropped: IntCounter,
    /// Spans of traces that were not sent, by reason.
    trace_spans_dropped: IntCounterVec,
    /// 1 while a component fails.
    pub component_failing: GaugeSet<1>,
    /// Whether the process is ready: 1 or 0 without a component; 0 for each component that is waited for.
    pub ready: GaugeSet<1>,
    /// 1 while a source or a scheme is paused, by kind and id.
    pub paused: GaugeSet<2>,
    /// Records that the views of this process have still to read, by stream.
    pub view_lag_records: IntGaugeVec,
    /// Partitions and the groups that give them.
    pub partitions: PartitionMetrics,
    /// The log, the state store and their disk.
    pub storage: StorageMetrics,
    /// For how long a source has been paused; 0 while it is not.
    pub source_paused_seconds: GaugeVec,
    /// 1 while a source is stopped because the product refuses usher's credentials.
    pub source_halted: IntGaugeVec,
    /// 1 while a source does not answer, or something in front of the product answers.
    pub source_unreachable: IntGaugeVec,
    /// The part of a source's rate that this process takes.
    pub rate_share: GaugeVec,
    /// The configuration in use.
    pub config: ConfigMetrics,
}

const FAST: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
const SLOW: &[f64] = &[0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0, 600.0];
/// From at once to a day: 10,000 users at ten calls a second take more than a quarter of an hour.
const SWEEP: &[f64] = &[0.1, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0, 43200.0, 86400.0];

impl Metrics {
    /// Registers every family.
    ///
    /// # Errors
    /// [`prometheus::Error`] if a family can't be registered: two have the same name.
    #[allow(clippy::too_many_lines, reason = "an entry for each metric")]
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let build = Gauge::with_opts(
            Opts::new("usher_build_info", "Always 1; the labels say which build this is.")
                .const_label("version", env!("CARGO_PKG_VERSION"))
                .const_label("commit", crate::COMMIT),
        )?;
        build.set(1.0);
        registry.register(Box::new(build))?;
        registry.register(Box::new(ProcessCollector::for_self()))?;
        let add = Families(&registry);
        Ok(Self {
            webhooks: add.counters("webhooks_total", "Webhook deliveries by result.", &["source", "result"])?,
            malformed_requests: add.malformed_requests()?,
            admin_tokens_refused: add.admin_tokens_refused()?,
            connections_closed: add.connections_closed()?,
            webhook_seconds: add.traced("webhook_seconds", "Seconds from a webhook in to its answer out.", FAST)?,
            webhook_last_accepted: add.float_gauges(
                "webhook_last_accepted_timestamp_seconds",
                "When a delivery of a source was accepted last, in seconds since 1970.",
                &["source"],
            )?,
            webhooks_ignored: add.counters(
                "webhooks_ignored_total",
                "What products told of in webhooks and usher does not look at.",
                &["source", "reason"],
            )?,
            records_passed_over: add.counters(
                "records_passed_over_total",
                "Records of a product that can't be read and were passed over.",
                &["source", "kind"],
            )?,
            implausible_times: add.counters(
                "implausible_times_total",
                "Times told that can't be right, or are in another unit than milliseconds.",
                &["source"],
            )?,
            events: add.counters("events_total", "Events accepted.", &["source", "kind"])?,
            decisions: add.counters(
                "decisions_total",
                "Answers of schemes to events; scheme is empty where none was asked.",
                &["source", "scheme", "result"],
            )?,
            steps: add.counters("steps_total", "Steps ended.", &["source", "action", "result"])?,
            event_to_action_seconds: add.traced(
                "event_to_action_seconds",
                "Seconds from an event being durable to its first product call being done, without sweeps.",
                SLOW,
            )?,
            sweep_event_to_action_seconds: add.histogram(
                "sweep_event_to_action_seconds",
                "Seconds from a sweep coming across a user to the first product call about the user being done.",
                SWEEP,
            )?,
            duplicates: add.counters("duplicates_total", "Records recognised as done before.", &["stage"])?,
            decided_early: add.counters(
                "decided_early_total",
                "Events that no longer waited for steps.",
                &["source"],
            )?,
            reconciled: add.counters(
                "reconciled_total",
                "Creations that no webhook told of first, though the source has webhooks.",
                &["source"],
            )?,
            reconciliation_held: add.gauges(
                "reconciliation_held_users",
                "Users found without a creation told, held back because they are too many at once.",
                &["source"],
            )?,
            creations_held: add.counters("creations_held_total", "Creations with steps kept back.", &["source"])?,
            dead_letters: add.counters("dead_letters_total", "Records that can never succeed.", &["stage"])?,
            partition_failures: partition_failures(&add)?,
            product_request_seconds: add.histograms(
                "product_request_seconds",
                "Seconds a product took to answer.",
                SLOW,
                &["source", "operation", "status"],
            )?,
            product_throttled: add.counters(
                "product_throttled_total",
                "Answers of products that asked to slow down.",
                &["source"],
            )?,
            log_lag_records: add.gauges("log_lag_records", "Records not yet worked on.", &["stream"])?,
            source_paused_seconds: add.float_gauges(
                "source_paused_seconds",
                "For how long a source has been paused; 0 while it is not.",
                &["source"],
            )?,
            credentials_expiry_seconds: add.float_gauges(
                "credentials_expiry_seconds",
                "Seconds until a source's credentials expire.",
                &["source"],
            )?,
            schedule_next: add.float_gauges(
                "schedule_next_timestamp_seconds",
                "When a scheme with a schedule is due next, in seconds since 1970.",
                &["source", "scheme"],
            )?,
            runs: add.gauges("runs", "Runs of sweeps that are running, or held for an administrator.", &["state"])?,
            sweep_users: add.counters("sweep_users_total", "Users sighted by sweeps.", &["source"])?,
            feed_lag_seconds: add.float_gauges(
                "feed_lag_seconds",
                "How far behind now the logins of a source's feed are known, in seconds.",
                &["source"],
            )?,
            log_lines_dropped: log_lines_dropped(&add)?,
            trace_spans_dropped: trace_spans_dropped(&add)?,
            component_failing: component_failing(&add)?,
            ready: ready(&add)?,
            paused: paused(&add)?,
            view_lag_records: view_lag_records(&add)?,
            partitions: PartitionMetrics::new(&add)?,
            storage: StorageMetrics::new(&add)?,
            source_halted: halted(&add)?,
            source_unreachable: unreachable(&add)?,
            references_unresolved: add.unresolved_references()?,
            rate_share: rate_share(&add)?,
            config: ConfigMetrics::register(&add)?,
            registry,
        })
    }

    /// Begins the counters of `source` at 0, so that the first of each is seen as an increase.
    pub fn begin(&self, source: &str) {
        for result in ["accepted", "ignored", "unauthorized", "malformed", "too_large", "overloaded", "unavailable"] {
            self.webhooks.with_label_values(&[source, result]);
        }
        for stage in [Stage::Planner, Stage::Executor, Stage::Sweeper] {
            self.duplicates.with_label_values(&[stage.as_str()]);
            self.dead_letters.with_label_values(&[stage.as_str()]);
            self.partition_failures.with_label_values(&[stage.as_str(), source]);
        }
        self.partition_failures.with_label_values(&[crate::domain::FEED_STAGE, source]);
        self.partitions.begin(source);
        self.dead_letters.with_label_values(&[Stage::Intake.as_str()]);
        self.duplicates.with_label_values(&[crate::domain::FEED_STAGE]);
        for result in StepResult::ALL {
            for action in ActionKind::ALL.map(ActionKind::as_str) {
                self.steps.with_label_values(&[source, action, result.as_str()]);
            }
        }
        self.decided_early.with_label_values(&[source]);
        self.implausible_times.with_label_values(&[source]);
        self.records_passed_over.with_label_values(&[source, "user"]);
        self.records_passed_over.with_label_values(&[source, RecordKind::AuditEntry.as_str()]);
        for reason in Ignored::ALL {
            self.webhooks_ignored.with_label_values(&[source, reason.label()]);
        }
        self.product_throttled.with_label_values(&[source]);
        self.sweep_users.with_label_values(&[source]);
        self.reconciled.with_label_values(&[source]);
        self.creations_held.with_label_values(&[source]);
        self.reconciliation_held.with_label_values(&[source]).set(0);
        for kind in ReferenceKind::ALL {
            self.references_unresolved.with_label_values(&[source, kind.as_str()]).set(0);
        }
    }

    /// The text that Prometheus scrapes.
    ///
    /// # Errors
    /// [`prometheus::Error`] if a family can't be written as text.
    pub fn render(&self) -> Result<String, prometheus::Error> {
        self.update_telemetry_counters();
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// The same as OpenMetrics, with examples of traces.
    pub fn render_open_metrics(&self) -> String {
        self.update_telemetry_counters();
        let exemplars = HashMap::from([
            ("usher_webhook_seconds", self.webhook_seconds.exemplars()),
            ("usher_event_to_action_seconds", self.event_to_action_seconds.exemplars()),
        ]);
        open_metrics::encode(&self.registry.gather(), &exemplars)
    }

    /// Counts what telemetry lost: it is there before these metrics are.
    fn update_telemetry_counters(&self) {
        let dropped = &self.log_lines_dropped;
        dropped.inc_by(telemetry::lost_lines().saturating_sub(dropped.get()));
        for lost in traces::Lost::ALL {
            let dropped = self.trace_spans_dropped.with_label_values(&[lost.as_str()]);
            dropped.inc_by(traces::dropped(lost).saturating_sub(dropped.get()));
        }
    }
}

fn log_lines_dropped(add: &Families<'_>) -> Result<IntCounter, prometheus::Error> {
    let help = "Log lines that were lost because standard error was not read fast enough, full, or closed.";
    add.counter("log_lines_dropped_total", help)
}

fn trace_spans_dropped(add: &Families<'_>) -> Result<IntCounterVec, prometheus::Error> {
    let help = "Spans of traces that were dropped: more ended than were sent, or the collector did not take them.";
    add.counters("trace_spans_dropped_total", help, &["reason"])
}

fn component_failing(add: &Families<'_>) -> Result<GaugeSet<1>, prometheus::Error> {
    let help = "1 while a component does not do what it is for; usher is not ready then.";
    Ok(GaugeSet::new(add.gauges("component_failing", help, &["component"])?))
}

fn ready(add: &Families<'_>) -> Result<GaugeSet<1>, prometheus::Error> {
    let help = "1 while usher is ready, 0 while it is not, without a label; 0 for each component that is waited for.";
    let ready = GaugeSet::new(add.gauges("ready", help, &["waiting_for"])?);
    ready.replace([([String::new()], 0)]);
    Ok(ready)
}

fn paused(add: &Families<'_>) -> Result<GaugeSet<2>, prometheus::Error> {
    let help = "1 while a source or a scheme is paused by an administrator.";
    Ok(GaugeSet::new(add.gauges("paused", help, &["kind", "id"])?))
}

fn view_lag_records(add: &Families<'_>) -> Result<IntGaugeVec, prometheus::Error> {
    let help = "Records that the views of this process have still to read.";
    add.gauges("view_lag_records", help, &["stream"])
}

fn partition_failures(add: &Families<'_>) -> Result<IntCounterVec, prometheus::Error> {
    let help = "Times that a partition could not be worked on: it could not be read, or the work ended by a bug.";
    add.counters("partition_failures_total", help, &["stage", "source"])
}

fn halted(add: &Families<'_>) -> Result<IntGaugeVec, prometheus::Error> {
    let help = "1 while a source is stopped because the product refuses usher's credentials.";
    add.gauges("source_halted", help, &["source"])
}

fn unreachable(add: &Families<'_>) -> Result<IntGaugeVec, prometheus::Error> {
    let help = "1 while a source waits because its product gives no answer of its own.";
    add.gauges("source_unreachable", help, &["source"])
}

fn rate_share(add: &Families<'_>) -> Result<GaugeVec, prometheus::Error> {
    let help = "The part of a source's rate that this process takes, above 0 and at most 1.";
    add.float_gauges("rate_share", help, &["source"])
}

/// Makes and registers families under the prefix `usher_`.
struct Families<'a>(&'a Registry);

impl Families<'_> {
    fn register<C: prometheus::core::Collector + Clone + 'static>(&self, family: C) -> Result<C, prometheus::Error> {
        self.0.register(Box::new(family.clone()))?;
        Ok(family)
    }

    fn unresolved_references(&self) -> Result<IntGaugeVec, prometheus::Error> {
        let help = "Names in schemes and in protect that the product does not have.";
        self.gauges("references_unresolved", help, &["source", "kind"])
    }

    fn malformed_requests(&self) -> Result<IntCounterVec, prometheus::Error> {
        let counters = self.counters("malformed_requests_total", "Requests that are no HTTP.", &["listener"])?;
        for listener in LISTENERS {
            counters.with_label_values(&[listener]);
        }
        Ok(counters)
    }

    fn admin_tokens_refused(&self) -> Result<IntCounterVec, prometheus::Error> {
        let counters = self.counters("admin_tokens_refused_total", "Wrong admin tokens.", &["reason"])?;
        for reason in ["wrong_token", "throttled"] {
            counters.with_label_values(&[reason]);
        }
        Ok(counters)
    }

    fn connections_closed(&self) -> Result<IntCounterVec, prometheus::Error> {
        let help = "Connections that a listener closed because they were slow, or for others.";
        let counters = self.counters("connections_closed_total", help, &["listener", "reason"])?;
        for listener in LISTENERS {
            for reason in Closed::ALL {
                counters.with_label_values(&[listener, reason.label()]);
            }
        }
        Ok(counters)
    }

    fn counter(&self, name: &str, help: &str) -> Result<IntCounter, prometheus::Error> {
        self.register(IntCounter::new(format!("usher_{name}"), help)?)
    }

    fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
        self.register(IntGauge::new(format!("usher_{name}"), help)?)
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, prometheus::Error> {
        self.register(IntCounterVec::new(Opts::new(format!("usher_{name}"), help), labels)?)
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec, prometheus::Error> {
        self.register(IntGaugeVec::new(Opts::new(format!("usher_{name}"), help), labels)?)
    }

    fn float_gauges(&self, name: &str, help: &str, labels: &[&str]) -> Result<GaugeVec, prometheus::Error> {
        self.register(GaugeVec::new(Opts::new(format!("usher_{name}"), help), labels)?)
    }

    fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Result<Histogram, prometheus::Error> {
        let opts = HistogramOpts::new(format!("usher_{name}"), help).buckets(buckets.to_vec());
        self.register(Histogram::with_opts(opts)?)
    }

    fn traced(&self, name: &str, help: &str, buckets: &[f64]) -> Result<TracedHistogram, prometheus::Error> {
        Ok(TracedHistogram::new(self.histogram(name, help, buckets)?, buckets))
    }

    fn histograms(
        &self,
        name: &str,
        help: &str,
        buckets: &[f64],
        labels: &[&str],
    ) -> Result<HistogramVec, prometheus::Error> {
        let opts = HistogramOpts::new(format!("usher_{name}"), help).buckets(buckets.to_vec());
        self.register(HistogramVec::new(opts, labels)?)
    }
}
