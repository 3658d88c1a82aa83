//! A user who is made up, respect by respect.

use std::collections::BTreeSet;

use crate::{
    domain::{EmailAddress, Fact, Facts, Groups, Logins, Missing, Origin, Timestamp, UserId},
    rules::Subject,
};

/// A made-up user. What is not given is not known, and so may be anything.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) user: Option<UserId>,
    pub(super) facts: Facts,
    pub(super) now: Timestamp,
}

/// One respect in which users differ. Each condition but those in CEL looks at one of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Trait {
    /// Nothing is known in this respect.
    Unknown,
    /// Direct memberships.
    Groups(Groups),
    /// The lasting id and the login name. Neither is known where it is none.
    Identity { id: Option<String>, name: Option<String> },
    /// The address.
    Email(EmailAddress),
    /// Whether the account is active.
    Active(bool),
    /// The logins, and the age of the account.
    Activity { logins: Option<Logins>, created: Option<Timestamp>, first_seen: Option<Timestamp> },
    /// The user directory and the applications; only CEL looks at them.
    Places { directory: Option<String>, applications: BTreeSet<String> },
}

impl Person {
    pub(super) fn anybody(now: Timestamp) -> Self {
        Self { user: None, facts: Facts::unknown(Missing::NotTold), now }
    }

    pub(super) fn subject(&self) -> Subject<'_> {
        Subject { user: self.user.as_ref(), facts: &self.facts, now: self.now }
    }

    /// This person with `given`.
    pub(super) fn with(&self, given: &Trait) -> Self {
        let mut person = self.clone();
        let (facts, now) = (&mut person.facts, self.now);
        match given {
            Trait::Unknown => {}
            Trait::Groups(groups) => facts.groups = known(groups.clone(), now),
            Trait::Identity { id, name } => {
                facts.name = fact(name.clone(), now);
                person.user = id.as_ref().map(UserId::new);
            }
            Trait::Email(email) => facts.email = known(email.clone(), now),
            Trait::Active(active) => facts.active = known(*active, now),
            Trait::Activity { logins, created, first_seen } => {
                facts.logins = fact(*logins, now);
                facts.created = fact(*created, now);
                facts.first_seen = fact(*first_seen, now);
            }
            Trait::Places { directory, applications } => {
                facts.directory = fact(directory.clone(), now);
                facts.applications = known(applications.clone(), now);
            }
        }
        person
    }
}

fn known<T>(value: T, now: Timestamp) -> Fact<T> {
    Fact::Known { value, origin: Origin::Product, as_of: now }
}

fn fact<T>(value: Option<T>, now: Timestamp) -> Fact<T> {
    Fact::from_option(value, Origin::Product, now, Missing::NotTold)
}
