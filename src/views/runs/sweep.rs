//! What is kept of a sweep beside its runs: which schemes it asks, and how far it has come.

use super::row::Progress;
use crate::domain::Timestamp;

/// How many users were listed and decided. Apart from the rest of the sweep, because it changes with each user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) progress: Progress,
    /// How many pages of the list were read.
    pub(super) pages: u64,
    /// When the latest of what is known of the sweep happened; none where nothing did yet.
    pub(super) at: Option<Timestamp>,
    /// Why users may be missing from the list; none where it is whole, or not read to its end.
    pub(super) incomplete: Option<String>,
}

impl Tally {
    /// Whether everybody is decided.
    pub(super) fn is_complete(&self) -> bool {
        self.progress.total.is_some_and(|total| self.progress.decided >= total)
    }

    /// Whether the list is known to be the whole one; none while it is being read.
    pub(super) fn list_is_complete(&self) -> Option<bool> {
        self.progress.total.map(|_| self.incomplete.is_none())
    }

    /// Once something happened at `at`.
    pub(super) fn touched(self, at: Timestamp) -> Self {
        Self { at: self.at.max(Some(at)), ..self }
    }
}
