//! Metrics of writes: the log, the state store, their disk.

use prometheus::{Histogram, IntCounter, IntGauge, IntGaugeVec};

use super::families::Families;

/// From a write to memory of a disk to a log that is away for a while.
const APPEND: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

/// A part of `data_dir`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataPart {
    /// The embedded log.
    Log,
    /// The state store.
    State,
    /// All else: state stores that were set aside, for one.
    Other,
}

impl DataPart {
    /// All parts.
    pub const ALL: [Self; 3] = [Self::Log, Self::State, Self::Other];

    /// The label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::State => "state",
            Self::Other => "other",
        }
    }
}

/// The metrics of writes. Cheap to clone; all clones count together.
#[derive(Clone, Debug)]
pub struct StorageMetrics {
    /// Bytes free on the disk of `data_dir`.
    pub data_free_bytes: IntGauge,
    data_bytes: IntGaugeVec,
    /// Seconds that an append took to be durable.
    pub append_seconds: Histogram,
    /// The number of rebuilds of the state store from the log.
    pub store_rebuilds: IntCounter,
}

impl StorageMetrics {
    /// Makes and registers the families.
    ///
    /// # Errors
    /// [`prometheus::Error`] if a family can't be registered: two have the same name.
    pub(super) fn new(add: &Families<'_>) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            data_free_bytes: add.gauge("data_free_bytes", "Bytes free on the disk of data_dir.")?,
            data_bytes: add.gauges("data_bytes", "Bytes that a part of data_dir takes on its disk.", &["part"])?,
            append_seconds: add.histogram(
                "append_seconds",
                "Seconds from a record being given to the log to it being durable there.",
                APPEND,
            )?,
            store_rebuilds: add.counter(
                "store_rebuilds_total",
                "Times that the state store was damaged or of another log, and is built anew from the log.",
            )?,
        };
        for part in DataPart::ALL {
            metrics.data_bytes(part);
        }
        Ok(metrics)
    }

    /// Bytes that `part` of `data_dir` takes.
    pub fn data_bytes(&self, part: DataPart) -> IntGauge {
        self.data_bytes.with_label_values(&[part.as_str()])
    }
}
