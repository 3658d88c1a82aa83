//! What usher itself has seen of a user.

use std::time::Duration;

use super::{Event, EventKind, Fact, Logins, Missing, Origin, Timestamp};

/// While a source has told of no login of anybody for this long, that somebody did not log in says nothing: the feed may
/// be broken. Those who are absent would all look idle at once.
pub const HEARD_WITHIN: Duration = Duration::from_hours(7 * 24);

/// What usher has seen of one user. Each event adds to it; stands in every decision, so that it can be rebuilt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// When usher first came across the user.
    pub first_seen: Timestamp,
    /// When the user was created, where usher was told of it. All logins since are known then.
    pub created: Option<Timestamp>,
    /// The latest login that usher was told of.
    pub last_login: Option<Timestamp>,
    /// How many logins usher was told of.
    pub logins: u64,
}

impl Activity {
    /// What is known after `event`, from what was known `before` it.
    pub fn after(before: Option<&Self>, event: &Event) -> Self {
        let at = event.occurred.unwrap_or(event.accepted).min(event.accepted);
        let mut activity =
            before.cloned().unwrap_or(Self { first_seen: at, created: None, last_login: None, logins: 0 });
        activity.first_seen = activity.first_seen.min(at);
        match event.kind {
            EventKind::Created => activity.created = activity.created.or(Some(at)),
            EventKind::LoggedIn => {
                activity.logins = activity.logins.saturating_add(1);
                activity.last_login = activity.last_login.max(Some(at));
            }
            EventKind::Updated | EventKind::Removed | EventKind::Sighted => {}
        }
        activity
    }

    /// Whether this is what follows from `other` and events after it: of two records of one user the one to keep.
    pub fn is_newer_than(&self, other: &Self) -> bool {
        (self.logins, self.last_login, self.created.is_some())
            > (other.logins, other.last_login, other.created.is_some())
    }

    /// The logins as a fact at `now`, where the source last told of anybody's login at `heard`.
    pub fn logins(&self, heard: Option<Timestamp>, now: Timestamp) -> Fact<Logins> {
        match heard {
            Some(heard) if heard.until(now) <= HEARD_WITHIN => Fact::Known {
                value: Logins { last: self.last_login, count: self.logins, complete: self.created.is_some() },
                origin: Origin::Activity,
                as_of: heard,
            },
            Some(_) | None => Fact::Unknown(Missing::NoLoginsHeard),
        }
    }
}
