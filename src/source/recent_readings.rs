//! The planner's latest readings of users, for the executor of the same process. The executor does not repeat a reading of a moment
//! ago.

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
/// The readings kept at most, besides those that are begun. A planner that is further ahead of its executor leaves the
/// reading to it.
const MAX_READINGS: usize = 1_024;

/// A reading that the planner made for one decision.
#[derive(Debug)]
pub(crate) struct RecentReading {
    pub(crate) user: User,
    pub(crate) read: Instant,
    /// The number of [stops](super::Connection::stops) of the source before the reading.
    pub(crate) stops: u64,
}

impl RecentReading {
    /// A reading of `user` made just now.
    pub(crate) fn now(user: User, stops: u64) -> Self {
        Self { user, read: Instant::now(), stops }
    }

    fn is_recent(&self) -> bool {
        self.read.elapsed() <= RECENT
    }
}

/// See the module. At most one reading of each user is kept, for the decision of one event.
#[derive(Debug, Default)]
pub(crate) struct RecentReadings(Mutex<HashMap<UserId, Entry>>);

#[derive(Debug)]
struct Entry {
    event: EventId,
    /// None while the planner reads and decides.
    reading: Option<RecentReading>,
}

/// A reading that the planner has begun. It is forgotten if it is dropped before it is kept.
#[must_use]
#[derive(Debug)]
pub(crate) struct BegunReading<'a> {
    readings: &'a RecentReadings,
    user: &'a UserId,
    event: &'a EventId,
}

impl BegunReading<'_> {
    /// Keeps `reading` for the decision, unless it was forgotten since it was begun, or there is no room.
    pub(crate) fn keep(self, reading: RecentReading) {
        let mut readings = self.readings.readings();
        readings.retain(|_, entry| entry.reading.as_ref().is_none_or(RecentReading::is_recent));
        // The others are begun: one for each record that the planner has in work.
        let kept = readings.values().filter(|entry| entry.reading.is_some()).count();
        if kept < MAX_READINGS
            && let Some(entry) = readings.get_mut(self.user).filter(|entry| entry.event == *self.event)
        {
            entry.reading = Some(reading);
        }
    }
}

impl Drop for BegunReading<'_> {
    fn drop(&mut self) {
        let mut readings = self.readings.readings();
        let is_own = |entry: &&Entry| entry.event == *self.event && entry.reading.is_none();
        if readings.get(self.user).filter(is_own).is_some() {
            readings.remove(self.user);
        }
    }
}

impl RecentReadings {
    /// Begins the reading of `user` for the decision of `event`. [`forget`](Self::forget) ends it, also before the
    /// reading is there: usher may change the user while the planner reads.
    pub(crate) fn begin<'a>(&'a self, user: &'a UserId, event: &'a EventId) -> BegunReading<'a> {
        self.readings().insert(user.clone(), Entry { event: event.clone(), reading: None });
        BegunReading { readings: self, user, event }
    }

    /// The reading of `user` for the decision of `event`, if there is a recent one and the source was not stopped since:
    /// `stops` is the present number of stops. It is given once.
    pub(crate) fn take(&self, user: &UserId, event: &EventId, stops: u64) -> Option<RecentReading> {
        let mut readings = self.readings();
        // A reading for a later event is for a later decision.
        if readings.get(user)?.event != *event {
            return None;
        }
        let reading = readings.remove(user)?.reading?;
        (reading.is_recent() && reading.stops == stops).then_some(reading)
    }

    /// Drops the reading of `user`: usher asks for a change, or another event told of the user.
    pub(crate) fn forget(&self, user: &UserId) {
        self.readings().remove(user);
    }

    /// Drops all readings: another process may have changed any user.
    pub(crate) fn clear(&self) {
        self.readings().clear();
    }

    fn readings(&self) -> MutexGuard<'_, HashMap<UserId, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner) // never half changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> UserId {
        UserId::new(name)
    }

    fn event(name: &str) -> EventId {
        EventId::new(name)
    }

    fn read(readings: &RecentReadings, user: &str, of: &str) {
        readings.begin(&id(user), &event(of)).keep(RecentReading::now(User::new(id(user)), 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_reading_is_given_once_to_the_decision_it_was_made_for() {
        let readings = RecentReadings::default();
        read(&readings, "jane", "e1");
        assert!(readings.take(&id("jane"), &event("e0"), 0).is_none(), "another decision");
        assert!(readings.take(&id("joe"), &event("e1"), 0).is_none(), "another user");
        assert!(readings.take(&id("jane"), &event("e1"), 0).is_some());
        assert!(readings.take(&id("jane"), &event("e1"), 0).is_none(), "it is given once");
    }

    #[tokio::test(start_paused = true)]
    async fn an_old_reading_and_one_of_before_a_stop_are_not_given() {
        let readings = RecentReadings::default();
        read(&readings, "jane", "e1");
        tokio::time::advance(RECENT + Duration::from_millis(1)).await;
        assert!(readings.take(&id("jane"), &event("e1"), 0).is_none(), "it is old");
        read(&readings, "jane", "e2");
        assert!(readings.take(&id("jane"), &event("e2"), 1).is_none(), "the source was stopped since");
    }

    #[tokio::test(start_paused = true)]
    async fn a_reading_that_was_forgotten_is_not_given_also_if_it_was_under_way() {
        let readings = RecentReadings::default();
        read(&readings, "jane", "e1");
        readings.forget(&id("jane"));
        assert!(readings.take(&id("jane"), &event("e1"), 0).is_none(), "it was dropped");
        let (jane, e2) = (id("jane"), event("e2"));
        let begun = readings.begin(&jane, &e2);
        readings.forget(&jane); // the executor asks for a change meanwhile
        begun.keep(RecentReading::now(User::new(jane.clone()), 0));
        assert!(readings.take(&id("jane"), &event("e2"), 0).is_none(), "it may be of before the change");
        read(&readings, "jane", "e3");
        readings.clear();
        assert!(readings.take(&id("jane"), &event("e3"), 0).is_none(), "all were dropped");
    }

    #[tokio::test(start_paused = true)]
    async fn a_reading_that_waited_long_for_its_turn_is_as_young_as_any_and_one_that_is_given_up_is_forgotten() {
        let readings = RecentReadings::default();
        let (jane, joe, e1) = (id("jane"), id("joe"), event("e1"));
        let begun = readings.begin(&jane, &e1);
        drop(readings.begin(&joe, &e1));
        assert_eq!(readings.readings().len(), 1);
        tokio::time::advance(10 * RECENT).await;
        for number in 0..=MAX_READINGS {
            read(&readings, &format!("user-{number}"), "e1");
        }
        tokio::time::advance(RECENT + Duration::from_millis(1)).await;
        begun.keep(RecentReading::now(User::new(jane.clone()), 0));
        assert!(readings.take(&jane, &e1, 0).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_a_bound_is_kept_and_old_ones_make_room() {
        let readings = RecentReadings::default();
        let user = |number: usize| format!("user-{number}");
        for number in 0..=MAX_READINGS {
            read(&readings, &user(number), "e1");
        }
        assert_eq!(readings.readings().len(), MAX_READINGS);
        assert!(readings.take(&id(&user(MAX_READINGS)), &event("e1"), 0).is_none(), "there was no room");
        tokio::time::advance(RECENT + Duration::from_millis(1)).await;
        read(&readings, "late", "e2");
        assert_eq!(readings.readings().len(), 1, "the old ones made room");
    }
}
