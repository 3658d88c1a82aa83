//! The progress of a sweep, step by step, as the sweeper tells it.

use super::rows::{change, row_of, settle_all};
use crate::{
    domain::{Cause, Estimate, LastLists, RunId, SchemeId, SweepPlan, SweepProgress, SweepRun, SweepStep},
    views::runs::{
        Error, Runs,
        row::{Order, Part, Run},
        sweeps::Sweeps,
        table::Table,
    },
};

impl Runs<'_> {
    /// Changes the runs of a sweep by its next step.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn advanced(self, progress: &SweepProgress) -> Result<(), Error> {
        let SweepProgress { sweep, at, .. } = progress;
        let (table, sweeps) = (Table(self.0), Sweeps(self.0));
        let order = |scheme: &SchemeId, order, why: Option<&String>| {
            change(table, &RunId::of_sweep(sweep, scheme), *at, |run, part| {
                let is_read_again = order == Order::Held && matches!(part.order, Order::Released(_));
                if !is_read_again && !matches!(part.order, Order::Cancelled | Order::Failed) {
                    part.order = order;
                    run.why = why.cloned();
                    run.held_since = (order == Order::Held).then(|| run.held_since.unwrap_or(*at));
                }
            })
        };
        match &progress.step {
            SweepStep::Started { runs, cause, undo_of, .. } => {
                started(table, progress, runs, (*cause, undo_of.as_ref()))
            }
            SweepStep::Estimated(estimate) => estimated(table, progress, *estimate),
            SweepStep::Listed { seen, .. } => listed(sweeps, progress, *seen),
            SweepStep::ListingEnded { seen, incomplete, named } => {
                listing_ended(table, progress, *seen, incomplete.as_deref())?;
                let pages = sweeps.tally(sweep)?.pages;
                // An estimate goes by the source's own list alone.
                if *named { Ok(()) } else { sweeps.put_lists(&progress.source, LastLists { users: *seen, pages }) }
            }
            SweepStep::Held { scheme, why } => order(scheme, Order::Held, Some(why)),
            SweepStep::Released { scheme, users } => order(scheme, Order::Released(*users), None),
            SweepStep::Cancelled { scheme } => order(scheme, Order::Cancelled, None),
            SweepStep::Superseded { scheme, by } => {
                order(scheme, Order::Cancelled, Some(&format!("superseded by run {by}")))
            }
            SweepStep::Failed { why } => failed(table, progress, why),
            SweepStep::Compared(_) => Ok(()), // no run is part of it
        }
    }
}

fn started(
    table: Table<'_>,
    progress: &SweepProgress,
    runs: &[SweepRun],
    (cause, undo_of): (Cause, Option<&RunId>),
) -> Result<(), Error> {
    let SweepProgress { sweep, source, at, .. } = progress;
    Sweeps(table.0).put_plan(sweep, &SweepPlan { undo_of: undo_of.cloned(), ..SweepPlan::of(runs) })?;
    let tally = Sweeps(table.0).tally(sweep)?.touched(*at);
    Sweeps(table.0).put_tally(sweep, &tally)?;
    for run in runs {
        let id = RunId::of_sweep(sweep, &run.scheme.id);
        let mut row = row_of(id, sweep, source, run, cause, *at);
        row.run.undo_of = undo_of.cloned();
        let earlier = table.get(&row.run.id)?;
        if let Some(earlier) = &earlier {
            // It was asked for before, or its first decisions were read before its start.
            let test_mode = row.run.test_mode || earlier.run.test_mode;
            let waits = row.sweep.as_ref().is_some_and(|part| part.waits);
            row.run = Run {
                kind: row.run.kind,
                undo_of: row.run.undo_of,
                trigger: row.run.trigger,
                scheme_version: row.run.scheme_version,
                started: earlier.run.started.min(*at),
                test_mode,
                ..earlier.run.clone()
            };
            row.planned = earlier.planned;
            row.last_ended = earlier.last_ended;
            row.sweep = earlier.sweep.clone().map(|part| Part { waits, ..part });
        }
        table.put(earlier.as_ref(), &row.settled(Some(&tally), *at))?;
    }
    Ok(())
}

fn listed(sweeps: Sweeps<'_>, progress: &SweepProgress, seen: u64) -> Result<(), Error> {
    let mut tally = sweeps.tally(&progress.sweep)?.touched(progress.at);
    tally.pages += 1;
    tally.progress.listed = tally.progress.listed.max(seen);
    sweeps.put_tally(&progress.sweep, &tally)
}

fn listing_ended(table: Table<'_>, progress: &SweepProgress, seen: u64, incomplete: Option<&str>) -> Result<(), Error> {
    let mut tally = Sweeps(table.0).tally(&progress.sweep)?.touched(progress.at);
    tally.pages += 1;
    tally.progress.listed = tally.progress.listed.max(seen);
    if tally.progress.total.is_none() {
        tally.progress.total = Some(seen);
        tally.incomplete = incomplete.map(str::to_owned);
    }
    Sweeps(table.0).put_tally(&progress.sweep, &tally)?;
    if tally.is_complete() {
        Sweeps(table.0).put_reads(&progress.sweep, tally.progress.read)?;
    }
    settle_all(table, &progress.sweep, progress.at)
}

fn failed(table: Table<'_>, progress: &SweepProgress, why: &str) -> Result<(), Error> {
    Sweeps(table.0).put_failed(&progress.sweep)?;
    for scheme in Sweeps(table.0).plan(&progress.sweep)?.unwrap_or_default().schemes {
        change(table, &RunId::of_sweep(&progress.sweep, &scheme), progress.at, |run, part| {
            if part.order == Order::Open {
                part.order = Order::Failed;
                run.why = Some(why.to_owned());
            }
        })?;
    }
    Ok(())
}

fn estimated(table: Table<'_>, progress: &SweepProgress, estimate: Estimate) -> Result<(), Error> {
    for scheme in Sweeps(table.0).plan(&progress.sweep)?.unwrap_or_default().schemes {
        if let Some(earlier) = table.get(&RunId::of_sweep(&progress.sweep, &scheme))? {
            let mut row = earlier.clone();
            row.run.estimate = Some(estimate);
            table.put(Some(&earlier), &row)?;
        }
    }
    Ok(())
}
