//! The executor: it takes a decision, and writes one outcome for each of its steps.

pub(super) mod guard;
pub(super) mod outcomes;
pub(super) mod run_line;
pub(super) mod step;
mod together;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use tracing::warn;

use super::{References, dead_letters::DeadLetters};
use crate::{
    config::Protect,
    domain::{Decision, Forecast, Mode, SchemeVerdict, SourceId, Stage, Step, Timestamp},
    live::Live,
    log::{
        Log, Stored, Stream,
        codec::{self, OutcomeRecord},
    },
    metrics::Metrics,
    runtime::{Appender, Handler, Interrupted, Work, bugs},
    source::Connection,
    store::{self, Entry, Ledger, Scope},
    telemetry::traces::{self, Kind},
};
use guard::Guard;
use outcomes::Outcomes;
use run_line::RunLine;
use step::Ended;
use step::Hold;
use step::Plan;
use step::Progress;
use step::StepContext;

/// The text for a step with an attempt in the log and no outcome.
const UNKNOWN_WHETHER_DONE: &str = "the change may have been asked for, and it is not known whether it was made: look at the \
    user in the product";
/// The text for a step without any record in the log.
const NOT_ASKED_FOR: &str = "as far as usher knows the change was not asked for";
/// The text for a decision that can't be decoded.
const UNKNOWN_WHAT_WAS_DONE: &str = "it is not known which steps were taken: look at the user in the product";

/// Carries out the decisions of one source.
pub struct Executor {
    pub(super) connection: Arc<Connection>,
    pub(super) guard: Guard,
    pub(super) outcomes: Arc<Outcomes>,
    mode: Live<Mode>,
}

impl Executor {
    /// An executor for the source of `connection`. It takes nothing away from the users in `protect`. In `mode` observe
    /// it changes nothing, whatever was decided.
    pub fn new(
        connection: Arc<Connection>,
        protect: impl Into<Live<Protect>>,
        mode: impl Into<Live<Mode>>,
        log: Arc<dyn Log>,
        ledger: Ledger,
        metrics: Metrics,
    ) -> Self {
        let appender = Appender::new(Arc::clone(&log));
        let dead_letters = DeadLetters {
            stage: Stage::Executor,
            connection: Arc::clone(&connection),
            appender: appender.clone(),
            metrics: metrics.clone(),
        };
        let guard = Guard::new(Arc::clone(&connection), protect).claiming(log);
        let outcomes =
            Arc::new(Outcomes { connection: Arc::clone(&connection), appender, dead_letters, ledger, metrics });
        Self { connection, guard, outcomes, mode: mode.into() }
    }

    /// The same executor, which holds steps that take something away while a protective name in `references` matches
    /// nothing.
    #[must_use]
    pub fn referring(mut self, references: Arc<References>) -> Self {
        self.guard = self.guard.referring(references);
        self
    }

    /// Whether observe mode is on, so that nothing is changed.
    pub(super) fn observes(&self) -> bool {
        *self.mode.get() == Mode::Observe
    }

    pub(super) fn now(&self) -> Timestamp {
        self.connection.clock.now()
    }

    /// Carries out one step, unless that is done already; returns its entry in the ledger.
    async fn step(
        &self,
        plan: &Plan<'_>,
        context: &mut StepContext,
        line: &mut RunLine,
        work: &Work,
    ) -> Result<Entry, Interrupted> {
        let step = &plan.step;
        let span = traces::part(Kind::Internal, || format!("step {}", step.step.action())).map(|span| {
            span.with("usher.source", step.source.to_string())
                .with("usher.event.id", step.event.to_string())
                .with("usher.scheme", step.scheme.id.to_string())
                .with("usher.action", step.step.action())
        });
        traces::within(span, self.execute_step(plan, context, line, work)).await
    }

    async fn execute_step(
        &self,
        plan: &Plan<'_>,
        context: &mut StepContext,
        line: &mut RunLine,
        work: &Work,
    ) -> Result<Entry, Interrupted> {
        let attempted = match self.outcomes.recall(&plan.step, work).await? {
            Some(Entry::Attempted { before, at }) => Some((before, at)),
            Some(done) => {
                // It may be of before the step, which another process took.
                if let Some(id) = plan.step.user.id() {
                    self.connection.recent_readings.forget(id);
                }
                self.outcomes.metrics.duplicates.with_label_values(&[Stage::Executor.as_str()]).inc();
                return Ok(done);
            }
            None => None,
        };
        let began = Instant::now();
        let ended = Progress::new(self, plan, context, work, attempted).take().await?;
        line.count(ended.result);
        traces::set_attribute("usher.result", ended.result.as_str());
        self.outcomes.record(plan, ended, began.elapsed(), work).await
    }

    /// The steps of `verdict`, in order.
    pub(super) fn plans<'a>(
        &self,
        decision: &'a Decision,
        verdict: &'a SchemeVerdict,
        in_doubt: bool,
    ) -> impl Iterator<Item = Plan<'a>> {
        let observe = self.observes() || decision.mode == Mode::Observe;
        let dry_run = observe || verdict.test_mode;
        let plans = verdict.steps.iter().enumerate().map(move |(index, step)| Plan {
            step: decision.step_ref(verdict, index, step),
            decision,
            verdict,
            dry_run,
            held: Hold::of(decision, verdict, index, dry_run),
            so_already: decision.sweep.is_some()
                && decision.only.is_none()
                && verdict.forecast == Some(Forecast::AlreadySo),
            after_delete: verdict.steps[..index].contains(&Step::Delete),
            followed: index + 1 < verdict.steps.len(),
            in_doubt,
        });
        plans.filter(|plan| decision.only.as_ref().is_none_or(|only| *only == plan.step.key))
    }

    /// Carries out the steps of `decision`, which is in `record`.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    async fn carry_out(&self, decision: &Decision, record: &Stored, work: &Work) -> Result<(), Interrupted> {
        let in_doubt = work.may_be_forgotten(&self.outcomes.ledger, record).await?;
        let mut context = StepContext::default();
        for verdict in decision.selected() {
            context.begin_scheme();
            let mut line = RunLine::default();
            let plans: Vec<_> = self.plans(decision, verdict, in_doubt).collect();
            self.take_steps(&plans, &mut context, &mut line, work).await?;
            line.write(decision, verdict);
        }
        Ok(())
    }

    /// Gives up the unfinished steps in `record` after panics: runs and later events of the user wait for each of them.
    /// None if it can't be read.
    async fn give_up_steps(&self, record: &Stored, work: &Work) -> Option<Result<(), Interrupted>> {
        let decision = codec::decode::<Decision>(&record.payload).ok()?;
        Some(self.give_up_read(&decision, work).await)
    }

    async fn give_up_read(&self, decision: &Decision, work: &Work) -> Result<(), Interrupted> {
        for verdict in decision.selected() {
            let mut line = RunLine::default();
            for plan in self.plans(decision, verdict, false) {
                let (before, known) = match self.outcomes.recall(&plan.step, work).await? {
                    Some(Entry::Attempted { before, .. }) => (Some(before), UNKNOWN_WHETHER_DONE),
                    Some(Entry::Done | Entry::Gone | Entry::KeptBack) => continue,
                    None => (None, NOT_ASKED_FOR),
                };
                let ended = Ended::by_bug(plan.held, bugs::reason(known)).before(before);
                line.count(ended.result);
                self.outcomes.record(&plan, ended, Duration::ZERO, work).await?;
            }
            line.write(decision, verdict);
        }
        Ok(())
    }
}

#[async_trait]
impl Handler for Executor {
    fn stage(&self) -> Stage {
        Stage::Executor
    }

    fn metrics(&self) -> Option<&Metrics> {
        Some(&self.outcomes.metrics)
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

    fn now(&self) -> Timestamp {
        self.connection.clock.now()
    }

    fn rate_of(&self) -> Option<&Arc<Connection>> {
        Some(&self.connection)
    }

    fn remember(&self, scope: &Scope, record: &Stored) -> Result<(), store::Error> {
        match codec::decode::<OutcomeRecord>(&record.payload) {
            Ok(written) => self.outcomes.remember(scope, &written),
            Err(error) => {
                warn!(position = %record.position, %error, "an outcome can't be read back");
                Ok(())
            }
        }
    }

    async fn handle(&self, record: &Stored, work: &Work) -> Result<(), Interrupted> {
        let decision = match codec::decode::<Decision>(&record.payload) {
            Ok(decision) => decision,
            Err(error) => {
                let unreadable = self.outcomes.dead_letters.unreadable(self.input(), record, &error, &work.stop);
                return Box::pin(unreadable).await;
            }
        };
        match decision.selected().next() {
            Some(_) => Box::pin(self.carry_out(&decision, record, work)).await,
            None => Ok(()), // most decisions: they hold no room for the way of a step
        }
    }

    async fn give_up(&self, record: &Stored, work: &Work) -> Result<(), Interrupted> {
        if let Some(Some(given_up)) = bugs::caught(self.give_up_steps(record, work)).await {
            return given_up;
        }
        let reason = bugs::reason(UNKNOWN_WHAT_WAS_DONE);
        self.outcomes.dead_letters.set_aside(self.input(), record, reason, &work.stop).await
    }
}

#[cfg(test)]
mod tests;
