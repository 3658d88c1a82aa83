//! Events that are given up: each becomes a dead letter.

use super::{Planner, input::PlannerInput, rekey::memory_id, scope::SchemeScope};
use crate::{
    domain::{Activity, Decision, EventRecord},
    log::{Stored, codec},
    runtime::{Interrupted, Work, bugs},
};

/// The text for an event on which the planner panics.
pub(super) const MAY_BE_UNDECIDED: &str = "the event may not have been decided";

impl Planner {
    /// Writes the dead letter on the event in `told`, with `reason`.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn give_up(
        &self,
        told: &PlannerInput,
        known: Option<&Activity>,
        reason: String,
        work: &Work,
    ) -> Result<(), Interrupted> {
        self.dead_letters.append(&told.letter(known, reason, self.now()), &work.stop).await
    }

    /// Gives up the event in `stored` after panics. A user of a sweep counts as unknown, so that the run comes to its
    /// end. None if it can't be read.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn give_up_event(&self, stored: &Stored, work: &Work) -> Option<Result<(), Interrupted>> {
        let record = codec::decode::<EventRecord>(&stored.payload).ok()?;
        Some(self.give_up_read(record, work).await)
    }

    /// Gives up the event in `record`, as [`Planner::give_up_event`].
    async fn give_up_read(&self, record: EventRecord, work: &Work) -> Result<(), Interrupted> {
        let id = memory_id(&record.event.id, &record.event.user);
        let is_decided = work.recall(&self.ledger, &id).await?.is_some();
        let known = self.activities.before(&record.event.key(), work).await?;
        let told = match record.redrive {
            Some(_) => PlannerInput::again(record, is_decided),
            None => PlannerInput::first(record.event, false),
        };
        self.give_up(&told, known.as_ref(), bugs::reason(MAY_BE_UNDECIDED), work).await?;
        let event = &told.event;
        if event.sweep.is_none() || is_decided {
            return Ok(());
        }
        let scheme_scope =
            SchemeScope::about(event, &*self.run_queries, &*self.connection.controls, &work.stop).await?;
        let unknown = scheme_scope.schemes_of_sweep().to_vec();
        let name = event.hints.name.clone();
        let decision = Decision::about(event, name, *self.mode.get(), self.now());
        self.record(&Decision { unknown, ..decision }, work).await?;
        self.done(&id, work).await
    }
}
