//! The user who proves a conflict, with as few facts as are needed.

use crate::{
    domain::{Fact, Facts, Groups, Logins, Missing, Timestamp, UserId},
    rules::Subject,
};

use super::person::Person;

/// A user whom two schemes select. A fact that is not known does not matter: both select the user whatever it is.
#[derive(Debug, Clone)]
pub struct Witness {
    /// The lasting id.
    pub user: Option<UserId>,
    /// The facts that matter.
    pub facts: Facts,
    /// The time at which they hold.
    pub at: Timestamp,
}

impl Witness {
    /// `person`, without what is not needed for `selects`.
    pub(super) fn of(person: Person, selects: impl Fn(&Person) -> bool) -> Self {
        let forget: [fn(&mut Person); 9] = [
            |person| person.facts.groups = Fact::Unknown(Missing::NotTold),
            |person| person.user = None,
            |person| person.facts.name = Fact::Unknown(Missing::NotTold),
            |person| person.facts.email = Fact::Unknown(Missing::NotTold),
            |person| person.facts.active = Fact::Unknown(Missing::NotTold),
            |person| person.facts.logins = Fact::Unknown(Missing::NotTold),
            |person| person.facts.created = Fact::Unknown(Missing::NotTold),
            |person| person.facts.directory = Fact::Unknown(Missing::NotTold),
            |person| person.facts.applications = Fact::Unknown(Missing::NotTold),
        ];
        let mut person = forget.into_iter().fold(person, |person, forget| {
            let mut without = person.clone();
            forget(&mut without);
            if selects(&without) { without } else { person }
        });
        for group in person.facts.groups.value().cloned().unwrap_or_default() {
            let mut without = person.clone();
            if let Fact::Known { value, .. } = &mut without.facts.groups {
                value.remove(&group);
            }
            if selects(&without) {
                person = without;
            }
        }
        Self { user: person.user, facts: person.facts, at: person.now }
    }

    /// For evaluating rules about the user.
    pub fn subject(&self) -> Subject<'_> {
        Subject { user: self.user.as_ref(), facts: &self.facts, now: self.at }
    }

    /// The user in words: `a user of acme.com in staff whose last login was on ...`.
    pub fn in_words(&self) -> String {
        let facts = &self.facts;
        let mut words = vec![match facts.active.value() {
            Some(true) => "an active user".to_owned(),
            Some(false) => "a deactivated user".to_owned(),
            None => "any user".to_owned(),
        }];
        match (facts.name.value(), &self.user) {
            (Some(name), Some(id)) => words.push(format!("called {name} with the id {id}")),
            (Some(name), None) => words.push(format!("called {name}")),
            (None, Some(id)) => words.push(format!("with the id {id}")),
            (None, None) => {}
        }
        if let Some(domain) = facts.email.value().and_then(|email| email.domain()) {
            words.push(format!("with an address at {domain}"));
        }
        words.extend(facts.groups.value().map(in_groups));
        words.extend(facts.directory.value().map(|name| format!("in the directory {name}")));
        words.extend(facts.created.value().map(|at| format!("created on {at}")));
        words.extend(facts.logins.value().map(logged_in));
        words.join(", ").replacen(", ", " ", 1)
    }
}

fn in_groups(groups: &Groups) -> String {
    match groups.iter().map(ToString::to_string).collect::<Vec<_>>() {
        none if none.is_empty() => "in no group".to_owned(),
        some => format!("in {}", some.join(" and ")),
    }
}

fn logged_in(logins: &Logins) -> String {
    match (logins.count, logins.last) {
        (0, None) => "who has never logged in".to_owned(),
        (1, Some(at)) => format!("who has logged in once, on {at}"),
        (_, Some(at)) => format!("whose last login was on {at}"),
        (_, None) => "who has logged in".to_owned(),
    }
}
