//! Events that an administrator redrives after they were given up.

use super::{Planner, input::PlannerInput};
use crate::{
    domain::EventRecord,
    runtime::{Interrupted, Work},
};

impl Planner {
    /// Decides an event once more that was given up, unless this order is carried out already. It is remembered by
    /// `id`, and the order by `again`.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn decide_again(
        &self,
        record: EventRecord,
        id: &str,
        again: &str,
        work: &Work,
    ) -> Result<(), Interrupted> {
        let key = record.event.key();
        if work.recall(&self.ledger, again).await?.is_some() {
            self.planner_metrics.duplicate();
            return self.activities.snapshot(&key, work).await; // it may have been decided just before a crash
        }
        let redrive = record.redrive.clone();
        // One that was known by name alone is decided under the lasting id for the first time.
        let is_decided = work.recall(&self.ledger, id).await?.is_some();
        let answer = self.decide(PlannerInput::again(record, is_decided), work).await?;
        if self.follow(answer, &key, redrive, work).await? {
            self.done(id, work).await?;
        }
        self.done(again, work).await
    }
}
