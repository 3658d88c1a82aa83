//! Runs and their entries. Each record is applied whole or not at all, so that counts are right.

mod actions;
mod counts;
mod entries;
mod entry;
mod of_events;
mod open;
mod outlived;
mod row;
mod sweeps;
mod table;

use rusqlite::Connection;

pub use actions::Actions;
pub use counts::Counts;
pub use entry::{Entry, EntryResult};
pub use open::OpenRun;
pub use row::{Run, RunState};
pub use sweeps::progress::Progress;

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
    /// Runs of these sources alone.
    pub kept_to: Option<KeptTo>,
}

impl Filter {
    /// The list of matching runs. The index is searched by the condition that probably has the fewest matches.
    pub(super) fn list(&self) -> Newest<'_> {
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
        if let Some(action) = &self.action {
            let sql = "EXISTS (SELECT 1 FROM json_each(actions) WHERE value = ?)";
            add(None, condition(sql, [action as _]));
        }
        wanted.extend(self.kept_to.as_ref().map(KeptTo::condition));
        let (from, searched) = match searched {
            Some((from, one)) => (from, vec![one]),
            None => ("runs INDEXED BY runs_by_time", Vec::new()),
        };
        Newest { from, time: "started", id: "id", searched, wanted, since: self.since.as_ref() }
    }
}

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
        found.map(|(row, orders)| Ok(with_orders(self.with_progress(row.run)?, orders))).transpose()
    }

    /// All runs of sweeps that have not ended.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn open(self) -> Result<Vec<OpenRun>, Error> {
        Table(self.0).open()
    }

    /// The entries of a run, those with `result` if one is given.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn entries(
        self,
        id: &RunId,
        result: Option<EntryResult>,
        paging: &Paging,
    ) -> Result<Option<Page<Entry>>, Error> {
        let run = Table(self.0).number(id)?;
        run.map(|run| Entries(self.0).page(run, result, paging)).transpose()
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
    run.released = orders.released;
    run.cancelled = orders.cancelled;
    run
}

#[cfg(test)]
pub(super) use self::entries::plan as entries_plan;

#[cfg(test)]
mod tests;
