//! What is kept of a sweep beside its runs: which schemes it asks, and how far it has come.

use serde::{Deserialize, Serialize};

use super::row::Progress;
use crate::{
    domain::{EventId, SchemeId, SweepId, Timestamp},
    views::keys::part,
};

/// How many users were listed and decided. Apart from the rest of the sweep, because it changes with each user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tally {
    #[serde(flatten)]
    pub(super) progress: Progress,
    /// How many pages of the list were read.
    #[serde(default)]
    pub(super) pages: u64,
    /// When the latest of what is known of the sweep happened; none where an older version wrote it.
    #[serde(default)]
    pub(super) at: Option<Timestamp>,
    /// Why users may be missing from the list; none where it is whole, or not read to its end.
    #[serde(default)]
    pub(super) incomplete: Option<String>,
}

impl Tally {
    /// Whether everybody is decided.
    pub(super) fn is_complete(&self) -> bool {
        self.progress.total.is_some_and(|total| self.progress.decided >= total)
    }

    /// Whether as many are decided as were listed.
    pub(super) fn has_no_open_users(&self) -> bool {
        self.progress.decided >= self.progress.listed.max(self.progress.total.unwrap_or(0))
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

/// What all keys of a sweep begin with.
pub(super) fn all_of(sweep: &SweepId) -> Vec<u8> {
    part(sweep.as_str())
}

/// Where it is noted that the users of a sweep could not be listed.
pub(super) fn failed(sweep: &SweepId) -> Vec<u8> {
    [part(sweep.as_str()), b"failed".into()].concat()
}

/// Where the plan of a sweep stands.
pub(super) fn plan(sweep: &SweepId) -> Vec<u8> {
    [part(sweep.as_str()), b"plan".into()].concat()
}

/// Where its tally stands.
pub(super) fn tally(sweep: &SweepId) -> Vec<u8> {
    [part(sweep.as_str()), b"tally".into()].concat()
}

/// What the marks of users begin with who are counted: in the sweep itself, or in the release of one of its runs.
pub(super) fn marks(sweep: &SweepId, released: Option<&SchemeId>) -> Vec<u8> {
    let of = released.map_or("", SchemeId::as_str);
    [part(sweep.as_str()), b"mark".into(), part(of)].concat()
}

/// The mark of a user, by the sighting.
pub(super) fn mark(sweep: &SweepId, released: Option<&SchemeId>, sighting: &EventId) -> Vec<u8> {
    [marks(sweep, released), sighting.as_str().into()].concat()
}
