//! Foresees a bulk action: the effect of each step, by readings of some of its users.

use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Error, Explainer, Question, preview::CONCURRENCY};
use crate::{
    domain::{Facts, Forecast, Missing, Mode, Scheme, Step, UserId, UserRef},
    engine::Forecaster,
};

/// The users for whom a step has each effect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StepCounts {
    /// It changes something.
    pub change: u64,
    /// It is so already.
    pub already: u64,
    /// The user is protected, or not a person; nothing is done.
    pub protected: u64,
    /// It is not known: the user could not be read, is not there, or the facts at hand are not enough.
    pub unknown: u64,
}

/// The effect of one step on one user; none: it is not known.
type Effect = Option<Forecast>;

/// The effects of the steps of a bulk action on the users who were counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Foresight {
    /// The steps in the order of the actions: the action, its target, the users.
    pub steps: Vec<(&'static str, String, StepCounts)>,
    /// The users who were read just now.
    pub read: u64,
}

impl Foresight {
    /// The calls for changes, at most: one for each step that is not so already.
    pub fn changes(&self) -> u64 {
        self.steps.iter().map(|(_, _, counts)| counts.change + counts.unknown).sum()
    }

    fn count(&mut self, step: &Step, effect: Effect) {
        let (action, target) = (step.action(), step.target());
        let known = self.steps.iter().position(|(known, of, _)| *known == action && *of == target);
        let at = known.unwrap_or_else(|| {
            self.steps.push((action, target, StepCounts::default()));
            self.steps.len() - 1
        });
        let counts = &mut self.steps[at].2;
        let of_effect = match effect {
            Some(Forecast::WouldChange) => &mut counts.change,
            Some(Forecast::AlreadySo) => &mut counts.already,
            Some(Forecast::Protected) => &mut counts.protected,
            None => &mut counts.unknown,
        };
        *of_effect += 1;
    }
}

/// Counts the effects of one scheme, user by user.
pub struct Foreseeing {
    explainer: Explainer,
    question: Question,
    /// The steps for a user of whom nothing is known.
    steps: Vec<Step>,
    forecaster: Forecaster,
    foresight: Foresight,
}

impl Explainer {
    /// Foresees the effects of `scheme`, which selects each of the users that are asked about.
    ///
    /// # Errors
    /// [`Error::NoSuchSource`] if its source is not connected here.
    pub fn foreseeing(&self, scheme: &Scheme) -> Result<Foreseeing, Error> {
        let source = &scheme.source;
        let running = self.register.get(source).ok_or_else(|| Error::NoSuchSource(source.clone()))?;
        let forecaster = Forecaster::new(running.connection.clone(), running.live.protect.clone(), Mode::Active)
            .referring(running.references.clone());
        let question = Question::new(scheme);
        let mut foreseeing = Foreseeing {
            explainer: self.clone(),
            question,
            steps: Vec::new(),
            forecaster,
            foresight: Foresight::default(),
        };
        let somebody = scheme.select.only_users().and_then(|users| users.first().map(|user| UserId::new(*user)));
        let steps = somebody.and_then(|user| foreseeing.steps_of(&user, &Facts::unknown(Missing::NotTold)));
        foreseeing.steps = steps.unwrap_or_default();
        Ok(foreseeing)
    }
}

impl Foreseeing {
    /// Reads each of `users` for at most `time` altogether. Those who can't be read in it are not known.
    pub async fn read(&mut self, users: &[UserId], time: Duration) {
        let (deadline, this) = (Instant::now() + time, &*self);
        let looking: Vec<_> = users.iter().map(|user| this.look_at(user, deadline)).collect();
        let looked: Vec<_> = stream::iter(looking).buffered(CONCURRENCY).collect().await;
        for effects in looked {
            self.foresight.read += u64::from(effects.is_some());
            self.count(effects);
        }
    }

    /// Counts a user by the facts of a list: those who are protected by groups or roles are not known as such.
    pub fn listed(&mut self, user: &UserId, facts: Option<&Facts>, is_protected: bool) {
        let steps = facts.and_then(|facts| Some((facts, self.steps_of(user, facts)?)));
        let effects = steps.map(|(facts, steps)| {
            let effect = |step: Step| {
                let effect = match facts.satisfies(&step) {
                    Some(true) => Some(Forecast::AlreadySo),
                    Some(false) | None if is_protected => Some(Forecast::Protected),
                    Some(false) => Some(Forecast::WouldChange),
                    None => None,
                };
                (step, effect)
            };
            steps.into_iter().map(effect).collect()
        });
        self.count(effects);
    }

    /// What was counted.
    pub fn end(self) -> Foresight {
        self.foresight
    }

    fn count(&mut self, effects: Option<Vec<(Step, Effect)>>) {
        let unknown = || self.steps.iter().map(|step| (step.clone(), None)).collect();
        for (step, effect) in effects.unwrap_or_else(unknown) {
            self.foresight.count(&step, effect);
        }
    }

    fn steps_of(&self, user: &UserId, facts: &Facts) -> Option<Vec<Step>> {
        let at = self.explainer.clock.now();
        Some(self.question.ask(user, facts, at)?.steps)
    }

    /// The steps for a user with their effects, as a reading tells them; none if the user can't be read in time.
    async fn look_at(&self, user: &UserId, deadline: Instant) -> Option<Vec<(Step, Effect)>> {
        tokio::time::timeout_at(deadline, self.foretold(user)).await.ok().flatten()
    }

    async fn foretold(&self, user: &UserId) -> Option<Vec<(Step, Effect)>> {
        let source = &self.question.source;
        let read = self.explainer.read(source, &UserRef::Id(user.clone())).await.ok()?;
        let facts = self.explainer.facts(source, &read, self.explainer.clock.now());
        let Some(steps) = self.steps_of(user, &facts) else {
            // The account is not a person's: no scheme is asked about it.
            return Some(self.steps.iter().map(|step| (step.clone(), Some(Forecast::Protected))).collect());
        };
        let (forecaster, stop) = (&self.forecaster, CancellationToken::new());
        let mut effects = Vec::new();
        for step in steps {
            let effect = forecaster.of_step(&step, &self.question.id, &read, &facts, &stop).await.ok();
            effects.push((step, effect));
        }
        Some(effects)
    }
}
