//! What the views tell the engine of their process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use super::Views;
use crate::{
    domain::{Heard, RunId, SchemeId, SourceId, SweepId, SweepPlan, Timestamp, UserId},
    engine::{AskedStep, Count, Overview},
};

/// Plans kept at hand; there are few sweeps at a time.
const MOST_PLANS: usize = 64;
/// How many users are handed out at a time.
const USERS: usize = 500;

/// The plans of sweeps, at hand: they are asked for with each user. Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub(super) struct Plans(Arc<Mutex<HashMap<SweepId, Arc<SweepPlan>>>>);

impl Plans {
    fn at_hand(&self) -> MutexGuard<'_, HashMap<SweepId, Arc<SweepPlan>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A row that can't be read says nothing: whoever asks waits, and asks again.
impl Overview for Views {
    fn has_ended(&self, step: &AskedStep) -> bool {
        self.runs.has_ended(step).unwrap_or(false)
    }

    fn heard(&self, source: &SourceId) -> Option<Heard> {
        Self::heard(self, source).unwrap_or(None)
    }

    fn sweep(&self, sweep: &SweepId) -> Option<Arc<SweepPlan>> {
        if let Some(plan) = self.plans.at_hand().get(sweep) {
            return Some(Arc::clone(plan));
        }
        let plan = Arc::new(self.runs.plan(sweep).ok()??);
        let mut at_hand = self.plans.at_hand();
        if at_hand.len() >= MOST_PLANS {
            at_hand.clear();
        }
        at_hand.insert(sweep.clone(), Arc::clone(&plan));
        Some(plan)
    }

    fn asked_until(&self, scheme: &SchemeId) -> Option<Timestamp> {
        self.bell(scheme).ok()??.asked
    }

    fn is_over(&self, run: &RunId) -> bool {
        self.run(run).is_ok_and(|run| run.is_some_and(|run| run.state.is_final()))
    }

    fn count(&self, run: &RunId) -> Option<Count> {
        let (selected, seen) = self.runs.counted(run).ok()??;
        Some(Count { selected, seen })
    }

    fn selected(&self, run: &RunId, after: Option<&UserId>) -> Option<Vec<UserId>> {
        self.runs.users(run, after, USERS).ok()
    }

    fn progress(&self) -> watch::Receiver<u64> {
        self.progress.subscribe()
    }
}
