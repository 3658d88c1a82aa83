//! Which dead letters to list.

use super::row::{DeadLetterRow, LetterState};
use crate::domain::{SourceId, Stage, Timestamp};

/// Which dead letters to list; what is none lets all through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LetterFilter {
    /// In this source.
    pub source: Option<SourceId>,
    /// Given up there.
    pub stage: Option<Stage>,
    /// With these words in their reason, in any case.
    pub reason: Option<String>,
    /// Given up then or later.
    pub since: Option<Timestamp>,
    /// About this user, by lasting id, or by login name in any case.
    pub user: Option<String>,
    /// That stand so.
    pub state: Option<LetterState>,
    /// That were kept back, not given up; or the other way round.
    pub held: Option<bool>,
}

impl LetterFilter {
    /// Whether `row` is listed. [`Self::since`] is left to whoever reads in the order of time.
    pub(super) fn lets_through(&self, row: &DeadLetterRow) -> bool {
        let is_user = |user: &String| {
            *user == row.user || row.user_name.as_ref().is_some_and(|name| name.to_lowercase() == user.to_lowercase())
        };
        self.source.as_ref().is_none_or(|source| *source == row.source)
            && self.stage.is_none_or(|stage| stage.as_str() == row.stage)
            && self.reason.as_ref().is_none_or(|words| row.reason.to_lowercase().contains(&words.to_lowercase()))
            && self.user.as_ref().is_none_or(is_user)
            && self.state.is_none_or(|state| state == row.state)
            && self.held.is_none_or(|held| held == row.held)
    }
}
