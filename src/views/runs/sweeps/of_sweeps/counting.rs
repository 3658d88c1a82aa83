//! The users of a sweep, counted as they are decided.

use super::{
    ends::{is_over, is_release_over},
    rows::settle_all,
};
use crate::{
    domain::{Decision, Mode, NoAction, RunId, SchemeId, SchemeVerdict, SweepId, Truth},
    views::runs::{
        Error,
        entries::Entries,
        entry::{Kept, Place},
        row::{self, Row},
        sweeps::Sweeps,
        table::Table,
    },
};

/// The number of conditions in a reason.
const MAX_FACTS: usize = 3;

/// Counts a user, and the schemes that select them; returns whether that was the last user.
///
/// # Errors
/// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
pub(super) fn sighted(table: Table<'_>, decision: &Decision, sweep: &SweepId) -> Result<bool, Error> {
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
///
/// # Errors
/// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
pub(super) fn released(
    table: Table<'_>,
    decision: &Decision,
    sweep: &SweepId,
    scheme: &SchemeId,
) -> Result<bool, Error> {
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
            part.fell_out += 1;
            stays_held(table, decision, &id, &no_longer_selected(decision, scheme))?;
        }
    }
    let over = is_release_over(part);
    row.last_ended = row.last_ended.max(Some(decision.decided));
    let tally = Sweeps(table.0).tally(sweep)?;
    table.put(Some(&earlier), &row.settled(Some(&tally), decision.decided))?;
    Ok(over)
}

/// Why `scheme` does not select the user of `decision`, whom it selected when the run was held.
fn no_longer_selected(decision: &Decision, scheme: &SchemeId) -> String {
    if let Some(NoAction::NotAPerson(word)) = &decision.no_action {
        return format!("no longer selected since the run was held: the account is not a person's but `{word}`");
    }
    let verdict = decision.verdicts.iter().find(|verdict| verdict.scheme.id == *scheme);
    match verdict.map(|verdict| (verdict.selected, &verdict.reasons)) {
        Some((Truth::False, reasons)) => {
            format!("no longer selected since the run was held: {}", reasons.decided_by(MAX_FACTS))
        }
        Some((_, reasons)) => {
            format!("not known any more whether the scheme selects the user: {}", reasons.left_open(MAX_FACTS))
        }
        // Older records tell only that it did not.
        None if decision.unknown.is_empty() => "no longer selected since the run was held".to_owned(),
        None => "the user could not be decided anew when the run was released; a dead letter says why".to_owned(),
    }
}

/// Keeps `why` at the held steps of the user. On a log that is read anew, these may come later: see [`Entries::fell_out`].
fn stays_held(table: Table<'_>, decision: &Decision, run: &RunId, why: &str) -> Result<(), Error> {
    let (entries, Some(number)) = (Entries(table.0), table.number(run)?) else { return Ok(()) };
    entries.put_fell_out(number, &decision.user.to_string(), why)?;
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
