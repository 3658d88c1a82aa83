//! The progress of the sweeps of a source, as the sweeper keeps it beside the ledger.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::{Error, Scope, table::Table};
use crate::domain::{Comparison, SchemeId, SweepId, SweepProgress, SweepStep, Timestamp};

/// The state of a sweep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepState {
    /// The time of the last record about it.
    pub at: Timestamp,
    /// The lowest offset of events that its first sighting can have, by partition.
    pub from: Vec<u64>,
    /// The state of its listing.
    pub listing: Listing,
    /// Its runs.
    pub runs: BTreeMap<SchemeId, RunPhase>,
}

/// The state of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Listing {
    /// Everybody before the cursor has been sighted; none: perhaps some of the first page.
    Open {
        /// The cursor of the next page.
        cursor: Option<String>,
    },
    /// Everybody has been sighted.
    Ended,
    /// The listing was given up.
    Failed,
}

/// The state of one run as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunPhase {
    /// The run is open.
    Open,
    /// The run waits for an administrator.
    Held,
    /// Its steps are taken.
    Released,
    /// The run is cancelled.
    Cancelled,
}

impl SweepState {
    fn apply(&mut self, progress: &SweepProgress) {
        self.at = progress.at;
        let mut run = |scheme: &SchemeId, phase| {
            self.runs.insert(scheme.clone(), phase);
        };
        match &progress.step {
            SweepStep::Started { .. } | SweepStep::Estimated(_) | SweepStep::Compared(_) => {}
            SweepStep::Listed { cursor, .. } => self.listing = Listing::Open { cursor: Some(cursor.clone()) },
            SweepStep::ListingEnded { .. } => self.listing = Listing::Ended,
            SweepStep::Failed { .. } => self.listing = Listing::Failed,
            SweepStep::Held { scheme, .. } => run(scheme, RunPhase::Held),
            SweepStep::Released { scheme, .. } => run(scheme, RunPhase::Released),
            SweepStep::Cancelled { scheme } | SweepStep::Superseded { scheme, .. } => run(scheme, RunPhase::Cancelled),
        }
    }
}

/// The states of sweeps by scope, and for which time each scheme ran last. Cheap to clone; all clones are one memory.
#[derive(Debug, Clone)]
pub struct SweepStore {
    table: Table,
    /// A lock for changing a state: a sweep and the orders about its runs work in parallel.
    changing: Arc<Mutex<()>>,
}

impl SweepStore {
    pub(super) fn new(table: Table) -> Self {
        Self { table, changing: Arc::default() }
    }

    /// The state of `sweep`; none if it has not begun.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read.
    pub fn get(&self, scope: &Scope, sweep: &SweepId) -> Result<Option<SweepState>, Error> {
        let row = self.table.get(scope.key(sweep.as_str()))?;
        Ok(row.and_then(|row| serde_json::from_slice(&row).ok())) // of another form: read back from the log
    }

    /// Takes in a record that is in the log.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read or write.
    pub fn apply(&self, scope: &Scope, progress: &SweepProgress) -> Result<(), Error> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let state = match (&progress.step, self.get(scope, &progress.sweep)?) {
            (SweepStep::Compared(comparison), _) => return self.compared(scope, progress.at, comparison),
            (SweepStep::Started { runs, due, from, .. }, _) => {
                let runs: BTreeMap<_, _> = runs.iter().map(|run| (run.scheme.id.clone(), RunPhase::Open)).collect();
                if let Some(due) = due {
                    runs.keys().try_for_each(|scheme| self.ran_for(scope, scheme, *due))?;
                }
                SweepState { at: progress.at, from: from.clone(), listing: Listing::Open { cursor: None }, runs }
            }
            (_, Some(mut state)) => {
                state.apply(progress);
                state
            }
            (_, None) => return Ok(()), // its start is older than the log
        };
        let row = serde_json::to_vec(&state).expect("text and numbers are JSON");
        self.table.put(scope.key(progress.sweep.as_str()), row)?;
        Ok(())
    }

    /// The state of the comparison of users, and its time; none if there was none.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read.
    pub fn comparison(&self, scope: &Scope) -> Result<Option<(Timestamp, Comparison)>, Error> {
        let row = self.table.get(scope.key(COMPARED))?;
        Ok(row.and_then(|row| serde_json::from_slice(&row).ok())) // of another form: read back from the log
    }

    fn compared(&self, scope: &Scope, at: Timestamp, comparison: &Comparison) -> Result<(), Error> {
        let row = serde_json::to_vec(&(at, comparison)).expect("text and numbers are JSON");
        self.table.put(scope.key(COMPARED), row)?;
        Ok(())
    }

    /// The latest due time for which a schedule has started `scheme`.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read.
    pub fn last_due(&self, scope: &Scope, scheme: &SchemeId) -> Result<Option<Timestamp>, Error> {
        let row = self.table.get(due_key(scope, scheme))?;
        let millis = row.and_then(|row| row.as_ref().try_into().ok()).map(i64::from_be_bytes);
        Ok(millis.map(Timestamp::from_millis))
    }

    fn ran_for(&self, scope: &Scope, scheme: &SchemeId, due: Timestamp) -> Result<(), Error> {
        if self.last_due(scope, scheme)? < Some(due) {
            self.table.put(due_key(scope, scheme), &due.as_millis().to_be_bytes())?;
        }
        Ok(())
    }

    /// Drops sweeps without a record since `horizon`. A sweep that is dropped while its source is paused starts again,
    /// and its cancellations are lost with it. Returns the number.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read or write; some sweeps may be dropped already.
    pub fn prune(&self, horizon: Timestamp) -> Result<usize, Error> {
        let mut dropped = 0;
        for item in self.table.rows([]) {
            let (key, row) = item?;
            // The times for which schemes ran are no such rows, and stay.
            if serde_json::from_slice::<SweepState>(&row).is_ok_and(|state| state.at < horizon) {
                self.table.remove(key)?;
                dropped += 1;
            }
        }
        Ok(dropped)
    }
}

/// No sweep has such an id.
const COMPARED: &str = "compared";

fn due_key(scope: &Scope, scheme: &SchemeId) -> Vec<u8> {
    scope.key(&format!("due/{scheme}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Cause, Limits, SchemeRef, SourceId, Stage, SweepRun},
        log::Partition,
        store::Store,
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn progress(sweep: &str, seconds: i64, step: SweepStep) -> SweepProgress {
        SweepProgress { sweep: SweepId::new(sweep), source: source(), at: at(seconds), step }
    }

    fn source() -> SourceId {
        "acme".parse().expect("an id")
    }

    #[test]
    fn a_sweep_is_where_its_last_record_says_and_is_forgotten_in_time() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open(dir.path(), "log").expect("a store").sweeps().expect("sweeps");
        let scope = Scope::new(Stage::Sweeper, &source(), Partition(0));
        let (sweep, scheme): (_, SchemeId) = (SweepId::new("s"), "idle".parse().expect("an id"));
        store
            .apply(&scope, &progress("s", 1, SweepStep::ListingEnded { seen: 3, incomplete: None, named: false }))
            .expect("passed over");
        assert_eq!(store.get(&scope, &sweep).expect("read"), None);

        let reference = SchemeRef { id: scheme.clone(), version: "1".into() };
        let runs = vec![SweepRun { scheme: reference, test_mode: false, limits: Limits::default() }];
        let start = SweepStep::Started { runs, cause: Cause::Schedule, due: Some(at(1)), from: vec![4], undo_of: None };
        store.apply(&scope, &progress("s", 1, start)).expect("kept");
        let listed = SweepStep::Listed { cursor: "50".into(), seen: 50 };
        store.apply(&scope, &progress("s", 2, listed)).expect("kept");
        let held = SweepStep::Held { scheme: scheme.clone(), why: "too many".into() };
        store.apply(&scope, &progress("s", 3, held)).expect("kept");
        let state = store.get(&scope, &sweep).expect("read").expect("a sweep");
        assert_eq!(state.listing, Listing::Open { cursor: Some("50".into()) });
        assert_eq!((state.from, state.runs.get(&scheme)), (vec![4], Some(&RunPhase::Held)));

        assert_eq!(store.prune(at(3)).expect("pruned"), 0);
        assert_eq!(store.prune(at(4)).expect("pruned"), 1);
        assert_eq!(store.last_due(&scope, &scheme).expect("read"), Some(at(1)), "which is never forgotten");
    }
}
