//! Ids as types: an id of one thing can't be passed for another.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::{EventKind, Timestamp, UserKey, UserRef};

/// The reason why a text is not an id. `Display` says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an id; write 1 to 63 of a-z, 0-9, `-`, `_`, beginning with a letter or digit")]
pub struct InvalidId {
    text: String,
}

/// Declares an id chosen by an administrator: short, lower case, safe in paths, metrics and record keys.
macro_rules! chosen_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
                let valid = text.len() <= 63
                    && text.starts_with(good)
                    && text.chars().all(|c| good(c) || c == '-' || c == '_');
                if valid { Ok(Self(text)) } else { Err(InvalidId { text }) }
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

chosen_id! {
    /// The id of a connected Atlassian instance or organisation.
    SourceId
}
chosen_id! {
    /// The id of a scheme.
    SchemeId
}

/// Declares an id that another system chose: any characters, compared as they are.
macro_rules! given_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

given_id! {
    /// The product's own lasting id of a user: account id in Cloud, user key in Jira and Confluence Data Center and in
    /// Crowd, user id in Bitbucket. Never the name, which can be changed.
    UserId
}

given_id! {
    /// The id of an event, the same for each repeated delivery. 32 hexadecimal digits.
    EventId
}

given_id! {
    /// The id of a sweep over the users of a source, started by a schedule or an administrator. 32 hexadecimal digits.
    SweepId
}

given_id! {
    /// The id of a run of one scheme: `<event id>.<scheme id>`, or `<sweep id>.<scheme id>`.
    RunId
}

given_id! {
    /// The key of a step of a decision: `<event id>:<scheme>@<version>:<index, five digits>`. It is the same on every
    /// attempt.
    StepKey
}

impl EventId {
    /// The id of a delivery that the sender numbered; `delivery` is the same across the sender's retries.
    pub fn from_delivery(source: &SourceId, delivery: &str) -> Self {
        Self::digest(&[b"delivery", source.as_str().as_bytes(), delivery.as_bytes()])
    }

    /// The id of a delivery without a number: the same body from the same source is the same event.
    pub fn from_body(source: &SourceId, body: &[u8]) -> Self {
        Self::digest(&[b"body", source.as_str().as_bytes(), body])
    }

    /// The id of the event in an entry of an audit log; `entry` is the entry's own id. It is the same for a polled and
    /// a sent entry.
    pub fn of_entry(source: &SourceId, entry: &str) -> Self {
        Self::digest(&[b"entry", source.as_str().as_bytes(), entry.as_bytes()])
    }

    /// The id of a login in a source that reports logins in more than one way. It is made of the user and the second of
    /// the login, by the senders' clocks.
    pub fn of_login(source: &SourceId, user: &UserRef, at: Timestamp) -> Self {
        let second = at.as_millis().div_euclid(1000).to_be_bytes();
        Self::digest(&[b"login", UserKey::new(source, user).as_str().as_bytes(), &second])
    }

    /// The id of a second creation of `user`, at `at`. It was taken for an earlier creation until a removal between the
    /// two was reported.
    pub fn of_creation_again(source: &SourceId, user: &UserRef, at: Timestamp) -> Self {
        let at = at.as_millis().to_be_bytes();
        Self::digest(&[b"created-again", UserKey::new(source, user).as_str().as_bytes(), &at])
    }

    /// The id of a login that has neither a time nor a delivery number. It is made of the user and the minute in which
    /// usher accepted it, because the body is the same for each login.
    pub fn of_untimed_login(source: &SourceId, user: &UserRef, accepted: Timestamp) -> Self {
        let minute = accepted.as_millis().div_euclid(60_000).to_be_bytes();
        Self::digest(&[b"untimed-login", UserKey::new(source, user).as_str().as_bytes(), &minute])
    }

    /// The id of the sighting of `user` in `sweep`. Each user is sighted once, however often a page is read. A run that
    /// was `released` has sightings of its own.
    pub fn of_sighting(sweep: &SweepId, user: &UserId, released: Option<&SchemeId>) -> Self {
        let released = released.map_or("", SchemeId::as_str);
        Self::digest(&[b"sighting", sweep.as_str().as_bytes(), user.as_str().as_bytes(), released.as_bytes()])
    }

    /// The id of the event for a listed `user` without a reported creation, as of `as_of`. It is the same for each
    /// comparison and replica, until more is known about the user.
    pub fn of_stranger(source: &SourceId, kind: EventKind, user: &UserId, as_of: Option<Timestamp>) -> Self {
        let as_of = as_of.map_or(i64::MIN, Timestamp::as_millis).to_be_bytes();
        let (source, kind, user) = (source.as_str().as_bytes(), kind.as_str().as_bytes(), user.as_str().as_bytes());
        Self::digest(&[b"stranger", source, kind, user, &as_of])
    }

    fn digest(parts: &[&[u8]]) -> Self {
        Self(digest(parts))
    }
}

impl SweepId {
    /// The id of the sweep of `source` that is due at `due` for `schemes`. It is the same for every replica that
    /// requests it.
    pub fn of_schedule(source: &SourceId, due: Timestamp, schemes: &[SchemeId]) -> Self {
        let due = due.as_millis().to_be_bytes();
        let mut parts = vec![&b"schedule"[..], source.as_str().as_bytes(), &due];
        parts.extend(schemes.iter().map(|scheme| scheme.as_str().as_bytes()));
        Self(digest(&parts))
    }

    /// The id under which the comparison of `source` is kept beside the sweeps. A comparison never ends.
    pub fn of_comparison(source: &SourceId) -> Self {
        Self(digest(&[b"comparison", source.as_str().as_bytes()]))
    }

    /// The id of the sweep that undoes `run`. It is the same however often the undo is requested, in any process.
    /// Undos before it that came to nothing are counted by `round`.
    pub fn of_undo(run: &RunId, round: u64) -> Self {
        Self(digest(&[b"undo", run.as_str().as_bytes(), &round.to_be_bytes()]))
    }

    /// The id of the sweep that carries out the bulk action `bulk`. It is the same however often it is requested.
    pub fn of_bulk(bulk: &SchemeId) -> Self {
        Self(digest(&[b"bulk", bulk.as_str().as_bytes()]))
    }

    /// The id of a sweep that an administrator requested; `nonce` makes it unique.
    pub fn of_request(source: &SourceId, nonce: &[u8]) -> Self {
        Self(digest(&[b"request", source.as_str().as_bytes(), nonce]))
    }
}

fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes()); // so that no two lists of parts read alike
        hash.update(part);
    }
    hex::encode(&hash.finalize()[..16])
}

impl RunId {
    /// The id of the run of `scheme` for `event`.
    pub fn of_event(event: &EventId, scheme: &SchemeId) -> Self {
        Self(format!("{event}.{scheme}"))
    }

    /// The run of `scheme` in `sweep`.
    pub fn of_sweep(sweep: &SweepId, scheme: &SchemeId) -> Self {
        Self(format!("{sweep}.{scheme}"))
    }

    /// The run of the bulk action `bulk`.
    pub fn of_bulk(bulk: &SchemeId) -> Self {
        Self::of_sweep(&SweepId::of_bulk(bulk), bulk)
    }

    /// The sweep of a run of `scheme`; none: it is a run of another scheme.
    pub fn sweep(&self, scheme: &SchemeId) -> Option<SweepId> {
        let sweep = self.0.strip_suffix(scheme.as_str())?.strip_suffix('.')?;
        Some(SweepId::new(sweep))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> SourceId {
        "acme".parse().expect("an id")
    }

    #[test]
    fn an_id_is_short_lower_case_and_safe_in_a_path() {
        for good in ["a", "acme", "acme-2_x", "0"] {
            assert!(good.parse::<SourceId>().is_ok(), "{good}");
        }
        for bad in ["", "Acme", "-a", "a/b", "a b", "ä", &"x".repeat(64)] {
            assert!(bad.parse::<SourceId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_event_has_the_same_id_however_often_it_is_delivered_and_no_other_event_has_it() {
        let id = EventId::from_delivery(&source(), "1");
        assert_eq!(id, EventId::from_delivery(&source(), "1"));
        assert_eq!(id.as_str().len(), 32);
        assert_ne!(id, EventId::from_delivery(&source(), "2"));
        assert_ne!(id, EventId::from_delivery(&"other".parse().expect("an id"), "1"));
        assert_ne!(id, EventId::from_body(&source(), b"1"));
    }

    #[test]
    fn a_login_told_twice_is_known_by_its_second() {
        let jane = UserRef::Id(UserId::new("jane"));
        let at = |millis| EventId::of_login(&source(), &jane, Timestamp::from_millis(millis));
        assert_eq!(at(1_700_000_000_000), at(1_700_000_000_999));
        assert_ne!(at(1_700_000_000_999), at(1_700_000_001_000));
        let other =
            EventId::of_login(&source(), &UserRef::Name("jane".into()), Timestamp::from_millis(1_700_000_000_000));
        assert_ne!(at(1_700_000_000_000), other);
        assert_ne!(EventId::of_entry(&source(), "1"), EventId::from_delivery(&source(), "1"));
    }
}
