//! The data of a sweep besides its runs: its schemes and its progress.

use super::progress::Progress;
use crate::domain::Timestamp;

/// The numbers of listed and decided users. They are separate from the other data of the sweep, because they change
/// with each user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::views::runs) struct Tally {
    pub(in crate::views::runs) progress: Progress,
    /// The number of pages of the list that were read.
    pub(in crate::views::runs) pages: u64,
    /// The time of the latest known record about the sweep; none if there was none yet.
    pub(in crate::views::runs) at: Option<Timestamp>,
    /// The reason why users may be missing from the list; none if it is complete, or not read to its end.
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

    /// Advances the time of the latest record to `at`.
    pub(in crate::views::runs) fn touched(self, at: Timestamp) -> Self {
        Self { at: self.at.max(Some(at)), ..self }
    }
}
