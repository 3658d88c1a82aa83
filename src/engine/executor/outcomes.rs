//! The records that the executor writes and remembers of steps: attempts before, outcomes after.

use std::{sync::Arc, time::Duration};

use tracing::{debug, warn};

use super::step::{
    ended::{Ended, entry},
    hold::Hold,
    plan::Plan,
};
use crate::{
    domain::{
        Again, Attempt, DeadLetter, Decision, MadeOf, Outcome, Reason, SchemeVerdict, Stage, Step, StepRef, StepResult,
        Timestamp, Truth,
    },
    engine::dead_letters::DeadLetters,
    log::{
        Record, Stream,
        codec::{self, OutcomeRecord},
    },
    metrics::Metrics,
    runtime::{Appender, Interrupted, Work},
    source::Connection,
    store::{self, Entry, Ledger, Scope},
};

/// The memory of steps, in the log and in the ledger.
pub(in crate::engine) struct Outcomes {
    pub(in crate::engine) connection: Arc<Connection>,
    pub(in crate::engine) appender: Appender,
    pub(in crate::engine) dead_letters: DeadLetters,
    pub(in crate::engine) ledger: Ledger,
    pub(in crate::engine) metrics: Metrics,
}

impl Outcomes {
    /// The ledger's entry of `step`.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(in crate::engine) async fn recall(&self, step: &StepRef, work: &Work) -> Result<Option<Entry>, Interrupted> {
        work.recall(&self.ledger, &step.memory_id()).await
    }

    /// The time at which an issue with `marker` was last requested, by any step; none if it never was.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(in crate::engine) async fn issue_asked_for(
        &self,
        marker: &str,
        work: &Work,
    ) -> Result<Option<Timestamp>, Interrupted> {
        Ok(match work.recall(&self.ledger, &issue_id(marker)).await? {
            Some(Entry::Attempted { at, .. }) => Some(at),
            Some(Entry::Done | Entry::Gone | Entry::KeptBack) | None => None,
        })
    }

    /// Appends the attempt of a change.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(in crate::engine) async fn attempt(
        &self,
        step: &StepRef,
        before: &str,
        work: &Work,
    ) -> Result<(), Interrupted> {
        let attempt = Attempt { step: step.clone(), before: before.to_owned(), at: self.connection.clock.now() };
        // The log comes first: the ledger is rebuilt from it, and another process reads only the log.
        self.write(step, OutcomeRecord::Attempt(attempt.clone()), work).await?;
        self.keep(&OutcomeRecord::Attempt(attempt), work).await
    }

    /// Records that a change was just requested, whatever its result.
    pub(in crate::engine) fn asked(&self, step: &Step, work: &Work) {
        if let Step::CreateIssue(issue) = step {
            self.asked_at(&issue.marker, self.connection.clock.now(), work);
        }
    }

    /// Records that the issue with `marker` was last requested at `at`.
    pub(in crate::engine) fn asked_at(&self, marker: &str, at: Timestamp, work: &Work) {
        if let Err(error) = self.remember_issue(&work.scope, marker, at) {
            warn!(%error, "can't remember when an issue was asked for; the time of its attempt stands");
        }
    }

    /// Writes down how the step of `plan` ended.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(in crate::engine) async fn record(
        &self,
        plan: &Plan<'_>,
        ended: Ended,
        took: Duration,
        work: &Work,
    ) -> Result<Entry, Interrupted> {
        let outcome = Outcome {
            step: plan.step.clone(),
            result: ended.result,
            test_mode: plan.dry_run,
            reason: ended.reason,
            before: ended.before,
            at: self.connection.clock.now(),
            took,
            error: ended.error,
            after: ended.after,
            attempts: ended.attempts,
            call: ended.call,
        };
        if is_for_an_administrator(plan, outcome.result) {
            self.append_dead_letter(plan, &outcome, work).await?;
        }
        self.write(&outcome.step, OutcomeRecord::Outcome(outcome.clone()), work).await?;
        self.report(&outcome);
        let entry = entry(&outcome.step.step, outcome.result, outcome.error.as_deref());
        self.keep(&OutcomeRecord::Outcome(outcome), work).await?;
        Ok(entry)
    }

    /// Applies a record to the ledger; repeating that changes nothing.
    ///
    /// # Errors
    /// Those of the state store, if sled can't read or write.
    pub(in crate::engine) fn remember(&self, scope: &Scope, record: &OutcomeRecord) -> Result<(), store::Error> {
        match record {
            OutcomeRecord::Attempt(attempt) => {
                if let Step::CreateIssue(issue) = &attempt.step.step {
                    self.remember_issue(scope, &issue.marker, attempt.at)?;
                }
                let entry = Entry::Attempted { before: attempt.before.clone(), at: attempt.at };
                self.ledger.put(scope, &attempt.step.memory_id(), &entry, attempt.at)
            }
            OutcomeRecord::Outcome(outcome) => {
                let entry = entry(&outcome.step.step, outcome.result, outcome.error.as_deref());
                self.ledger.put(scope, &outcome.step.memory_id(), &entry, outcome.at)
            }
        }
    }

    fn remember_issue(&self, scope: &Scope, marker: &str, at: Timestamp) -> Result<(), store::Error> {
        self.ledger.put(scope, &issue_id(marker), &Entry::Attempted { before: String::new(), at }, at)
    }

    /// Stores a record that is in the log in the ledger. Until that succeeds the work does not continue, because the
    /// step would be done again.
    async fn keep(&self, record: &OutcomeRecord, work: &Work) -> Result<(), Interrupted> {
        work.remembered(|| self.remember(&work.scope, record)).await
    }

    async fn write(&self, step: &StepRef, record: OutcomeRecord, work: &Work) -> Result<(), Interrupted> {
        let record = Record { key: step.user_key(), payload: codec::encode(&record) };
        self.appender.append_output(Stream::Outcomes, record, work).await
    }

    async fn append_dead_letter(&self, plan: &Plan<'_>, outcome: &Outcome, work: &Work) -> Result<(), Interrupted> {
        let step = &outcome.step;
        let reason = match &outcome.error {
            Some(error) if error.starts_with(&outcome.reason) => error.clone(), // avoid repeating the text
            Some(error) => format!("{}: {error}", outcome.reason),
            None => outcome.reason.clone(),
        };
        let letter = DeadLetter {
            id: step.key.to_string(),
            stage: Stage::Executor,
            source: step.source.clone(),
            user: step.user.clone(),
            event: Some(step.event.clone()),
            step: Some(step.clone()),
            reason,
            at: outcome.at,
            again: Some(again(plan)),
            held: outcome.result == StepResult::Held,
        };
        self.dead_letters.append(&letter, &work.stop).await
    }

    fn report(&self, outcome: &Outcome) {
        let step = &outcome.step;
        let labels = [step.source.as_str(), step.step.action(), outcome.result.as_str()];
        self.metrics.steps.with_label_values(&labels).inc();
        debug!(
            event.id = %step.event,
            source.id = %step.source,
            scheme.id = %step.scheme.id,
            action = step.step.action(),
            target = step.step.target(),
            result = outcome.result.as_str(),
            "step ended"
        );
    }
}

/// Whether the step waits for an administrator's decision.
fn is_for_an_administrator(plan: &Plan<'_>, result: StepResult) -> bool {
    match result {
        StepResult::Failed => true,
        StepResult::Held => plan.step.redrive.is_some() || plan.held.is_some_and(Hold::is_to_be_decided),
        StepResult::Changed | StepResult::Unchanged | StepResult::Tested => false,
    }
}

/// The content for taking the step of `plan` up again.
fn again(plan: &Plan<'_>) -> Again {
    let Plan { decision, verdict, step, .. } = plan;
    let reasons = Reason {
        condition: "redrive".into(),
        truth: Truth::True,
        because: "the scheme selected the user when the step was first taken".into(),
        as_of: None,
        value: None,
        made_of: MadeOf::Fact,
        change: None,
        parts: Vec::new(),
    };
    let decision = Decision {
        verdicts: vec![SchemeVerdict { reasons, ..(*verdict).clone() }],
        others: 0,
        no_action: None,
        activity: None,
        redrive: None,
        only: None,
        mass_creation: None,
        ..(*decision).clone()
    };
    Again::Step { decision: Box::new(decision), step: step.key.clone() }
}

/// The id under which the ledger remembers an issue. No step's key begins like this.
fn issue_id(marker: &str) -> String {
    format!("issue/{marker}")
}
