//! What the last sweeps cost: for the estimate of the next one.

use super::{
    Error, Runs, read,
    table::{self, Table, Tried},
};
use crate::domain::{LastLists, SchemeId, SourceId, SweepId};

impl Runs {
    pub(in crate::views) fn last_lists(&self, source: &SourceId) -> Result<Option<LastLists>, Error> {
        read(&self.costs, &of_source(source))
    }

    pub(in crate::views) fn last_reads(&self, scheme: &SchemeId) -> Result<Option<u64>, Error> {
        read(&self.costs, &of_scheme(scheme))
    }
}

impl Table<'_> {
    /// Notes how long the list of `source` was.
    pub(super) fn put_lists(&self, source: &SourceId, lists: LastLists) -> Tried<()> {
        table::write(self.costs, &of_source(source), &lists)
    }

    /// Notes how many users the sweep had to read, for each of its schemes.
    pub(super) fn put_reads(&self, sweep: &SweepId, reads: u64) -> Tried<()> {
        for scheme in self.plan(sweep)?.unwrap_or_default().schemes {
            table::write(self.costs, &of_scheme(&scheme), &reads)?;
        }
        Ok(())
    }
}

fn of_source(source: &SourceId) -> Vec<u8> {
    format!("source/{source}").into_bytes()
}

fn of_scheme(scheme: &SchemeId) -> Vec<u8> {
    format!("scheme/{scheme}").into_bytes()
}
