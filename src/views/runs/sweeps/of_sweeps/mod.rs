//! Runs that are part of a sweep. Changes with each user are written once per sweep, and per run only if the scheme
//! selects the user. So a sweep over many users with many schemes writes little.

mod counting;
mod ends;
mod rows;
mod steps;

use super::Sweeps;
use crate::{
    domain::{AskedSweep, Cause, Decision, RunOrder, Sighting, SweepProgress, SweepStep},
    views::{
        database::whole,
        runs::{Error, Runs, row::Order, table::Table},
    },
};
use ends::is_over_after;
use rows::{begin, change};

impl Runs<'_> {
    /// Adds the runs that an administrator requested, before their sweep begins.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(in crate::views) fn asked(self, asked: &AskedSweep) -> Result<(), Error> {
        if asked.cause == Cause::Schedule {
            return Ok(()); // every replica asks; which schemes run is not known yet
        }
        whole(self.0, || asked.runs.iter().try_for_each(|run| begin(Table(self.0), asked, run)))
    }

    /// Ends a run whose sweep has not begun; the sweeper ends one that has.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(in crate::views) fn cancel_asked(self, order: &RunOrder) -> Result<(), Error> {
        match Sweeps(self.0).plan(&order.sweep)? {
            Some(_) => Ok(()),
            None => {
                whole(self.0, || change(Table(self.0), &order.run(), order.at, |_, part| part.order = Order::Cancelled))
            }
        }
    }

    /// Adds the progress of a sweep.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(in crate::views) fn progressed(self, progress: &SweepProgress) -> Result<(), Error> {
        whole(self.0, || {
            self.advanced(progress)?;
            if !is_over_after(Table(self.0), progress)? {
                return Ok(());
            }
            let released = match &progress.step {
                SweepStep::Released { scheme, .. }
                | SweepStep::Cancelled { scheme }
                | SweepStep::Superseded { scheme, .. } => Some(scheme),
                _ => None,
            };
            Sweeps(self.0).forget_marks(&progress.sweep, released)
        })
    }

    /// Counts the decision on a user of a sweep, once.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(in crate::views::runs) fn sighting_decided(
        self,
        decision: &Decision,
        sighting: &Sighting,
    ) -> Result<(), Error> {
        let (table, Sighting { sweep, released, .. }) = (Table(self.0), sighting);
        let is_over = match released {
            None => counting::sighted(table, decision, sweep)?,
            Some(scheme) => counting::released(table, decision, sweep, scheme)?,
        };
        if is_over { Sweeps(self.0).forget_marks(sweep, released.as_ref()) } else { Ok(()) }
    }
}
