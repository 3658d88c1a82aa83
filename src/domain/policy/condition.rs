//! The selection of a scheme: which users it selects.

use serde::Serialize;

use crate::domain::{Age, DomainPattern, GroupName, NamedUsers};

/// One condition of a selection. A condition on a fact that is not known is unknown, and never selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Holds for everyone. Written `everyone: true`; false is not a condition.
    Everyone(True),
    /// The user has never logged in.
    NeverLoggedIn(NeverLoggedIn),
    /// The user's last login is longer ago than this. For users without a login see [`Self::NeverLoggedIn`].
    LastLoginBefore(Age),
    /// The user has logged in exactly once.
    LoggedInOnce(LoggedInOnce),
    /// The account is not active.
    Deactivated(True),
    /// The e-mail domain is one of these.
    EmailDomain(Vec<DomainPattern>),
    /// The e-mail domain is none of these.
    EmailDomainNot(Vec<DomainPattern>),
    /// The user is one of these.
    Users(NamedUsers),
    /// An expression in CEL holds.
    Where(Expression),
    /// All of these hold.
    All(Vec<Condition>),
    /// Any of these holds.
    Any(Vec<Condition>),
    /// The inner condition does not hold.
    Not(Box<Condition>),
}

/// The conditions without their details.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConditionKind {
    /// See [`Condition::Everyone`].
    Everyone,
    /// See [`Condition::NeverLoggedIn`].
    NeverLoggedIn,
    /// See [`Condition::LastLoginBefore`].
    LastLoginBefore,
    /// See [`Condition::LoggedInOnce`].
    LoggedInOnce,
    /// See [`Condition::Deactivated`].
    Deactivated,
    /// See [`Condition::EmailDomain`].
    EmailDomain,
    /// See [`Condition::EmailDomainNot`].
    EmailDomainNot,
    /// See [`Condition::Users`].
    Users,
    /// See [`Condition::Where`].
    Where,
    /// See [`Condition::All`].
    All,
    /// See [`Condition::Any`].
    Any,
    /// See [`Condition::Not`].
    Not,
}

impl ConditionKind {
    /// The key in a scheme.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::NeverLoggedIn => "never_logged_in",
            Self::LastLoginBefore => "last_login_before",
            Self::LoggedInOnce => "logged_in_once",
            Self::Deactivated => "deactivated",
            Self::EmailDomain => "email_domain",
            Self::EmailDomainNot => "email_domain_not",
            Self::Users => "users",
            Self::Where => "where",
            Self::All => "all",
            Self::Any => "any",
            Self::Not => "not",
        }
    }
}

impl Condition {
    /// Without details.
    pub const fn kind(&self) -> ConditionKind {
        match self {
            Self::Everyone(_) => ConditionKind::Everyone,
            Self::NeverLoggedIn(_) => ConditionKind::NeverLoggedIn,
            Self::LastLoginBefore(_) => ConditionKind::LastLoginBefore,
            Self::LoggedInOnce(_) => ConditionKind::LoggedInOnce,
            Self::Deactivated(_) => ConditionKind::Deactivated,
            Self::EmailDomain(_) => ConditionKind::EmailDomain,
            Self::EmailDomainNot(_) => ConditionKind::EmailDomainNot,
            Self::Users(_) => ConditionKind::Users,
            Self::Where(_) => ConditionKind::Where,
            Self::All(_) => ConditionKind::All,
            Self::Any(_) => ConditionKind::Any,
            Self::Not(_) => ConditionKind::Not,
        }
    }

    /// The key in a scheme.
    pub const fn name(&self) -> &'static str {
        self.kind().as_str()
    }

    /// Whether it may use the activity of a user.
    pub fn looks_at_activity(&self) -> bool {
        match self {
            Self::NeverLoggedIn(_) | Self::LastLoginBefore(_) | Self::LoggedInOnce(_) | Self::Where(_) => true,
            Self::Everyone(_)
            | Self::Deactivated(_)
            | Self::EmailDomain(_)
            | Self::EmailDomainNot(_)
            | Self::Users(_) => false,
            Self::All(_) | Self::Any(_) | Self::Not(_) => self.parts().iter().any(Self::looks_at_activity),
        }
    }

    /// The only users for whom it may hold; none if it may hold for others too.
    fn only_users(&self) -> Option<Vec<&str>> {
        match self {
            Self::Users(users) => Some(users.as_slice().iter().map(String::as_str).collect()),
            Self::All(parts) => parts.iter().filter_map(Self::only_users).min_by_key(Vec::len),
            Self::Any(parts) => only_users_of_any(parts),
            Self::Everyone(_)
            | Self::NeverLoggedIn(_)
            | Self::LastLoginBefore(_)
            | Self::LoggedInOnce(_)
            | Self::Deactivated(_)
            | Self::EmailDomain(_)
            | Self::EmailDomainNot(_)
            | Self::Where(_)
            | Self::Not(_) => None,
        }
    }

    /// The conditions directly inside.
    pub fn parts(&self) -> &[Condition] {
        match self {
            Self::All(parts) | Self::Any(parts) => parts,
            Self::Not(part) => std::slice::from_ref(part),
            _ => &[],
        }
    }
}

fn only_users_of_any(conditions: &[Condition]) -> Option<Vec<&str>> {
    let each: Option<Vec<_>> = conditions.iter().map(Condition::only_users).collect();
    Some(each?.concat())
}

/// Always `true`: the value of a condition that takes no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct True;

/// The parameters of `never_logged_in`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NeverLoggedIn {
    /// Only accounts created longer ago than this: new ones are given time.
    pub created_before: Option<Age>,
}

/// The parameters of `logged_in_once`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoggedInOnce {
    /// Only if that login is longer ago than this.
    pub not_within: Option<Age>,
}

/// The text of a condition in CEL over `user`; see [`crate::rules`] for the allowed names and functions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Expression(String);

impl Expression {
    /// The text as written; whether it can be evaluated is for the rules to say.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The conditions of a scheme: a user is selected when any of them holds. Written as a map, each key at most once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection(pub Vec<Condition>);

impl Selection {
    /// Whether it has no condition. Such a scheme is refused.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The only users whom it may select, by name or lasting id; none if it may select others too.
    pub fn only_users(&self) -> Option<Vec<&str>> {
        only_users_of_any(&self.0)
    }
}

/// Users and groups that a scheme never touches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exempt {
    /// By name or lasting id.
    pub users: Vec<String>,
    /// Members of any of these.
    pub groups: Vec<GroupName>,
}

impl Exempt {
    /// Whether nobody is exempt.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.groups.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users(names: &[&str]) -> Condition {
        Condition::Users(NamedUsers::new(names.iter().map(|name| (*name).to_owned())))
    }

    #[test]
    fn a_selection_that_can_select_nobody_but_those_listed_says_whom() {
        let deactivated = || Condition::Deactivated(True);
        let not = || Condition::Not(Box::new(users(&["a"])));
        for (conditions, only) in [
            (vec![users(&["a", "b"])], Some(vec!["a", "b"])),
            (vec![Condition::All(vec![deactivated(), users(&["a"])])], Some(vec!["a"])),
            (vec![Condition::All(vec![users(&["a", "b"]), users(&["b"])])], Some(vec!["b"])),
            (vec![Condition::Any(vec![users(&["a"]), users(&["b"])])], Some(vec!["a", "b"])),
            (vec![users(&["a"]), deactivated()], None),
            (vec![Condition::Any(vec![users(&["a"]), deactivated()])], None),
            (vec![not()], None),
            (vec![Condition::Everyone(True)], None),
        ] {
            assert_eq!(Selection(conditions.clone()).only_users(), only, "{conditions:?}");
        }
    }
}
