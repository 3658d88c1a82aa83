//! So many users created at once that it looks like a directory being connected.

use std::time::Duration;

use crate::domain::{Decision, EventKind, NoAction, Timestamp, Via};

/// How many users may be created at once before steps that take something away or create issues are kept back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MassCreation {
    /// So many are never too many.
    pub users: u64,
    /// So many of those that usher knows are not too many either.
    pub percent: u8,
    /// Within this time.
    pub within: Duration,
}

impl Default for MassCreation {
    fn default() -> Self {
        Self { users: 50, percent: 5, within: Duration::from_mins(10) }
    }
}

impl MassCreation {
    /// How many may be created within the time, where usher knows so many.
    pub fn most(&self, known: u64) -> u64 {
        let percent = u128::from(known) * u128::from(self.percent) / 100;
        self.users.max(u64::try_from(percent).unwrap_or(u64::MAX))
    }

    /// Why steps are kept back, in words.
    pub fn why(&self, most: u64) -> String {
        let minutes = self.within.as_secs().div_ceil(60);
        format!(
            "more than {most} users were created within {minutes} minutes, as when a directory is connected: release or \
             dismiss it"
        )
    }
}

impl Decision {
    /// When the user was created, where this is about a creation that a webhook or a feed told of first.
    pub fn told_creation(&self) -> Option<Timestamp> {
        let is_told = match self.via {
            Via::Webhook | Via::Feed => self.kind == EventKind::Created,
            Via::Reconciliation | Via::Sweep => false,
        };
        let is_news = match &self.no_action {
            None | Some(NoAction::NoSchemeForEvent) => true,
            Some(NoAction::NotAPerson(_) | NoAction::KnownSince(_)) => false,
        };
        let activity = self.activity.as_ref().filter(|_| is_told && is_news && self.only.is_none());
        activity.and_then(|activity| activity.created)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_may_be_created_as_newcomers_may_be_found() {
        let bound = MassCreation::default();
        for (known, most) in [(0, 50), (1_000, 50), (1_020, 51), (100_000, 5_000), (u64::MAX, u64::MAX / 20)] {
            assert_eq!(bound.most(known), most, "{known}");
        }
        assert_eq!(MassCreation { users: 3, percent: 0, ..bound }.most(1_000_000), 3);
        assert!(bound.why(51).contains("more than 51 users were created within 10 minutes"));
    }
}
