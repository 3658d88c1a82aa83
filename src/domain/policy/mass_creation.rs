//! Mass creations: so many users are created at once that a directory was probably connected.

use std::time::Duration;

use crate::domain::{Decision, EventKind, NoAction, Timestamp, Via};

/// The number of users who may be created at once before steps that take something away or create issues are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MassCreation {
    /// Up to this number of users is never a mass creation.
    pub users: u64,
    /// Up to this percentage of the known users is not a mass creation either.
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
    /// The number of users who may be created within the time, if usher knows `known` users.
    pub fn most(&self, known: u64) -> u64 {
        let percent = u128::from(known) * u128::from(self.percent) / 100;
        self.users.max(u64::try_from(percent).unwrap_or(u64::MAX))
    }

    /// The reason why steps are held, for people.
    pub fn why(&self, most: u64) -> String {
        let minutes = self.within.as_secs().div_ceil(60);
        format!(
            "more than {most} users were created within {minutes} minutes, as when a directory is connected: release or \
             dismiss it"
        )
    }
}

impl Decision {
    /// The time of the creation, if this event is a creation that a webhook or a feed reported first.
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
