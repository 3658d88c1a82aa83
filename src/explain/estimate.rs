//! How many users a scheme would select, by facts that are at hand: no product is called.

use super::{Explainer, Question};
use crate::domain::{Facts, Scheme, SourceId, Timestamp, Truth, UserId};

/// Counts the users whom one scheme would select.
pub struct Estimator {
    explainer: Explainer,
    question: Question,
    now: Timestamp,
    /// The users counted.
    pub seen: u64,
    /// Those whom the scheme would select.
    pub selected: u64,
    /// Those for whom the facts at hand are not enough.
    pub unknown: u64,
}

impl Explainer {
    /// Counts for `scheme`, by facts as of now.
    pub fn estimator(&self, scheme: &Scheme) -> Estimator {
        let (question, now) = (Question::new(scheme), self.clock.now());
        Estimator { explainer: self.clone(), question, now, seen: 0, selected: 0, unknown: 0 }
    }
}

impl Estimator {
    /// The source of the scheme.
    pub fn source(&self) -> &SourceId {
        &self.question.source
    }

    /// Counts a user with these facts, activity included.
    pub fn count(&mut self, user: &UserId, facts: Facts) {
        let references = self.explainer.references(&self.question.source);
        let called = references.map_or_else(Vec::new, |references| references.called(user));
        let verdict = self.question.ask(user, &Facts { called, ..facts }, self.now);
        self.seen += 1;
        match verdict.map(|verdict| verdict.selected) {
            Some(Truth::True) => self.selected += 1,
            Some(Truth::Unknown) => self.unknown += 1,
            Some(Truth::False) | None => {}
        }
    }
}
