//! The known logins of a user. An unknown answer is none: it matches no filter.

use crate::domain::{Fact, Facts, Logins, Timestamp};

/// The known logins, and the time up to which they are known.
pub(super) fn logins_of(facts: &Facts) -> Option<(Logins, Timestamp)> {
    match &facts.logins {
        Fact::Known { value, as_of, .. } => Some((*value, *as_of)),
        Fact::Unknown(_) => None,
    }
}

/// Whether the user has never logged in, as the condition `never_logged_in` of a scheme has it.
pub(super) fn has_never_logged_in(facts: &Facts) -> Option<bool> {
    match logins_of(facts)?.0 {
        Logins { last: Some(_), .. } | Logins { count: 1.., .. } => Some(false),
        Logins { complete: true, .. } => Some(true),
        Logins { complete: false, .. } => None,
    }
}

/// Whether the last login was before `limit`, as the condition `last_login_before` has it: a user without any login has
/// no last one.
pub(super) fn last_logged_in_before(facts: &Facts, limit: Timestamp) -> Option<bool> {
    let logins = logins_of(facts)?.0;
    match logins.last {
        Some(last) if last >= limit => Some(false),
        Some(_) => logins.misses_none_after(limit).then_some(true),
        None => (logins.complete && logins.count == 0).then_some(false),
    }
}
