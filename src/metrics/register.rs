//! The families of usher, with their names, help texts and labels.

use prometheus::{
    Gauge, GaugeVec, IntCounter, IntCounterVec, IntGaugeVec, Opts, Registry, process_collector::ProcessCollector,
};

use super::{ConfigMetrics, GaugeSet, Metrics, PartitionMetrics, StorageMetrics, families::Families};
use crate::http_server::Closed;

/// The listeners, as labels.
const LISTENERS: [&str; 2] = ["webhooks", "admin"];

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
            malformed_requests: malformed_requests(&add)?,
            admin_tokens_refused: admin_tokens_refused(&add)?,
            console_sign_ins: console_sign_ins(&add)?,
            connections_closed: connections_closed(&add)?,
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
            references_unresolved: unresolved_references(&add)?,
            rate_share: rate_share(&add)?,
            config: ConfigMetrics::register(&add)?,
            registry,
        })
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

fn unresolved_references(add: &Families<'_>) -> Result<IntGaugeVec, prometheus::Error> {
    let help = "Names in schemes and in protect that the product does not have.";
    add.gauges("references_unresolved", help, &["source", "kind"])
}

fn malformed_requests(add: &Families<'_>) -> Result<IntCounterVec, prometheus::Error> {
    let counters = add.counters("malformed_requests_total", "Requests that are no HTTP.", &["listener"])?;
    for listener in LISTENERS {
        counters.with_label_values(&[listener]);
    }
    Ok(counters)
}

fn admin_tokens_refused(add: &Families<'_>) -> Result<IntCounterVec, prometheus::Error> {
    let counters = add.counters("admin_tokens_refused_total", "Wrong admin tokens.", &["reason"])?;
    for reason in ["wrong_token", "throttled"] {
        counters.with_label_values(&[reason]);
    }
    Ok(counters)
}

fn console_sign_ins(add: &Families<'_>) -> Result<IntCounterVec, prometheus::Error> {
    let counters = add.counters("console_sign_ins_total", "Sign-ins at the console.", &["via", "result"])?;
    for via in ["token", "oidc"] {
        for result in ["accepted", "refused", "failed"] {
            counters.with_label_values(&[via, result]);
        }
    }
    Ok(counters)
}

fn connections_closed(add: &Families<'_>) -> Result<IntCounterVec, prometheus::Error> {
    let help = "Connections that a listener closed because they were slow, or for others.";
    let counters = add.counters("connections_closed_total", help, &["listener", "reason"])?;
    for listener in LISTENERS {
        for reason in Closed::ALL {
            counters.with_label_values(&[listener, reason.label()]);
        }
    }
    Ok(counters)
}
