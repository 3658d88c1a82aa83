//! What an administrator looks at: runs, decisions and dead letters, built from the log.
//!
//! The rows are thrown away and built anew at will. Every process that shows them reads all partitions for itself.

mod checkpoints;
mod dead_letters;
mod decisions;
mod follow;
mod keys;
mod page;
mod runs;

use std::sync::Arc;

use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;

pub use dead_letters::{DeadLetterRow, GivenUpStep};
pub use decisions::{DecisionRow, NoActionRow, PlannedStep, ReasonRow, VerdictRow};
pub use page::{Cursor, InvalidCursor, InvalidLimit, Limit, Page, Paging};
pub use runs::{Counts, Entry, Filter, Run, RunState};

use self::{
    checkpoints::Checkpoints, dead_letters::DeadLetters, decisions::Decisions, follow::Apply, follow::Follower,
    runs::Runs,
};
use crate::{
    domain::{RunId, SourceId},
    engine,
    log::{
        Log, Stream,
        codec::{self, OutcomeRecord, decode},
    },
    store::{self, Store},
};

/// Why a view could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The state store failed; trying again later may succeed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// sled failed; trying again later may succeed.
    #[error("the state store failed: {0}")]
    Sled(#[from] sled::Error),
    /// A record of the log can't be read.
    #[error(transparent)]
    Record(#[from] codec::Error),
    /// A row is not what this version writes.
    #[error("a row of the view can't be read: {0}")]
    Row(#[from] serde_json::Error),
}

/// The views. Cheap to clone; all clones see the same rows. Calls read from disk: keep them off async threads.
#[derive(Debug, Clone)]
pub struct Views {
    runs: Runs,
    decisions: Decisions,
    dead_letters: DeadLetters,
    progress: watch::Sender<u64>,
}

impl engine::Runs for Views {
    fn has_ended(&self, run: &RunId) -> bool {
        self.run(run).is_ok_and(|run| run.is_some_and(|run| run.state.is_final()))
    }

    fn progress(&self) -> watch::Receiver<u64> {
        self.progress.subscribe()
    }
}

impl Views {
    /// Opens the views in `store` and goes on building them from `log`, in tasks that end when `stop` is cancelled
    /// (or the set is dropped).
    pub fn start(log: Arc<dyn Log>, store: &Store, stop: CancellationToken) -> Result<(Self, JoinSet<()>), Error> {
        let views = Self {
            runs: Runs::new(store)?,
            decisions: Decisions::new(store)?,
            dead_letters: DeadLetters::new(store)?,
            progress: watch::Sender::new(0),
        };
        let checkpoints = Checkpoints::new(store.tree("view-checkpoints")?, &views.trees())?;
        let mut tasks = JoinSet::new();
        for (stream, apply) in views.readers() {
            let (log, checkpoints, stop) = (Arc::clone(&log), checkpoints.clone(), stop.clone());
            tasks.spawn(Follower { log, stream, checkpoints, apply, stop }.run());
        }
        Ok((views, tasks))
    }

    /// Runs that `filter` lets through, newest first.
    pub fn runs(&self, filter: &Filter, paging: &Paging) -> Result<Page<Run>, Error> {
        self.runs.list(filter, paging)
    }

    /// One run.
    pub fn run(&self, id: &RunId) -> Result<Option<Run>, Error> {
        self.runs.get(id)
    }

    /// What became of the steps of a run, by user in the scheme's order; none where there is no such run.
    pub fn entries(&self, id: &RunId, paging: &Paging) -> Result<Option<Page<Entry>>, Error> {
        self.runs.entries(id, paging)
    }

    /// Decisions about the user that `user` names in any of `sources`, newest first: by lasting id, else by login name
    /// in any case.
    pub fn decisions(&self, sources: &[SourceId], user: &str, paging: &Paging) -> Result<Page<DecisionRow>, Error> {
        self.decisions.list_all(sources, user, paging)
    }

    /// What was given up, newest first.
    pub fn dead_letters(&self, paging: &Paging) -> Result<Page<DeadLetterRow>, Error> {
        self.dead_letters.list(paging)
    }

    fn trees(&self) -> Vec<&sled::Tree> {
        [self.runs.trees().as_slice(), &self.decisions.trees(), &self.dead_letters.trees()].concat()
    }

    fn readers(&self) -> [(Stream, Apply); 3] {
        let (decided, ended, given_up) = (self.clone(), self.clone(), self.clone());
        [
            (
                Stream::Decisions,
                Arc::new(move |payload| {
                    let decision = decode(payload)?;
                    decided.decisions.apply(&decision)?;
                    decided.runs.decided(&decision)?;
                    decided.progress.send_modify(|count| *count += 1);
                    Ok(())
                }),
            ),
            (
                Stream::Outcomes,
                Arc::new(move |payload| match decode(payload)? {
                    OutcomeRecord::Attempt(_) => Ok(()), // the outcome follows, and says all of it
                    OutcomeRecord::Outcome(outcome) => {
                        ended.runs.ended(&outcome)?;
                        ended.progress.send_modify(|count| *count += 1);
                        Ok(())
                    }
                }),
            ),
            (Stream::DeadLetters, Arc::new(move |payload| given_up.dead_letters.apply(&decode(payload)?))),
        ]
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
