//! What an administrator looks at: runs, decisions and dead letters, built from the log.
//!
//! The rows are thrown away and built anew at will. Every process that shows them reads all partitions for itself.

mod activity;
mod bells;
mod checkpoints;
mod comparisons;
mod creations;
mod dead_letters;
mod decisions;
mod follow;
mod keys;
mod orders;
mod overview;
mod page;
mod prune;
mod runs;

use std::sync::Arc;

use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;

pub use bells::Bell;
pub use dead_letters::{DeadLetterRow, GivenUpStep, LetterFilter, LetterState, Resolved, Said};
pub use decisions::{DecisionRow, NoActionRow, PlannedStep, ReasonRow, VerdictRow};
pub use orders::{NewcomersOrder, Order};
pub use page::{Cursor, InvalidCursor, InvalidLimit, Limit, Page, Paging};
pub use prune::{Horizon, Pruning};
pub use runs::{Counts, Entry, EntryResult, Filter, OpenRun, Progress, Run, RunState};

use self::{
    activity::Activities, bells::Bells, checkpoints::Checkpoints, comparisons::Comparisons, creations::Creations,
    dead_letters::DeadLetters, decisions::Decisions, follow::Apply, follow::Follower, orders::Orders, overview::Plans,
    runs::Runs,
};
use crate::{
    domain::{
        Activity, Cause, Comparison, DeadLetter, Decision, Heard, RunId, SchemeId, SourceId, SweepRequest, Timestamp,
        UserId, UserKey, UserList, UserRef,
    },
    engine::PendingSteps,
    explain::Seen,
    health::Health,
    log::{
        Log, Partition, Stored, Stream,
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
    #[error("the state store fails: {}", crate::words::database(.0))]
    Sled(#[from] sled::Error),
    /// A record of the log can't be read.
    #[error(transparent)]
    Record(#[from] codec::Error),
    /// A row is not what this version writes.
    #[error("a row of the view can't be read: {}", crate::words::json(.0))]
    Row(#[from] serde_json::Error),
}

/// The views. Cheap to clone; all clones see the same rows. Calls read from disk: keep them off async threads.
#[derive(Debug, Clone)]
pub struct Views {
    runs: Runs,
    decisions: Decisions,
    dead_letters: DeadLetters,
    activities: Activities,
    bells: Bells,
    comparisons: Comparisons,
    orders: Orders,
    creations: Creations,
    plans: Plans,
    checkpoints: Checkpoints,
    progress: watch::Sender<u64>,
    /// Told of each step that ends, where planners wait for that.
    pending: Option<PendingSteps>,
}

impl Seen for Views {
    fn activity(&self, source: &SourceId, user: &UserId) -> Option<Activity> {
        let seen = Self::activity(self, source, &UserRef::Id(user.clone()));
        seen.unwrap_or_else(|error| {
            tracing::warn!(%error, "what was seen of a user can't be read");
            None
        })
    }

    fn heard(&self, source: &SourceId) -> Option<Heard> {
        Self::heard(self, source).unwrap_or_else(|error| {
            tracing::warn!(%error, "when logins were last told can't be read");
            None
        })
    }
}

impl Views {
    /// The streams that they are built from.
    pub const STREAMS: [Stream; 6] = [
        Stream::Decisions,
        Stream::Outcomes,
        Stream::DeadLetters,
        Stream::Sweeps,
        Stream::SweepProgress,
        Stream::Activity,
    ];

    /// Opens the views in `store`, as far as they have been built.
    pub fn open(store: &Store) -> Result<Self, Error> {
        let (runs, decisions, dead_letters) = (Runs::new(store)?, Decisions::new(store)?, DeadLetters::new(store)?);
        let (activities, bells) = (Activities::new(store)?, Bells::new(store)?);
        let (comparisons, orders, creations) = (Comparisons::new(store)?, Orders::new(store)?, Creations::new(store)?);
        let trees = [
            runs.trees().as_slice(),
            &decisions.trees(),
            &dead_letters.trees(),
            &activities.trees(),
            &bells.trees(),
            &comparisons.trees(),
            &orders.trees(),
            &creations.trees(),
        ]
        .concat();
        let checkpoints = Checkpoints::new(store.tree("view-checkpoints")?, &trees)?;
        let (plans, progress) = (Plans::default(), watch::Sender::new(0));
        Ok(Self {
            runs,
            decisions,
            dead_letters,
            activities,
            bells,
            comparisons,
            orders,
            creations,
            plans,
            checkpoints,
            progress,
            pending: None,
        })
    }

    /// The same, telling `pending` of each step that ends.
    #[must_use]
    pub fn telling(self, pending: PendingSteps) -> Self {
        Self { pending: Some(pending), ..self }
    }

    /// Goes on building the views from `log`, in tasks that end when `stop` is cancelled (or the set is dropped). They say
    /// to `health` how they are doing.
    pub fn follow(&self, log: &Arc<dyn Log>, health: &Health, stop: &CancellationToken) -> JoinSet<()> {
        let follower = |(stream, apply)| {
            let (log, checkpoints, stop) = (Arc::clone(log), self.checkpoints.clone(), stop.clone());
            Follower { log, stream, checkpoints, apply, health: health.clone(), stop }.run()
        };
        self.readers().into_iter().map(follower).collect()
    }

    /// Runs that `filter` lets through, newest first.
    pub fn runs(&self, filter: &Filter, paging: &Paging) -> Result<Page<Run>, Error> {
        let Page { items, next } = self.runs.list(filter, paging)?;
        let items = items.into_iter().map(|run| self.with_orders(run)).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }

    /// One run.
    pub fn run(&self, id: &RunId) -> Result<Option<Run>, Error> {
        self.runs.get(id)?.map(|run| self.with_orders(run)).transpose()
    }

    /// The run, with who asked for it and what was said about it.
    fn with_orders(&self, mut run: Run) -> Result<Run, Error> {
        let orders = self.orders.of_run(&run.id)?;
        let by_the_clock = run.trigger == Cause::Schedule.as_str() && run.sweep.is_some();
        run.by = orders.asked.map(|asked| asked.by).or_else(|| by_the_clock.then(|| run.trigger.clone()));
        run.released = orders.released;
        run.cancelled = orders.cancelled;
        Ok(run)
    }

    /// The runs of sweeps that are running or held.
    pub fn open_runs(&self) -> Result<Vec<OpenRun>, Error> {
        self.runs.open()
    }

    /// What became of the steps of a run, by user in the scheme's order, those with `result` where one is given; none
    /// where there is no such run.
    pub fn entries(
        &self,
        id: &RunId,
        result: Option<EntryResult>,
        paging: &Paging,
    ) -> Result<Option<Page<Entry>>, Error> {
        self.runs.entries(id, result, paging)
    }

    /// Decisions about the user that `user` names in any of `sources`, newest first: by lasting id, else by login name
    /// in any case.
    pub fn decisions(&self, sources: &[SourceId], user: &str, paging: &Paging) -> Result<Page<DecisionRow>, Error> {
        self.decisions.list_all(sources, user, paging)
    }

    /// What was given up and `filter` lets through, newest first.
    pub fn dead_letters(&self, filter: &LetterFilter, paging: &Paging) -> Result<Page<DeadLetterRow>, Error> {
        let Page { items, next } = self.dead_letters.list(filter, paging)?;
        Ok(Page { items: items.into_iter().map(|(row, _)| row).collect(), next })
    }

    /// The same, with what each letter keeps to be taken up again.
    pub fn whole_dead_letters(
        &self,
        filter: &LetterFilter,
        paging: &Paging,
    ) -> Result<Page<(DeadLetterRow, DeadLetter)>, Error> {
        self.dead_letters.list(filter, paging)
    }

    /// One dead letter, with what it keeps to be taken up again; none where there is no such letter.
    pub fn dead_letter(&self, id: &str) -> Result<Option<(DeadLetterRow, DeadLetter)>, Error> {
        self.dead_letters.get(id)
    }

    /// What usher has seen of a user; none where it has come across no event under this id.
    pub fn activity(&self, source: &SourceId, user: &UserRef) -> Result<Option<Activity>, Error> {
        self.activities.get(source, user)
    }

    /// What `source` told of anybody's logins.
    pub fn heard(&self, source: &SourceId) -> Result<Option<Heard>, Error> {
        self.activities.heard(source)
    }

    /// Until when the clock of a scheme has struck; none where it was never armed.
    pub fn bell(&self, scheme: &SchemeId) -> Result<Option<Bell>, Error> {
        self.bells.get(scheme)
    }

    /// How the comparison of a source's users stands, and since when; none where there was none.
    pub fn comparison(&self, source: &SourceId) -> Result<Option<(Timestamp, Comparison)>, Error> {
        self.comparisons.get(source)
    }

    /// The last list of a source's users that was read to its end, and when; none where there was none.
    pub fn user_list(&self, source: &SourceId) -> Result<Option<(Timestamp, UserList)>, Error> {
        self.comparisons.list(source)
    }

    /// What was said last about the newcomers of `source`; none where nothing was.
    pub fn newcomers_order(&self, source: &SourceId) -> Result<Option<NewcomersOrder>, Error> {
        self.orders.of_newcomers(source)
    }

    /// How far `partition` of `stream` has been read.
    pub fn read_until(&self, stream: Stream, partition: Partition) -> Result<u64, Error> {
        self.checkpoints.next(stream, partition)
    }

    /// The streams that are read.
    pub fn streams(&self) -> Vec<Stream> {
        self.readers().into_iter().map(|(stream, _)| stream).collect()
    }

    fn readers(&self) -> Vec<(Stream, Apply)> {
        let reader = |stream, apply: fn(&Self, &Stored) -> Result<(), Error>| -> (Stream, Apply) {
            let views = self.clone();
            (stream, Arc::new(move |record| apply(&views, record)))
        };
        vec![
            reader(Stream::Decisions, |views, record| {
                let decision: Decision = decode(&record.payload)?;
                if decision.only.is_some() {
                    return Ok(()); // a step is taken once more; its outcome tells the rest
                }
                views.dead_letters.decided(&decision)?;
                views.decisions.apply(&decision)?;
                views.activities.decided(&decision)?;
                views.creations.decided(&decision)?;
                views.runs.decided(&decision)?;
                views.progressed();
                Ok(())
            }),
            reader(Stream::Outcomes, |views, record| match decode(&record.payload)? {
                OutcomeRecord::Attempt(_) => Ok(()), // the outcome follows, and says all of it
                OutcomeRecord::Outcome(outcome) => {
                    let written = [views.dead_letters.ended(&outcome), views.runs.ended(&outcome)];
                    // Last: who is woken by it may ask what became of the step. But whatever became of the rows: a record
                    // is passed over where one can't be read.
                    if let Some(pending) = &views.pending {
                        pending.ended(&outcome.step.user_key(), &outcome.step.key)?;
                    }
                    views.progressed();
                    written.into_iter().collect()
                }
            }),
            reader(Stream::DeadLetters, |views, record| views.dead_letters.apply(&decode(&record.payload)?)),
            reader(Stream::Sweeps, |views, record| {
                let request = decode(&record.payload)?;
                views.bells.apply(&request)?;
                views.orders.apply(&request)?;
                match &request {
                    SweepRequest::Asked(asked) => views.runs.asked(asked)?,
                    SweepRequest::Cancel(order) => views.runs.cancel_asked(order)?,
                    SweepRequest::Release(_) | SweepRequest::Armed(_) | SweepRequest::Newcomers(_) => {}
                }
                views.progressed();
                Ok(())
            }),
            reader(Stream::SweepProgress, |views, record| {
                let progress = decode(&record.payload)?;
                views.runs.progressed(&progress)?;
                views.comparisons.apply(&progress)?;
                views.progressed();
                Ok(())
            }),
            reader(Stream::Activity, |views, record| match UserKey::parse(&record.key) {
                Some(user) => views.activities.merge(&user, &decode(&record.payload)?),
                None => Ok(()), // usher writes no such key
            }),
        ]
    }

    fn progressed(&self) {
        self.progress.send_modify(|count| *count += 1);
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
