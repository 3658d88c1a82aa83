//! Milestones: things that were seen once while somebody began to use usher.

use super::Actor;
use crate::domain::{Timestamp, UserKey};

/// A step of the beginning that leaves no other trace in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Milestone {
    /// A webhook or a login arrived.
    Arrived,
    /// Somebody looked at a preview.
    Previewed,
    /// Somebody read a run.
    RunRead,
    /// Somebody needs the list of these steps no more.
    Dismissed,
}

impl Milestone {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Arrived => "arrived",
            Self::Previewed => "previewed",
            Self::RunRead => "run-read",
            Self::Dismissed => "dismissed",
        }
    }

    /// The key of the record that says when it was reached.
    pub fn key(self) -> UserKey {
        UserKey::of_setting("milestone", self.as_str())
    }
}

/// A milestone that was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MilestoneReached {
    /// The milestone.
    pub milestone: Milestone,
    /// The person who did it, or looked when it was seen.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}
