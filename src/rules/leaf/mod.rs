//! The conditions that use facts themselves.

mod activity;
mod address;
mod membership;

use std::sync::Arc;

use crate::domain::{Condition, DomainPattern, Fact, GroupName, Truth};

pub(super) use membership::Listed;

use super::{
    Subject,
    cel::{self, Where},
    explanation::{Told, list},
};

/// A condition that looks at facts.
#[derive(Debug, Clone)]
pub(super) enum Leaf {
    /// The condition uses no fact.
    Everyone,
    /// Logins.
    Activity(activity::Condition),
    /// Whether the account is not active.
    Deactivated,
    /// The e-mail domain is one of these.
    Address(Vec<DomainPattern>),
    /// The e-mail domain is none of these.
    AddressNot(Vec<DomainPattern>),
    /// A member of one of these groups.
    Member(Vec<GroupName>),
    /// The user is one of these.
    Listed(Listed),
    /// An expression in CEL.
    Where(Arc<Where>),
}

/// The result of a condition. It is made without allocation; its texts are made on request.
pub(super) enum Looked<'a> {
    Everyone,
    Activity(activity::Looked),
    Active(&'a Fact<bool>),
    Address(address::Looked<'a>),
    Member(membership::InGroup<'a>),
    Listed(membership::OnList<'a>),
    Where(cel::Looked<'a>),
}

impl Leaf {
    /// The condition for one that has no others inside.
    pub(super) fn of(condition: &Condition) -> Self {
        match condition {
            Condition::NeverLoggedIn(never) => Self::Activity(activity::Condition::Never(never.created_before)),
            Condition::LastLoginBefore(age) => Self::Activity(activity::Condition::LastBefore(*age)),
            Condition::LoggedInOnce(once) => Self::Activity(activity::Condition::Once(once.not_within)),
            Condition::Deactivated(_) => Self::Deactivated,
            Condition::EmailDomain(patterns) => Self::Address(patterns.clone()),
            Condition::EmailDomainNot(patterns) => Self::AddressNot(patterns.clone()),
            Condition::Users(users) => Self::Listed(Listed::new(users.clone())),
            Condition::Where(expression) => Self::Where(Arc::new(Where::new(expression))),
            Condition::Everyone(_) | Condition::All(_) | Condition::Any(_) | Condition::Not(_) => Self::Everyone,
        }
    }

    pub(super) fn look<'a>(&'a self, subject: &Subject<'a>) -> Looked<'a> {
        let facts = subject.facts;
        match self {
            Self::Everyone => Looked::Everyone,
            Self::Activity(condition) => Looked::Activity(condition.look(subject)),
            Self::Deactivated => Looked::Active(&facts.active),
            Self::Address(patterns) => Looked::Address(address::Looked::at(&facts.email, patterns, true)),
            Self::AddressNot(patterns) => Looked::Address(address::Looked::at(&facts.email, patterns, false)),
            Self::Member(groups) => Looked::Member(membership::InGroup::look(facts, groups)),
            Self::Listed(listed) => Looked::Listed(listed.look(subject)),
            Self::Where(condition) => Looked::Where(condition.look(subject)),
        }
    }
}

impl Looked<'_> {
    pub(super) fn truth(&self) -> Truth {
        match self {
            Self::Everyone => Truth::True,
            Self::Activity(looked) => looked.truth,
            Self::Active(active) => match active.value() {
                Some(true) => Truth::False,
                Some(false) => Truth::True,
                None => Truth::Unknown,
            },
            Self::Address(looked) => looked.truth(),
            Self::Member(looked) => looked.truth(),
            Self::Listed(looked) => looked.truth(),
            Self::Where(looked) => looked.truth(),
        }
    }

    pub(super) fn tell(&self) -> Told {
        match self {
            Self::Everyone => Told { because: "holds for everyone".into(), ..Told::default() },
            Self::Activity(looked) => looked.tell(),
            Self::Active(active) => tell_active(active),
            Self::Address(looked) => looked.tell(),
            Self::Member(looked) => looked.tell(),
            Self::Listed(looked) => looked.tell(),
            Self::Where(looked) => looked.tell(),
        }
    }
}

fn tell_active(active: &Fact<bool>) -> Told {
    match active {
        Fact::Known { value, origin, as_of } => {
            let (word, change) = match value {
                true => ("active", "the account is deactivated"),
                false => ("not active", "the account is activated"),
            };
            Told::known(*origin, *as_of, format!("the account is {word}")).with(word, change)
        }
        Fact::Unknown(missing) => Told::missing("whether the account is active", *missing),
    }
}
