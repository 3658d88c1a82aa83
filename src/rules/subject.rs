//! Whom the rules are asked about.

use crate::domain::{Facts, Timestamp, UserId};

/// Whom the conditions are asked about, and when.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The lasting id, where it is known.
    pub user: Option<&'a UserId>,
    /// What is known of the user.
    pub facts: &'a Facts,
    /// The time by which ages are told.
    pub now: Timestamp,
}
