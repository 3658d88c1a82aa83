//! The steps that one decision asks for.

use crate::{
    domain::{Decision, Timestamp, UserKey},
    engine::run_queries::AskedStep,
    store::PendingStep,
};

/// Steps kept of one user at most, the latest ones.
const MAX_OF_ONE: usize = 1_000;

/// The steps of a decision.
#[derive(Debug)]
pub(in crate::engine) struct DecisionSteps {
    pub(super) user: UserKey,
    pub(super) decided: Timestamp,
    pub(super) steps: Vec<AskedStep>,
}

impl DecisionSteps {
    /// The steps of `decision`; none if it has none.
    pub(in crate::engine) fn by(decision: &Decision) -> Option<Self> {
        let steps = asked_steps(decision);
        (!steps.is_empty()).then(|| Self { user: decision.key(), decided: decision.decided, steps })
    }

    /// Adds them to the pending `steps` of the user, in place of those with the same key.
    pub(super) fn add_to(&self, steps: &mut Vec<PendingStep>) {
        steps.retain(|known| self.steps.iter().all(|step| step.key != known.key));
        steps.extend(self.pending());
        steps.drain(..steps.len().saturating_sub(MAX_OF_ONE));
    }

    fn pending(&self) -> impl Iterator<Item = PendingStep> {
        let pending = |AskedStep { run, key, .. }: &AskedStep| PendingStep {
            run: run.clone(),
            key: key.clone(),
            decided: self.decided,
        };
        self.steps.iter().map(pending)
    }
}

fn asked_steps(decision: &Decision) -> Vec<AskedStep> {
    let of = |verdict| {
        let run = decision.run(verdict);
        let step = move |index| AskedStep {
            run: run.clone(),
            user: decision.user.clone(),
            key: decision.step_key(verdict, index),
        };
        (0..verdict.steps.len()).map(step)
    };
    decision.selected().flat_map(of).collect()
}
