//! Runs of events, and the outcomes of all runs.

use super::{
    Error, Runs,
    entries::Entries,
    entry::{Kept, Place},
    row::Row,
    sweeps::Sweeps,
    table::Table,
};
use crate::{
    domain::{Decision, Outcome, SchemeVerdict, StepResult},
    views::database::whole,
};

impl Runs<'_> {
    /// Adds the runs of `decision`. Of two decisions on one event, the first counts.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(in crate::views) fn decided(self, decision: &Decision) -> Result<(), Error> {
        whole(self.0, || match &decision.sweep {
            Some(sighting) => self.sighting_decided(decision, sighting),
            None => decision.selected().try_for_each(|verdict| decided(Table(self.0), decision, verdict)),
        })
    }

    /// Adds what became of a step, and counts it. Of two outcomes of one step, the first counts,
    /// unless an administrator had the step taken once more.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(in crate::views) fn ended(self, outcome: &Outcome) -> Result<(), Error> {
        whole(self.0, || ended(Table(self.0), outcome))
    }
}

fn decided(table: Table<'_>, decision: &Decision, verdict: &SchemeVerdict) -> Result<(), Error> {
    let row = Row::from_verdict(decision, verdict);
    match table.get(&row.run.id)? {
        None => table.put(None, &row.settled(None, decision.decided)),
        Some(earlier) if earlier.planned.is_none() => {
            table.put(Some(&earlier), &row.with_steps_of(&earlier).settled(None, decision.decided))
        }
        Some(_) => Ok(()),
    }
}

fn ended(table: Table<'_>, outcome: &Outcome) -> Result<(), Error> {
    let (step, entries) = (&outcome.step, Entries(table.0));
    let (place, mut kept) = (Place::of_step(&step.user, &step.key), Kept::from(outcome));
    let number = table.number(&step.run)?;
    if let Some(number) = number.filter(|_| outcome.result == StepResult::Held && !kept.released)
        && let Some(why) = entries.fell_out(number, &place.user)?
    {
        kept.entry.reason = why;
    }
    let before = number.map_or(Ok(None), |number| entries.get(number, &place))?;
    if before.as_ref().is_some_and(|before| !before.gives_way_to(&kept)) {
        return Ok(());
    }
    let earlier = table.get(&step.run)?;
    let row = earlier.clone().unwrap_or_else(|| Row::from_outcome(outcome));
    let tally = row.run.sweep.as_ref().map(|sweep| Sweeps(table.0).tally(sweep)).transpose()?;
    let ends_release = kept.released && before.as_ref().is_none_or(|before| !before.released);
    let row = row.with_step(outcome, ends_release, before.and_then(|before| before.result()));
    table.put(earlier.as_ref(), &row.settled(tally.as_ref(), outcome.at))?;
    match number {
        Some(number) => entries.put(number, &place, &kept),
        None => entries.put(table.0.last_insert_rowid(), &place, &kept),
    }
}
