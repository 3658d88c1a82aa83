//! The user for whom the rules are evaluated.

use crate::domain::{Facts, Timestamp, UserId};

/// The user for whom the conditions are evaluated, and the time.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The lasting id, if it is known.
    pub user: Option<&'a UserId>,
    /// The facts about the user.
    pub facts: &'a Facts,
    /// The time for computing ages.
    pub now: Timestamp,
}
