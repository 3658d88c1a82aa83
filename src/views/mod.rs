//! The views: runs, decisions and dead letters for administrators, built from the log in an SQLite database.
//!
//! The rows can be deleted and rebuilt at any time. Every process that shows them reads all partitions for itself.

mod activity;
mod admin_actions;
mod catch_up;
mod comparisons;
mod creations;
mod database;
mod dead_letters;
mod decisions;
mod error;
mod follow;
mod keys;
mod orders;
mod overview;
mod page;
mod prune;
mod runs;
mod schedules;
mod timeline;

use std::sync::Arc;

use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;

pub use admin_actions::{ActionFilter, AdminActionRow, FirstRequest};
pub use catch_up::CatchUp;
pub use dead_letters::{DeadLetterRow, GivenUpStep, LetterFilter, LetterGroup, LetterState, Resolved, Said};
pub use decisions::{DecisionRow, NoActionRow, PlannedStep, ReasonRow, VerdictRow};
pub use error::Error;
pub use orders::{NewcomersOrder, Order};
pub use page::{Cursor, InvalidCursor, InvalidLimit, KeptTo, Limit, Page, Paging};
pub use prune::{Pruning, step::Horizon};
pub use runs::{
    Counts, Deletable, DiffUser, Entry, EntryFilter, EntryResult, Filter, GroupFilter, OpenRun, Progress, Run,
    RunGroup, RunKind, RunState, Side, Totals, UndoItem, UndoPlan, UserEntry, Users,
};
pub use schedules::LastFired;
pub use timeline::{Decided, EndedStep};

use self::{
    activity::Activities,
    admin_actions::AdminActions,
    comparisons::Comparisons,
    database::Database,
    dead_letters::DeadLetters,
    decisions::Decisions,
    follow::{Follower, checkpoints::Checkpoints},
    orders::Orders,
    overview::{LoginCoverages, Plans},
    runs::{Deletions, Runs},
    schedules::LastFirings,
};
use crate::{
    domain::{
        Activity, Comparison, DeadLetter, LoginCoverage, Product, RunId, RunSelection, SchemeId, SourceId, Timestamp,
        UserId, UserList, UserRef,
    },
    engine::PendingSteps,
    explain::ActivityQueries,
    health::Health,
    log::{Log, Partition, Stream},
    store::Store,
};

/// The views. Cheap to clone; all clones see the same rows. Calls may wait for the disk; on a worker of a runtime they
/// let others take over its tasks.
#[derive(Debug, Clone)]
pub struct Views {
    database: Database,
    checkpoints: Checkpoints,
    coverage: LoginCoverages,
    plans: Plans,
    progress: watch::Sender<u64>,
    catch_up: watch::Sender<CatchUp>,
    /// Told of each step that ends, where planners wait for that.
    pending: Option<PendingSteps>,
}

impl ActivityQueries for Views {
    fn activity(&self, source: &SourceId, user: &UserId) -> Option<Activity> {
        let seen = Self::activity(self, source, &UserRef::Id(user.clone()));
        seen.unwrap_or_else(|error| {
            tracing::warn!(%error, "what was seen of a user can't be read");
            None
        })
    }

    fn login_coverage(&self, source: &SourceId) -> Option<LoginCoverage> {
        Self::login_coverage(self, source)
    }
}

impl Views {
    /// The streams that they are built from.
    pub const STREAMS: [Stream; 8] = [
        Stream::Decisions,
        Stream::Outcomes,
        Stream::DeadLetters,
        Stream::Sweeps,
        Stream::SweepProgress,
        Stream::Activity,
        Stream::Settings,
        Stream::AdminActions,
    ];

    /// Opens the views beside `store`, as far as they were built.
    ///
    /// # Errors
    /// [`Error::Database`] if the database can't be opened or written.
    pub fn open(store: &Store) -> Result<Self, Error> {
        let database = Database::open(store.folder(), store.log_identity())?;
        let (checkpoints, coverage) = database.read(|db| Ok((Checkpoints::read(db)?, LoginCoverages::read(db)?)))?;
        let (plans, progress, catch_up) = (Plans::default(), watch::Sender::new(0), watch::Sender::default());
        Ok(Self { database, checkpoints, coverage, plans, progress, catch_up, pending: None })
    }

    /// Whether the database was damaged, and is rebuilt from the log.
    pub fn are_rebuilt(&self) -> bool {
        self.database.was_damaged()
    }

    /// How far they are with the records that were in the log when usher started.
    pub fn catch_up(&self) -> CatchUp {
        *self.catch_up.borrow()
    }

    /// Notes how far they are.
    pub fn note_catch_up(&self, now: CatchUp) {
        self.catch_up.send_replace(now);
    }

    /// The same, telling `pending` of each step that ends.
    #[must_use]
    pub fn telling(self, pending: PendingSteps) -> Self {
        Self { pending: Some(pending), ..self }
    }

    /// Goes on building the views from `log`, in tasks that end when `stop` is cancelled (or the set is dropped). They
    /// say to `health` how they are doing.
    pub fn follow(&self, log: &Arc<dyn Log>, health: &Health, stop: &CancellationToken) -> JoinSet<()> {
        self.database.watch(health);
        let follower = |stream| {
            let (log, views, stop) = (Arc::clone(log), self.clone(), stop.clone());
            Follower { log, stream, views, health: health.clone(), stop }.run()
        };
        Self::STREAMS.into_iter().map(follower).collect()
    }

    /// The runs that match `filter`, newest first.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn runs(&self, filter: &Filter, paging: &Paging) -> Result<Page<Run>, Error> {
        self.database.read(|db| Runs(db).list(filter, paging))
    }

    /// One run.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn run(&self, id: &RunId) -> Result<Option<Run>, Error> {
        self.database.read(|db| Runs(db).get(id))
    }

    /// The number of runs that began at `since` or later, and of their steps by result; in `sources` if some are given.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn totals(&self, since: Timestamp, sources: Option<&[SourceId]>) -> Result<Totals, Error> {
        self.database.read(|db| Runs(db).totals(since, sources))
    }

    /// The runs of sweeps that are running or held.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn open_runs(&self) -> Result<Vec<OpenRun>, Error> {
        self.database.read(|db| Runs(db).open())
    }

    /// The entries of a run that `filter` lets through, by user in the scheme's order; none if there is no such run.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn entries(&self, id: &RunId, filter: &EntryFilter, paging: &Paging) -> Result<Option<Page<Entry>>, Error> {
        self.database.read(|db| Runs(db).entries(id, filter, paging))
    }

    /// The effect that an undo of the run would have, as far as the log tells; none if there is no such run.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn undo_plan(&self, id: &RunId, product: Option<Product>, paging: &Paging) -> Result<Option<UndoPlan>, Error> {
        self.database.read(|db| Runs(db).undo_plan(id, product, paging))
    }

    /// The undos of the run, the newest first.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn undos(&self, id: &RunId) -> Result<Vec<Run>, Error> {
        self.database.read(|db| Runs(db).undos(id))
    }

    /// The entries about a user in all runs, in `source` if one is given, the newest first.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn entries_of(
        &self,
        users: &Users,
        source: Option<&SourceId>,
        kept_to: Option<&KeptTo>,
        paging: &Paging,
    ) -> Result<Page<UserEntry>, Error> {
        self.database.read(|db| Runs(db).entries_of(users, source, kept_to, paging))
    }

    /// The lasting ids that `user` may mean in `sources`: the text itself, and whoever had it as a login name last.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn called(&self, sources: &[SourceId], user: &str) -> Result<Users, Error> {
        self.database.read(|db| Runs(db).called(sources, user))
    }

    /// Runs folded for a list: those of events into one line an hour for each scheme and source, the newest hour first.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn run_groups(&self, filter: &GroupFilter, paging: &Paging) -> Result<Page<RunGroup>, Error> {
        self.database.read(|db| Runs(db).groups(filter, paging))
    }

    /// The users whom only one of two runs has selected; none if one of the runs is not there.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn run_diff(&self, id: &RunId, other: &RunId, paging: &Paging) -> Result<Option<Page<DiffUser>>, Error> {
        self.database.read(|db| Runs(db).diff(id, other, paging))
    }

    /// The effect that a removal of runs from the run log would have now.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn deletable(&self, runs: &RunSelection) -> Result<Deletable, Error> {
        self.database.read(|db| Runs(db).deletable(runs))
    }

    /// Whether a run of the source of `run` was removed from the run log that was at work after `run` began, and changed
    /// users or found them as it wanted them.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn later_was_removed(&self, run: &Run) -> Result<bool, Error> {
        self.database.read(|db| Runs(db).later_was_removed(run))
    }

    /// Whether the removal of runs `id` has been read.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn has_deletion(&self, id: &str) -> Result<bool, Error> {
        self.database.read(|db| Deletions(db).has(id))
    }

    /// Decisions about the user that `user` names in any of `sources`, newest first: by lasting id, else by login name
    /// in any case.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn decisions(&self, sources: &[SourceId], user: &str, paging: &Paging) -> Result<Page<DecisionRow>, Error> {
        self.database.read(|db| Decisions(db).list_all(sources, user, paging))
    }

    /// Decisions about the user with this lasting id, with the steps that have ended, newest first.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn decided(&self, source: &SourceId, user: &UserId, paging: &Paging) -> Result<Page<Decided>, Error> {
        self.database.read(|db| timeline::page(db, source, user, paging))
    }

    /// The dead letters that match `filter`, newest first.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn dead_letters(&self, filter: &LetterFilter, paging: &Paging) -> Result<Page<DeadLetterRow>, Error> {
        let Page { items, next } = self.whole_dead_letters(filter, paging)?;
        Ok(Page { items: items.into_iter().map(|(row, _)| row).collect(), next })
    }

    /// The same, with what each letter keeps to be taken up again.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn whole_dead_letters(
        &self,
        filter: &LetterFilter,
        paging: &Paging,
    ) -> Result<Page<(DeadLetterRow, DeadLetter)>, Error> {
        self.database.read(|db| DeadLetters(db).list(filter, paging))
    }

    /// The dead letters in `state`, grouped by their step and reason; in the sources of `kept_to` alone.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn letter_groups(
        &self,
        state: LetterState,
        kept_to: Option<&KeptTo>,
        paging: &Paging,
    ) -> Result<Page<LetterGroup>, Error> {
        self.database.read(|db| DeadLetters(db).groups(state, kept_to, paging))
    }

    /// One dead letter, with the content for taking it up again; none if there is no such letter.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn dead_letter(&self, id: &str) -> Result<Option<(DeadLetterRow, DeadLetter)>, Error> {
        self.database.read(|db| DeadLetters(db).get(id))
    }

    /// The acts of administrators that match `filter`, newest first.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn admin_actions(&self, filter: &ActionFilter, paging: &Paging) -> Result<Page<AdminActionRow>, Error> {
        self.database.read(|db| AdminActions(db).list(filter, paging))
    }

    /// The first request with this digest of a key since then that did not fail.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn first_request(&self, key: &str, since: Timestamp) -> Result<Option<FirstRequest>, Error> {
        self.database.read(|db| AdminActions(db).first_request(key, since))
    }

    /// The activity of a user; none if usher has seen no event under this id.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn activity(&self, source: &SourceId, user: &UserRef) -> Result<Option<Activity>, Error> {
        self.database.read(|db| Activities(db).get(source, user))
    }

    /// The activity of each of `users`, as of one moment.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn activities(&self, users: &[(&SourceId, &UserId)]) -> Result<Vec<Option<Activity>>, Error> {
        self.database.read(|db| {
            let of =
                |(source, user): &(&SourceId, &UserId)| Activities(db).get(source, &UserRef::Id(UserId::clone(user)));
            users.iter().map(of).collect()
        })
    }

    /// The period in which `source` reported logins. It is in memory.
    pub fn login_coverage(&self, source: &SourceId) -> Option<LoginCoverage> {
        self.coverage.of(source)
    }

    /// The last firing of a scheme's schedule; none if it was never armed.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn last_fired(&self, scheme: &SchemeId) -> Result<Option<LastFired>, Error> {
        self.database.read(|db| LastFirings(db).get(scheme))
    }

    /// The state of the comparison of a source's users, and its time; none if there was none.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn comparison(&self, source: &SourceId) -> Result<Option<(Timestamp, Comparison)>, Error> {
        self.database.read(|db| Comparisons(db).get(source))
    }

    /// The last list of a source's users that was read to its end, and its time; none if there was none.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn user_list(&self, source: &SourceId) -> Result<Option<(Timestamp, UserList)>, Error> {
        self.database.read(|db| Comparisons(db).list(source))
    }

    /// The last order about the newcomers of `source`; none if there was none.
    ///
    /// # Errors
    /// Those of reading; see [`Error`].
    pub fn newcomers_order(&self, source: &SourceId) -> Result<Option<NewcomersOrder>, Error> {
        self.database.read(|db| Orders(db).of_newcomers(source))
    }

    /// The offset up to which `partition` of `stream` has been read. It is in memory.
    pub fn read_until(&self, stream: Stream, partition: Partition) -> u64 {
        self.checkpoints.next(stream, partition)
    }

    fn progressed(&self) {
        self.progress.send_modify(|count| *count += 1);
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
