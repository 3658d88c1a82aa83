//! One event in, exactly one decision out.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;
use tracing::{debug, info, warn};

use super::{
    Appender, Connection, Handler, Interrupted, Memory, Overview, Work,
    activity::{self, Activities},
    asking::Asking,
    dead_letters::DeadLetters,
    reading::Reading,
    unsettled::Unsettled,
};
use crate::{
    domain::{
        Activity, DeadLetter, Decision, Event, EventId, EventKind, Fact, Facts, Missing, Mode, SourceId, Stage,
        Timestamp, Truth, UserId, UserRef,
    },
    log::{Log, Record, Stored, Stream, codec},
    metrics::Metrics,
    rules::{self, Schemes},
    store::{self, Entry, Ledger, Scope},
};

/// Decides the events of one source.
pub struct Planner {
    connection: Arc<Connection>,
    schemes: watch::Receiver<Arc<Schemes>>,
    mode: Mode,
    appender: Appender,
    dead_letters: DeadLetters,
    ledger: Ledger,
    activities: Activities,
    metrics: Metrics,
    overview: Arc<dyn Overview>,
    unsettled: Unsettled,
}

/// What becomes of an event.
enum Answer {
    /// It is decided.
    Decided(Box<Decision>),
    /// The user's lasting id was not known: the event belongs under this one.
    Moved(Box<Event>),
}

impl Planner {
    /// A planner for the source of `connection`; `overview` tells when what a user's last event led to has ended. Each
    /// event is decided by the `schemes` of that moment.
    pub fn new(
        connection: Arc<Connection>,
        schemes: watch::Receiver<Arc<Schemes>>,
        mode: Mode,
        log: Arc<dyn Log>,
        memory: Memory,
        metrics: Metrics,
        overview: Arc<dyn Overview>,
    ) -> Self {
        let appender = Appender::new(log);
        let dead_letters = DeadLetters {
            stage: Stage::Planner,
            connection: Arc::clone(&connection),
            appender: appender.clone(),
            metrics: metrics.clone(),
        };
        let Memory { ledger, activity, .. } = memory;
        let source = connection.source.clone();
        let activities = Activities::new(source, activity, appender.clone(), Arc::clone(&overview));
        let unsettled = Unsettled::default();
        Self { connection, schemes, mode, appender, dead_letters, ledger, activities, metrics, overview, unsettled }
    }

    fn now(&self) -> Timestamp {
        self.connection.clock.now()
    }

    fn schemes(&self) -> Arc<Schemes> {
        Arc::clone(&self.schemes.borrow())
    }

    /// The payload may settle that nothing is to be done; anything else is decided by what the product says now.
    async fn decide(&self, event: Event, work: &Work) -> Result<Answer, Interrupted> {
        let controls = &*self.connection.controls;
        let asking = Asking::about(&event, &*self.overview, controls, &work.stop).await?;
        if matches!(asking, Asking::Lost) {
            self.give_up(&event, "the start of the sweep can't be found, so no scheme is asked".into(), work).await?;
        }
        let before = self.activities.before(&event.key(), work).await?;
        self.activities.hear(&event);
        let with_activity = |facts: Facts, schemes: &Schemes| {
            // Most schemes don't look at it, and reading it takes longer than asking them.
            let heard = schemes.look_at_activity(&event.source).then(|| self.activities.heard()).flatten();
            facts.with_activity(before.as_ref(), heard, self.now())
        };
        let ask = |facts: &Facts, schemes: &Schemes| {
            asking.settle(rules::plan(schemes, &event, asking.waiting(), facts, self.now()), controls)
        };
        let schemes = self.schemes();
        let facts = with_activity(Facts::from_payload(&event), &schemes);
        let answer = ask(&facts, &schemes);
        if !answer.may_act() && !self.is_to_be_found(&event) {
            return Ok(Answer::Decided(Box::new(self.decision(&event, before.as_ref(), &facts, answer))));
        }
        self.unsettled.settled(&event.key(), &*self.overview, &work.stop).await?;
        let reading = self.connection.read_user(&event.user, &work.stop).await?;
        let schemes = self.schemes(); // they may have been changed meanwhile
        let facts = match reading {
            Reading::Found(user) => {
                if event.user.id().is_none() {
                    return Ok(Answer::Moved(Box::new(moved(event, user.id))));
                }
                with_activity(before_login(user.facts(self.now()), event.kind), &schemes)
            }
            Reading::NoSuchUser => Facts::unknown(Missing::NoSuchUser),
            Reading::GaveUp(error) => {
                let reason = format!("the user can't be read, so no scheme selects them: {error}");
                self.give_up(&event, reason, work).await?;
                Facts::unknown(Missing::Refused)
            }
        };
        let answer = ask(&facts, &schemes);
        Ok(Answer::Decided(Box::new(self.decision(&event, before.as_ref(), &facts, answer))))
    }

    /// Whether the event is to go under its user's lasting id although nothing is to be done: a login that is known by
    /// name alone would be missing from what is known of the user.
    fn is_to_be_found(&self, event: &Event) -> bool {
        let adds_to_activity = matches!(event.kind, EventKind::Created | EventKind::LoggedIn);
        adds_to_activity && event.user.id().is_none() && self.schemes().look_at_activity(&event.source)
    }

    fn decision(&self, event: &Event, before: Option<&Activity>, facts: &Facts, answer: rules::Answer) -> Decision {
        let name = facts.name.value().or(event.hints.name.as_ref()).cloned();
        Decision {
            no_action: answer.no_action,
            verdicts: answer.verdicts,
            others: answer.others,
            activity: activity::after(before, event),
            ..Decision::about(event, name, self.mode, self.now())
        }
    }

    async fn give_up(&self, event: &Event, reason: String, work: &Work) -> Result<(), Interrupted> {
        let letter = DeadLetter {
            id: event.id.to_string(),
            stage: Stage::Planner,
            source: event.source.clone(),
            user: event.user.clone(),
            event: Some(event.id.clone()),
            step: None,
            reason,
            at: self.now(),
        };
        self.dead_letters.bury(&letter, &work.stop).await
    }

    async fn record(&self, decision: &Decision, work: &Work) -> Result<(), Interrupted> {
        let record = Record { key: decision.key(), payload: codec::encode(decision) };
        let position = self.appender.append(Stream::Decisions, record, &work.stop).await?;
        work.acknowledged(position.offset);
        self.unsettled.note(decision, &*self.overview);
        self.activities.keep(decision, work);
        let source = decision.source.as_str();
        for verdict in &decision.verdicts {
            let labels = [source, verdict.scheme.id.as_str(), result_label(verdict.selected)];
            self.metrics.decisions.with_label_values(&labels).inc();
        }
        if decision.verdicts.is_empty() {
            self.metrics.decisions.with_label_values(&[source, "", "nothing"]).inc();
        }
        let (selected, schemes) = (decision.selected().count(), decision.verdicts.len());
        if decision.sweep.is_some() && selected == 0 {
            debug!(event.id = %decision.event, source.id = source, schemes, "decided"); // a sweep has many of these
        } else {
            let kind = decision.kind.as_str();
            info!(event.id = %decision.event, source.id = source, kind, schemes, selected, "decided");
        }
        Ok(())
    }

    fn done(&self, scope: &Scope, id: &str) {
        // The record is in the log already: a memory that can't be kept now is restored from there.
        if let Err(error) = self.ledger.put(scope, id, &Entry::Done, self.now()) {
            warn!(event.id = id, %error, "can't remember a decision; after a restart it is read back from the log");
        }
    }
}

/// The event under the lasting id of its user. A login that is known by its user and second is then known by them under this
/// id, as it is where it was told by it: once in all.
fn moved(event: Event, user: UserId) -> Event {
    let lasting = UserRef::Id(user);
    let by_second = |user: &UserRef| event.occurred.map(|at| EventId::of_login(&event.source, user, at));
    let id = if by_second(&event.user).as_ref() == Some(&event.id) { by_second(&lasting) } else { None };
    Event { id: id.unwrap_or_else(|| event.id.clone()), user: lasting, ..event }
}

/// What an event is remembered by. One that is appended again under its user's lasting id may come into the same
/// partition: it must not be taken for the one it was made from, which knew only the name.
fn memory_id(event: &EventId, user: &UserRef) -> String {
    match user {
        UserRef::Id(_) => event.to_string(),
        UserRef::Name(_) => format!("{event}/by-name"),
    }
}

/// The facts without the login at hand, which the product may tell already: the question is what was known before it.
fn before_login(facts: Facts, kind: EventKind) -> Facts {
    match kind {
        EventKind::LoggedIn => Facts { logins: Fact::Unknown(Missing::NotTold), ..facts },
        EventKind::Created | EventKind::Updated | EventKind::Removed | EventKind::Sighted => facts,
    }
}

fn result_label(selected: Truth) -> &'static str {
    match selected {
        Truth::True => "selected",
        Truth::False => "not_selected",
        Truth::Unknown => "unknown",
    }
}

#[async_trait]
impl Handler for Planner {
    fn stage(&self) -> Stage {
        Stage::Planner
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

    fn remember(&self, scope: &Scope, record: &Stored) -> Result<(), store::Error> {
        match codec::decode::<Decision>(&record.payload) {
            Ok(decision) => {
                self.unsettled.note(&decision, &*self.overview);
                self.activities.remember(scope, &decision)?;
                let id = memory_id(&decision.event, &decision.user);
                self.ledger.put(scope, &id, &Entry::Done, decision.decided)
            }
            Err(error) => {
                warn!(position = ?record.position, %error, "a decision can't be read back");
                Ok(())
            }
        }
    }

    fn also_restored_from(&self) -> &'static [Stream] {
        &[Stream::Activity]
    }

    fn remember_also(&self, scope: &Scope, _: Stream, record: &Stored) -> Result<(), store::Error> {
        self.activities.remember_snapshot(scope, record)
    }

    async fn handle(&self, record: &Stored, work: &Work) -> Result<(), Interrupted> {
        let event = match codec::decode::<Event>(&record.payload) {
            Ok(event) => event,
            Err(error) => return self.dead_letters.unreadable(self.input(), record, &error, &work.stop).await,
        };
        let id = memory_id(&event.id, &event.user);
        if work.recall(&self.ledger, &id).await?.is_some() {
            self.metrics.duplicates.with_label_values(&[Stage::Planner.as_str()]).inc();
            // It may have been decided just before a crash.
            return self.activities.snapshot(&event.key(), work).await;
        }
        let key = event.key();
        match self.decide(event, work).await? {
            Answer::Decided(decision) => {
                self.record(&decision, work).await?;
                self.activities.snapshot(&key, work).await?;
            }
            Answer::Moved(event) => {
                let record = Record { key: event.key(), payload: codec::encode(event.as_ref()) };
                self.appender.append(Stream::Events, record, &work.stop).await?;
            }
        }
        self.done(&work.scope, &id);
        Ok(())
    }
}

#[cfg(test)]
#[path = "planner_tests.rs"]
mod tests;
