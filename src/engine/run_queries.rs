//! The questions of the engine to the views of its process. The views read all partitions, and so know the work of
//! other processes too.

use std::sync::Arc;

use tokio::sync::watch;

use crate::{
    domain::{
        LastLists, LoginCoverage, Product, RunId, SchemeId, SourceId, StepKey, SweepId, SweepPlan, Timestamp, UndoStep,
        UserId, UserRef,
    },
    log::Partition,
};

/// A step, with the place where its outcome is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedStep {
    /// The run.
    pub run: RunId,
    /// The user.
    pub user: UserRef,
    /// The schemes.
    pub key: StepKey,
}

/// The number of users whom a run selects, by expected effect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// The number of selected users.
    pub selected: u64,
    /// The users who would be changed, or for whom that is unknown. Limits apply to this number.
    pub would_change: u64,
    /// The users for whom every step is fulfilled already.
    pub already_so: u64,
    /// The users whom the source's `protect` protects.
    pub protected: u64,
    /// Users who may be selected or not: a fact is not known.
    pub unknown: u64,
    /// The number of all users.
    pub seen: u64,
}

impl Count {
    /// The number of users with steps that were held until now.
    pub fn kept_back(&self) -> u64 {
        self.selected.saturating_sub(self.already_so)
    }
}

/// The end of a run of a sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd {
    /// The state, as in the API: `done`, `failed` or `cancelled`.
    pub state: &'static str,
    /// Why it failed as a whole, or was cancelled by usher itself.
    pub why: Option<String>,
    /// Whether the list of the sweep is complete; none if it was not read to its end.
    pub complete: Option<bool>,
    /// Its users.
    pub count: Count,
    /// The number of its steps by result, in the order of `StepResult::ALL`.
    pub steps: [u64; 5],
}

/// The steps that undo a run for some users.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UndoPage {
    /// The users with something to be put back, and the steps.
    pub users: Vec<(UserId, Vec<UndoStep>)>,
    /// The last user who was looked at; none: there are no more users.
    pub next: Option<UserId>,
}

/// The answers of the views. Each answer is based on the records read so far, and errs on the side of "not yet".
pub trait RunQueries: Send + Sync + 'static {
    /// Whether the step has an outcome; false if that is unknown.
    fn has_ended(&self, step: &AskedStep) -> bool;

    /// The offset up to which the outcomes of `partition` have been read, from memory. None: it is unknown.
    fn outcomes_read_until(&self, _partition: Partition) -> Option<u64> {
        None
    }

    /// The latest period in which `source` reported logins.
    fn login_coverage(&self, source: &SourceId) -> Option<LoginCoverage>;

    /// The schemes that a sweep evaluates; none until its start has been read.
    fn sweep(&self, sweep: &SweepId) -> Option<Arc<SweepPlan>>;

    /// The latest due time for which the schedule of `scheme` has requested a sweep.
    fn asked_until(&self, scheme: &SchemeId) -> Option<Timestamp>;

    /// Whether the run has ended.
    fn is_over(&self, run: &RunId) -> bool;

    /// The end of the run; none while it runs, and if it is unknown.
    fn end(&self, _run: &RunId) -> Option<RunEnd> {
        None
    }

    /// The number of users whom the run selects, once all users are decided and every step has an outcome.
    fn count(&self, run: &RunId) -> Option<Count>;

    /// The next users after `after` with held steps. It is complete once users are counted; none if it is unknown now.
    fn kept_back(&self, run: &RunId, after: Option<&UserId>) -> Option<Vec<UserId>>;

    /// The sizes of the last lists of `source`; none if it was never listed.
    fn last_lists(&self, source: &SourceId) -> Option<LastLists>;

    /// The number of users whom the last sweep for `scheme` had to read one by one; none if there was none.
    fn last_reads(&self, scheme: &SchemeId) -> Option<u64>;

    /// The sweeps in which the run of `scheme` is held.
    fn held(&self, scheme: &SchemeId) -> Vec<SweepId>;

    /// The number of users of `source` whose creation between `since` and `until` a webhook or a feed reported; at most
    /// `enough`.
    fn created(&self, _source: &SourceId, _since: Timestamp, _until: Timestamp, _enough: u64) -> u64 {
        0
    }

    /// The number of known users of `source` at the last comparison with a list.
    fn known_users(&self, _source: &SourceId) -> u64 {
        0
    }

    /// The steps that undo `run` in a source of `product` for the next users after `after`; none until the run is known to have ended with all its steps.
    fn undo(&self, _run: &RunId, _product: Option<Product>, _after: Option<&UserId>) -> Option<UndoPage> {
        None
    }

    /// Changes whenever an answer of the others may have changed.
    fn progress(&self) -> watch::Receiver<u64>;
}
