//! The decision on one event: by its payload if that is enough, otherwise by a reading of its user.

use super::{Planned, Planner, input::PlannerInput, rekey::under_lasting_id, scope::SchemeScope};
use crate::{
    domain::{Activity, Decision, Event, EventKind, Fact, Facts, Missing, NoAction, Stage, StepKey, UserId, UserKey},
    engine::sweeps::forecast::{self, Forecaster},
    rules::{self, Schemes},
    runtime::{Interrupted, Work},
    source::{read::UserLookup, recent_readings::RecentReading},
};

impl Planner {
    /// Decides an event. The payload may be enough to decide that nothing is to be done. Everything else is decided by
    /// a reading of the product.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn decide(&self, told: PlannerInput, work: &Work) -> Result<Planned, Interrupted> {
        let event = &told.event;
        // The event may tell of a change.
        if let Some(id) = event.user.id() {
            self.connection.recent_readings.forget(id);
        }
        if let Some(undo) = event.sweep.as_ref().and_then(|sighting| sighting.undo.as_deref()) {
            return Box::pin(self.decide_undo(&told, undo, work)).await; // rare, and large
        }
        let controls = &*self.connection.controls;
        let scheme_scope = match told.forgotten {
            true => SchemeScope::Forgotten,
            false => SchemeScope::about(event, &*self.run_queries, controls, &work.stop).await?,
        };
        let scheme_scope = match event.sweep {
            Some(_) => Box::pin(self.with_bulk_read(scheme_scope, event, work)).await?,
            None => scheme_scope,
        };
        if let Some(reason) = scheme_scope.given_up() {
            Box::pin(self.give_up(&told, None, reason.into(), work)).await?;
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
        let is_enough =
            forecast::is_settled(&answer) || Box::pin(self.is_counted(&mut answer, event, &facts, work)).await?;
        // One that may be decided already is not to come again under another id.
        if is_enough && (told.forgotten || !self.is_to_be_found(event)) {
            return Ok(self.decided(&told, known.as_ref(), &facts, answer));
        }
        // Boxed from here on: most events end before, and each event in work holds room for the longest way.
        Box::pin(self.wait_for_pending_steps(&event.key(), work)).await?;
        let recent_readings = &self.connection.recent_readings;
        let begun = event.user.id().map(|id| recent_readings.begin(id, &event.id));
        let (stops, reading) = Box::pin(self.read(event, work)).await?;
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
                let called = Box::pin(self.called(&user.id, work)).await?;
                let facts = Facts { called, ..user.facts(self.now()) };
                let facts = with_activity(before_login(facts, event.kind), &schemes);
                (Some(recent), facts)
            }
            UserLookup::NoSuchUser => (None, Facts::unknown(Missing::NoSuchUser)),
            UserLookup::GaveUp(error) => {
                let reason = format!("the user can't be read, so no scheme selects them: {error}");
                Box::pin(self.give_up(&told, known.as_ref(), reason, work)).await?;
                (None, Facts::unknown(Missing::Refused))
            }
        };
        let mut answer = ask(&facts, &schemes);
        if let (Some(recent), Some(forecaster)) = (&recent, self.foretells(event)) {
            Box::pin(forecaster.foretell(&mut answer, &recent.user, &facts, &work.stop)).await?;
        }
        let decision = self.decision(&told, known.as_ref(), &facts, answer);
        if let (Some(begun), Some(recent)) = (begun, recent.filter(|_| decision.selected().next().is_some())) {
            begun.keep(recent);
        }
        Ok(Planned::Decided(Box::new(Decision { read: true, ..decision })))
    }

    /// Reads the user of `event`, in a sweep no faster than the users are changed. Gives the number of stops of the source
    /// before.
    async fn read(&self, event: &Event, work: &Work) -> Result<(u64, UserLookup), Interrupted> {
        let (connection, stop) = (&self.connection, &work.stop);
        let place = match event.sweep {
            Some(_) => Some(connection.sweep_read(stop).await?),
            None => None,
        };
        let stops = connection.stops();
        let reading = connection.read_user(&event.user, stop);
        let reading = match place {
            Some(place) => place.during(reading).await,
            None => reading.await,
        };
        Ok((stops, reading?))
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

    /// Whether the list of a sweep is enough to count the user of `event`. All steps are kept back until the run is let
    /// go on, and then the user is read.
    async fn is_counted(
        &self,
        answer: &mut rules::Evaluation,
        event: &Event,
        facts: &Facts,
        work: &Work,
    ) -> Result<bool, Interrupted> {
        let (Some(forecaster), Some(user)) = (self.foretells(event), event.user.id()) else { return Ok(false) };
        if !answer.unknown.is_empty() {
            return Ok(false);
        }
        // A reading waits for the steps of earlier decisions, and knows the names in schemes that mean the user.
        if !self.pending.certainly_none(&event.key()) || !self.called(user, work).await?.is_empty() {
            return Ok(false);
        }
        forecaster.count_by_facts(answer, user, facts, &work.stop).await
    }

    /// The forecaster for `event`; only sweeps have one.
    fn foretells(&self, event: &Event) -> Option<&Forecaster> {
        self.forecaster.as_ref().filter(|_| event.sweep.is_some())
    }

    pub(super) fn decided(
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
            EventKind::Updated | EventKind::Removed | EventKind::Sighted | EventKind::Undo => false,
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
}

/// The facts without the present login, which the product may report already. The conditions are about the time before
/// it.
fn before_login(facts: Facts, kind: EventKind) -> Facts {
    match kind {
        EventKind::LoggedIn => Facts { logins: Fact::Unknown(Missing::NotTold), ..facts },
        EventKind::Created | EventKind::Updated | EventKind::Removed | EventKind::Sighted | EventKind::Undo => facts,
    }
}
