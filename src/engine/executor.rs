//! One decision in, one outcome for each of its steps out.

use std::{sync::Arc, time::Instant};

use async_trait::async_trait;
use tracing::{info, warn};

use super::{
    Appender, Connection, Handler, Interrupted, Work,
    dead_letters::DeadLetters,
    step::{Ended, Progress, Snapshot},
};
use crate::{
    domain::{
        Attempt, DeadLetter, Decision, Mode, Outcome, SchemeVerdict, SourceId, Stage, StepRef, StepResult, Timestamp,
    },
    log::{
        Log, Record, Stored, Stream,
        codec::{self, OutcomeRecord},
    },
    metrics::Metrics,
    store::{self, Entry, Ledger, Scope},
};

/// Carries out the decisions of one source.
pub struct Executor {
    pub(super) connection: Arc<Connection>,
    mode: Mode,
    appender: Appender,
    dead_letters: DeadLetters,
    ledger: Ledger,
    pub(super) metrics: Metrics,
}

impl Executor {
    /// An executor for the source of `connection`. In `mode` observe nothing is changed, whatever was decided.
    pub fn new(connection: Arc<Connection>, mode: Mode, log: Arc<dyn Log>, ledger: Ledger, metrics: Metrics) -> Self {
        let appender = Appender::new(log);
        let dead_letters = DeadLetters {
            stage: Stage::Executor,
            connection: Arc::clone(&connection),
            appender: appender.clone(),
            metrics: metrics.clone(),
        };
        Self { connection, mode, appender, dead_letters, ledger, metrics }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.connection.clock.now()
    }

    /// Takes one step, unless it has been taken.
    async fn step(&self, plan: Plan<'_>, snapshot: &mut Snapshot, work: &Work) -> Result<(), Interrupted> {
        let key = plan.step.key.as_str();
        let attempted = match work.recall(&self.ledger, key).await? {
            Some(Entry::Done) => {
                self.metrics.duplicates.with_label_values(&[Stage::Executor.as_str()]).inc();
                return Ok(());
            }
            Some(Entry::Attempted { before }) => Some(before),
            None => None,
        };
        let began = Instant::now();
        let mut progress = Progress { executor: self, plan: &plan, snapshot, work, attempted, may_be_done: false };
        let ended = progress.take().await?;
        let outcome = Outcome {
            step: plan.step.clone(),
            result: ended.result,
            test_mode: plan.dry_run,
            reason: ended.reason,
            before: ended.before,
            at: self.now(),
            took: began.elapsed(),
            error: ended.error,
        };
        self.record(&outcome, work).await
    }

    /// Writes down that a change is about to be asked for.
    pub(super) async fn attempt(&self, step: &StepRef, before: &str, work: &Work) -> Result<(), Interrupted> {
        let attempt = Attempt { step: step.clone(), before: before.to_owned(), at: self.now() };
        self.write(step, OutcomeRecord::Attempt(attempt), work).await?;
        self.remember_entry(&work.scope, step, &Entry::Attempted { before: before.to_owned() });
        Ok(())
    }

    async fn record(&self, outcome: &Outcome, work: &Work) -> Result<(), Interrupted> {
        let step = &outcome.step;
        if outcome.result == StepResult::Failed {
            self.bury(outcome, work).await?;
        }
        self.write(step, OutcomeRecord::Outcome(outcome.clone()), work).await?;
        self.remember_entry(&work.scope, step, &Entry::Done);
        let labels = [step.source.as_str(), step.step.action(), outcome.result.as_str()];
        self.metrics.steps.with_label_values(&labels).inc();
        info!(
            event.id = %step.event,
            source.id = %step.source,
            scheme.id = %step.scheme.id,
            action = step.step.action(),
            target = step.step.target(),
            result = outcome.result.as_str(),
            "step ended"
        );
        Ok(())
    }

    async fn bury(&self, outcome: &Outcome, work: &Work) -> Result<(), Interrupted> {
        let step = &outcome.step;
        let reason = match &outcome.error {
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
        };
        self.dead_letters.bury(&letter, &work.stop).await
    }

    async fn write(&self, step: &StepRef, record: OutcomeRecord, work: &Work) -> Result<(), Interrupted> {
        let record = Record { key: step.user_key(), payload: codec::encode(&record) };
        let position = self.appender.append(Stream::Outcomes, record, &work.stop).await?;
        work.acknowledged(position.offset);
        Ok(())
    }

    fn remember_entry(&self, scope: &Scope, step: &StepRef, entry: &Entry) {
        // The record is in the log already: a memory that can't be kept now is restored from there.
        if let Err(error) = self.ledger.put(scope, step.key.as_str(), entry, self.now()) {
            warn!(step.key = %step.key, %error, "can't remember a step; after a restart it is read back from the log");
        }
    }
}

/// One step as it is to be taken.
pub(super) struct Plan<'a> {
    pub(super) step: StepRef,
    pub(super) decision: &'a Decision,
    /// Recorded, not done.
    pub(super) dry_run: bool,
}

fn step_ref(decision: &Decision, verdict: &SchemeVerdict, index: usize) -> Option<StepRef> {
    Some(StepRef {
        key: decision.step_key(verdict, index),
        run: decision.run(verdict),
        event: decision.event.clone(),
        kind: decision.kind,
        scheme: verdict.scheme.clone(),
        source: decision.source.clone(),
        user: decision.user.clone(),
        user_name: decision.user_name.clone(),
        step: verdict.steps.get(index)?.clone(),
    })
}

#[async_trait]
impl Handler for Executor {
    fn stage(&self) -> Stage {
        Stage::Executor
    }

    fn source(&self) -> &SourceId {
        &self.connection.source
    }

    fn input(&self) -> Stream {
        Stream::Decisions
    }

    fn output(&self) -> Stream {
        Stream::Outcomes
    }

    fn remember(&self, scope: &Scope, record: &Stored) -> Result<(), store::Error> {
        match codec::decode::<OutcomeRecord>(&record.payload) {
            Ok(OutcomeRecord::Attempt(attempt)) => {
                let entry = Entry::Attempted { before: attempt.before };
                self.ledger.put(scope, attempt.step.key.as_str(), &entry, attempt.at)
            }
            Ok(OutcomeRecord::Outcome(outcome)) => {
                self.ledger.put(scope, outcome.step.key.as_str(), &Entry::Done, outcome.at)
            }
            Err(error) => {
                warn!(position = ?record.position, %error, "an outcome can't be read back");
                Ok(())
            }
        }
    }

    async fn handle(&self, record: &Stored, work: &Work) -> Result<(), Interrupted> {
        let decision = match codec::decode::<Decision>(&record.payload) {
            Ok(decision) => decision,
            Err(error) => return self.dead_letters.unreadable(self.input(), record, &error, &work.stop).await,
        };
        let observe = self.mode == Mode::Observe || decision.mode == Mode::Observe;
        let mut snapshot = Snapshot::default();
        for verdict in decision.selected() {
            for index in 0..verdict.steps.len() {
                let Some(step) = step_ref(&decision, verdict, index) else { continue };
                let plan = Plan { step, decision: &decision, dry_run: observe || verdict.test_mode };
                self.step(plan, &mut snapshot, work).await?;
            }
        }
        Ok(())
    }
}

impl Ended {
    /// Ended with `result`, for `reason`.
    pub(super) fn with(result: StepResult, reason: impl Into<String>) -> Self {
        Self { result, reason: reason.into(), before: None, error: None }
    }
}
