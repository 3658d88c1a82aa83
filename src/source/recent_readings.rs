//! The planner's latest readings of users, for the executor of the same process: it need not read again what was read a moment ago.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    domain::{EventId, UserId},
    products::User,
};

/// The age up to which a reading is given to the executor. A step that waits for its turn may use a reading of 60 s.
const RECENT: Duration = Duration::from_secs(10);
/// The readings kept at most. A planner that is further ahead of its executor leaves the reading to it.
const MOST: usize = 1_024;

/// A reading that was made for the decision of one event.
#[derive(Debug)]
pub(crate) struct RecentReading {
    pub(crate) user: User,
    pub(crate) read: Instant,
    /// The number of [stops](super::Connection::stops) of the source at the reading.
    pub(crate) stops: u64,
    event: EventId,
}

impl RecentReading {
    /// A reading of `user` made just now, for the decision of `event`.
    pub(crate) fn now(user: User, stops: u64, event: EventId) -> Self {
        Self { user, read: Instant::now(), stops, event }
    }

    fn is_recent(&self) -> bool {
        self.read.elapsed() <= RECENT
    }
}

/// See the module. At most one reading of each user is kept.
#[derive(Debug, Default)]
pub(crate) struct RecentReadings(Mutex<HashMap<UserId, RecentReading>>);

impl RecentReadings {
    /// Keeps `reading` until it is taken, or too old.
    pub(crate) fn keep(&self, reading: RecentReading) {
        let mut readings = self.readings();
        if readings.len() >= MOST {
            readings.retain(|_, kept| kept.is_recent());
        }
        if readings.len() < MOST || readings.contains_key(&reading.user.id) {
            readings.insert(reading.user.id.clone(), reading);
        }
    }

    /// The reading of `user` for the decision of `event`, if there is a recent one and the source was not stopped since:
    /// `stops` is the present number of stops. It is given once.
    pub(crate) fn take(&self, user: &UserId, event: &EventId, stops: u64) -> Option<RecentReading> {
        let mut readings = self.readings();
        // That of a later event is for a later decision.
        if readings.get(user)?.event != *event {
            return None;
        }
        readings.remove(user).filter(|kept| kept.is_recent() && kept.stops == stops)
    }

    /// Drops the reading of `user`: a change was asked for, or another event told of the user.
    pub(crate) fn forget(&self, user: &UserId) {
        self.readings().remove(user);
    }

    fn readings(&self) -> MutexGuard<'_, HashMap<UserId, RecentReading>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner) // never half changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> UserId {
        UserId::new(name)
    }

    fn reading(user: &str, event: &str) -> RecentReading {
        RecentReading::now(User::new(id(user)), 0, EventId::new(event))
    }

    #[tokio::test(start_paused = true)]
    async fn a_reading_is_given_once_to_the_decision_it_was_made_for() {
        let readings = RecentReadings::default();
        readings.keep(reading("jane", "e1"));
        assert!(readings.take(&id("jane"), &EventId::new("e0"), 0).is_none(), "another decision");
        assert!(readings.take(&id("joe"), &EventId::new("e1"), 0).is_none(), "another user");
        assert!(readings.take(&id("jane"), &EventId::new("e1"), 0).is_some());
        assert!(readings.take(&id("jane"), &EventId::new("e1"), 0).is_none(), "it is given once");
    }

    #[tokio::test(start_paused = true)]
    async fn an_old_reading_and_one_of_before_a_stop_are_not_given() {
        let readings = RecentReadings::default();
        readings.keep(reading("jane", "e1"));
        tokio::time::advance(RECENT + Duration::from_millis(1)).await;
        assert!(readings.take(&id("jane"), &EventId::new("e1"), 0).is_none(), "it is old");
        readings.keep(reading("jane", "e2"));
        assert!(readings.take(&id("jane"), &EventId::new("e2"), 1).is_none(), "the source was stopped since");
        readings.keep(reading("jane", "e3"));
        readings.forget(&id("jane"));
        assert!(readings.take(&id("jane"), &EventId::new("e3"), 0).is_none(), "it was dropped");
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_a_bound_is_kept_and_old_ones_make_room() {
        let readings = RecentReadings::default();
        let user = |number: usize| format!("user-{number}");
        for number in 0..=MOST {
            readings.keep(reading(&user(number), "e1"));
        }
        assert_eq!(readings.readings().len(), MOST);
        assert!(readings.take(&id(&user(MOST)), &EventId::new("e1"), 0).is_none(), "there was no room");
        readings.keep(reading(&user(0), "e2"));
        assert!(readings.take(&id(&user(0)), &EventId::new("e2"), 0).is_some(), "it took the place of the same user's");
        tokio::time::advance(RECENT + Duration::from_millis(1)).await;
        for number in 0..2 {
            readings.keep(reading(&format!("late-{number}"), "e3"));
        }
        assert_eq!(readings.readings().len(), 2, "the old ones made room");
    }
}
