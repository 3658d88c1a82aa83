//! Runs and their entries. Each record is applied in one transaction, so that counts are right after a crash.

mod actions;
mod counts;
mod entry;
mod last_lists;
mod of_events;
mod of_sweeps;
mod open;
mod outlived;
mod row;
mod sweep;
mod table;

use serde::de::DeserializeOwned;

pub use actions::Actions;
pub use counts::Counts;
pub use entry::{Entry, EntryResult};
pub use open::OpenRun;
pub use row::{Progress, Run, RunState};

use self::{entry::Kept, row::Row, sweep::Tally};
use super::{
    Error,
    keys::part,
    page::{Page, Paging, Pick, page},
};
use crate::{
    domain::{RunId, SchemeId, SourceId, SweepId, SweepPlan, Timestamp, UserId, UserRef},
    engine::AskedStep,
    store::Store,
};

/// Said of a run that ended before everybody was listed.
const LIST_NOT_READ: &str = "the list of users was not read to its end";

/// Which runs to list; what is none lets all through.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this scheme.
    pub scheme: Option<SchemeId>,
    /// In this source.
    pub source: Option<SourceId>,
    /// That ask for this action.
    pub action: Option<String>,
    /// With a step that ended so.
    pub result: Option<EntryResult>,
    /// In this state.
    pub state: Option<RunState>,
    /// That started then or later.
    pub since: Option<Timestamp>,
}

impl Filter {
    fn lets_through(&self, run: &Run) -> bool {
        self.scheme.as_ref().is_none_or(|scheme| *scheme == run.scheme)
            && self.source.as_ref().is_none_or(|source| *source == run.source)
            && self.state.is_none_or(|state| run.state == state)
            && self.action.as_ref().is_none_or(|action| run.actions.contains(action))
            && self.result.is_none_or(|result| run.counts.of_entry(result) > 0)
    }
}

/// The rows of runs, newest first, found by id through an index; entries by run; what is known of sweeps.
#[derive(Debug, Clone)]
pub(super) struct Runs {
    rows: sled::Tree,
    index: sled::Tree,
    entries: sled::Tree,
    sweeps: sled::Tree,
    /// The runs of sweeps that have not ended, by id.
    open: sled::Tree,
    /// What the last lists and sweeps cost, by source and by scheme.
    costs: sled::Tree,
}

impl Runs {
    pub(super) fn new(store: &Store) -> Result<Self, Error> {
        Ok(Self {
            rows: store.tree("view-runs")?,
            index: store.tree("view-runs-index")?,
            entries: store.tree("view-entries")?,
            sweeps: store.tree("view-sweeps")?,
            open: store.tree("view-open-runs")?,
            costs: store.tree("view-sweep-costs")?,
        })
    }

    pub(super) fn trees(&self) -> [&sled::Tree; 6] {
        [&self.rows, &self.index, &self.entries, &self.sweeps, &self.open, &self.costs]
    }

    /// Whether a step, or the one that took its place, has an outcome.
    pub(super) fn has_ended(&self, step: &AskedStep) -> Result<bool, Error> {
        let kept: Option<Kept> = read(&self.entries, &entry::place(&step.run, &step.user, &step.key))?;
        Ok(kept.is_some_and(|kept| kept.settles(&step.key)))
    }

    pub(super) fn list(&self, filter: &Filter, paging: &Paging) -> Result<Page<Run>, Error> {
        page(&self.rows, &[], paging, |row| {
            let Row { run, .. } = serde_json::from_slice(row)?;
            Ok(match filter.since {
                Some(since) if run.started < since => Pick::Stop,
                _ if filter.lets_through(&run) => Pick::Take(self.with_progress(run)?),
                _ => Pick::Skip,
            })
        })
    }

    /// One run. In a transaction, because a run moves when its decision is read after its first outcome.
    pub(super) fn get(&self, id: &RunId) -> Result<Option<Run>, Error> {
        let row = self.transaction(|table| table.get(id))?;
        row.map(|row| self.with_progress(row.run)).transpose()
    }

    /// The entries of a run, those with `result` where one is given.
    pub(super) fn entries(
        &self,
        id: &RunId,
        result: Option<EntryResult>,
        paging: &Paging,
    ) -> Result<Option<Page<Entry>>, Error> {
        if !self.index.contains_key(id.as_str())? {
            return Ok(None);
        }
        let take = |row: &[u8]| {
            let entry = serde_json::from_slice::<Kept>(row)?.entry;
            let is_wanted = result.is_none_or(|result| result.as_str() == entry.result);
            Ok(if is_wanted { Pick::Take(entry) } else { Pick::Skip })
        };
        page(&self.entries, &part(id.as_str()), paging, take).map(Some)
    }

    /// Which schemes a sweep asks; none until its start has been read.
    pub(super) fn plan(&self, sweep: &SweepId) -> Result<Option<SweepPlan>, Error> {
        read(&self.sweeps, &sweep::plan(sweep))
    }

    /// How many users a run selects, and of how many: once everybody is decided and every step has an outcome.
    pub(super) fn counted(&self, id: &RunId) -> Result<Option<Counts>, Error> {
        let Some(row) = self.transaction(|table| table.get(id))? else { return Ok(None) };
        let Some(sweep) = &row.run.sweep else { return Ok(None) };
        let tally = self.tally(sweep)?;
        let counted = tally.is_complete() && !row.has_open_steps();
        Ok(counted.then_some(Counts { seen: tally.progress.decided, ..row.run.counts }))
    }

    /// Users with a step of the run that is kept back, behind `after`, in the order of entries.
    pub(super) fn users(&self, id: &RunId, after: Option<&UserId>, most: usize) -> Result<Vec<UserId>, Error> {
        let prefix = part(id.as_str());
        let begin = match after {
            // Behind all entries of that user: no index has such a byte.
            Some(user) => [entry::of_user(id, &UserRef::Id(user.clone())), vec![0xff]].concat(),
            None => prefix.clone(),
        };
        let mut users: Vec<UserId> = Vec::new();
        for row in self.entries.range(begin..) {
            let (key, row) = row?;
            if !key.starts_with(&prefix) || users.len() == most {
                break;
            }
            let kept = serde_json::from_slice::<Kept>(&row)?;
            let user = UserId::new(&kept.entry.user);
            if kept.is_held() && users.last() != Some(&user) {
                users.push(user);
            }
        }
        Ok(users)
    }

    /// A run of a sweep as it is kept knows its own users only.
    fn with_progress(&self, mut run: Run) -> Result<Run, Error> {
        let Some(sweep) = &run.sweep else {
            run.complete = Some(true); // there is one user
            return Ok(run);
        };
        let tally = self.tally(sweep)?;
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

    fn tally(&self, sweep: &SweepId) -> Result<Tally, Error> {
        Ok(read(&self.sweeps, &sweep::tally(sweep))?.unwrap_or_default())
    }
}

fn read<T: DeserializeOwned>(tree: &sled::Tree, key: &[u8]) -> Result<Option<T>, Error> {
    Ok(tree.get(key)?.map(|row| serde_json::from_slice(&row)).transpose()?)
}

#[cfg(test)]
mod forecast_tests;
#[cfg(test)]
mod outlived_tests;
#[cfg(test)]
mod passed_over_tests;
#[cfg(test)]
mod sweep_tests;
#[cfg(test)]
mod tests;
