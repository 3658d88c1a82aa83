//! Runs that are part of a sweep. Changes with each user are written once per sweep, and per run only if the scheme
//! selects the user. So a sweep over many users with many schemes writes little.

use super::{Sweeps, sweep::Tally};
use crate::{
    domain::{
        AskedSweep, Cause, Decision, Estimate, LastLists, Mode, NoAction, RunId, RunOrder, SchemeId, SchemeVerdict,
        Sighting, SourceId, SweepId, SweepPlan, SweepProgress, SweepRun, SweepStep, Timestamp,
    },
    views::{
        database::whole,
        runs::{
            Error, Runs,
            entries::Entries,
            entry::{Kept, Place},
            row::{self, Order, Part, Row, Run},
            table::Table,
        },
    },
};

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

    fn advanced(self, progress: &SweepProgress) -> Result<(), Error> {
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
            SweepStep::Started { runs, cause, .. } => started(table, progress, runs, *cause),
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
            None => sighted(table, decision, sweep)?,
            Some(scheme) => self::released(table, decision, sweep, scheme)?,
        };
        if is_over { Sweeps(self.0).forget_marks(sweep, released.as_ref()) } else { Ok(()) }
    }
}

/// Updates all runs of a sweep by its progress.
fn settle_all(table: Table<'_>, sweep: &SweepId, at: Timestamp) -> Result<(), Error> {
    let sweeps = Sweeps(table.0);
    let (tally, plan) = (sweeps.tally(sweep)?, sweeps.plan(sweep)?.unwrap_or_default());
    for scheme in &plan.schemes {
        if let Some(earlier) = table.get(&RunId::of_sweep(sweep, scheme))? {
            table.put(Some(&earlier), &earlier.clone().settled(Some(&tally), at))?;
        }
    }
    Ok(())
}

fn begin(table: Table<'_>, asked: &AskedSweep, run: &SweepRun) -> Result<(), Error> {
    let AskedSweep { sweep, source, cause, at, .. } = asked;
    let id = RunId::of_sweep(sweep, &run.scheme.id);
    match table.get(&id)? {
        Some(_) => Ok(()),
        None => table.put(None, &row_of(id, sweep, source, run, *cause, *at)),
    }
}

fn row_of(id: RunId, sweep: &SweepId, source: &SourceId, run: &SweepRun, cause: Cause, at: Timestamp) -> Row {
    let begun = Run::begun(id, cause.as_str(), &run.scheme, source, at);
    let run_row = Run { sweep: Some(sweep.clone()), test_mode: run.test_mode, ..begun };
    let part = Part { waits: !run.limits.is_empty(), ..Part::default() };
    Row { run: run_row, planned: Some(0), last_ended: None, sweep: Some(part) }
}

fn started(table: Table<'_>, progress: &SweepProgress, runs: &[SweepRun], cause: Cause) -> Result<(), Error> {
    let SweepProgress { sweep, source, at, .. } = progress;
    Sweeps(table.0).put_plan(sweep, &SweepPlan::of(runs))?;
    let tally = Sweeps(table.0).tally(sweep)?.touched(*at);
    Sweeps(table.0).put_tally(sweep, &tally)?;
    for run in runs {
        let id = RunId::of_sweep(sweep, &run.scheme.id);
        let mut row = row_of(id, sweep, source, run, cause, *at);
        let earlier = table.get(&row.run.id)?;
        if let Some(earlier) = &earlier {
            // It was asked for before, or its first decisions were read before its start.
            let test_mode = row.run.test_mode || earlier.run.test_mode;
            let waits = row.sweep.as_ref().is_some_and(|part| part.waits);
            row.run = Run {
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

/// Changes one run as a whole.
fn change(table: Table<'_>, id: &RunId, at: Timestamp, change: impl Fn(&mut Run, &mut Part)) -> Result<(), Error> {
    let Some(earlier) = table.get(id)? else { return Ok(()) };
    let mut row = earlier.clone();
    if let Some(part) = &mut row.sweep {
        change(&mut row.run, part);
    }
    let tally = row.run.sweep.as_ref().map(|sweep| Sweeps(table.0).tally(sweep)).transpose()?;
    row.last_ended = row.last_ended.max(Some(at));
    table.put(Some(&earlier), &row.settled(tally.as_ref(), at))
}

/// Counts a user, and the schemes that select them; returns whether that was the last user.
fn sighted(table: Table<'_>, decision: &Decision, sweep: &SweepId) -> Result<bool, Error> {
    let mut tally = Sweeps(table.0).tally(sweep)?.touched(decision.decided);
    if is_over(table, sweep, &tally)? || !is_first(table, decision, sweep, None)? {
        return Ok(false);
    }
    tally.progress.decided += 1;
    tally.progress.read += u64::from(decision.read);
    Sweeps(table.0).put_tally(sweep, &tally)?;
    for verdict in decision.selected() {
        let earlier = table.get(&decision.run(verdict))?;
        let mut row = earlier.clone().unwrap_or_else(|| Row::from_verdict(decision, verdict));
        row.run.counts.select(verdict.forecast);
        row.run.actions.extend(&row::actions(verdict));
        row.run.test_mode |= verdict.test_mode || decision.mode == Mode::Observe;
        row.planned = row.planned.map(|planned| planned + row::steps_of(verdict));
        row.last_ended = row.last_ended.max(Some(decision.decided));
        table.put(earlier.as_ref(), &row.settled(Some(&tally), decision.decided))?;
    }
    for verdict in decision.verdicts.iter().filter(|verdict| verdict.is_of_changed_scheme()) {
        let earlier = table.get(&decision.run(verdict))?;
        let mut row = earlier.clone().unwrap_or_else(|| Row::from_verdict(decision, verdict));
        row.sweep.as_mut().into_iter().for_each(|part| part.passed_over += 1);
        table.put(earlier.as_ref(), &row.settled(Some(&tally), decision.decided))?;
    }
    left_open(table, decision, sweep)?;
    if tally.is_complete() {
        settle_all(table, sweep, decision.decided)?;
        Sweeps(table.0).put_reads(sweep, tally.progress.read)?;
    }
    is_over(table, sweep, &tally)
}

/// Records that the user is not selected because a fact is unknown, in each run for which that is so.
fn left_open(table: Table<'_>, decision: &Decision, sweep: &SweepId) -> Result<(), Error> {
    for (scheme, verdict) in decision.left_open() {
        let run = RunId::of_sweep(sweep, scheme);
        let earlier = table.get(&run)?;
        let mut row = earlier.clone().unwrap_or_else(|| Row::from_left_open(decision, sweep, scheme));
        row.run.counts.unknown += 1;
        table.put(earlier.as_ref(), &row)?;
        if let Some(number) = table.number(&run)? {
            let place = Place::of_left_open(&decision.user);
            Entries(table.0).put(number, &place, &Kept::left_open(decision, verdict))?;
        }
    }
    Ok(())
}

/// Counts a user of a release; says whether that was the last one.
fn released(table: Table<'_>, decision: &Decision, sweep: &SweepId, scheme: &SchemeId) -> Result<bool, Error> {
    let id = RunId::of_sweep(sweep, scheme);
    let Some(earlier) = table.get(&id)? else { return Ok(false) };
    let mut row = earlier.clone();
    let Some(part) = &mut row.sweep else { return Ok(false) };
    if is_release_over(part) || !is_first(table, decision, sweep, Some(scheme))? {
        return Ok(false);
    }
    part.decided += 1;
    match decision.selected().find(|verdict| verdict.scheme.id == *scheme) {
        Some(verdict) => part.planned += row::steps_of(verdict),
        // If the scheme is paused, disabled or deleted, the planner asked no scheme at all.
        None if decision.no_action == Some(NoAction::NoSchemeForEvent)
            || decision.verdicts.iter().any(SchemeVerdict::is_of_changed_scheme) =>
        {
            part.passed_over += 1;
            stays_held(table, decision, &id, "the scheme was not what it was when the run was released")?;
        }
        None => {
            stays_held(table, decision, &id, "the scheme did not select the user any more when the run was released")?;
        }
    }
    let over = is_release_over(part);
    row.last_ended = row.last_ended.max(Some(decision.decided));
    let tally = Sweeps(table.0).tally(sweep)?;
    table.put(Some(&earlier), &row.settled(Some(&tally), decision.decided))?;
    Ok(over)
}

/// Whether the counting of a sweep has ended: all users are counted, or as many as were listed before the listing
/// failed.
fn is_over(table: Table<'_>, sweep: &SweepId, tally: &Tally) -> Result<bool, Error> {
    let all_listed = tally.progress.decided >= tally.progress.listed;
    Ok(tally.is_complete() || (all_listed && Sweeps(table.0).has_failed(sweep)?))
}

/// Whether the counting of a release has ended.
fn is_release_over(part: &Part) -> bool {
    match part.order {
        Order::Released(users) => part.decided >= users,
        Order::Cancelled => true,
        Order::Open | Order::Held | Order::Failed => false,
    }
}

/// Whether `progress` has ended the counting of users that it is about.
fn is_over_after(table: Table<'_>, progress: &SweepProgress) -> Result<bool, Error> {
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

fn stays_held(table: Table<'_>, decision: &Decision, run: &RunId, why: &str) -> Result<(), Error> {
    let (entries, Some(number)) = (Entries(table.0), table.number(run)?) else { return Ok(()) };
    for step in 0.. {
        let place = Place::of_number(&decision.user, step);
        let Some(mut kept) = entries.get(number, &place)? else { return Ok(()) };
        kept.entry.reason = why.into();
        entries.put(number, &place, &kept)?;
    }
    Ok(())
}

fn is_first(
    table: Table<'_>,
    decision: &Decision,
    sweep: &SweepId,
    released: Option<&SchemeId>,
) -> Result<bool, Error> {
    Sweeps(table.0).mark(sweep, released, &decision.event)
}
