//! A change that is asked of the product, behind a fence.

use std::sync::{Arc, atomic::AtomicBool};

use super::{
    Interrupted, Progress, UserReading,
    fence::{Fence, Observations},
};
use crate::{
    domain::{Step, StepRef},
    engine::executor::guard::Permit,
    products::{Disposition, Error, cleared_by},
    source::failures::CallKind,
};

impl Progress<'_> {
    /// Calls the product. When the turn of the first change has come, the attempt is written.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn ask(
        &mut self,
        known: &UserReading,
        permit: Permit,
        revision: u64,
    ) -> Result<Result<(), Error>, Interrupted> {
        let step = &self.plan.step;
        let before = self.before(&known.user);
        // A search for an issue counts the time from the last attempt, so each is written down.
        let is_written = self.attempted.is_some() && !matches!(step.step, Step::CreateIssue(_));
        let steps = vec![(step.clone(), before.clone())];
        let fence = Arc::new(Fence {
            usable_until: permit.usable_until(),
            attempted: AtomicBool::new(is_written),
            ..self.fence(steps, known, revision)
        });
        let client = &self.executor.connection.client;
        let asked = self.cleared(&fence, known, client.make_so(&known.user, &step.step)).await;
        let may_be_done = match &asked {
            Ok(()) => true,
            Err(Error::Withheld(_)) if !fence.has_cleared() => false,
            Err(error) => {
                matches!(error.disposition(), Disposition::ReadThenRetry(_)) || may_be_done_in_part(&step.step)
            }
        };
        let now = self.executor.now();
        if may_be_done {
            permit.used(now).await
        } else {
            permit.released(now).await
        }
        fence.finish_attempt().await;
        if fence.has_cleared() {
            self.attempts += 1;
            self.call = fence.call().or(self.call.take());
        }
        if fence.has_attempted() || asked.is_ok() {
            self.attempted = Some(before);
            self.executor.outcomes.asked(&step.step, self.work);
        }
        if fence.is_outdated() {
            self.reading_lasts = self.reading_lasts.saturating_mul(2);
        }
        if matches!(asked, Err(Error::Withheld(_))) && fence.has_cleared() {
            self.may_be_done |= may_be_done_in_part(&step.step);
        }
        Ok(asked)
    }

    /// A fence for `steps`, each with the state before it, that were judged by `known` at `revision`.
    pub(super) fn fence(&self, steps: Vec<(StepRef, String)>, known: &UserReading, revision: u64) -> Fence {
        Fence {
            outcomes: Arc::clone(&self.executor.outcomes),
            steps,
            work: self.work.clone(),
            revision,
            read: known.read(),
            reading_lasts: self.reading_lasts,
            usable_until: None,
            attempted: AtomicBool::new(false),
            seen: Observations::default(),
        }
    }

    /// The result of `call`, a change of the user in `known`, which `fence` clears.
    ///
    /// # Errors
    /// The error of `call`.
    pub(super) async fn cleared(
        &self,
        fence: &Arc<Fence>,
        known: &UserReading,
        call: impl Future<Output = Result<(), Error>>,
    ) -> Result<(), Error> {
        let (connection, user) = (&self.executor.connection, &known.user.id);
        connection.recent_readings.forget(user);
        let asked = cleared_by(fence.clone(), call).await;
        connection.recent_readings.forget(user); // one that was begun meanwhile
        if asked.is_ok() {
            connection.succeeded(CallKind::Change);
        }
        asked
    }
}

/// Whether some product needs several calls for `step`, or for reading its state. Then an error of the last call does
/// not show that nothing was done.
pub(super) fn may_be_done_in_part(step: &Step) -> bool {
    match step {
        Step::RemoveGroup(_)
        | Step::RemoveAllGroups
        | Step::RemoveApplicationAccess(_)
        | Step::Deactivate
        | Step::Reactivate
        | Step::Delete
        | Step::InvalidatePassword { .. } => true,
        Step::AddGroup(_) | Step::Rename { .. } | Step::NameBack { .. } | Step::CreateIssue(_) => false,
    }
}
