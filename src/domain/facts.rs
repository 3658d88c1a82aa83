//! What is known about a user, from where, and how old it is.

use std::{collections::BTreeSet, fmt};

use super::{AccountType, EmailAddress, Event, GroupName, Timestamp};

/// Where a fact comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The body of the delivery.
    Payload,
    /// Read from the product.
    Product,
}

impl Origin {
    /// The word used in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Payload => "payload",
            Self::Product => "product",
        }
    }
}

/// Why a fact is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The delivery does not tell, and the product has not been asked.
    NotInPayload,
    /// The product was asked and does not tell (privacy settings, a partial answer).
    NotTold,
    /// The product knows no such user.
    NoSuchUser,
    /// The product refused to answer about this user.
    Refused,
    /// The product has no such thing (Cloud has no login names).
    NotApplicable,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotInPayload => "not in the delivery",
            Self::NotTold => "not told by the product (hidden by privacy settings, or a partial answer)",
            Self::NoSuchUser => "the product knows no such user",
            Self::Refused => "the product refused to answer about this user",
            Self::NotApplicable => "the product has no such thing",
        })
    }
}

/// One thing known about a user, or why it isn't.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact<T> {
    /// Known.
    Known {
        /// What is known.
        value: T,
        /// From where.
        origin: Origin,
        /// As of when.
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

    /// The value, where it is known.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Known { value, .. } => Some(value),
            Self::Unknown(_) => None,
        }
    }
}

/// The groups a user is a direct member of.
pub type Groups = BTreeSet<GroupName>;

/// All that conditions may look at.
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
    /// The sort of account.
    pub account_type: Fact<AccountType>,
}

impl Facts {
    /// What the delivery itself says: enough to decide that nothing is to be done, never to act.
    pub fn from_payload(event: &Event) -> Self {
        let (origin, as_of) = (Origin::Payload, event.accepted);
        let hints = event.hints.clone();
        let missing = Missing::NotInPayload;
        Self {
            name: Fact::from_option(hints.name, origin, as_of, missing),
            email: Fact::from_option(hints.email, origin, as_of, missing),
            active: Fact::from_option(hints.active, origin, as_of, missing),
            groups: Fact::Unknown(missing),
            account_type: Fact::from_option(hints.account_type, origin, as_of, missing),
        }
    }

    /// Nothing is known, for the reason `missing`.
    pub fn unknown(missing: Missing) -> Self {
        Self {
            name: Fact::Unknown(missing),
            email: Fact::Unknown(missing),
            active: Fact::Unknown(missing),
            groups: Fact::Unknown(missing),
            account_type: Fact::Unknown(missing),
        }
    }
}
