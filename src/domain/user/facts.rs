//! Facts about a user, with their origin and age.

use std::{collections::BTreeSet, fmt};

use crate::domain::{AccountType, Activity, EmailAddress, Event, EventKind, GroupName, LoginCoverage, Step, Timestamp};

/// The origin of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The body of the delivery.
    Payload,
    /// Read from the product.
    Product,
    /// The product's list of its users, some moments ago.
    Listing,
    /// The product's lists of the members of groups, some moments ago.
    Members,
    /// The activity that usher itself has seen.
    Activity,
}

impl Origin {
    /// The word used in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Payload => "payload",
            Self::Product => "product",
            Self::Listing => "product's list of users",
            Self::Members => "product's lists of groups' members",
            Self::Activity => "events usher has seen",
        }
    }
}

/// Why a fact is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The delivery does not contain it, and the product has not been asked.
    NotInPayload,
    /// The product was asked and does not report it (privacy settings, a partial answer).
    NotTold,
    /// The product knows no such user.
    NoSuchUser,
    /// The product refused to answer about this user.
    Refused,
    /// The field is not exactly one e-mail address.
    NotAnAddress,
    /// The product has no such thing (Cloud has no login names).
    NotApplicable,
    /// usher has not seen the user before.
    NotSeen,
    /// The source has reported no logins of any user recently, so their absence means nothing.
    NoLoginsHeard,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotInPayload => "not in the delivery",
            Self::NotTold => "not told by the product (hidden by privacy settings, or a partial answer)",
            Self::NoSuchUser => "the product knows no such user",
            Self::Refused => "the product refused to answer about this user",
            Self::NotAnAddress => "what the product has as the e-mail address is not exactly one address",
            Self::NotApplicable => "the product has no such thing",
            Self::NotSeen => "usher has seen no event of this user",
            Self::NoLoginsHeard => "the source has told of no login of anybody for a week; is its login feed working?",
        })
    }
}

/// One fact about a user, or the reason why it is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact<T> {
    /// Known.
    Known {
        /// The value.
        value: T,
        /// The origin.
        origin: Origin,
        /// The time of the fact.
        as_of: Timestamp,
    },
    /// Not known. A condition on it does not hold, nor does its opposite.
    Unknown(Missing),
}

impl<T> Fact<T> {
    /// A fact from `origin`, or unknown for the reason `otherwise`.
    pub fn from_option(value: Option<T>, origin: Origin, as_of: Timestamp, otherwise: Missing) -> Self {
        match value {
            Some(value) => Self::Known { value, origin, as_of },
            None => Self::Unknown(otherwise),
        }
    }

    /// This fact if it is known, otherwise `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if matches!(self, Self::Known { .. }) { self } else { other }
    }

    /// The value, if it is known.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Known { value, .. } => Some(value),
            Self::Unknown(_) => None,
        }
    }
}

/// The groups a user is a direct member of.
pub type Groups = BTreeSet<GroupName>;

/// The known direct memberships of a user in some groups, from the lists of their members. About other groups nothing
/// is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Memberships {
    /// The user is a member of these.
    pub of: Vec<GroupName>,
    /// The user is a member of none of these.
    pub not_of: Vec<GroupName>,
    /// The time of the facts: before the first of the lists was read.
    pub as_of: Timestamp,
}

impl Memberships {
    /// Whether the user is a member of `group`; none if that is unknown.
    pub fn is_member(&self, group: &GroupName) -> Option<bool> {
        if self.of.contains(group) { Some(true) } else { self.not_of.contains(group).then_some(false) }
    }
}

/// The logins of a user, as far as they are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Logins {
    /// The latest known login.
    pub last: Option<Timestamp>,
    /// The number of known logins.
    pub count: u64,
    /// Whether these are all logins since the account was created.
    pub complete: bool,
    /// The time since which logins have been reported without a gap. Earlier ones may have been missed. None if the
    /// product itself reports the last login.
    pub watched_since: Option<Timestamp>,
}

impl Logins {
    /// Whether no login after `at` can have been missed.
    pub fn misses_none_after(&self, at: Timestamp) -> bool {
        self.complete || self.watched_since.is_none_or(|since| since <= at)
    }
}

/// All facts that conditions may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The login name (Data Center), for exemptions by name.
    pub name: Fact<String>,
    /// The e-mail address.
    pub email: Fact<EmailAddress>,
    /// Whether the account is active.
    pub active: Fact<bool>,
    /// Direct group memberships.
    pub groups: Fact<Groups>,
    /// Some of them, for where all are not known.
    pub memberships: Option<Memberships>,
    /// The sort of account.
    pub account_type: Fact<AccountType>,
    /// The keys of the applications that the user has access to: `jira-software`, …
    pub applications: Fact<BTreeSet<String>>,
    /// The time at which the account was created.
    pub created: Fact<Timestamp>,
    /// The time at which usher first saw the user. The account is at least as old.
    pub first_seen: Fact<Timestamp>,
    /// The known logins; on a login, without that one.
    pub logins: Fact<Logins>,
    /// The user directory the account lives in, by name.
    pub directory: Fact<String>,
    /// Names in schemes that resolve to this user, for example an e-mail address. They are for exemptions.
    pub called: Vec<String>,
}

impl Facts {
    /// The facts in the delivery itself. They are enough to decide that nothing is to be done, and never enough to act.
    pub fn from_payload(event: &Event) -> Self {
        let origin = if event.kind == EventKind::Sighted { Origin::Listing } else { Origin::Payload };
        let (as_of, missing) = (event.accepted, Missing::NotInPayload);
        let hints = event.hints.clone();
        Self {
            name: Fact::from_option(hints.name, origin, as_of, missing),
            email: Fact::from_option(hints.email, origin, as_of, missing),
            active: Fact::from_option(hints.active, origin, as_of, missing),
            account_type: Fact::from_option(hints.account_type, origin, as_of, missing),
            memberships: event.sweep.as_ref().and_then(|sighting| sighting.memberships.clone()),
            ..Self::unknown(missing)
        }
    }

    /// Whether the state of `step` is reached, by these facts; none if they don't show it.
    pub fn satisfies(&self, step: &Step) -> Option<bool> {
        let (name, active) = (self.name.value().map(String::as_str), self.active.value().copied());
        step.is_so(name, active, self.groups.value(), |group| self.in_group(group))
    }

    fn in_group(&self, group: &GroupName) -> Option<bool> {
        match self.groups.value() {
            Some(groups) => Some(groups.contains(group)),
            None => self.memberships.as_ref()?.is_member(group),
        }
    }

    /// Facts that are all unknown, for the reason `missing`.
    pub fn unknown(missing: Missing) -> Self {
        Self {
            name: Fact::Unknown(missing),
            email: Fact::Unknown(missing),
            active: Fact::Unknown(missing),
            groups: Fact::Unknown(missing),
            memberships: None,
            account_type: Fact::Unknown(missing),
            applications: Fact::Unknown(missing),
            created: Fact::Unknown(missing),
            first_seen: Fact::Unknown(missing),
            logins: Fact::Unknown(missing),
            directory: Fact::Unknown(missing),
            called: Vec::new(),
        }
    }

    /// Adds the activity of the user before `now`; `coverage` is the period in which the source reported logins.
    /// Creation and logins that the product itself reports take precedence.
    #[must_use]
    pub fn with_activity(
        mut self,
        activity: Option<&Activity>,
        coverage: Option<LoginCoverage>,
        now: Timestamp,
    ) -> Self {
        let Some(activity) = activity else {
            self.first_seen = Fact::Unknown(Missing::NotSeen);
            self.created = self.created.or(Fact::Unknown(Missing::NotSeen));
            self.logins = self.logins.or(Fact::Unknown(Missing::NotSeen));
            return self;
        };
        let seen = |at| Fact::from_option(at, Origin::Activity, now, Missing::NotTold);
        self.first_seen = seen(Some(activity.first_seen));
        self.created = self.created.or(seen(activity.created));
        self.logins = match (self.logins, activity.logins(coverage, now)) {
            // The product tells the last login only, and usher how many there were.
            (Fact::Known { value: told, origin, as_of }, Fact::Known { value: seen, .. }) => {
                let value = Logins { last: told.last.max(seen.last), watched_since: None, ..seen };
                Fact::Known { value, origin, as_of }
            }
            (told @ Fact::Known { .. }, Fact::Unknown(_)) => told,
            (Fact::Unknown(_), seen) => seen,
        };
        self
    }
}

#[cfg(test)]
mod tests;
