//! The fields of `user` that an expression may use.

use std::{collections::BTreeSet, fmt, sync::Arc};

use cel::Value;
use chrono::DateTime;

use crate::domain::{EmailAddress, EmailDomain, Fact, GroupName, Logins, Missing, Timestamp};

use super::{super::Subject, list, types::Type};

/// A fact by the name it has in expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Id,
    Name,
    Email,
    Domain,
    Active,
    Groups,
    Applications,
    Created,
    LastLogin,
    LoginCount,
    Directory,
}

/// Why there is no value.
pub(super) enum Absent {
    Missing(Missing),
    /// The lasting id has not been looked up yet.
    NoId,
    /// There was no login, so there is no last one.
    NoLogin,
    /// There may have been others than those that usher knows of.
    SomeLogins,
    /// A later login may have been missed.
    LaterPerhaps,
    /// A time that can't be written down.
    OutOfBounds,
}

impl Field {
    pub(super) const ALL: [Self; 11] = [
        Self::Id,
        Self::Name,
        Self::Email,
        Self::Domain,
        Self::Active,
        Self::Groups,
        Self::Applications,
        Self::Created,
        Self::LastLogin,
        Self::LoginCount,
        Self::Directory,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Name => "name",
            Self::Email => "email",
            Self::Domain => "domain",
            Self::Active => "active",
            Self::Groups => "groups",
            Self::Applications => "applications",
            Self::Created => "created",
            Self::LastLogin => "last_login",
            Self::LoginCount => "login_count",
            Self::Directory => "directory",
        }
    }

    pub(super) fn ty(self) -> Type {
        match self {
            Self::Id | Self::Name | Self::Email | Self::Domain | Self::Directory => Type::String,
            Self::Active => Type::Bool,
            Self::Groups | Self::Applications => Type::list_of(Type::String),
            Self::Created | Self::LastLogin => Type::Timestamp,
            Self::LoginCount => Type::Int,
        }
    }

    /// The value for an expression.
    ///
    /// # Errors
    /// [`Absent`] if the fact is not known, or has no value that an expression can hold.
    pub(super) fn value(self, subject: &Subject<'_>) -> Result<Value, Absent> {
        let facts = subject.facts;
        match self {
            Self::Id => subject.user.map(|id| id.as_str().into()).ok_or(Absent::NoId),
            Self::Name => of(&facts.name).map(|name| name.as_str().into()),
            Self::Email => address(&facts.email).map(|(email, _)| email.as_str().into()),
            Self::Domain => address(&facts.email).map(|(_, domain)| domain.as_str().into()),
            Self::Active => of(&facts.active).map(|active| Value::Bool(*active)),
            Self::Groups => of(&facts.groups).map(|groups| texts(groups.iter().map(GroupName::as_str))),
            Self::Applications => of(&facts.applications).map(|keys| texts(keys.iter().map(String::as_str))),
            Self::Created => of(&facts.created).and_then(|at| timestamp(*at).ok_or(Absent::OutOfBounds)),
            Self::LastLogin => last_login(&facts.logins).and_then(|at| timestamp(at).ok_or(Absent::OutOfBounds)),
            Self::LoginCount => login_count(&facts.logins).map(Value::Int),
            Self::Directory => of(&facts.directory).map(|directory| directory.as_str().into()),
        }
    }

    /// The value in words for a reason; none if there is none, or if it must not be shown.
    pub(super) fn shown(self, subject: &Subject<'_>) -> Option<String> {
        let facts = subject.facts;
        let text = match self {
            Self::Email => return None,
            Self::Id => subject.user?.to_string(),
            Self::Name => facts.name.value()?.clone(),
            Self::Domain => facts.email.value()?.domain()?.to_string(),
            Self::Active => facts.active.value()?.to_string(),
            Self::Groups => all(facts.groups.value()?),
            Self::Applications => all(facts.applications.value()?),
            Self::Created => facts.created.value()?.to_string(),
            Self::LastLogin => last_login(&facts.logins).ok()?.to_string(),
            Self::LoginCount => login_count(&facts.logins).ok()?.to_string(),
            Self::Directory => facts.directory.value()?.clone(),
        };
        Some(format!("{self} = {text}"))
    }

    pub(super) fn as_of(self, subject: &Subject<'_>) -> Option<Timestamp> {
        let facts = subject.facts;
        match self {
            Self::Id => None,
            Self::Name => as_of(&facts.name),
            Self::Email | Self::Domain => as_of(&facts.email),
            Self::Active => as_of(&facts.active),
            Self::Groups => as_of(&facts.groups),
            Self::Applications => as_of(&facts.applications),
            Self::Created => as_of(&facts.created),
            Self::LastLogin | Self::LoginCount => as_of(&facts.logins),
            Self::Directory => as_of(&facts.directory),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "user.{}", self.name())
    }
}

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing(missing) => return missing.fmt(f),
            Self::NoId => "it has not been looked up yet",
            Self::NoLogin => "no login is known",
            Self::SomeLogins => "usher does not know all logins since the account was created",
            Self::LaterPerhaps => "since the last login known there was a gap in which no logins were told",
            Self::OutOfBounds => "it is out of bounds",
        })
    }
}

fn of<T>(fact: &Fact<T>) -> Result<&T, Absent> {
    match fact {
        Fact::Known { value, .. } => Ok(value),
        Fact::Unknown(missing) => Err(Absent::Missing(*missing)),
    }
}

/// The address, if it is exactly one. Otherwise it is absent: `!user.email.endsWith("@acme.example")` would hold for
/// it.
fn address(email: &Fact<EmailAddress>) -> Result<(&EmailAddress, &EmailDomain), Absent> {
    let email = of(email)?;
    email.domain().map(|domain| (email, domain)).ok_or(Absent::Missing(Missing::NotAnAddress))
}

fn as_of<T>(fact: &Fact<T>) -> Option<Timestamp> {
    match fact {
        Fact::Known { as_of, .. } => Some(*as_of),
        Fact::Unknown(_) => None,
    }
}

fn last_login(logins: &Fact<Logins>) -> Result<Timestamp, Absent> {
    let logins = of(logins)?;
    let last = logins.last.ok_or(Absent::NoLogin)?;
    if logins.misses_none_after(last) { Ok(last) } else { Err(Absent::LaterPerhaps) }
}

/// The number of logins. A login that the product reports and usher did not see shows that not all were seen.
fn login_count(logins: &Fact<Logins>) -> Result<i64, Absent> {
    let logins = of(logins)?;
    let is_whole = logins.complete && (logins.count > 0 || logins.last.is_none());
    if is_whole { i64::try_from(logins.count).map_err(|_| Absent::OutOfBounds) } else { Err(Absent::SomeLogins) }
}

/// A time for an expression; none if it can't be written as a date.
pub(super) fn timestamp(at: Timestamp) -> Option<Value> {
    DateTime::from_timestamp_millis(at.as_millis()).map(|at| Value::Timestamp(at.fixed_offset()))
}

fn texts<'a>(items: impl Iterator<Item = &'a str>) -> Value {
    Value::List(Arc::new(items.map(Value::from).collect()))
}

fn all(items: &BTreeSet<impl fmt::Display>) -> String {
    let items: Vec<_> = items.iter().collect();
    if items.is_empty() { "none".to_owned() } else { list(&items) }
}
