//! Runs and their entries. Each record is applied whole or not at all, so that counts are right.
//!
//! The files are side by side: each is one table, or one question that is asked about runs.

mod actions;
mod counts;
mod deletion;
mod diff;
mod entries;
mod entry;
mod groups;
mod of_events;
mod of_user;
mod open;
mod outlived;
mod row;
mod sweeps;
mod table;
mod totals;
mod undo;

use rusqlite::Connection;

pub use actions::Actions;
pub use counts::Counts;
pub use deletion::Deletable;
pub(super) use deletion::Deletions;
pub use diff::{DiffUser, Side};
pub use entries::EntryFilter;
pub use entry::{Entry, EntryResult};
pub use groups::{GroupFilter, RunGroup};
pub use of_user::{UserEntry, Users};
pub use open::OpenRun;
pub use row::{Run, RunKind, RunState};
pub use sweeps::progress::Progress;
pub use totals::Totals;
pub use undo::{UndoItem, UndoPlan};

use self::{entries::Entries, entry::Place, sweeps::Sweeps, table::Table};
use super::{
    Error,
    orders::OrdersOfRun,
    page::{Condition, KeptTo, Newest, Page, Paging, condition},
};
use crate::{
    domain::{Cause, LastLists, RunId, SchemeId, SourceId, StepResult, SweepId, SweepPlan, Timestamp, UserId},
    engine::AskedStep,
};

/// The entries of `user` in the run with this number, in the scheme's order.
///
/// # Errors
/// [`Error::Database`] if SQLite fails, [`Error::Row`] if a row can't be read.
pub(super) fn entries_of_user(db: &Connection, run: i64, user: &UserId) -> Result<Vec<Entry>, Error> {
    Entries(db).of_user(run, user)
}

/// Said of a run that ended before everybody was listed.
const LIST_NOT_READ: &str = "the list of users was not read to its end";

/// A filter of runs. A part that is none matches all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The scheme.
    pub scheme: Option<SchemeId>,
    /// The source.
    pub source: Option<SourceId>,
    /// An action of the run.
    pub action: Option<String>,
    /// The result of a step of the run.
    pub result: Option<EntryResult>,
    /// The state.
    pub state: Option<RunState>,
    /// The earliest start.
    pub since: Option<Timestamp>,
    /// The latest start.
    pub until: Option<Timestamp>,
    /// The cause of the run.
    pub kind: Option<RunKind>,
    /// The requester: the name of an administrator, or `schedule`.
    pub by: Option<String>,
    /// Whether nothing was to be changed.
    pub test_mode: Option<bool>,
    /// The lasting ids of a user: runs with an entry about them.
    pub user: Option<Users>,
    /// A part of the run's id, scheme, source or user, in lower case.
    pub text: Option<String>,
    /// Runs of these sources alone.
    pub kept_to: Option<KeptTo>,
}

impl Filter {
    /// The list of matching runs. The index is searched by the condition that probably has the fewest matches.
    pub(super) fn list(&self) -> Newest<'_> {
        if let Some(users) = &self.user {
            return self.of_user(users);
        }
        let mut searched: Option<(&'static str, Condition<'_>)> = None;
        let mut wanted = Vec::new();
        let mut add = |index: Option<&'static str>, one| match index {
            Some(index) if searched.is_none() => searched = Some((index, one)),
            Some(_) | None => wanted.push(one),
        };
        if let Some(result) = self.result {
            let (sql, index) = with_result(result);
            add(index, condition(sql, []));
        }
        if let Some(state) = &self.state {
            // Most runs are done.
            let index = (*state != RunState::Done || (self.scheme.is_none() && self.source.is_none()))
                .then_some("runs INDEXED BY runs_by_state");
            add(index, condition("state = ?", [state as _]));
        }
        if let Some(scheme) = &self.scheme {
            add(Some("runs INDEXED BY runs_by_scheme"), condition("scheme = ?", [scheme as _]));
        }
        if let Some(source) = &self.source {
            add(Some("runs INDEXED BY runs_by_source"), condition("source = ?", [source as _]));
        }
        match (&self.by, &self.kind) {
            (Some(by), None) if by != SCHEDULE => add(Some("runs INDEXED BY runs_asked"), condition(ASKED, [])),
            (_, Some(kind)) => add(Some("runs INDEXED BY runs_by_kind"), condition("kind = ?", [kind as _])),
            _ => {}
        }
        for one in self.rest() {
            add(None, one);
        }
        let (from, mut searched) = match searched {
            Some((from, one)) => (from, vec![one]),
            None => ("runs INDEXED BY runs_by_time", Vec::new()),
        };
        searched.extend(self.until());
        Newest { from, time: "started", id: "id", searched, wanted, since: self.since.as_ref() }
    }
}

impl Filter {
    /// The list of the runs about some users. They are few, so they are found first, and sorted.
    fn of_user<'a>(&'a self, users: &'a Users) -> Newest<'a> {
        let mut searched = vec![condition(OF_USERS, [users as _])];
        searched.extend(self.until());
        let mut wanted: Vec<_> = self.rest().collect();
        wanted.extend(self.result.map(|result| condition(with_result(result).0, [])));
        wanted.extend(self.state.as_ref().map(|state| condition("state = ?", [state as _])));
        wanted.extend(self.scheme.as_ref().map(|scheme| condition("scheme = ?", [scheme as _])));
        wanted.extend(self.source.as_ref().map(|source| condition("source = ?", [source as _])));
        wanted.extend(self.kind.as_ref().map(|kind| condition("kind = ?", [kind as _])));
        Newest { from: "runs", time: "started", id: "id", searched, wanted, since: self.since.as_ref() }
    }

    fn until(&self) -> Option<Condition<'_>> {
        self.until.as_ref().map(|until| condition("started <= ?", [until as _]))
    }

    /// The conditions that no index helps with.
    fn rest(&self) -> impl Iterator<Item = Condition<'_>> {
        let action = self
            .action
            .as_ref()
            .map(|action| condition("EXISTS (SELECT 1 FROM json_each(actions) WHERE value = ?)", [action as _]));
        let by = self.by.as_ref().map(|by| match by.as_str() {
            SCHEDULE => condition("kind = 'sweep'", []),
            _ => condition("EXISTS (SELECT 1 FROM run_orders WHERE run = runs.id AND asked_by = ?)", [by as _]),
        });
        let mode = self.test_mode.as_ref().map(|test_mode| condition("test_mode = ?", [test_mode as _]));
        let text = self.text.as_ref().map(|text| condition(WITH_TEXT, [text as _]));
        let kept_to = self.kept_to.as_ref().map(KeptTo::condition);
        [action, by, mode, text, kept_to].into_iter().flatten()
    }
}

/// The word shown as the requester of a run that a schedule started.
const SCHEDULE: &str = "schedule";
/// The runs that administrators asked for: as in the index of them.
const ASKED: &str = "kind IN ('manual', 'undo')";
const OF_USERS: &str =
    "no IN (SELECT run FROM entries INDEXED BY entries_by_user WHERE user IN (SELECT value FROM json_each(?)))";
const WITH_TEXT: &str = "instr(lower(id || ' ' || scheme || ' ' || source || ' ' || ifnull(user, '') || ' ' || \
    ifnull(user_name, '')), ?) > 0";

/// The condition on runs with a step of this result, and the index of such runs, if they are few.
const fn with_result(result: EntryResult) -> (&'static str, Option<&'static str>) {
    match result {
        EntryResult::Step(StepResult::Changed) => ("changed > 0", None),
        EntryResult::Step(StepResult::Unchanged) => ("unchanged > 0", None),
        EntryResult::Step(StepResult::Tested) => ("tested > 0", None),
        EntryResult::Step(StepResult::Held) => ("held > 0", Some("runs INDEXED BY runs_with_held")),
        EntryResult::Step(StepResult::Failed) => ("failed > 0", Some("runs INDEXED BY runs_with_failed")),
        EntryResult::Unknown => ("unknown > 0", Some("runs INDEXED BY runs_with_unknown")),
    }
}

/// The runs, their entries, and the data of sweeps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Runs<'c>(pub(super) &'c Connection);

impl Runs<'_> {
    /// Whether a step, or the one that took its place, has an outcome.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn has_ended(self, step: &AskedStep) -> Result<bool, Error> {
        let Some(run) = Table(self.0).number(&step.run)? else { return Ok(false) };
        let kept = Entries(self.0).get(run, &Place::of_step(&step.user, &step.key))?;
        Ok(kept.is_some_and(|kept| kept.settles(&step.key)))
    }

    /// The page of the runs that `filter` lets through.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn list(self, filter: &Filter, paging: &Paging) -> Result<Page<Run>, Error> {
        filter.list().page(self.0, paging, |number| self.at(number))
    }

    /// One run.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn get(self, id: &RunId) -> Result<Option<Run>, Error> {
        Table(self.0).number(id)?.map_or(Ok(None), |number| self.at(number))
    }

    fn at(self, number: i64) -> Result<Option<Run>, Error> {
        let found = Table(self.0).at(number)?;
        found.map(|(row, orders)| Ok(with_orders(self.with_undo(self.with_progress(row.run)?)?, orders))).transpose()
    }

    /// The runs that began at `since` or later, and their steps by result.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails.
    pub(super) fn totals(self, since: Timestamp, sources: Option<&[SourceId]>) -> Result<Totals, Error> {
        Totals::since(self.0, since, sources)
    }

    /// All runs of sweeps that have not ended.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn open(self) -> Result<Vec<OpenRun>, Error> {
        Table(self.0).open()
    }

    /// The entries of a run that `filter` lets through.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn entries(
        self,
        id: &RunId,
        filter: &EntryFilter,
        paging: &Paging,
    ) -> Result<Option<Page<Entry>>, Error> {
        let run = Table(self.0).shown(id)?;
        run.map(|run| Entries(self.0).page(run, filter, paging)).transpose()
    }

    /// The schemes of a sweep; none until its start has been read.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn plan(self, sweep: &SweepId) -> Result<Option<SweepPlan>, Error> {
        Sweeps(self.0).plan(sweep)
    }

    /// The size of the last list of `source`.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn last_lists(self, source: &SourceId) -> Result<Option<LastLists>, Error> {
        Sweeps(self.0).last_lists(source)
    }

    /// The number of readings in the last run of `scheme`.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn last_reads(self, scheme: &SchemeId) -> Result<Option<u64>, Error> {
        Sweeps(self.0).last_reads(scheme)
    }

    /// The numbers of selected and of all users of a run, once all users are decided and every step has an outcome.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn counted(self, id: &RunId) -> Result<Option<Counts>, Error> {
        let Some(row) = Table(self.0).get(id)? else { return Ok(None) };
        let Some(sweep) = &row.run.sweep else { return Ok(None) };
        let tally = Sweeps(self.0).tally(sweep)?;
        let counted = tally.is_complete() && !row.has_open_steps();
        Ok(counted.then_some(Counts { seen: tally.progress.decided, ..row.run.counts }))
    }

    /// The users with a held step of the run, after `after`, in the order of entries.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn users(self, id: &RunId, after: Option<&UserId>, most: usize) -> Result<Vec<UserId>, Error> {
        let run = Table(self.0).number(id)?;
        run.map_or_else(|| Ok(Vec::new()), |run| Entries(self.0).users_held(run, after, most))
    }

    /// The run, with the undo that counts: one that was cancelled does not.
    fn with_undo(self, run: Run) -> Result<Run, Error> {
        let undos = Table(self.0).undos(&run.id)?;
        let counts = undos.into_iter().find(|undo| undo.run.state != RunState::Cancelled);
        Ok(Run { undone_by: counts.map(|undo| undo.run.id), ..run })
    }

    /// A run of a sweep as it is kept knows its own users only.
    fn with_progress(self, mut run: Run) -> Result<Run, Error> {
        let Some(sweep) = &run.sweep else {
            run.complete = Some(true); // there is one user
            return Ok(run);
        };
        let tally = Sweeps(self.0).tally(sweep)?;
        run.counts.seen = tally.progress.decided;
        run.progress = Some(tally.progress);
        run.complete = tally.list_is_complete();
        run.incomplete_why = tally.incomplete;
        if run.complete.is_none() && run.state.is_final() {
            run.complete = Some(false);
            run.incomplete_why = Some(LIST_NOT_READ.to_owned());
        }
        Ok(run)
    }
}

/// The run, with its requester and the orders about it.
fn with_orders(mut run: Run, orders: OrdersOfRun) -> Run {
    let by_the_clock = run.trigger == Cause::Schedule.as_str() && run.sweep.is_some();
    run.by = orders.asked.map(|asked| asked.by).or_else(|| by_the_clock.then(|| run.trigger.clone()));
    run.reason = orders.reason;
    run.released = orders.released;
    run.cancelled = orders.cancelled;
    run
}

#[cfg(test)]
pub(super) use self::{entries::plan as entries_plan, undo::plans as undo_plans};

#[cfg(test)]
mod tests;
