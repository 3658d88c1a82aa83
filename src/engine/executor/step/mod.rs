//! Carries out one step: read, ask the guard, wait for the turn, append the attempt, call; in doubt, read again.

mod ask;
mod context;
pub(in crate::engine::executor) mod ended;
mod fence;
pub(in crate::engine::executor) mod hold;
mod issue;
mod join_together;
pub(in crate::engine::executor) mod plan;
mod settle_attempt;
mod wording;

use std::time::Duration;

use super::{
    Executor,
    guard::{Permit, Refusal},
};
use crate::{
    domain::{CallMade, Step, StepResult, Timestamp},
    products::{Disposition, Error},
    runtime::{Interrupted, Work, pause},
    source::{failures::CallKind, read::UserLookup, retry_policy::RetryPolicy},
};
use ask::may_be_done_in_part;
use context::UserReading;

pub(in crate::engine) use context::StepContext;
pub(in crate::engine) use ended::Ended;

pub(in crate::engine) use hold::Hold;
pub(in crate::engine) use plan::Plan;

/// The highest age of a reading at the turn of its change. If it is older, the change is not sent, but judged again.
const READING_LASTS: Duration = Duration::from_secs(90);
/// The wait before an unsent change is judged again.
const ANEW: Duration = Duration::from_millis(200);

/// A step on its way.
pub(in crate::engine) struct Progress<'a> {
    pub(in crate::engine) executor: &'a Executor,
    pub(in crate::engine) plan: &'a Plan<'a>,
    pub(in crate::engine) context: &'a mut StepContext,
    pub(in crate::engine) work: &'a Work,
    /// The state before the first attempt, if there was one.
    pub(in crate::engine) attempted: Option<String>,
    /// The time of that attempt, if usher has been restarted since.
    attempted_at: Option<Timestamp>,
    /// Whether an attempt of ours may have been carried out without our knowing.
    may_be_done: bool,
    /// The highest age of a reading at the turn of its change. It is doubled each time that a reading was too old, so
    /// that a slow source makes progress too.
    reading_lasts: Duration,
    /// How often the product was asked for the change.
    attempts: u32,
    /// The last call for the change.
    call: Option<CallMade>,
}

impl<'a> Progress<'a> {
    /// A step that usher has `attempted` before it was stopped, or not.
    pub(in crate::engine) fn new(
        executor: &'a Executor,
        plan: &'a Plan<'a>,
        context: &'a mut StepContext,
        work: &'a Work,
        attempted: Option<(String, Timestamp)>,
    ) -> Self {
        // If usher stopped between the attempt and its outcome, only the product knows.
        let may_be_done = attempted.is_some();
        let attempts = u32::from(may_be_done);
        let (attempted, attempted_at) = attempted.unzip();
        let (reading_lasts, call) = (READING_LASTS, None);
        Self { executor, plan, context, work, attempted, attempted_at, may_be_done, reading_lasts, attempts, call }
    }

    /// Takes the step.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(in crate::engine) async fn take(mut self) -> Result<Ended, Interrupted> {
        let ended = self.settled().await?;
        Ok(ended.asked(self.attempts, self.call))
    }

    async fn settled(&mut self) -> Result<Ended, Interrupted> {
        if self.plan.so_already && !self.may_be_done {
            return Ok(Ended::with(StepResult::Unchanged, "already so"));
        }
        if let Some(hold) = &self.plan.held {
            return Ok(Ended::held(hold.reason()));
        }
        if self.context.is_gone() {
            return Ok(Ended::skipped());
        }
        self.executor.connection.running(&self.work.stop).await?;
        if self.may_be_done {
            self.context.forget();
        } else if let Some(held) = self.stopped() {
            return Ok(held);
        }
        if self.context.is_delete_kept_back() {
            return Ok(Ended::held("kept back with the delete before it"));
        }
        self.make_so().await
    }

    async fn make_so(&mut self) -> Result<Ended, Interrupted> {
        let connection = &self.executor.connection;
        let mut retry_policy = RetryPolicy::new(connection, CallKind::Change).since_attempt(self.attempted_at);
        let mut refused: Option<Error> = None;
        let in_parts = may_be_done_in_part(&self.plan.step.step);
        loop {
            let known = match self.read().await? {
                Ok(known) => known,
                Err(ended) => return Ok(ended),
            };
            let is_so = match self.is_so(&known.user).await? {
                Ok(is_so) => is_so,
                Err(error) => return Ok(self.failed("the product does not tell whether it is so", &error)),
            };
            if let Some(ended) = self.settle(&known.user, is_so, refused.take()) {
                self.context.keep(known);
                return Ok(ended);
            }
            connection.running(&self.work.stop).await?;
            let revision = connection.revision();
            let permitted = self.permit(&known).await?;
            if !known.holds(connection.stops()) {
                if let Ok(permit) = permitted {
                    permit.released(self.executor.now()).await;
                }
                continue; // it was judged by facts from before a long wait
            }
            let mut permit = match permitted {
                Ok(permit) => permit,
                Err(ended) => {
                    self.context.keep(known);
                    return Ok(ended);
                }
            };
            let place = match permit.take_place() {
                Some(place) => place,
                None => connection.place(&self.work.stop).await?,
            };
            // Waited for here as long as it takes: readings need no place. Lost, it is withheld below.
            let _ = self.work.stop.run_until_cancelled(self.work.lease.hold()).await;
            if !connection.is_running() || self.stopped().is_some() || !known.holds(connection.stops()) {
                permit.released(self.executor.now()).await;
                self.context.keep(known);
                continue; // it was stopped meanwhile
            }
            let Some(known) = self.confirm(known).await else {
                permit.released(self.executor.now()).await;
                continue;
            };
            let asked = self.ask(&known, permit, revision).await?;
            drop(place);
            let Err(error) = asked else { return Ok(self.made_so(known).await) };
            match error.disposition() {
                // This is no failure of the product: the step is judged again, here or by the partition's next owner.
                _ if matches!(error, Error::Withheld(_)) => {
                    pause(ANEW, &self.work.stop).await?;
                }
                Disposition::Retry(after) => {
                    self.may_be_done |= in_parts;
                    if !retry_policy.wait(&error, after, &self.work.stop).await? {
                        return Ok(self.failed("the product does not get to it", &error));
                    }
                }
                Disposition::ReadThenRetry(after) => {
                    self.may_be_done = true;
                    if !retry_policy.wait(&error, after, &self.work.stop).await? {
                        return Ok(self.failed("the product keeps failing at it", &error));
                    }
                }
                Disposition::Halt => {
                    self.may_be_done |= in_parts;
                    connection.halt(&error);
                }
                Disposition::ReadThenGiveUp => refused = Some(error),
                // The missing user may be the one who was to be deleted.
                Disposition::GiveUp if self.plan.step.step == Step::Delete => refused = Some(error),
                Disposition::GiveUp => return Ok(self.failed("the product refused", &error)),
            }
        }
    }

    /// The end of a step that the product has carried out. Which groups went with the access shows in another reading
    /// only; an undo needs it. If that fails, the change stands all the same.
    async fn made_so(&mut self, known: UserReading) -> Ended {
        let ended = self.changed(known);
        if !matches!(self.plan.step.step, Step::RemoveApplicationAccess(_)) {
            return ended;
        }
        let connection = &self.executor.connection;
        let stops = connection.stops();
        let Ok(user) = connection.client.user(&self.plan.decision.user).await else { return ended };
        let after = wording::groups(&user);
        self.context.keep(UserReading::fresh(user, stops));
        ended.after(Some(after))
    }

    /// The user as carried over or read by the planner a moment ago, else read now.
    async fn read(&mut self) -> Result<Result<UserReading, Ended>, Interrupted> {
        let connection = &self.executor.connection;
        if let Some(known) = self.context.take_for(&self.plan.step.step, connection.stops()) {
            return Ok(Ok(known));
        }
        if !self.may_be_done
            && let Some(known) = self.read_by_planner()
        {
            return Ok(Ok(known));
        }
        let reading = connection.read_user(&self.plan.decision.user, &self.work.stop).await?;
        Ok(match reading {
            UserLookup::Found(user) => Ok(UserReading::fresh(*user, connection.stops())),
            UserLookup::NoSuchUser => Err(self.without_user()),
            UserLookup::GaveUp(error) => Err(self.failed("the user can't be read", &error)),
        })
    }

    /// The planner's reading for this decision, if it is recent.
    fn read_by_planner(&self) -> Option<UserReading> {
        let (connection, decision) = (&self.executor.connection, self.plan.decision);
        let user = decision.user.id()?;
        connection.recent_readings.take(user, &decision.event, connection.stops()).map(UserReading::of_planner)
    }

    /// The reading, unless it is old and no longer true. It is repeated while the turn is kept: after another wait for
    /// the turn it would be old again.
    async fn confirm(&mut self, known: UserReading) -> Option<UserReading> {
        if !known.is_old() {
            return Some(known);
        }
        let connection = &self.executor.connection;
        let stops = connection.stops();
        // Without retries: if it fails, the step is judged again, with a new reading.
        let user = connection.client.user(&self.plan.decision.user).await.ok()?;
        let is_as_before = user == known.user;
        let now = UserReading::fresh(user, stops);
        if !is_as_before {
            self.context.keep(now);
            return None;
        }
        Some(now)
    }

    /// The permission for the step; or its end, if it may not be done, or is not to be done for real.
    async fn permit(&mut self, known: &UserReading) -> Result<Result<Permit, Ended>, Interrupted> {
        let step = &self.plan.step.step;
        let before = Some(self.before(&known.user));
        if let Some(held) = self.stopped() {
            return Ok(Err(held.before(before)));
        }
        Ok(match self.executor.guard.ask(step, &self.plan.step.scheme.id, &known.user, &self.work.stop).await? {
            Err(Refusal { why, error }) => {
                let held = Ended::held(format!("protected: {why}")).before(before);
                Err(Ended { error: error.map(|error| error.to_string()), ..held })
            }
            Ok(permit) if self.plan.dry_run || self.executor.observes() => {
                permit.released(self.executor.now()).await;
                let ended = match self.attempted {
                    None => self.tested(),
                    Some(_) => {
                        Ended::held("usher was set to observe while the step was under way; part of it may be done")
                    }
                };
                Err(ended.before(before))
            }
            Ok(permit) => Ok(permit),
        })
    }
}
