//! The record that the creation of a user was given up.

use std::time::Duration;

use crate::domain::{Activity, Event, EventKind, Timestamp};

/// The longest time after which usher looks again for a user who can't be read.
const MAX_WAIT: Duration = Duration::from_hours(24);

/// The record that the creation of a user was given up, because the user could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenUp {
    /// The first time since the last creation with a result.
    pub since: Timestamp,
    /// The last time.
    pub last: Timestamp,
}

impl GivenUp {
    /// The record after one more time, at `at`.
    fn again(before: Option<Self>, at: Timestamp) -> Self {
        Self { since: before.map_or(at, |before| before.since), last: at }
    }

    /// The time from which usher looks for the user again. After the first time it is at once. Later each wait is twice
    /// as far from the first time, so that a user who can never be read costs little.
    pub fn again_from(self) -> Timestamp {
        let wait = self.since.until(self.last).min(MAX_WAIT);
        let millis = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(self.last.as_millis().saturating_add(millis))
    }
}

impl Activity {
    /// Whether a place in the list of users makes the user new at `now`.
    pub fn is_unmet_at(&self, now: Timestamp) -> bool {
        self.is_unmet() && self.given_up.is_none_or(|given_up| given_up.again_from() <= now)
    }

    /// Like [`Activity::after`], if usher gave up reading the user at `at`. No creation is recorded then: it had no
    /// result, and reconciliation has to find the user again.
    pub fn after_giving_up(before: Option<&Self>, event: &Event, at: Timestamp) -> Self {
        let activity = Self::after(before, event);
        if event.kind != EventKind::Created {
            return activity;
        }
        let given_up = Some(GivenUp::again(before.and_then(|before| before.given_up), at));
        Self { created: None, created_until: None, in_baseline: false, given_up, ..activity }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{EventId, UserHints, UserId, UserRef, Via};

    fn minutes(minutes: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + minutes * 60_000)
    }

    fn event(kind: EventKind, via: Via, at: i64) -> Event {
        Event {
            id: EventId::new("e"),
            source: "acme".parse().expect("an id"),
            kind,
            via,
            user: UserRef::Id(UserId::new("jane")),
            hints: UserHints::default(),
            occurred: None,
            accepted: minutes(at),
            sweep: None,
        }
    }

    #[test]
    fn a_creation_that_was_given_up_is_not_known_however_it_was_told() {
        for via in [Via::Webhook, Via::Feed, Via::Reconciliation] {
            let given_up = Activity::after_giving_up(None, &event(EventKind::Created, via, 0), minutes(1));
            assert!(given_up.is_unmet(), "{via:?}");
            let found = event(EventKind::Created, Via::Reconciliation, 2);
            assert_eq!(given_up.known_creation(&found), None, "{via:?}");
            let known = Activity::after(Some(&given_up), &found);
            assert_eq!((known.created, known.given_up), (Some(minutes(2)), None));
        }
    }

    #[test]
    fn a_second_creation_that_was_given_up_is_not_taken_for_the_first_one() {
        let created = Activity::after(None, &event(EventKind::Created, Via::Webhook, 0));
        let removed = Activity::after(Some(&created), &event(EventKind::Removed, Via::Webhook, 100));
        for before in [created, removed] {
            let again = event(EventKind::Created, Via::Webhook, 200);
            assert!(Activity::after_giving_up(Some(&before), &again, minutes(201)).is_unmet());
        }
    }

    #[test]
    fn a_login_that_was_given_up_still_counts_as_one() {
        let login = event(EventKind::LoggedIn, Via::Webhook, 5);
        assert_eq!(Activity::after_giving_up(None, &login, minutes(6)), Activity::after(None, &login));
    }

    #[test]
    fn a_user_who_can_never_be_read_is_looked_for_ever_more_seldom_but_every_day() {
        let mut activity = None;
        let mut at = minutes(0);
        let mut waits = Vec::new();
        for _time in 0..10 {
            let told = event(EventKind::Created, Via::Reconciliation, 0);
            let after = Activity::after_giving_up(activity.as_ref(), &told, at);
            let from = after.given_up.expect("it was given up").again_from();
            waits.push(at.until(from).as_secs() / 60);
            at = from.max(Timestamp::from_millis(at.as_millis() + 600_000));
            activity = Some(after);
        }
        assert_eq!(waits, [0, 10, 20, 40, 80, 160, 320, 640, 1280, 1440]);
    }
}
