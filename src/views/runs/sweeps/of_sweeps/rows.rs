//! The rows of a sweep's runs: made, and changed.

use crate::{
    domain::{AskedSweep, Cause, RunId, SourceId, SweepId, SweepRun, Timestamp},
    views::runs::{
        Error,
        row::{Part, Row, Run, RunKind},
        sweeps::Sweeps,
        table::Table,
    },
};

/// Adds a run that was asked for, if it is not there.
///
/// # Errors
/// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
pub(super) fn begin(table: Table<'_>, asked: &AskedSweep, run: &SweepRun) -> Result<(), Error> {
    let AskedSweep { sweep, source, cause, at, undo_of, .. } = asked;
    let id = RunId::of_sweep(sweep, &run.scheme.id);
    match table.get(&id)? {
        Some(_) => Ok(()),
        None => {
            let mut row = row_of(id, sweep, source, run, *cause, *at);
            row.run.undo_of.clone_from(undo_of);
            table.put(None, &row)
        }
    }
}

/// The row of a run that has just begun.
pub(super) fn row_of(
    id: RunId,
    sweep: &SweepId,
    source: &SourceId,
    run: &SweepRun,
    cause: Cause,
    at: Timestamp,
) -> Row {
    let begun = Run::begun(id, cause.as_str(), &run.scheme, source, at);
    let run_row = Run { kind: RunKind::of(cause), sweep: Some(sweep.clone()), test_mode: run.test_mode, ..begun };
    let part = Part { waits: !run.limits.is_empty(), ..Part::default() };
    Row { run: run_row, planned: Some(0), last_ended: None, sweep: Some(part) }
}

/// Changes one run as a whole.
///
/// # Errors
/// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
pub(super) fn change(
    table: Table<'_>,
    id: &RunId,
    at: Timestamp,
    change: impl Fn(&mut Run, &mut Part),
) -> Result<(), Error> {
    let Some(earlier) = table.get(id)? else { return Ok(()) };
    let mut row = earlier.clone();
    if let Some(part) = &mut row.sweep {
        change(&mut row.run, part);
    }
    let tally = row.run.sweep.as_ref().map(|sweep| Sweeps(table.0).tally(sweep)).transpose()?;
    row.last_ended = row.last_ended.max(Some(at));
    table.put(Some(&earlier), &row.settled(tally.as_ref(), at))
}

/// Updates all runs of a sweep by its progress.
///
/// # Errors
/// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
pub(super) fn settle_all(table: Table<'_>, sweep: &SweepId, at: Timestamp) -> Result<(), Error> {
    let sweeps = Sweeps(table.0);
    let (tally, plan) = (sweeps.tally(sweep)?, sweeps.plan(sweep)?.unwrap_or_default());
    for scheme in &plan.schemes {
        if let Some(earlier) = table.get(&RunId::of_sweep(sweep, scheme))? {
            table.put(Some(&earlier), &earlier.clone().settled(Some(&tally), at))?;
        }
    }
    Ok(())
}
