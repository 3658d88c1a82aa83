//! A user as lists show them.

use serde::Serialize;
use utoipa::ToSchema;

use super::logins::{has_never_logged_in, logins_of};
use crate::{
    domain::{Activity, Facts, SourceId, Timestamp, UserId},
    roster::{Found, Standing, UserStatus},
};

/// A user of a list. A value that is not known is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UserRow {
    /// The source.
    pub source: SourceId,
    /// The lasting id.
    pub id: UserId,
    /// The login name (Data Center).
    pub name: Option<String>,
    /// The name that people see.
    pub display_name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// Whether the user may log in.
    pub status: Option<UserStatus>,
    /// The user directory.
    pub directory: Option<String>,
    /// When the account was created: by the product, or else by the event that usher saw.
    pub created: Option<Timestamp>,
    /// The last known login: the later one of the product's and of those that usher saw.
    pub last_login: Option<Timestamp>,
    /// The time up to which that is known.
    pub last_login_as_of: Option<Timestamp>,
    /// The number of logins that usher saw.
    pub logins: Option<u64>,
    /// Whether the user is listed in the source's `protect.users`.
    pub protected: bool,
    /// Whether there was never a login; null if that is not known.
    pub never_logged_in: Option<bool>,
    /// The time of what the list tells of the user; null if it has no such user.
    pub as_of: Option<Timestamp>,
}

impl UserRow {
    /// A user whom the list does not have.
    pub(super) fn not_listed(source: &SourceId, id: &UserId, protected: bool) -> Self {
        Self {
            source: source.clone(),
            id: id.clone(),
            name: None,
            display_name: None,
            email: None,
            status: None,
            directory: None,
            created: None,
            last_login: None,
            last_login_as_of: None,
            logins: None,
            protected,
            never_logged_in: None,
            as_of: None,
        }
    }
}

/// The last list of the users of a source, in the process that answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RosterRow {
    /// The source.
    pub source: SourceId,
    /// When the list was begun; null if this process knows of no list.
    pub as_of: Option<Timestamp>,
    /// The number of users in it.
    pub users: Option<u64>,
    /// Whether it is known to be whole.
    pub whole: Option<bool>,
    /// Why users may be missing.
    pub why: Option<String>,
}

impl RosterRow {
    pub(super) fn new(source: &SourceId, standing: Option<Standing>) -> Self {
        let source = source.clone();
        match standing {
            Some(Standing { as_of: Some(as_of), users, incomplete }) => {
                let (users, whole) = (Some(users), Some(incomplete.is_none()));
                Self { source, as_of: Some(as_of), users, whole, why: incomplete }
            }
            Some(Standing { as_of: None, .. }) | None => {
                let why = "no list of its users has come to its end here; refresh the roster".to_owned();
                Self { source, as_of: None, users: None, whole: None, why: Some(why) }
            }
        }
    }
}

/// A user of the roster, with all that usher knows.
pub(super) struct Known<'a> {
    pub(super) found: &'a Found,
    /// The facts of the list, with the activity that usher saw.
    pub(super) facts: Facts,
    pub(super) activity: Option<&'a Activity>,
    /// Whether the user is listed in the source's `protect.users`.
    pub(super) is_protected: bool,
}

impl Known<'_> {
    /// The row of the user.
    pub(super) fn row(&self) -> UserRow {
        let (Found { source, user, as_of, .. }, logins) = (self.found, logins_of(&self.facts));
        UserRow {
            source: source.clone(),
            id: user.id.clone(),
            name: user.name.clone(),
            display_name: user.display_name.clone(),
            email: user.email.as_ref().map(|email| email.as_str().to_owned()),
            status: user.status,
            directory: user.directory.clone(),
            created: self.facts.created.value().copied(),
            last_login: logins.and_then(|(logins, _)| logins.last),
            last_login_as_of: logins.map(|(_, as_of)| as_of),
            logins: self.activity.map(|activity| activity.logins),
            protected: self.is_protected,
            never_logged_in: has_never_logged_in(&self.facts),
            as_of: Some(*as_of),
        }
    }
}
