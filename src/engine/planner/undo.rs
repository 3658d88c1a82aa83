//! Decides the undo of a run for one user. No scheme is asked: the event has the steps, made of the run's outcomes.

use super::{Planned, Planner, input::PlannerInput, scope::SchemeScope};
use crate::{
    domain::{Facts, MadeOf, NoAction, Reason, RunId, SchemeVerdict, Truth, Undo},
    rules::Evaluation,
    runtime::{Interrupted, Work},
};

impl Planner {
    /// Decides on the steps of `undo`. The executor reads the user before each of them, and leaves alone what somebody
    /// else has changed since.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn decide_undo(
        &self,
        told: &PlannerInput,
        undo: &Undo,
        work: &Work,
    ) -> Result<Planned, Interrupted> {
        let event = &told.event;
        if let Some(reason) = SchemeScope::Forgotten.given_up().filter(|_| told.forgotten) {
            self.give_up(told, None, reason.into(), work).await?;
        }
        let known = self.activities.before(&event.key(), work).await?;
        let run = event.sweep.as_ref().map(|sighting| RunId::of_sweep(&sighting.sweep, &undo.scheme.id));
        let is_cancelled = run.is_some_and(|run| self.connection.controls.run_cancelled(&run));
        let answer = match is_cancelled || told.forgotten {
            true => Evaluation::nothing(NoAction::NoSchemeForEvent),
            false => Evaluation { no_action: None, verdicts: vec![verdict(undo)], others: 0, unknown: Vec::new() },
        };
        Ok(self.decided(told, known.as_ref(), &Facts::from_payload(event), answer))
    }
}

fn verdict(undo: &Undo) -> SchemeVerdict {
    let left_alone = undo.steps.iter().enumerate();
    let left_alone = left_alone.filter_map(|(index, step)| Some((index, step.left_alone.clone()?)));
    SchemeVerdict {
        scheme: undo.scheme.clone(),
        selected: Truth::True,
        test_mode: false,
        held: false,
        reasons: Reason {
            condition: "undo".into(),
            truth: Truth::True,
            because: format!("an administrator has run {} undone", undo.of),
            as_of: None,
            value: None,
            made_of: MadeOf::Fact,
            change: None,
            parts: Vec::new(),
        },
        steps: undo.steps.iter().map(|step| step.step.clone()).collect(),
        forecast: None,
        left_alone: left_alone.collect(),
    }
}
