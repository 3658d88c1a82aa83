//! The end of a sweep's counting, and of a release's.

use crate::{
    domain::{RunId, SweepId, SweepProgress, SweepStep},
    views::runs::{
        Error,
        row::{Order, Part},
        sweeps::{Sweeps, sweep::Tally},
        table::Table,
    },
};

/// Whether the counting of a sweep has ended: all users are counted, or as many as were listed before the listing
/// failed.
///
/// # Errors
/// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
pub(super) fn is_over(table: Table<'_>, sweep: &SweepId, tally: &Tally) -> Result<bool, Error> {
    let all_listed = tally.progress.decided >= tally.progress.listed;
    Ok(tally.is_complete() || (all_listed && Sweeps(table.0).has_failed(sweep)?))
}

/// Whether the counting of a release has ended.
pub(super) fn is_release_over(part: &Part) -> bool {
    match part.order {
        Order::Released(users) => part.decided >= users,
        Order::Cancelled => true,
        Order::Open | Order::Held | Order::Failed => false,
    }
}

/// Whether `progress` has ended the counting of users that it is about.
///
/// # Errors
/// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
pub(super) fn is_over_after(table: Table<'_>, progress: &SweepProgress) -> Result<bool, Error> {
    let sweep = &progress.sweep;
    match &progress.step {
        SweepStep::ListingEnded { .. } | SweepStep::Failed { .. } => {
            is_over(table, sweep, &Sweeps(table.0).tally(sweep)?)
        }
        SweepStep::Released { scheme, .. } | SweepStep::Cancelled { scheme } | SweepStep::Superseded { scheme, .. } => {
            let row = table.get(&RunId::of_sweep(sweep, scheme))?;
            Ok(row.and_then(|row| row.sweep).is_some_and(|part| is_release_over(&part)))
        }
        SweepStep::Started { .. }
        | SweepStep::Estimated(_)
        | SweepStep::Listed { .. }
        | SweepStep::Held { .. }
        | SweepStep::Compared(_) => Ok(false),
    }
}
