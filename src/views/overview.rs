//! What the views tell the engine of their process.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use super::{Error, Views, runs::Runs};
use crate::{
    domain::{RunId, SourceId, SweepId, SweepPlan, SweepProgress, SweepStep, Timestamp, UserId},
    engine::{AskedStep, Count, Overview},
};

/// Plans kept at hand; there are few sweeps at a time.
const MOST_PLANS: usize = 64;
/// How many users are handed out at a time.
const USERS: usize = 500;

/// What is asked about sweeps with each user and step, from memory. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub(super) struct Sweeps(Arc<Mutex<AtHand>>);

#[derive(Debug, Default)]
struct AtHand {
    plans: HashMap<SweepId, Arc<SweepPlan>>,
    cancelled: HashSet<RunId>,
}

impl Sweeps {
    pub(super) fn new(runs: &Runs) -> Result<Self, Error> {
        let cancelled = runs.cancelled()?.into_iter().collect();
        Ok(Self(Arc::new(Mutex::new(AtHand { plans: HashMap::new(), cancelled }))))
    }

    /// Takes in what has been written to the rows.
    pub(super) fn note(&self, progress: &SweepProgress) {
        if let SweepStep::Cancelled { scheme } = &progress.step {
            self.at_hand().cancelled.insert(RunId::of_sweep(&progress.sweep, scheme));
        }
    }

    fn at_hand(&self) -> MutexGuard<'_, AtHand> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A row that can't be read says nothing: whoever asks waits, and asks again.
impl Overview for Views {
    fn has_ended(&self, step: &AskedStep) -> bool {
        self.runs.has_ended(step).unwrap_or(false)
    }

    fn heard(&self, source: &SourceId) -> Option<Timestamp> {
        Self::heard(self, source).unwrap_or(None)
    }

    fn sweep(&self, sweep: &SweepId) -> Option<Arc<SweepPlan>> {
        if let Some(plan) = self.sweeps.at_hand().plans.get(sweep) {
            return Some(Arc::clone(plan));
        }
        let plan = Arc::new(self.runs.plan(sweep).ok()??);
        let mut at_hand = self.sweeps.at_hand();
        if at_hand.plans.len() >= MOST_PLANS {
            at_hand.plans.clear();
        }
        at_hand.plans.insert(sweep.clone(), Arc::clone(&plan));
        Some(plan)
    }

    fn run_cancelled(&self, run: &RunId) -> bool {
        self.sweeps.at_hand().cancelled.contains(run)
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
