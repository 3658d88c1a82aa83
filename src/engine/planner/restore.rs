//! The planner's memory, restored from the decisions in the log.

use tracing::warn;

use super::{Planner, dedup::login_twins, pending_steps::DecisionSteps, rekey::memory_id};
use crate::{
    domain::Decision,
    log::{Stored, codec},
    store::{self, Entry, Scope},
};

impl Planner {
    /// Takes in the decision in `record`, so that its event is known, and the user's next event waits for its steps.
    ///
    /// # Errors
    /// Those of the state store, if sled can't read or write.
    pub(super) fn remember_decision(&self, scope: &Scope, record: &Stored) -> Result<(), store::Error> {
        match codec::decode::<Decision>(&record.payload) {
            Ok(decision) if decision.only.is_some() => Ok(()), // it was decided by an earlier record
            Ok(decision) => {
                DecisionSteps::by(&decision).map_or(Ok(()), |asked| self.pending.record(&asked, &*self.run_queries))?;
                self.activities.remember(scope, &decision)?;
                let id = memory_id(&decision.event, &decision.user);
                if let Some(told) = login_twins::report_id_of_decision(&decision) {
                    self.ledger.put(scope, &told, &Entry::Done, decision.decided)?;
                }
                if let Some(redrive) = &decision.redrive {
                    self.ledger.put(scope, &redrive.memory_id(&id), &Entry::Done, decision.decided)?;
                }
                self.ledger.put(scope, &id, &Entry::Done, decision.decided)
            }
            Err(error) => {
                warn!(position = %record.position, %error, "a decision can't be read back");
                Ok(())
            }
        }
    }
}
