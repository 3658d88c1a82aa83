//! Events: something that happened to a user.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{
    EmailAddress, EventId, Memberships, SchemeId, SourceId, SweepId, Timestamp, Undo, UserKey, UserRef,
};

/// The kind of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// The user appeared in the source.
    Created,
    /// The user logged in.
    LoggedIn,
    /// Something about the user changed.
    Updated,
    /// The user is gone from the source.
    Removed,
    /// usher found the user in a list of the source's users: in a sweep, or in the baseline.
    Sighted,
    /// An administrator has what a run did to the user put back.
    Undo,
}

impl EventKind {
    /// The name used in metrics, logs and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::LoggedIn => "logged_in",
            Self::Updated => "updated",
            Self::Removed => "removed",
            Self::Sighted => "sighted",
            Self::Undo => "undo",
        }
    }
}

/// The way by which usher learnt of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// A webhook of the product, or of a custom listener.
    Webhook,
    /// An audit log that usher polls.
    Feed,
    /// The event was not reported. usher compared the known users with the users of the source.
    Reconciliation,
    /// A sweep came across the user.
    Sweep,
}

impl Via {
    /// The word used in logs and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Feed => "feed",
            Self::Reconciliation => "reconciliation",
            Self::Sweep => "sweep",
        }
    }
}

/// The kind of an account, as the product reports it. usher acts only on accounts of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountType {
    /// A person: `atlassian` in Cloud, every account in Data Center.
    Person,
    /// Any other kind, by the product's name for it: `app`, `customer` or one not known yet.
    Other(String),
}

impl AccountType {
    /// Reads Cloud's `accountType`.
    ///
    /// Source: developer.atlassian.com/cloud/jira/platform/webhooks (`atlassian`, `app`, `customer`).
    pub fn from_cloud(word: &str) -> Self {
        if word == "atlassian" { Self::Person } else { Self::Other(word.to_owned()) }
    }
}

/// The details of the user in a delivery. Every part may be absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserHints {
    /// The login name (Data Center).
    pub name: Option<String>,
    /// The e-mail address (Data Center sends it, Cloud does not).
    pub email: Option<EmailAddress>,
    /// Whether the account is active.
    pub active: Option<bool>,
    /// The sort of account (Cloud sends it).
    pub account_type: Option<AccountType>,
    /// Further details, in lists of users only. They are for the roster: they are not kept in the log.
    pub profile: Option<Box<Profile>>,
}

/// Further details of a user that some products' lists contain. Every part may be absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// The name that people see.
    pub display_name: Option<String>,
    /// The user directory.
    pub directory: Option<String>,
    /// Whether the user is suspended in the directory, where the product distinguishes that from an inactive account.
    pub suspended: Option<bool>,
    /// The time at which the account was created.
    pub created: Option<Timestamp>,
    /// The last login.
    pub last_login: Option<Timestamp>,
    /// The time by which the product may report a login late.
    pub logins_late: Duration,
}

/// The sweep and the run of a sighting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// The sweep. Its schemes are evaluated.
    pub sweep: SweepId,
    /// Set where only this scheme is asked, again and for good: its run was held back and is released.
    pub released: Option<SchemeId>,
    /// The memberships that were read from lists of members beforehand. They are not kept with the decision.
    pub memberships: Option<Memberships>,
    /// Set where no scheme is asked, but a run is undone. It is not kept with the decision, which has the steps.
    pub undo: Option<Box<Undo>>,
}

/// One thing that happened to one user in one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The same however often the event is delivered.
    pub id: EventId,
    /// The source.
    pub source: SourceId,
    /// The kind of the event.
    pub kind: EventKind,
    /// The way by which usher learnt of the event.
    pub via: Via,
    /// The user.
    pub user: UserRef,
    /// The details of the user in the delivery.
    pub hints: UserHints,
    /// The time of the event by the sender's clock, if the body has one.
    pub occurred: Option<Timestamp>,
    /// The time at which usher accepted the event.
    pub accepted: Timestamp,
    /// The sweep that listed the user, if usher learnt of the user in this way.
    pub sweep: Option<Sighting>,
}

impl Event {
    /// The key under which the event and all that follows from it is kept.
    pub fn key(&self) -> UserKey {
        UserKey::new(&self.source, &self.user)
    }

    /// The best known time of the event. It is never in the future, whatever the sender's clock says.
    pub fn happened(&self) -> Timestamp {
        self.told_at().unwrap_or(self.accepted)
    }

    /// The time of the event by the sender's clock, if the body has a plausible one. It is checked here again, because
    /// a record may be older than the check at intake. It is never in the future.
    pub fn told_at(&self) -> Option<Timestamp> {
        self.occurred.filter(|at| at.is_plausible(self.accepted)).map(|at| at.min(self.accepted))
    }
}

#[cfg(test)]
mod tests;
