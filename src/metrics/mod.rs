//! Everything usher counts, under the names dashboards rely on.
//!
//! Labels come from small closed sets: sources and schemes of the configuration, and enums.
//!
//! [`Metrics`] has a field for each family. Names, help texts and labels are in [`register`], the first values in
//! [`begin`], their [`end`] with a source, the text for a scrape in [`exposition`].

mod begin;
mod config;
mod end;
mod exemplars;
mod exposition;
mod families;
mod gauge_set;
pub mod open_metrics;
mod partitions;
mod register;
mod storage;

use prometheus::{GaugeVec, Histogram, HistogramVec, IntCounter, IntCounterVec, IntGaugeVec, Registry};

pub use self::{
    config::ConfigMetrics,
    exemplars::TracedHistogram,
    gauge_set::GaugeSet,
    partitions::{CountedPartition, PartitionMetrics},
    storage::{DataPart, StorageMetrics},
};

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
    /// Sign-ins at the console, by way and result.
    pub console_sign_ins: IntCounterVec,
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
