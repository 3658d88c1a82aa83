//! The planner: it takes an event, and writes exactly one decision.
//!
//! The main road is [`Planner::handle`], below. An event that is known already ([`dedup`]) ends there. Any other is
//! decided ([`decide`]), by the schemes in its [`scope`] and the [`activity`] of its user, after the
//! [`pending_steps`] of that user's earlier events. The result is written down ([`record`]): a decision, or the event
//! once more under its user's lasting id ([`rekey`]). An event that can't be decided is given up ([`give_up`]); an
//! administrator may send it once more ([`redrive`]). After a start, the memory comes back from the log ([`restore`]).

mod activity;
mod counters;
mod decide;
mod dedup;
mod give_up;
mod input;
mod mass_creation;
pub(super) mod pending_steps;
mod record;
mod redrive;
mod rekey;
mod restore;
mod scope;
mod setup;
mod undo;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;

use super::{References, RunQueries, dead_letters::DeadLetters, sweeps::forecast::Forecaster};
use crate::{
    domain::{Decision, Event, EventRecord, Mode, SourceId, Stage, Timestamp},
    live::Live,
    log::{Record, Stored, Stream, codec},
    metrics::Metrics,
    rules::Schemes,
    runtime::{Appender, Handler, Interrupted, Work, bugs},
    source::{Arrivals, Connection},
    store::{self, Ledger, Scope},
};
use activity::Activities;
use counters::PlannerMetrics;
use dedup::login_twins;
use give_up::MAY_BE_UNDECIDED;
use input::PlannerInput;
use mass_creation::MassCreations;
use pending_steps::PendingSteps;
use rekey::{memory_id, untimed_delivery_id};

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
    fn now(&self) -> Timestamp {
        self.connection.clock.now()
    }

    fn schemes(&self) -> Arc<Schemes> {
        Arc::clone(&self.schemes.borrow())
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
        self.remember_decision(scope, record)
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
            Err(error) => {
                return Box::pin(self.dead_letters.unreadable(self.input(), stored, &error, &work.stop)).await;
            }
        };
        let id = memory_id(&record.event.id, &record.event.user);
        if let Some(redrive) = &record.redrive {
            let again = redrive.memory_id(&id);
            return Box::pin(self.decide_again(record, &id, &again, work)).await; // rare, and large
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
            Box::pin(self.appender.append(Stream::Events, record, &work.stop)).await?;
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
