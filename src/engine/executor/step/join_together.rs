//! Several groups given by one call.
//!
//! Each step has its own attempt before the call, and its own outcome. If the call fails, nothing is known of any of
//! them. They are then taken one by one, as after a crash: the attempt is there, and a reading shows what was made.

use std::sync::Arc;

use tracing::debug;

use super::{ANEW, Ended, Interrupted, Plan, Progress, UserReading, wording};
use crate::{
    domain::{CallMade, GroupName, Step, StepResult},
    products::{Disposition, Error},
    runtime::pause,
    source::{failures::CallKind, retry_policy::RetryPolicy},
};

/// The plan of a group that the user is to be put into.
struct Joining<'a> {
    plan: &'a Plan<'a>,
    group: &'a GroupName,
    before: String,
}

impl Progress<'_> {
    /// Puts the user into the groups of `plans` by one call, and gives the ends of the steps that were made so. Gives
    /// none of them if fewer than two are to be made, if something keeps them back, or if the call fails.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(in crate::engine) async fn join_together<'p>(
        mut self,
        plans: &[&'p Plan<'p>],
    ) -> Result<Vec<(&'p Plan<'p>, Ended)>, Interrupted> {
        let connection = &self.executor.connection;
        if self.context.is_gone() {
            return Ok(Vec::new()); // no call is needed, so a stopped source is not waited for
        }
        connection.running(&self.work.stop).await?;
        if self.is_kept_back() || self.context.is_delete_kept_back() {
            return Ok(Vec::new());
        }
        let Ok(known) = self.read().await? else { return Ok(Vec::new()) };
        let joining = Joining::all(plans, &known);
        let revision = connection.revision();
        if joining.len() < 2 {
            self.context.keep(known);
            return Ok(Vec::new());
        }
        let place = connection.place(&self.work.stop).await?;
        let _ = self.work.stop.run_until_cancelled(self.work.lease.hold()).await; // as for a single step
        if !connection.is_running() || self.is_kept_back() || !known.holds(connection.stops()) {
            self.context.keep(known);
            return Ok(Vec::new());
        }
        let Some(known) = self.confirm(known).await else { return Ok(Vec::new()) };
        let asked = self.ask_for_all(&known, &joining, revision).await;
        drop(place);
        let call = match asked {
            Ok(call) => call,
            Err(error) => {
                self.wait_after(&error).await?;
                return Ok(Vec::new());
            }
        };
        self.observe_change();
        self.context.joined(known, joining.iter().map(|joining| joining.group));
        let ended = |joining: Joining<'p>| {
            let ended = Ended::with(StepResult::Changed, "made so").before(Some(joining.before));
            (joining.plan, ended.asked(1, call.clone()))
        };
        Ok(joining.into_iter().map(ended).collect())
    }

    /// Waits after a failed call as long as a single step would wait before the next one.
    async fn wait_after(&self, error: &Error) -> Result<(), Interrupted> {
        let connection = &self.executor.connection;
        debug!(event.id = %self.plan.step.event, %error, "groups are not given by one call; each is taken alone");
        match error.disposition() {
            _ if matches!(error, Error::Withheld(_)) => pause(ANEW, &self.work.stop).await,
            Disposition::Retry(after) | Disposition::ReadThenRetry(after) => {
                let mut retry_policy = RetryPolicy::new(connection, CallKind::Change);
                retry_policy.wait(error, after, &self.work.stop).await.map(drop)
            }
            Disposition::Halt => {
                connection.halt(error);
                Ok(())
            }
            Disposition::ReadThenGiveUp | Disposition::GiveUp => Ok(()),
        }
    }

    /// Whether an administrator or observe mode keeps the steps back. Each of them then says so itself.
    fn is_kept_back(&self) -> bool {
        self.executor.observes() || self.stopped().is_some()
    }

    /// Calls the product. When the turn of the call has come, the attempts are written.
    async fn ask_for_all(
        &self,
        known: &UserReading,
        joining: &[Joining<'_>],
        revision: u64,
    ) -> Result<Option<CallMade>, Error> {
        let steps = joining.iter().map(|joining| (joining.plan.step.clone(), joining.before.clone())).collect();
        // A group that is given needs no claim.
        let fence = Arc::new(self.fence(steps, known, revision));
        let groups: Vec<_> = joining.iter().map(|joining| joining.group).collect();
        let client = &self.executor.connection.client;
        let asked = self.cleared(&fence, known, client.join_groups(&known.user, &groups)).await;
        fence.finish_attempt().await;
        asked.map(|()| fence.call())
    }
}

impl<'a> Joining<'a> {
    /// The joinings of `plans`, each group once: a second step for it is taken alone, and finds it given.
    fn all(plans: &[&'a Plan<'a>], known: &UserReading) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for joining in plans.iter().filter_map(|plan| Self::of(plan, known)) {
            if all.iter().all(|other| other.group != joining.group) {
                all.push(joining);
            }
        }
        all
    }

    /// The joining for `plan`, if the user is known not to be in its group.
    fn of(plan: &'a Plan<'a>, known: &UserReading) -> Option<Self> {
        let step = &plan.step.step;
        match step {
            Step::AddGroup(group) if known.user.satisfies(step) == Some(false) => {
                Some(Self { plan, group, before: wording::before(step, &known.user) })
            }
            _ => None,
        }
    }
}
