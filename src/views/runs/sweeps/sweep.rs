//! What is kept of a sweep beside its runs: which schemes it asks, and how far it has come.

use super::progress::Progress;
use crate::domain::Timestamp;

/// How many users were listed and decided. Apart from the rest of the sweep, because it changes with each user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::views::runs) struct Tally {
    pub(in crate::views::runs) progress: Progress,
    /// How many pages of the list were read.
    pub(in crate::views::runs) pages: u64,
    /// When the latest of what is known of the sweep happened; none if nothing did yet.
    pub(in crate::views::runs) at: Option<Timestamp>,
    /// Why users may be missing from the list; none if it is whole, or not read to its end.
    pub(in crate::views::runs) incomplete: Option<String>,
}

impl Tally {
    /// Whether everybody is decided.
    pub(in crate::views::runs) fn is_complete(&self) -> bool {
        self.progress.total.is_some_and(|total| self.progress.decided >= total)
    }

    /// Whether the list is known to be the whole one; none while it is being read.
    pub(in crate::views::runs) fn list_is_complete(&self) -> Option<bool> {
        self.progress.total.map(|_| self.incomplete.is_none())
    }

    /// Once something happened at `at`.
    pub(in crate::views::runs) fn touched(self, at: Timestamp) -> Self {
        Self { at: self.at.max(Some(at)), ..self }
    }
}
