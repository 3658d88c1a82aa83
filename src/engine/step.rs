//! Making one step so: read, write down the attempt, ask, and where the answer is in doubt read again.

use crate::{
    domain::{Step, StepResult},
    products::{Disposition, Error, User},
};

use super::{
    Interrupted, Work,
    connection::{Asked, Reading},
    executor::{Executor, Plan},
    patience::Patience,
};

/// What is carried from step to step of one decision.
#[derive(Default)]
pub(super) struct Snapshot {
    /// The user as last read, so that each decision reads once.
    user: Option<User>,
    /// Whether a change has been made: the first one ends the time from event to action.
    acted: bool,
}

/// How a step ended.
pub(super) struct Ended {
    pub(super) result: StepResult,
    pub(super) reason: String,
    pub(super) before: Option<String>,
    pub(super) error: Option<String>,
}

/// A step on its way.
pub(super) struct Progress<'a> {
    pub(super) executor: &'a Executor,
    pub(super) plan: &'a Plan<'a>,
    pub(super) snapshot: &'a mut Snapshot,
    pub(super) work: &'a Work,
    /// What was there before the first attempt, if there was one.
    pub(super) attempted: Option<String>,
    /// Whether an attempt of ours may have been carried out without our knowing.
    pub(super) may_be_done: bool,
}

impl Progress<'_> {
    /// Takes the step.
    pub(super) async fn take(&mut self) -> Result<Ended, Interrupted> {
        if self.attempted.is_some() {
            // usher stopped between the attempt and its outcome: only the product knows.
            self.may_be_done = true;
            self.snapshot.user = None;
        }
        let connection = &self.executor.connection;
        let mut patience = Patience::new(connection, Asked::Change);
        let mut refused: Option<Error> = None;
        loop {
            let user = match self.read().await? {
                Ok(user) => user,
                Err(ended) => return Ok(ended),
            };
            if let Some(ended) = self.settle(&user, refused.take()) {
                return Ok(ended);
            }
            connection.running(&self.work.stop).await?;
            let Err(error) = self.ask(&user).await? else { return Ok(self.changed(user)) };
            match error.disposition() {
                Disposition::Retry(after) => {
                    if !patience.wait(&error, after, &self.work.stop).await? {
                        return Ok(self.failed("the product does not get to it", &error));
                    }
                }
                Disposition::ReadThenRetry(after) => {
                    self.may_be_done = true;
                    if !patience.wait(&error, after, &self.work.stop).await? {
                        return Ok(self.failed("the product keeps failing at it", &error));
                    }
                }
                Disposition::Halt => connection.halt(&error),
                Disposition::ReadThenGiveUp => refused = Some(error),
                Disposition::GiveUp => return Ok(self.failed("the product refused", &error)),
            }
        }
    }

    /// The user as carried over, else read now.
    async fn read(&mut self) -> Result<Result<User, Ended>, Interrupted> {
        if let Some(user) = self.snapshot.user.take() {
            return Ok(Ok(user));
        }
        let reading = self.executor.connection.read_user(&self.plan.decision.user, &self.work.stop).await?;
        Ok(match reading {
            Reading::Found(user) => Ok(*user),
            Reading::NoSuchUser => Err(Ended::with(StepResult::Failed, "the user is gone")),
            Reading::GaveUp(error) => Err(self.failed("the user can't be read", &error)),
        })
    }

    /// Ends the step if what was read settles it.
    fn settle(&mut self, user: &User, refused: Option<Error>) -> Option<Ended> {
        let step = &self.plan.step.step;
        let before = || Some(self.attempted.clone().unwrap_or_else(|| state(step, user)));
        let ended = match (user.satisfies(step), refused) {
            (None, _) => Ended::with(StepResult::Failed, "the product tells only some of the user's groups"),
            (Some(true), _) if self.may_be_done => Ended {
                before: before(),
                ..Ended::with(StepResult::Changed, "made so; the product's answer was lost, reading showed it")
            },
            (Some(true), _) => Ended { before: before(), ..Ended::with(StepResult::Unchanged, "already so") },
            (Some(false), Some(error)) => Ended { before: before(), ..self.failed("the product refused", &error) },
            (Some(false), None) if self.plan.dry_run => {
                Ended { before: before(), ..Ended::with(StepResult::Tested, format!("would {}", wording(step))) }
            }
            (Some(false), None) => return None,
        };
        self.snapshot.user = Some(user.clone());
        Some(ended)
    }

    /// Asks the product, the attempt being on record before.
    async fn ask(&mut self, user: &User) -> Result<Result<(), Error>, Interrupted> {
        let step = &self.plan.step;
        if self.attempted.is_none() {
            let before = state(&step.step, user);
            self.executor.attempt(step, &before, self.work).await?;
            self.attempted = Some(before);
        }
        let asked = self.executor.connection.client.make_so(user, &step.step).await;
        if asked.is_ok() {
            self.executor.connection.succeeded(Asked::Change);
        }
        Ok(asked)
    }

    fn changed(&mut self, mut user: User) -> Ended {
        if !std::mem::replace(&mut self.snapshot.acted, true) {
            let waited = self.plan.decision.accepted.until(self.executor.now());
            self.executor.metrics.event_to_action_seconds.observe(waited.as_secs_f64());
        }
        if let Some(groups) = &mut user.groups {
            match &self.plan.step.step {
                Step::AddGroup(group) => groups.insert(group.clone()),
                Step::RemoveGroup(group) => groups.remove(group),
                _ => false,
            };
        }
        self.snapshot.user = Some(user);
        Ended { before: self.attempted.clone(), ..Ended::with(StepResult::Changed, "made so") }
    }

    fn failed(&self, reason: &str, error: &Error) -> Ended {
        Ended {
            before: self.attempted.clone(),
            error: Some(error.to_string()),
            ..Ended::with(StepResult::Failed, reason)
        }
    }
}

/// What is there before the step, in words.
fn state(step: &Step, user: &User) -> String {
    let (Step::AddGroup(group) | Step::RemoveGroup(group)) = step else { return "unknown".into() };
    match user.groups.as_ref().map(|groups| groups.contains(group)) {
        Some(true) => "member".into(),
        Some(false) => "not a member".into(),
        None => "unknown".into(),
    }
}

fn wording(step: &Step) -> String {
    match step {
        Step::AddGroup(group) => format!("add to {group}"),
        Step::RemoveGroup(group) => format!("remove from {group}"),
        other => other.action().replace('_', " "),
    }
}
