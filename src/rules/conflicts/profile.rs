//! A scheme, taken apart by what its conditions look at.

use crate::{
    domain::{Age, Condition, DomainPattern, GroupName, Scheme, TriggerKind, Truth},
    rules::Compiled,
};

use super::{effects::Effects, person::Person};

/// A scheme with its compiled rules and the values in its conditions, by respect. Each list in `domains`, `groups` and
/// `users` is that of one condition.
pub(super) struct Profile<'a> {
    pub(super) scheme: &'a Scheme,
    pub(super) effects: Effects<'a>,
    compiled: Compiled,
    pub(super) domains: Vec<&'a [DomainPattern]>,
    pub(super) groups: Vec<&'a [GroupName]>,
    pub(super) users: Vec<&'a [String]>,
    /// The ages in conditions on logins, in order.
    pub(super) ages: Vec<Age>,
    pub(super) looks_at_logins: bool,
    pub(super) looks_at_state: bool,
    pub(super) expressions: Vec<&'a str>,
}

impl<'a> Profile<'a> {
    pub(super) fn new(scheme: &'a Scheme) -> Self {
        let mut profile = Self {
            scheme,
            effects: Effects::of(scheme),
            compiled: Compiled::new(scheme),
            domains: Vec::new(),
            groups: Vec::new(),
            users: Vec::new(),
            ages: Vec::new(),
            looks_at_logins: false,
            looks_at_state: false,
            expressions: Vec::new(),
        };
        scheme.select.0.iter().for_each(|condition| profile.add(condition));
        let lists = [&scheme.only_groups, &scheme.exempt.groups].map(Vec::as_slice);
        profile.groups.extend(lists.into_iter().filter(|list| !list.is_empty()));
        if !scheme.exempt.users.is_empty() {
            profile.users.push(&scheme.exempt.users);
        }
        profile
    }

    fn add(&mut self, condition: &'a Condition) {
        match condition {
            Condition::Everyone(_) => {}
            Condition::NeverLoggedIn(never) => self.add_age(never.created_before),
            Condition::LastLoginBefore(age) => self.add_age(Some(*age)),
            Condition::LoggedInOnce(once) => self.add_age(once.not_within),
            Condition::Deactivated(_) => self.looks_at_state = true,
            Condition::EmailDomain(patterns) | Condition::EmailDomainNot(patterns) => self.domains.push(patterns),
            Condition::Users(users) => self.users.push(users.as_slice()),
            Condition::Where(expression) => self.expressions.push(expression.as_str()),
            Condition::All(_) | Condition::Any(_) | Condition::Not(_) => {
                condition.parts().iter().for_each(|part| self.add(part));
            }
        }
    }

    fn add_age(&mut self, age: Option<Age>) {
        self.looks_at_logins = true;
        self.ages.extend(age);
    }

    pub(super) fn trigger(&self) -> TriggerKind {
        self.scheme.trigger.kind()
    }

    /// The answer of the compiled rules about `person`.
    pub(super) fn select(&self, person: &Person) -> Truth {
        self.compiled.select(&person.subject())
    }
}
