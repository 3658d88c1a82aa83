//! The answers of the views to the engine of their process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rusqlite::Connection;
use tokio::sync::watch;
use tracing::warn;

use super::{Counts, Error, RunState, Views, activity, creations::Creations, runs::Runs};
use crate::{
    domain::{
        LastLists, LoginCoverage, Product, RunId, SchemeId, SourceId, SweepId, SweepPlan, Timestamp, UserId, UserRef,
    },
    engine::{AskedStep, Count, KnownUsers, RunEnd, RunQueries, UndoPage, UnknownUser},
    log::{Partition, Stream},
};

/// The highest number of plans in memory; there are few sweeps at a time.
const MAX_PLANS: usize = 64;
/// The number of users in one answer.
const USERS: usize = 500;

/// The plans of sweeps, in memory, because they are needed for each user. Cheap to clone; all clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Plans(Arc<Mutex<HashMap<SweepId, Arc<SweepPlan>>>>);

impl Plans {
    fn at_hand(&self) -> MutexGuard<'_, HashMap<SweepId, Arc<SweepPlan>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The committed periods in which each source reported logins, in memory, because they are needed for each event. Cheap
/// to clone; all clones share them.
#[derive(Debug, Clone)]
pub(super) struct LoginCoverages(Arc<Mutex<HashMap<SourceId, LoginCoverage>>>);

impl LoginCoverages {
    /// Reads `db`.
    ///
    /// # Errors
    /// [`Error::Database`] and [`Error::Row`] if it can't be read.
    pub(super) fn read(db: &Connection) -> Result<Self, Error> {
        Ok(Self(Arc::new(Mutex::new(activity::all_coverage(db)?.into_iter().collect()))))
    }

    pub(super) fn of(&self, source: &SourceId) -> Option<LoginCoverage> {
        self.at_hand().get(source).copied()
    }

    pub(super) fn set(&self, source: SourceId, coverage: LoginCoverage) {
        self.at_hand().insert(source, coverage);
    }

    fn at_hand(&self) -> MutexGuard<'_, HashMap<SourceId, LoginCoverage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KnownUsers for Views {
    fn unknown_user(&self, source: &SourceId, user: &UserId, now: Timestamp) -> Option<UnknownUser> {
        match self.activity(source, &UserRef::Id(user.clone())) {
            Ok(seen) if seen.as_ref().is_none_or(|seen| seen.is_unmet_at(now)) => {
                Some(UnknownUser { user: user.clone(), as_of: seen.and_then(|seen| seen.as_of) })
            }
            Ok(_) => None,
            Err(error) => {
                warn!(source.id = %source, %error, "what was seen of a user can't be read");
                None
            }
        }
    }

    fn read_until(&self, stream: Stream, partition: Partition) -> u64 {
        Self::read_until(self, stream, partition)
    }
}

/// A row that can't be read gives no answer: the caller waits, and asks again.
impl RunQueries for Views {
    fn outcomes_read_until(&self, partition: Partition) -> Option<u64> {
        Some(Self::read_until(self, Stream::Outcomes, partition))
    }

    fn has_ended(&self, step: &AskedStep) -> bool {
        self.database.read(|db| Runs(db).has_ended(step)).unwrap_or(false)
    }

    fn login_coverage(&self, source: &SourceId) -> Option<LoginCoverage> {
        Self::login_coverage(self, source)
    }

    fn sweep(&self, sweep: &SweepId) -> Option<Arc<SweepPlan>> {
        if let Some(plan) = self.plans.at_hand().get(sweep) {
            return Some(Arc::clone(plan));
        }
        let plan = Arc::new(self.database.read(|db| Runs(db).plan(sweep)).ok()??);
        let mut at_hand = self.plans.at_hand();
        if at_hand.len() >= MAX_PLANS {
            at_hand.clear();
        }
        at_hand.insert(sweep.clone(), Arc::clone(&plan));
        Some(plan)
    }

    fn asked_until(&self, scheme: &SchemeId) -> Option<Timestamp> {
        self.last_fired(scheme).ok()??.asked
    }

    fn is_over(&self, run: &RunId) -> bool {
        self.run(run).is_ok_and(|run| run.is_some_and(|run| run.state.is_final()))
    }

    fn end(&self, run: &RunId) -> Option<RunEnd> {
        let run = self.run(run).ok()??;
        let Counts { seen, selected, would_change, already_so, protected, unknown, .. } = run.counts;
        let Counts { changed, unchanged, tested, held, failed, .. } = run.counts;
        run.state.is_final().then(|| RunEnd {
            state: run.state.as_str(),
            why: run.why,
            complete: run.complete,
            count: Count { selected, would_change, already_so, protected, unknown, seen },
            steps: [changed, unchanged, tested, held, failed],
        })
    }

    fn count(&self, run: &RunId) -> Option<Count> {
        let Counts { seen, selected, would_change, already_so, protected, unknown, .. } =
            self.database.read(|db| Runs(db).counted(run)).ok()??;
        Some(Count { selected, would_change, already_so, protected, unknown, seen })
    }

    fn kept_back(&self, run: &RunId, after: Option<&UserId>) -> Option<Vec<UserId>> {
        self.database.read(|db| Runs(db).users(run, after, USERS)).ok()
    }

    fn last_lists(&self, source: &SourceId) -> Option<LastLists> {
        self.database.read(|db| Runs(db).last_lists(source)).ok()?
    }

    fn last_reads(&self, scheme: &SchemeId) -> Option<u64> {
        self.database.read(|db| Runs(db).last_reads(scheme)).ok()?
    }

    fn held(&self, scheme: &SchemeId) -> Vec<SweepId> {
        let open = self.open_runs().unwrap_or_default().into_iter();
        open.filter(|run| run.state == RunState::Held && run.scheme == *scheme).map(|run| run.sweep).collect()
    }

    fn created(&self, source: &SourceId, since: Timestamp, until: Timestamp, enough: u64) -> u64 {
        self.database.read(|db| Creations(db).count(source, since, until, enough)).unwrap_or(0)
    }

    fn known_users(&self, source: &SourceId) -> u64 {
        self.comparison(source).ok().flatten().map_or(0, |(_, comparison)| comparison.known)
    }

    fn undo(&self, run: &RunId, product: Option<Product>, after: Option<&UserId>) -> Option<UndoPage> {
        let page = self.database.read(|db| Runs(db).undo_page(run, product, after, USERS));
        page.unwrap_or_else(|error| {
            warn!(run.id = %run, %error, "what a run changed can't be read");
            None
        })
    }

    fn progress(&self) -> watch::Receiver<u64> {
        self.progress.subscribe()
    }
}
