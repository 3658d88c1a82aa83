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
    explanation::{ReasonText, list},
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
pub(super) enum Evaluated<'a> {
    Everyone,
    Activity(activity::Evaluated),
    Active(&'a Fact<bool>),
    Address(address::Evaluated<'a>),
    Member(membership::InGroup<'a>),
    Listed(membership::OnList<'a>),
    Where(cel::Evaluated<'a>),
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

    pub(super) fn evaluate<'a>(&'a self, subject: &Subject<'a>) -> Evaluated<'a> {
        let facts = subject.facts;
        match self {
            Self::Everyone => Evaluated::Everyone,
            Self::Activity(condition) => Evaluated::Activity(condition.evaluate(subject)),
            Self::Deactivated => Evaluated::Active(&facts.active),
            Self::Address(patterns) => Evaluated::Address(address::Evaluated::at(&facts.email, patterns, true)),
            Self::AddressNot(patterns) => Evaluated::Address(address::Evaluated::at(&facts.email, patterns, false)),
            Self::Member(groups) => Evaluated::Member(membership::InGroup::evaluate(facts, groups)),
            Self::Listed(listed) => Evaluated::Listed(listed.evaluate(subject)),
            Self::Where(condition) => Evaluated::Where(condition.evaluate(subject)),
        }
    }
}

impl Evaluated<'_> {
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

    pub(super) fn explain(&self) -> ReasonText {
        match self {
            Self::Everyone => ReasonText { because: "holds for everyone".into(), ..ReasonText::default() },
            Self::Activity(looked) => looked.explain(),
            Self::Active(active) => explain_active(active),
            Self::Address(looked) => looked.explain(),
            Self::Member(looked) => looked.explain(),
            Self::Listed(looked) => looked.explain(),
            Self::Where(looked) => looked.explain(),
        }
    }
}

fn explain_active(active: &Fact<bool>) -> ReasonText {
    match active {
        Fact::Known { value, origin, as_of } => {
            let (word, change) = match value {
                true => ("active", "the account is deactivated"),
                false => ("not active", "the account is activated"),
            };
            ReasonText::known(*origin, *as_of, format!("the account is {word}")).with(word, change)
        }
        Fact::Unknown(missing) => ReasonText::missing("whether the account is active", *missing),
    }
}
