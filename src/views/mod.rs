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
    domain::{Activity, RunId, SourceId, Timestamp, UserId},
    engine,
    explain::Seen,
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
    checkpoints: Checkpoints,
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

impl Seen for Views {
    fn activity(&self, _: &SourceId, _: &UserId) -> Option<Activity> {
        None // the views do not keep activity yet
    }

    fn heard(&self, _: &SourceId) -> Option<Timestamp> {
        None
    }
}

impl Views {
    /// Opens the views in `store`, as far as they have been built.
    pub fn open(store: &Store) -> Result<Self, Error> {
        let (runs, decisions, dead_letters) = (Runs::new(store)?, Decisions::new(store)?, DeadLetters::new(store)?);
        let trees = [runs.trees().as_slice(), &decisions.trees(), &dead_letters.trees()].concat();
        let checkpoints = Checkpoints::new(store.tree("view-checkpoints")?, &trees)?;
        Ok(Self { runs, decisions, dead_letters, checkpoints, progress: watch::Sender::new(0) })
    }

    /// Goes on building the views from `log`, in tasks that end when `stop` is cancelled (or the set is dropped).
    pub fn follow(&self, log: &Arc<dyn Log>, stop: &CancellationToken) -> JoinSet<()> {
        let follower = |(stream, apply)| {
            let (log, checkpoints, stop) = (Arc::clone(log), self.checkpoints.clone(), stop.clone());
            Follower { log, stream, checkpoints, apply, stop }.run()
        };
        self.readers().into_iter().map(follower).collect()
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
