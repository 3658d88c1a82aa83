//! What this process has noticed of what the sources send, for administrators. It is kept in memory and begins anew with
//! the process; each replica has its own.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;
use tracing::warn;
use utoipa::ToSchema;

use crate::{
    clock::Clock,
    domain::{OddTime, SourceId, Timestamp},
    metrics::Metrics,
};

/// See the module. Cheap to clone, all clones are one.
#[derive(Clone)]
pub struct Arrivals {
    sources: Arc<HashMap<SourceId, Mutex<Arrived>>>,
    metrics: Metrics,
    clock: Arc<dyn Clock>,
}

/// What was noticed of one source.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct Arrived {
    /// Times that can't be right, or are in another unit than milliseconds.
    pub implausible_times: Option<ImplausibleTimes>,
}

/// Times of a source that can't be right, or are in another unit than milliseconds, since this process began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImplausibleTimes {
    /// How many.
    pub count: u64,
    /// When the last of them was told.
    pub last: Timestamp,
    /// What was odd about it.
    pub form: OddTime,
    /// What was told of in the log already.
    #[serde(skip)]
    told: Vec<OddTime>,
}

impl fmt::Debug for Arrivals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrivals").field("sources", &self.sources).finish_non_exhaustive()
    }
}

impl Arrivals {
    /// Nothing is noticed yet of `sources`.
    pub fn new<'s>(sources: impl IntoIterator<Item = &'s SourceId>, metrics: Metrics, clock: Arc<dyn Clock>) -> Self {
        let sources = sources.into_iter().map(|id| (id.clone(), Mutex::default())).collect();
        Self { sources: Arc::new(sources), metrics, clock }
    }

    /// What was noticed of `source`; nothing where it is not configured.
    pub fn of(&self, source: &SourceId) -> Arrived {
        self.noticed(source).map_or_else(Arrived::default, |noticed| noticed.clone())
    }

    /// Notes that `source` wrote a time that is `odd`. The log is told of each form once.
    pub fn implausible_time(&self, source: &SourceId, odd: OddTime) {
        self.metrics.implausible_times.with_label_values(&[source.as_str()]).inc();
        let Some(mut noticed) = self.noticed(source) else { return };
        let last = self.clock.now();
        let nothing = ImplausibleTimes { count: 0, last, form: odd, told: Vec::new() };
        let times = noticed.implausible_times.get_or_insert(nothing);
        (times.count, times.last, times.form) = (times.count + 1, last, odd);
        if !times.told.contains(&odd) {
            times.told.push(odd);
            let says = odd.says();
            warn!(source.id = %source, form = ?odd, "{says}; mend what sends it. This is told once, and counted");
        }
    }

    fn noticed(&self, source: &SourceId) -> Option<MutexGuard<'_, Arrived>> {
        self.sources.get(source).map(|noticed| noticed.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_times_are_counted_by_source_and_the_last_one_is_kept() {
        let metrics = Metrics::new().expect("metrics");
        let (acme, other) = ("acme".parse().expect("an id"), "other".parse().expect("an id"));
        let arrivals = Arrivals::new([&acme, &other], metrics.clone(), Arc::new(crate::clock::SystemClock));
        assert_eq!(arrivals.of(&acme).implausible_times, None);
        for odd in OddTime::ALL {
            arrivals.implausible_time(&acme, odd);
        }
        let times = arrivals.of(&acme).implausible_times.expect("noticed");
        assert_eq!((times.count, times.form), (6, OddTime::Unreadable));
        assert_eq!(metrics.implausible_times.with_label_values(&["acme"]).get(), 6);
        assert_eq!(arrivals.of(&other).implausible_times, None);
    }
}
