//! The options of the embedded log.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use crate::{
    clock::{Clock, SystemClock},
    domain::SourceId,
    log::{AppendTimes, RETENTION, Stream},
};

/// How the embedded log is to behave, and what it is opened in.
#[derive(Clone)]
pub struct Options {
    /// Partitions of each stream, for a log that is made; one that exists keeps its own number.
    pub partitions: u16,
    /// How many appends may wait; further ones are [`Error::Overloaded`](crate::log::Error::Overloaded).
    pub queue: usize,
    /// With less free disk space than that, in bytes, appends are [`Error::Unavailable`](crate::log::Error::Unavailable).
    pub reserve_bytes: u64,
    /// How long records are kept at least. Older ones go within the hour, unless a group that has joined their stream once,
    /// or is one of `groups`, has not come that far. Of compacted streams the latest record of each key stays, and the
    /// others go some time later.
    pub retention: Duration,
    /// Groups that will join: what is there when the log is opened is kept for them too.
    pub groups: Vec<(Stream, String)>,
    /// Whose groups count there: what the others have not consumed is not kept for them. None: all.
    pub sources: Option<BTreeSet<SourceId>>,
    /// The time of day: when a record is appended, and how old it is.
    pub clock: Arc<dyn Clock>,
    /// The registry to which the log reports its state.
    pub health: crate::health::Health,
    /// The measure of appends.
    pub append_times: AppendTimes,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            partitions: 4,
            queue: 8192,
            reserve_bytes: 64 * 1024 * 1024,
            retention: RETENTION,
            groups: Vec::new(),
            sources: None,
            clock: Arc::new(SystemClock),
            health: crate::health::Health::default(),
            append_times: AppendTimes::default(),
        }
    }
}
