//! Runs that one event sets off, and the outcomes of all runs.

use super::{
    Error, Runs,
    entry::{self, Kept},
    row::Row,
    table::{self, Table, Tried},
};
use crate::domain::{Decision, Outcome, SchemeVerdict};

impl Runs {
    /// Adds what `decision` sets off. Of two decisions on one event, the first counts.
    pub(in crate::views) fn decided(&self, decision: &Decision) -> Result<(), Error> {
        match &decision.sweep {
            Some(sighting) => self.sighting_decided(decision, sighting),
            None => {
                decision.selected().try_for_each(|verdict| self.transaction(|table| decided(&table, decision, verdict)))
            }
        }
    }

    /// Adds what became of a step, and counts it. Of two outcomes of one step, the first counts,
    /// unless an administrator had the step taken once more.
    pub(in crate::views) fn ended(&self, outcome: &Outcome) -> Result<(), Error> {
        self.transaction(|table| ended(&table, outcome))
    }
}

fn decided(table: &Table<'_>, decision: &Decision, verdict: &SchemeVerdict) -> Tried<()> {
    let row = Row::from_verdict(decision, verdict);
    match table.get(&row.run.id)? {
        None => table.put(None, &row.settled(None, decision.decided)),
        Some(earlier) if earlier.planned.is_none() => {
            table.put(Some(&earlier), &row.with_steps_of(&earlier).settled(None, decision.decided))
        }
        Some(_) => Ok(()),
    }
}

fn ended(table: &Table<'_>, outcome: &Outcome) -> Tried<()> {
    let step = &outcome.step;
    let (key, kept) = (entry::place(&step.run, &step.user, &step.key), Kept::from(outcome));
    let before: Option<Kept> = table::read(table.entries, &key)?;
    if before.as_ref().is_some_and(|before| !before.gives_way_to(&kept)) {
        return Ok(());
    }
    table::write(table.entries, &key, &kept)?;
    let earlier = table.get(&step.run)?;
    let row = earlier.clone().unwrap_or_else(|| Row::from_outcome(outcome));
    let tally = row.run.sweep.as_ref().map(|sweep| table.tally(sweep)).transpose()?;
    let ends_release = kept.released && before.as_ref().is_none_or(|before| !before.released);
    let row = row.with_step(outcome, ends_release, before.and_then(|before| before.result()));
    table.put(earlier.as_ref(), &row.settled(tally.as_ref(), outcome.at))
}
