//! Mass creations: steps that take something away are held if many users are created at once.
//!
//! Creations that webhooks and feeds report are counted by their times, so that the backlog of a paused source does not
//! count as at once. The planner counts its own decisions. The views read all partitions and survive a restart; they
//! count too, a moment later. The larger number is used. The limit is not exact across replicas: each may let steps
//! through for creations that the others decide in the same moment.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tracing::warn;

use crate::{
    domain::{Decision, EventId, MassCreation, SourceId, Step, Timestamp},
    engine::RunQueries,
    live::Live,
    metrics::Metrics,
};

/// Creations remembered at most: more are too many whatever the bound.
const MAX_REMEMBERED: usize = 200_000;

/// The creations of one source.
pub(in crate::engine) struct MassCreations {
    source: SourceId,
    /// The limit; none: nothing is held.
    bound: Live<Option<MassCreation>>,
    run_queries: Arc<dyn RunQueries>,
    metrics: Metrics,
    own: Mutex<Own>,
}

/// The creations that this process has decided.
#[derive(Default)]
struct Own {
    created: BTreeSet<(Timestamp, EventId)>,
    /// Whether the mass creation was reported, and still continues.
    is_told: bool,
}

impl MassCreations {
    pub(in crate::engine) fn new(
        source: SourceId,
        bound: Option<MassCreation>,
        run_queries: Arc<dyn RunQueries>,
        metrics: Metrics,
    ) -> Self {
        Self { source, bound: bound.into(), run_queries, metrics, own: Mutex::default() }
    }

    /// Bounds them otherwise.
    pub(in crate::engine) fn set_bound(&mut self, bound: impl Into<Live<Option<MassCreation>>>) {
        self.bound = bound.into();
    }

    /// Marks the steps of `decision` as held, if it is about a creation of a mass creation. A redriven decision is not
    /// held again.
    pub(in crate::engine) fn judge(&self, decision: &mut Decision) {
        let (Some(bound), Some(at)) = (*self.bound.get(), decision.told_creation()) else { return };
        let (since, until) = (at.minus(bound.within), at.plus(bound.within));
        // The views, which count too, are on the disk. They are not asked where nothing can be held.
        if !decision.selected().flat_map(|verdict| &verdict.steps).any(Step::is_kept_back_in_mass_creations) {
            return self.own().record(decision, at, since);
        }
        let most = bound.most(self.run_queries.known_users(&self.source));
        let (count, is_news) = self.count(decision, (since, until), at, most);
        if count <= most || decision.redrive.is_some() {
            return;
        }
        let source = &self.source;
        if is_news {
            warn!(
                source.id = %source, most, within_seconds = bound.within.as_secs(),
                "so many users are created that steps which take something away or create issues are kept back; steps \
                 that only add go on: release or dismiss what is held",
            );
        }
        self.metrics.creations_held.with_label_values(&[source.as_str()]).inc();
        decision.mass_creation = Some(bound.why(most));
    }

    /// The number of creations in the time around this one, including it; and whether it is new that there are more
    /// than `most`.
    fn count(
        &self,
        decision: &Decision,
        (since, until): (Timestamp, Timestamp),
        at: Timestamp,
        most: u64,
    ) -> (u64, bool) {
        let by_views = self.run_queries.created(&self.source, since, until, most.saturating_add(1));
        // Recorded and counted under one lock: of creations at the same time each has a number of its own.
        let mut own = self.own();
        own.record(decision, at, since);
        let count = by_views.max(own.count((since, until), most));
        let is_news = count > most && !own.is_told;
        // An episode ends when there are clearly fewer: near the bound it would be reported again and again.
        own.is_told = count > most || (own.is_told && count > most / 2);
        (count, is_news)
    }

    fn own(&self) -> MutexGuard<'_, Own> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Own {
    /// Remembers the creation of `decision`, and drops those long before `since`.
    fn record(&mut self, decision: &Decision, at: Timestamp, since: Timestamp) {
        self.created.insert((at, decision.event.clone()));
        if self.created.len() > MAX_REMEMBERED {
            self.created.pop_first();
        }
        self.created = self.created.split_off(&(since.minus(RETENTION), EventId::new("")));
    }

    /// The number of creations in this time, at most one more than `most`.
    fn count(&self, (since, until): (Timestamp, Timestamp), most: u64) -> u64 {
        let enough = usize::try_from(most.saturating_add(1)).unwrap_or(usize::MAX);
        let range = (since, EventId::new(""))..(until.next(), EventId::new(""));
        self.created.range(range).take(enough).count() as u64
    }
}

/// The time for which creations are kept after the latest. Creations are reported in any order, so older ones still
/// count for others.
const RETENTION: Duration = Duration::from_hours(1);

#[cfg(test)]
mod tests;
