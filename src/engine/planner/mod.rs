//! The planner: it takes an event, and writes exactly one decision.

pub(super) mod activity;
pub(super) mod counters;
pub(super) mod input;
pub(super) mod login_twins;
pub(super) mod mass_creation;
pub(super) mod pending_steps;
pub(super) mod rekey;
pub(super) mod scope;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;
use tracing::{debug, warn};

use super::{
    Memory, References, RunQueries,
    dead_letters::DeadLetters,
    sweeps::forecast::{self, Forecaster},
};
use crate::{
    config::Protect,
    domain::{
        Activity, Decision, Event, EventId, EventKind, EventRecord, Fact, Facts, MassCreation, Missing, Mode, NoAction,
        Redrive, SourceId, Stage, StepKey, Timestamp, UserHints, UserId, UserKey,
    },
    live::Live,
    log::{Log, Record, Stored, Stream, codec},
    metrics::Metrics,
    rules::{self, Schemes},
    runtime::{Appender, Handler, Interrupted, Work, bugs},
    source::{Arrivals, Connection, read::UserLookup, recent_readings::RecentReading},
    store::{self, Entry, Ledger, Scope},
    telemetry::traces,
};
use activity::Activities;
use counters::PlannerMetrics;
use input::PlannerInput;
use mass_creation::MassCreations;
use pending_steps::DecisionSteps;
use pending_steps::PendingSteps;
use rekey::memory_id;
use rekey::under_lasting_id;
use rekey::untimed_delivery_id;
use scope::SchemeScope;

/// The text for an event on which the planner panics.
const MAY_BE_UNDECIDED: &str = "the event may not have been decided";

/// Decides the events of one source.
pub struct Planner {
    connection: Arc<Connection>,
    schemes: watch::Receiver<Arc<Schemes>>,
    mode: Live<Mode>,
    appender: Appender,
    dead_letters: DeadLetters,
    ledger: Ledger,
    activities: Activities,
    run_queries: Arc<dyn RunQueries>,
    pending: PendingSteps,
    /// Makes the forecasts in sweeps; none: there are none.
    forecaster: Option<Forecaster>,
    references: Option<Arc<References>>,
    mass_creations: MassCreations,
    planner_metrics: PlannerMetrics,
    arrivals: Option<Arrivals>,
}

/// The result of an event.
enum Planned {
    /// The event is decided.
    Decided(Box<Decision>),
    /// The user's lasting id was not known. The event belongs under this one.
    Rekeyed(Box<Event>),
}

impl Planner {
    /// A planner for the source of `connection`; `run_queries` shows when the steps of a user's last event have ended.
    /// Each event is decided by the `schemes` of that moment.
    pub fn new(
        connection: Arc<Connection>,
        schemes: watch::Receiver<Arc<Schemes>>,
        mode: impl Into<Live<Mode>>,
        log: Arc<dyn Log>,
        memory: Memory,
        metrics: Metrics,
        run_queries: Arc<dyn RunQueries>,
    ) -> Self {
        let appender = Appender::new(log);
        let dead_letters = DeadLetters {
            stage: Stage::Planner,
            connection: Arc::clone(&connection),
            appender: appender.clone(),
            metrics: metrics.clone(),
        };
        let Memory { ledger, pending, activity, .. } = memory;
        let source = connection.source.clone();
        let activities =
            Activities::new(source, (activity, ledger.clone()), appender.clone(), Arc::clone(&run_queries));
        let mass_creations =
            MassCreations::new(connection.source.clone(), None, Arc::clone(&run_queries), metrics.clone());
        let planner_metrics = PlannerMetrics { has_webhooks: false.into(), metrics };
        Self {
            connection,
            schemes,
            mode: mode.into(),
            appender,
            dead_letters,
            ledger,
            activities,
            run_queries,
            pending,
            forecaster: None,
            references: None,
            mass_creations,
            planner_metrics,
            arrivals: None,
        }
    }

    /// The same, noting in `arrivals` which times of users can't be right.
    #[must_use]
    pub fn noting(mut self, arrivals: Arrivals) -> Self {
        self.arrivals = Some(arrivals);
        self
    }

    /// The same planner, which makes forecasts in sweeps; `protect` has the protected users.
    #[must_use]
    pub fn foretelling(self, protect: impl Into<Live<Protect>>) -> Self {
        let forecaster = Forecaster::new(Arc::clone(&self.connection), protect, self.mode.clone());
        Self { forecaster: Some(forecaster), ..self }
    }

    /// The same planner, with `references` for names in schemes that resolve to a user, and for names that match
    /// nothing.
    #[must_use]
    pub fn referring(mut self, references: Arc<References>) -> Self {
        self.forecaster = self.forecaster.map(|forecaster| forecaster.referring(Arc::clone(&references)));
        self.references = Some(references);
        self
    }

    /// The same planner, which counts unreported creations if the source `has_webhooks`.
    #[must_use]
    pub fn counting_missed(mut self, has_webhooks: impl Into<Live<bool>>) -> Self {
        self.planner_metrics.has_webhooks = has_webhooks.into();
        self
    }

    /// The same, keeping back some steps where more users are created at once than `bound` allows.
    #[must_use]
    pub fn bounding_creations(mut self, bound: impl Into<Live<Option<MassCreation>>>) -> Self {
        self.mass_creations.set_bound(bound);
        self
    }

    fn now(&self) -> Timestamp {
        self.connection.clock.now()
    }

    fn schemes(&self) -> Arc<Schemes> {
        Arc::clone(&self.schemes.borrow())
    }

    /// Decides an event. The payload may be enough to decide that nothing is to be done. Everything else is decided by
    /// a reading of the product.
    async fn decide(&self, told: PlannerInput, work: &Work) -> Result<Planned, Interrupted> {
        let event = &told.event;
        // The event may tell of a change.
        if let Some(id) = event.user.id() {
            self.connection.recent_readings.forget(id);
        }
        let controls = &*self.connection.controls;
        let scheme_scope = match told.forgotten {
            true => SchemeScope::Forgotten,
            false => SchemeScope::about(event, &*self.run_queries, controls, &work.stop).await?,
        };
        if let Some(reason) = scheme_scope.given_up() {
            self.give_up(&told, None, reason.into(), work).await?;
        }
        let known = self.activities.before(&event.key(), work).await?;
        if let Some(since) = known.as_ref().and_then(|known| known.known_creation(event)) {
            self.planner_metrics.duplicate();
            let answer = rules::Evaluation::nothing(NoAction::KnownSince(since));
            let facts = Facts::from_payload(event);
            return Ok(self.decided(&told, known.as_ref(), &facts, answer));
        }
        let before = told.before(known.as_ref());
        self.activities.record_login(event);
        let with_activity = |facts: Facts, schemes: &Schemes| {
            // Most schemes don't look at it, and reading it takes longer than asking them.
            let coverage = schemes.look_at_activity(&event.source).then(|| self.activities.login_coverage()).flatten();
            facts.with_activity(before, coverage, self.now())
        };
        let ask = |facts: &Facts, schemes: &Schemes| {
            scheme_scope.settle(rules::plan(schemes, event, scheme_scope.waiting(), facts, self.now()), controls)
        };
        let schemes = self.schemes();
        let facts = with_activity(Facts::from_payload(event), &schemes);
        let mut answer = ask(&facts, &schemes);
        if self.foretells(event).is_some() {
            forecast::by_facts(&mut answer, &facts);
        }
        // One that may be decided already is not to come again under another id.
        if forecast::is_settled(&answer) && (told.forgotten || !self.is_to_be_found(event)) {
            return Ok(self.decided(&told, known.as_ref(), &facts, answer));
        }
        self.wait_for_pending_steps(&event.key(), work).await?;
        let recent_readings = &self.connection.recent_readings;
        if let Some(id) = event.user.id() {
            recent_readings.begin(id, &event.id);
        }
        let stops = self.connection.stops();
        let reading = self.connection.read_user(&event.user, &work.stop).await?;
        let schemes = self.schemes(); // they may have been changed meanwhile
        let (recent, facts) = match reading {
            UserLookup::Found(user) => {
                if event.user.id().is_none() {
                    return Ok(Planned::Rekeyed(Box::new(under_lasting_id(event.clone(), user.id))));
                }
                let recent = RecentReading::now(*user, stops);
                let user = &recent.user;
                if let (Some(odd), Some(arrivals)) = (user.odd_time_at(self.now()), &self.arrivals) {
                    arrivals.implausible_time(&event.source, odd);
                }
                let called = self.called(&user.id, work).await?;
                let facts = Facts { called, ..user.facts(self.now()) };
                let facts = with_activity(before_login(facts, event.kind), &schemes);
                (Some(recent), facts)
            }
            UserLookup::NoSuchUser => (None, Facts::unknown(Missing::NoSuchUser)),
            UserLookup::GaveUp(error) => {
                let reason = format!("the user can't be read, so no scheme selects them: {error}");
                self.give_up(&told, known.as_ref(), reason, work).await?;
                (None, Facts::unknown(Missing::Refused))
            }
        };
        let mut answer = ask(&facts, &schemes);
        if let (Some(recent), Some(forecaster)) = (&recent, self.foretells(event)) {
            forecaster.foretell(&mut answer, &recent.user, &facts, &work.stop).await?;
        }
        let decision = self.decision(&told, known.as_ref(), &facts, answer);
        if let Some(recent) = recent.filter(|_| decision.selected().next().is_some()) {
            recent_readings.keep(&event.id, recent);
        }
        Ok(Planned::Decided(Box::new(Decision { read: true, ..decision })))
    }

    /// Waits until the steps of earlier events of `user` have ended.
    async fn wait_for_pending_steps(&self, user: &UserKey, work: &Work) -> Result<(), Interrupted> {
        if self.pending.certainly_none(user) {
            return Ok(());
        }
        let (pending, ledger, user) = (self.pending.clone(), self.ledger.clone(), user.clone());
        let executor = work.scope.of_stage(Stage::Executor);
        let begin = move || {
            // By the executor's own memory: an outcome may never come to the views.
            let has_ended =
                |step: &StepKey| Ok(ledger.get(&executor, step.as_str())?.is_some_and(|entry| entry.is_done()));
            pending.end_those(&user, has_ended)?;
            pending.begin(&user)
        };
        let Some(waiter) = work.remembered_off_thread(begin).await? else { return Ok(()) };
        if !waiter.wait_until_done(&self.connection, &work.stop).await? {
            self.planner_metrics.early(&self.connection.source);
        }
        Ok(())
    }

    /// The forecaster for `event`; only sweeps have one.
    fn foretells(&self, event: &Event) -> Option<&Forecaster> {
        self.forecaster.as_ref().filter(|_| event.sweep.is_some())
    }

    fn decided(
        &self,
        told: &PlannerInput,
        known: Option<&Activity>,
        facts: &Facts,
        answer: rules::Evaluation,
    ) -> Planned {
        Planned::Decided(Box::new(self.decision(told, known, facts, answer)))
    }

    /// The names in schemes that mean the user.
    async fn called(&self, user: &UserId, work: &Work) -> Result<Vec<String>, Interrupted> {
        let Some(references) = &self.references else { return Ok(Vec::new()) };
        references.settle_exempt_users(&work.stop).await?;
        Ok(references.called(user))
    }

    /// Whether the event has to be appended under its user's lasting id although nothing is to be done. This is so for
    /// a login that has only a name: it would be missing from the user's activity. It is also so for a creation, which
    /// would be new again when it is reported under the id.
    fn is_to_be_found(&self, event: &Event) -> bool {
        let (schemes, source) = (self.schemes(), &event.source);
        let is_missing = match event.kind {
            EventKind::Created => schemes.look_at_activity(source) || schemes.wait_for_creations(source),
            EventKind::LoggedIn => schemes.look_at_activity(source),
            EventKind::Updated | EventKind::Removed | EventKind::Sighted => false,
        };
        is_missing && event.user.id().is_none()
    }

    fn decision(
        &self,
        told: &PlannerInput,
        known: Option<&Activity>,
        facts: &Facts,
        answer: rules::Evaluation,
    ) -> Decision {
        let event = &told.event;
        let name = facts.name.value().or(event.hints.name.as_ref()).cloned();
        Decision {
            no_action: answer.no_action,
            verdicts: answer.verdicts,
            others: answer.others,
            unknown: answer.unknown,
            activity: told.activity(known, facts, self.now()),
            redrive: told.redrive.clone(),
            ..Decision::about(event, name, *self.mode.get(), self.now())
        }
    }

    async fn give_up(
        &self,
        told: &PlannerInput,
        known: Option<&Activity>,
        reason: String,
        work: &Work,
    ) -> Result<(), Interrupted> {
        self.dead_letters.append(&told.letter(known, reason, self.now()), &work.stop).await
    }

    /// Gives up the event in `stored` after panics. A user of a sweep counts as unknown, so that the run comes to its
    /// end. None if it can't be read.
    async fn give_up_event(&self, stored: &Stored, work: &Work) -> Option<Result<(), Interrupted>> {
        let record = codec::decode::<EventRecord>(&stored.payload).ok()?;
        Some(self.give_up_read(record, work).await)
    }

    async fn give_up_read(&self, record: EventRecord, work: &Work) -> Result<(), Interrupted> {
        let id = memory_id(&record.event.id, &record.event.user);
        let is_decided = work.recall(&self.ledger, &id).await?.is_some();
        let known = self.activities.before(&record.event.key(), work).await?;
        let told = match record.redrive {
            Some(_) => PlannerInput::again(record, is_decided),
            None => PlannerInput::first(record.event, false),
        };
        self.give_up(&told, known.as_ref(), bugs::reason(MAY_BE_UNDECIDED), work).await?;
        let event = &told.event;
        if event.sweep.is_none() || is_decided {
            return Ok(());
        }
        let scheme_scope =
            SchemeScope::about(event, &*self.run_queries, &*self.connection.controls, &work.stop).await?;
        let unknown = scheme_scope.schemes_of_sweep().to_vec();
        let name = event.hints.name.clone();
        let decision = Decision::about(event, name, *self.mode.get(), self.now());
        self.record(&Decision { unknown, ..decision }, work).await?;
        self.done(&id, work).await
    }

    async fn record(&self, decision: &Decision, work: &Work) -> Result<(), Interrupted> {
        let record = Record { key: decision.key(), payload: codec::encode(decision) };
        self.appender.append_output(Stream::Decisions, record, work).await?;
        self.record_steps(decision, work).await?;
        self.activities.keep(decision, work).await?;
        self.planner_metrics.decided(decision);
        let source = decision.source.as_str();
        let (selected, schemes) = (decision.selected().count(), decision.verdicts.len());
        let (kind, via) = (decision.kind.as_str(), decision.via.as_str());
        traces::set_attribute("usher.schemes.asked", i64::try_from(schemes).unwrap_or(i64::MAX));
        traces::set_attribute("usher.schemes.selected", i64::try_from(selected).unwrap_or(i64::MAX));
        debug!(event.id = %decision.event, source.id = source, kind, via, schemes, selected, "decided");
        Ok(())
    }

    /// Records the steps of `decision`, on a thread that may wait for the disk. Until that succeeds no other event of
    /// the user is taken, because the next one would not wait for these steps.
    async fn record_steps(&self, decision: &Decision, work: &Work) -> Result<(), Interrupted> {
        let Some(asked) = DecisionSteps::by(decision).map(Arc::new) else { return Ok(()) };
        let (pending, run_queries) = (self.pending.clone(), Arc::clone(&self.run_queries));
        work.remembered_off_thread(move || pending.record(&asked, &*run_queries)).await
    }

    /// Carries out the answer to an event of the user `key`, before it is remembered. Returns whether it is decided,
    /// and not moved.
    async fn follow(
        &self,
        answer: Planned,
        key: &UserKey,
        redrive: Option<Redrive>,
        work: &Work,
    ) -> Result<bool, Interrupted> {
        match answer {
            Planned::Decided(mut decision) => {
                self.mass_creations.judge(&mut decision);
                self.record(&decision, work).await?;
                self.activities.snapshot(key, work).await.map(|()| true)
            }
            Planned::Rekeyed(event) => {
                let moved = EventRecord { redrive, ..EventRecord::from(*event) };
                let record = Record { key: moved.event.key(), payload: codec::encode(&moved) };
                self.appender.append(Stream::Events, record, &work.stop).await.map(|_| false)
            }
        }
    }

    /// Decides an event once more that was given up, unless this order is carried out already. It is remembered by
    /// `id`, and the order by `again`.
    async fn decide_again(&self, record: EventRecord, id: &str, again: &str, work: &Work) -> Result<(), Interrupted> {
        let key = record.event.key();
        if work.recall(&self.ledger, again).await?.is_some() {
            self.planner_metrics.duplicate();
            return self.activities.snapshot(&key, work).await; // it may have been decided just before a crash
        }
        let redrive = record.redrive.clone();
        // One that was known by name alone is decided under the lasting id for the first time.
        let is_decided = work.recall(&self.ledger, id).await?.is_some();
        let answer = self.decide(PlannerInput::again(record, is_decided), work).await?;
        if self.follow(answer, &key, redrive, work).await? {
            self.done(id, work).await?;
        }
        self.done(again, work).await
    }

    /// The event that is decided already and is the same as `event`, which is remembered by `id`.
    async fn known(&self, event: &Event, id: &str, work: &Work) -> Result<Option<EventId>, Interrupted> {
        if work.recall(&self.ledger, id).await?.is_some() {
            return Ok(Some(event.id.clone()));
        }
        let Some(delivery) = untimed_delivery_id(event, id) else {
            return login_twins::other_report(event, &self.ledger, work).await;
        };
        if work.recall(&self.ledger, &delivery).await?.is_some() {
            return Ok(Some(event.id.clone()));
        }
        let before = self.activities.before(&event.key(), work).await?;
        Ok(login_twins::is_repetition(event, before.as_ref()).then(|| event.id.clone()))
    }

    /// The creation after the removal in `event`, if it was reported before the removal and taken for an earlier
    /// creation. It is an event of its own, so that schemes are asked about it.
    async fn created_again(&self, event: &Event, work: &Work) -> Result<Option<Event>, Interrupted> {
        if event.kind != EventKind::Removed {
            return Ok(None);
        }
        let before = self.activities.before(&event.key(), work).await?;
        let again = before.and_then(|before| before.created_again_after(event));
        Ok(again.map(|at| Event {
            id: EventId::of_creation_again(&event.source, &event.user, at),
            kind: EventKind::Created,
            occurred: Some(at),
            hints: UserHints::default(), // the facts of the removal say nothing about it
            ..event.clone()
        }))
    }

    /// Remembers `id`. Until that succeeds no other event of the user is taken, because a repeated event would be
    /// decided again.
    async fn done(&self, id: &str, work: &Work) -> Result<(), Interrupted> {
        work.remembered(|| self.ledger.put(&work.scope, id, &Entry::Done, self.now())).await
    }
}

/// The facts without the present login, which the product may report already. The conditions are about the time before
/// it.
fn before_login(facts: Facts, kind: EventKind) -> Facts {
    match kind {
        EventKind::LoggedIn => Facts { logins: Fact::Unknown(Missing::NotTold), ..facts },
        EventKind::Created | EventKind::Updated | EventKind::Removed | EventKind::Sighted => facts,
    }
}

#[async_trait]
impl Handler for Planner {
    fn stage(&self) -> Stage {
        Stage::Planner
    }

    fn metrics(&self) -> Option<&Metrics> {
        Some(&self.planner_metrics.metrics)
    }

    fn source(&self) -> &SourceId {
        &self.connection.source
    }

    fn input(&self) -> Stream {
        Stream::Events
    }

    fn output(&self) -> Stream {
        Stream::Decisions
    }

    fn now(&self) -> Timestamp {
        self.connection.clock.now()
    }

    fn remember(&self, scope: &Scope, record: &Stored) -> Result<(), store::Error> {
        match codec::decode::<Decision>(&record.payload) {
            Ok(decision) if decision.only.is_some() => Ok(()), // it was decided by an earlier record
            Ok(decision) => {
                DecisionSteps::by(&decision).map_or(Ok(()), |asked| self.pending.record(&asked, &*self.run_queries))?;
                self.activities.remember(scope, &decision)?;
                let id = memory_id(&decision.event, &decision.user);
                if let Some(told) = login_twins::report_id_of_decision(&decision) {
                    self.ledger.put(scope, &told, &Entry::Done, decision.decided)?;
                }
                if let Some(redrive) = &decision.redrive {
                    self.ledger.put(scope, &redrive.memory_id(&id), &Entry::Done, decision.decided)?;
                }
                self.ledger.put(scope, &id, &Entry::Done, decision.decided)
            }
            Err(error) => {
                warn!(position = %record.position, %error, "a decision can't be read back");
                Ok(())
            }
        }
    }

    fn also_restored_from(&self) -> &'static [Stream] {
        &[Stream::Activity]
    }

    fn remember_also(&self, scope: &Scope, _: Stream, records: &[Stored]) -> Result<(), store::Error> {
        self.activities.remember_snapshots(scope, records)
    }

    async fn handle(&self, stored: &Stored, work: &Work) -> Result<(), Interrupted> {
        let record = match codec::decode::<EventRecord>(&stored.payload) {
            Ok(event) => event,
            Err(error) => return self.dead_letters.unreadable(self.input(), stored, &error, &work.stop).await,
        };
        let id = memory_id(&record.event.id, &record.event.user);
        if let Some(redrive) = &record.redrive {
            let again = redrive.memory_id(&id);
            return self.decide_again(record, &id, &again, work).await;
        }
        let event = record.event;
        // The result of one delivery of a login without a time must not decide for the minute in which it came.
        let delivery = untimed_delivery_id(&event, &id).unwrap_or_else(|| id.clone());
        if let Some(login) = self.known(&event, &id, work).await? {
            self.planner_metrics.duplicate();
            self.done(&delivery, work).await?;
            if let Some(told) = login_twins::report_id_of_event(&event, &login) {
                self.done(&told, work).await?;
            }
            // It may have been decided just before a crash.
            return self.activities.snapshot(&event.key(), work).await;
        }
        let (key, told) = (event.key(), login_twins::report_id_of_event(&event, &event.id));
        let created_again = self.created_again(&event, work).await?;
        let forgotten = work.may_be_forgotten(&self.ledger, stored).await?;
        let answer = self.decide(PlannerInput::first(event, forgotten), work).await?;
        // Before the removal is decided: afterwards nothing shows the creation any more.
        if let (Planned::Decided(_), Some(again)) = (&answer, created_again) {
            let record = Record { key: again.key(), payload: codec::encode(&again) };
            self.appender.append(Stream::Events, record, &work.stop).await?;
        }
        let is_decided = self.follow(answer, &key, None, work).await?;
        self.done(if is_decided { &id } else { &delivery }, work).await?;
        match told {
            Some(told) => self.done(&told, work).await,
            None => Ok(()),
        }
    }

    async fn give_up(&self, stored: &Stored, work: &Work) -> Result<(), Interrupted> {
        if let Some(Some(given_up)) = bugs::caught(self.give_up_event(stored, work)).await {
            return given_up;
        }
        self.dead_letters.set_aside(self.input(), stored, bugs::reason(MAY_BE_UNDECIDED), &work.stop).await
    }
}

#[cfg(test)]
mod tests;
