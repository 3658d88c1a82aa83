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

/// How much a condition takes, from little to much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effort {
    /// A look at one fact.
    Fact,
    /// The search for names in lists.
    Lookup,
    /// The evaluation of an expression.
    Expression,
}

/// A condition that looks at facts. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) enum Leaf {
    /// The condition uses no fact.
    Everyone,
    /// Logins.
    Activity(activity::Condition),
    /// Whether the account is not active.
    Deactivated,
    /// The e-mail domain is one of these.
    Address(Arc<[DomainPattern]>),
    /// The e-mail domain is none of these.
    AddressNot(Arc<[DomainPattern]>),
    /// A member of one of these groups.
    Member(Arc<[GroupName]>),
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
            Condition::EmailDomain(patterns) => Self::Address(patterns.as_slice().into()),
            Condition::EmailDomainNot(patterns) => Self::AddressNot(patterns.as_slice().into()),
            Condition::Users(users) => Self::Listed(Listed::new(users.clone())),
            Condition::Where(expression) => Self::Where(Arc::new(Where::new(expression))),
            Condition::Everyone(_) | Condition::All(_) | Condition::Any(_) | Condition::Not(_) => Self::Everyone,
        }
    }

    /// The condition of being a member of one of `groups`.
    pub(super) fn member(groups: &[GroupName]) -> Self {
        Self::Member(groups.into())
    }

    /// The groups, if it is about the user's groups.
    pub(super) fn groups(&self) -> Option<&[GroupName]> {
        match self {
            Self::Member(groups) => Some(groups),
            _ => None,
        }
    }

    /// How much it takes.
    pub(super) fn effort(&self) -> Effort {
        match self {
            Self::Everyone | Self::Activity(_) | Self::Deactivated | Self::Address(_) | Self::AddressNot(_) => {
                Effort::Fact
            }
            Self::Member(_) | Self::Listed(_) => Effort::Lookup,
            Self::Where(_) => Effort::Expression,
        }
    }

    /// The answer alone: what is made for the reasons only is optimised away, as each part is evaluated in place.
    pub(super) fn truth(&self, subject: &Subject<'_>) -> Truth {
        let facts = subject.facts;
        match self {
            Self::Everyone => Truth::True,
            Self::Activity(condition) => condition.evaluate(subject).truth,
            Self::Deactivated => deactivated(&facts.active),
            Self::Address(patterns) => address::Evaluated::at(&facts.email, patterns, true).truth(),
            Self::AddressNot(patterns) => address::Evaluated::at(&facts.email, patterns, false).truth(),
            Self::Member(groups) => membership::InGroup::evaluate(facts, groups).truth(),
            Self::Listed(listed) => listed.evaluate(subject).truth(),
            Self::Where(condition) => condition.evaluate(subject).truth(),
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
            Self::Active(active) => deactivated(active),
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

fn deactivated(active: &Fact<bool>) -> Truth {
    match active.value() {
        Some(true) => Truth::False,
        Some(false) => Truth::True,
        None => Truth::Unknown,
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
