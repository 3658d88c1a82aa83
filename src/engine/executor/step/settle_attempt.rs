//! Settles a step by the known facts. After a crash or a lost answer, an attempt without an outcome ends here: the user
//! is read, and the reading shows whether the change was made.

use super::{Ended, Progress, UserReading, wording};
use crate::{
    domain::{Step, StepResult},
    products::{Error, User},
};

const ANSWER_LOST: &str = "made so; the product's answer was lost, reading showed it";

/// Said of a step of an undo that somebody else was faster with.
const PUT_BACK: &str = "left alone: it is as it was before the run, somebody else has put it back";

const FORGOTTEN: &str = "not done: it may have been done before, usher no longer remembers, and the product does not tell; \
                         take it up again if it is still to be done";

/// Said of a step that is taken up again.
const CHANGED_SINCE: &str = "the scheme was changed, disabled or deleted since the step was given up";

impl Progress<'_> {
    /// Ends the step if it `is_so`, or can't be made so: the product has `refused`, and it is not so still.
    pub(super) fn settle(&self, user: &User, is_so: Option<bool>, refused: Option<Error>) -> Option<Ended> {
        let step = &self.plan.step.step;
        let ended = match (is_so, refused) {
            (None, _) => Ended::with(StepResult::Failed, wording::untold(step)),
            (Some(true), _) if self.may_be_done => {
                let is_access = matches!(step, Step::RemoveApplicationAccess(_));
                Ended::with(StepResult::Changed, ANSWER_LOST).after(is_access.then(|| wording::groups(user)))
            }
            (Some(true), _) if self.plan.is_undo() => Ended::with(StepResult::Unchanged, PUT_BACK),
            (Some(true), _) => Ended::with(StepResult::Unchanged, "already so"),
            (Some(false), Some(error)) if *step == Step::Delete && self.plan.followed => {
                let reason = "the product refused to delete; the actions after it are performed";
                Ended::with(StepResult::Unchanged, reason).because(&error)
            }
            (Some(false), Some(error)) => self.failed("the product refused", &error),
            (Some(false), None) if let Some(why) = step.left_alone(user.name.as_deref()) => Ended::held(why),
            (Some(false), None) if self.is_in_doubt() => Ended::with(StepResult::Failed, FORGOTTEN),
            (Some(false), None) => return None,
        };
        let before = if is_so.is_some() { Some(self.before(user)) } else { self.attempted.clone() };
        Some(ended.before(before))
    }

    /// Whether it is unknown if the step was done before: usher has forgotten it, and the product does not show it for
    /// certain. A finished issue may have been deleted.
    fn is_in_doubt(&self) -> bool {
        self.plan.in_doubt && self.attempted.is_none() && !self.plan.dry_run
    }

    /// The end of the step if there is no such user.
    pub(super) fn without_user(&self) -> Ended {
        let ended = match &self.plan.step.step {
            Step::Delete if self.may_be_done => Ended::with(StepResult::Changed, ANSWER_LOST),
            Step::Delete => Ended::with(StepResult::Unchanged, "already gone"),
            _ if self.plan.after_delete => Ended::skipped(),
            _ if self.plan.is_undo() => Ended::held("left alone: the user is gone"),
            _ => Ended::with(StepResult::Failed, "the user is gone"),
        };
        ended.before(self.attempted.clone())
    }

    /// The end of the step if an administrator has stopped its scheme or run.
    pub(super) fn stopped(&self) -> Option<Ended> {
        let (controls, step) = (&self.executor.connection.controls, &self.plan.step);
        if controls.run_cancelled(&step.run) {
            Some(Ended::held("the run was cancelled"))
        } else if self.plan.is_undo() {
            None
        } else if controls.scheme_paused(&step.scheme.id) {
            Some(Ended::held("the scheme is paused"))
        } else if step.redrive.is_some() && !controls.scheme_stands(&step.scheme) {
            Some(Ended::held(CHANGED_SINCE))
        } else {
            None
        }
    }

    /// The end in test mode: the change that would have been made.
    pub(super) fn tested(&self) -> Ended {
        let step = &self.plan.step.step;
        let otherwise = if self.plan.after_delete { " if the product refuses to delete" } else { "" };
        Ended::with(StepResult::Tested, format!("would {}{otherwise}", wording::infinitive(step)))
    }

    /// The product has made it so.
    pub(super) fn changed(&mut self, known: UserReading) -> Ended {
        let step = &self.plan.step.step;
        self.observe_change();
        self.context.changed(known, step);
        let reason = match step {
            Step::InvalidatePassword { .. } if self.may_be_done => {
                "made so; perhaps again, since an answer was lost: that does no harm"
            }
            _ => "made so",
        };
        Ended::with(StepResult::Changed, reason).before(self.attempted.clone())
    }

    /// Observes the time from the event to its first change.
    pub(super) fn observe_change(&mut self) {
        if !self.context.is_first_change() {
            return;
        }
        let waited = self.plan.decision.accepted.until(self.executor.now());
        let metrics = &self.executor.outcomes.metrics;
        match self.plan.decision.sweep {
            Some(_) => metrics.sweep_event_to_action_seconds.observe(waited.as_secs_f64()),
            None => metrics.event_to_action_seconds.observe(waited.as_secs_f64()),
        }
    }

    /// The end of a step that failed for good.
    pub(super) fn failed(&self, reason: &str, error: &Error) -> Ended {
        Ended::with(StepResult::Failed, reason).before(self.attempted.clone()).because(error)
    }

    /// The state before the first attempt.
    pub(super) fn before(&self, user: &User) -> String {
        self.attempted.clone().unwrap_or_else(|| wording::before(&self.plan.step.step, user))
    }
}
