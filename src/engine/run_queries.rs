//! What the engine asks the views of its process, which read all partitions, and with that what other processes do.

use std::sync::Arc;

use tokio::sync::watch;

use crate::domain::{
    Heard, LastLists, RunId, SchemeId, SourceId, StepKey, SweepId, SweepPlan, Timestamp, UserId, UserRef,
};

/// A step that was asked for: where its outcome is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedStep {
    /// The run it belongs to.
    pub run: RunId,
    /// On whom.
    pub user: UserRef,
    /// Which.
    pub key: StepKey,
}

/// How many users a run selects, and what would become of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// So many.
    pub selected: u64,
    /// Those who would be changed, or of whom that can't be told. Limits are about these.
    pub would_change: u64,
    /// Those of whom everything is so already.
    pub already_so: u64,
    /// Those whom the source's `protect` keeps from it.
    pub protected: u64,
    /// Users who may be selected or not: a fact is not known.
    pub unknown: u64,
    /// Of so many that there are.
    pub seen: u64,
}

impl Count {
    /// How many have steps that were kept back until now.
    pub fn kept_back(&self) -> u64 {
        self.selected.saturating_sub(self.already_so)
    }
}

/// How the run of a sweep ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd {
    /// The word for its state that the API uses: `done`, `failed` or `cancelled`.
    pub state: &'static str,
    /// Why it failed as a whole, or was cancelled by usher itself.
    pub why: Option<String>,
    /// Whether nobody is missing from the list that the sweep went by; none where it was not read to its end.
    pub complete: Option<bool>,
    /// Its users.
    pub count: Count,
    /// How many of its steps ended with each result, in the order of `StepResult::ALL`.
    pub steps: [u64; 5],
}

/// What the views tell. Each answer comes from what has been read so far, and errs on the side of "not yet".
pub trait RunQueries: Send + Sync + 'static {
    /// Whether the step has an outcome. False where that can't be told.
    fn has_ended(&self, step: &AskedStep) -> bool;

    /// What `source` told of anybody's logins.
    fn heard(&self, source: &SourceId) -> Option<Heard>;

    /// Which schemes a sweep asks; none until its start has been read.
    fn sweep(&self, sweep: &SweepId) -> Option<Arc<SweepPlan>>;

    /// The latest time for which the clock of `scheme` has asked for a sweep.
    fn asked_until(&self, scheme: &SchemeId) -> Option<Timestamp>;

    /// Whether nothing more happens in the run.
    fn is_over(&self, run: &RunId) -> bool;

    /// How the run ended; none while it goes on, and where it is not known.
    fn end(&self, _run: &RunId) -> Option<RunEnd> {
        None
    }

    /// How many users the run of a sweep selects, once everybody is decided and every step has an outcome.
    fn count(&self, run: &RunId) -> Option<Count>;

    /// The next users behind `after` of whom steps are kept back. Complete once users are counted; none where that
    /// can't be told now.
    fn kept_back(&self, run: &RunId, after: Option<&UserId>) -> Option<Vec<UserId>>;

    /// What is known of the last lists of `source`; none where it was never listed.
    fn last_lists(&self, source: &SourceId) -> Option<LastLists>;

    /// How many users the last sweep for `scheme` had to read one by one; none where there was none.
    fn last_reads(&self, scheme: &SchemeId) -> Option<u64>;

    /// The sweeps of which the run of `scheme` is held.
    fn held(&self, scheme: &SchemeId) -> Vec<SweepId>;

    /// How many users of `source` were created from `since` to `until` of whom a webhook or a feed told; at most `enough`.
    fn created(&self, _source: &SourceId, _since: Timestamp, _until: Timestamp, _enough: u64) -> u64 {
        0
    }

    /// How many users of `source` usher knew when it last compared them with a list.
    fn known_users(&self, _source: &SourceId) -> u64 {
        0
    }

    /// Changes whenever an answer of the others may have changed.
    fn progress(&self) -> watch::Receiver<u64>;
}
