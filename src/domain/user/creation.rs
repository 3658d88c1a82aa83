//! The check whether a reported creation is new.

use std::time::Duration;

use crate::domain::{Activity, Event, EventKind, Timestamp, Via};

/// The least time between two creations of one user. No user is removed and created again faster, and no two clocks of
/// one source differ by more.
const SAME_CREATION: Duration = Duration::from_hours(1);

impl Activity {
    /// The time since which usher knows the creation in `event`; none if it is new, or `event` is no creation.
    ///
    /// A source may report one creation in several ways, in any order, and not always with its time. usher may also
    /// have found it before all reports. So it is the same creation, unless it is known to have happened well after the
    /// known one. For users who were in the list from the beginning, a creation long before is not new; an audit log
    /// may report it. After a removal, only a reported creation is new.
    pub fn known_creation(&self, event: &Event) -> Option<Timestamp> {
        if event.kind != EventKind::Created {
            return None;
        }
        let told_at = event.told_at();
        let is_another = |known: Timestamp| told_at.is_some_and(|at| known.until(at) > SAME_CREATION);
        let is_older = told_at.is_some_and(|at| at.until(self.first_seen) > SAME_CREATION);
        // Told late: the life that it began is over.
        if let Some((told_at, removed)) = told_at.zip(self.removed)
            && told_at <= removed
        {
            return Some(told_at);
        }
        match self.created {
            Some(known) if !is_another(known) => Some(known),
            None if self.in_baseline && (event.via == Via::Reconciliation || is_older) => Some(self.first_seen),
            Some(_) | None => None,
        }
    }

    /// The time at which the user was created again, if the removal in `event` happened before that and is reported
    /// after it. That creation was taken for the known one, because it was reported so soon after it. Now it is new.
    ///
    /// It must be called on the activity before the removal.
    pub fn created_again_after(&self, event: &Event) -> Option<Timestamp> {
        let removed = event.told_at().filter(|_| event.kind == EventKind::Removed)?;
        let is_of_the_known = self.created.is_some_and(|created| created <= removed);
        self.created_until.filter(|again| is_of_the_known && *again > removed)
    }

    /// Records that the known creation, or one of an earlier life, is reported once more.
    pub(in crate::domain) fn record_repeat(&mut self, event: &Event) {
        let is_over = |at: Timestamp| self.removed.is_some_and(|removed| at <= removed);
        if self.created.is_some() {
            self.created_until = self.created_until.max(event.told_at().filter(|at| !is_over(*at)));
        }
    }

    /// Records a removal. A removal that is reported after a later creation ends nothing.
    pub(in crate::domain) fn end_by(&mut self, event: &Event) {
        self.removed = self.removed.max(event.told_at());
        if self.created.is_none_or(|created| created <= event.happened()) {
            (self.created, self.created_until) = (None, None);
            self.in_baseline = true;
        }
    }

    /// Whether a place in the list of users makes the user new, because no creation was reported.
    pub const fn is_unmet(&self) -> bool {
        self.created.is_none() && !self.in_baseline
    }

    /// Like [`Activity::after`], for a user whom the product does not know. No creation is recorded then, so the user
    /// is new when they appear. A user who was found in a list and does not exist is not looked for again and again.
    pub fn after_nobody(before: Option<&Self>, event: &Event) -> Self {
        let mut activity = Self::after(before, event);
        if event.kind == EventKind::Created {
            activity.created = before.and_then(|before| before.created);
            activity.created_until = before.and_then(|before| before.created_until);
            activity.in_baseline |= event.via == Via::Reconciliation;
        }
        activity
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{EventId, UserHints, UserId, UserRef};

    const HOUR: i64 = 3_600_000;

    fn hours(hours: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + hours * HOUR)
    }

    /// An event at `occurred`, which usher learns at `accepted`.
    fn event(kind: EventKind, via: Via, occurred: Option<i64>, accepted: i64) -> Event {
        Event {
            id: EventId::new("e"),
            source: "acme".parse().expect("an id"),
            kind,
            via,
            user: UserRef::Id(UserId::new("jane")),
            hints: UserHints::default(),
            occurred: occurred.map(hours),
            accepted: hours(accepted),
            sweep: None,
        }
    }

    fn told(occurred: i64) -> Event {
        event(EventKind::Created, Via::Webhook, Some(occurred), occurred)
    }

    fn found(at: i64) -> Event {
        event(EventKind::Created, Via::Reconciliation, None, at)
    }

    fn removed(at: i64) -> Event {
        event(EventKind::Removed, Via::Webhook, Some(at), at)
    }

    fn listed(at: i64) -> Event {
        event(EventKind::Sighted, Via::Reconciliation, None, at)
    }

    /// The creations among `events` that are news, one after the other.
    fn news(events: &[Event]) -> Vec<bool> {
        let mut known: Option<Activity> = None;
        let creations = events.iter().map(|event| {
            let is_news = known.as_ref().is_none_or(|known| known.known_creation(event).is_none());
            known = Some(Activity::after(known.as_ref(), event));
            is_news && event.kind == EventKind::Created
        });
        creations.collect()
    }

    #[test]
    fn a_creation_is_news_once_in_whatever_ways_and_order_it_is_told() {
        let by_feed = event(EventKind::Created, Via::Feed, Some(10), 14);
        let without_a_time = event(EventKind::Created, Via::Webhook, None, 12);
        let ways = [told(10), by_feed, without_a_time, found(11)];
        for first in 0..ways.len() {
            let mut order = ways.to_vec();
            order.rotate_left(first);
            assert_eq!(news(&order), [true, false, false, false], "{order:?}");
            order.reverse();
            assert_eq!(news(&order), [true, false, false, false], "{order:?}");
        }
    }

    #[test]
    fn who_is_removed_and_created_again_is_news_and_the_first_creation_told_late_is_not() {
        assert_eq!(news(&[told(10), removed(12), told(13)]), [true, false, true]);
        assert_eq!(news(&[told(10), removed(12), found(13), told(13), found(14)]), [true, false, false, true, false]);
        assert_eq!(news(&[told(10), told(12)]), [true, true], "that the user went was told by nobody");
        let late = event(EventKind::Created, Via::Feed, Some(10), 14);
        assert_eq!(news(&[told(10), removed(12), told(13), late]), [true, false, true, false]);
    }

    #[test]
    fn a_removal_told_behind_the_creation_that_came_after_it_ends_nothing() {
        assert_eq!(news(&[told(10), told(13), removed(12), told(13)]), [true, true, false, false]);
    }

    /// All orders of `events`.
    fn orders(events: &[Event]) -> Vec<Vec<Event>> {
        let Some(last) = events.len().checked_sub(1) else { return vec![Vec::new()] };
        let with_last_at =
            |rest: Vec<Event>| (0..=last).map(move |place| [&rest[..place], &events[last..], &rest[place..]].concat());
        orders(&events[..last]).into_iter().flat_map(with_last_at).collect()
    }

    /// As the planner does: a creation that turns out to be another one follows the removal that showed it. Returns the
    /// times of the creations that are news, and the final activity.
    fn followed(events: &[Event]) -> (Vec<i64>, Option<Activity>) {
        let (mut known, mut news) = (None::<Activity>, Vec::new());
        for event in events {
            let again = known.as_ref().and_then(|known| known.created_again_after(event));
            let again = again.map(|at| Event { kind: EventKind::Created, occurred: Some(at), ..event.clone() });
            for event in [Some(event.clone()), again].into_iter().flatten() {
                let is_news = known.as_ref().is_none_or(|known| known.known_creation(&event).is_none());
                if is_news && event.kind == EventKind::Created {
                    news.push(event.happened().as_millis());
                }
                known = Some(Activity::after(known.as_ref(), &event));
            }
        }
        (news, known)
    }

    proptest! {
        #[test]
        fn who_is_removed_and_created_again_was_created_again_in_whatever_order_that_is_told(
            first in 0_i64..10_000_000, gone in 1_i64..10_000_000, back in 1_i64..10_000_000, again in prop::collection::vec(0_usize..3, 0..3),
        ) {
            let at = |millis: i64| Timestamp::from_millis(1_700_000_000_000 + millis);
            let event = |kind, millis| {
                let (occurred, accepted) = (Some(at(millis)), at(100_000_000));
                Event { occurred, accepted, ..event(kind, Via::Webhook, None, 0) }
            };
            let three = [
                event(EventKind::Created, first),
                event(EventKind::Removed, first + gone),
                event(EventKind::Created, first + gone + back),
            ];
            let told: Vec<_> = three.iter().cloned().chain(again.iter().map(|which| three[*which].clone())).collect();
            let (born, reborn) = (three[0].happened(), three[2].happened());
            for order in orders(&told) {
                let (news, known) = followed(&order);
                let counted = |at: Timestamp| news.iter().filter(|news| **news == at.as_millis()).count();
                prop_assert_eq!(counted(reborn), 1, "{:?}", order);
                prop_assert!(counted(born) <= 1);
                let known = known.expect("seen");
                prop_assert_eq!((known.created, known.in_baseline), (Some(reborn), false), "{:?}", order);
            }
        }
    }

    #[test]
    fn a_creation_minutes_after_a_removal_counts_though_the_removal_is_told_last() {
        let minutes = |of: Event, minutes: i64| Event {
            occurred: of.occurred.map(|at| Timestamp::from_millis(at.as_millis() + minutes * 60_000)),
            accepted: hours(20),
            ..of
        };
        let (first, gone, again) = (told(10), minutes(removed(10), 10), minutes(told(10), 20));
        let reborn = again.happened().as_millis();
        assert_eq!(followed(&[first.clone(), again.clone(), gone.clone()]).0, [first.happened().as_millis(), reborn]);
        assert_eq!(followed(&[gone.clone(), first, again.clone()]).0, [reborn], "the first is over when it is told");
        assert_eq!(followed(&[again, gone]).0, [reborn]);
    }

    #[test]
    fn clocks_that_differ_by_minutes_make_no_second_creation() {
        let millis = |of: Event, millis: i64| Event {
            occurred: of.occurred.map(|at| Timestamp::from_millis(at.as_millis() + millis)),
            accepted: Timestamp::from_millis(of.accepted.as_millis() + millis),
            ..of
        };
        assert_eq!(news(&[told(10), millis(told(10), HOUR)]), [true, false]);
        assert_eq!(news(&[told(10), millis(told(10), -HOUR)]), [true, false]);
        assert_eq!(news(&[told(10), millis(told(10), HOUR + 1)]), [true, true]);
    }

    #[test]
    fn standing_in_the_list_from_the_beginning_is_no_news_and_being_created_is() {
        assert_eq!(news(&[listed(10), found(11)]), [false, false]);
        assert_eq!(news(&[listed(10), told(10), found(11)]), [false, true, false]);
        let long_before = event(EventKind::Created, Via::Feed, Some(8), 11);
        assert_eq!(news(&[listed(10), long_before]), [false, false]);
        assert_eq!(news(&[listed(10), removed(11), told(12)]), [false, false, true]);
        let sighted = event(EventKind::Sighted, Via::Sweep, None, 10);
        assert_eq!(news(&[sighted, found(11)]), [false, true], "a sweep may come across whom nothing told of");
    }

    #[test]
    fn who_is_removed_and_still_stands_in_the_list_is_no_news_until_a_creation_is_told() {
        for before in [vec![], vec![told(10)], vec![listed(10)], vec![found(10)]] {
            let known = before.iter().fold(None, |known, event| Some(Activity::after(known.as_ref(), event)));
            let gone = Activity::after(known.as_ref(), &removed(12));
            assert!(!gone.is_unmet() && gone.known_creation(&found(13)).is_some(), "{before:?}");
            assert_eq!(gone.known_creation(&told(13)), None, "{before:?}");
            let early = Activity::after_nobody(Some(&gone), &told(13));
            assert!(early.is_unmet(), "told before the product knows the user: {before:?}");
        }
    }

    #[test]
    fn a_creation_of_whom_the_product_does_not_know_is_news_when_it_does_and_is_not_found_for_ever() {
        let nobody = Activity::after_nobody(None, &told(10));
        assert!(nobody.is_unmet() && nobody.known_creation(&found(11)).is_none());
        let nobody = Activity::after_nobody(None, &found(10));
        assert!(!nobody.is_unmet(), "else it would be found in each round");
        assert_eq!(nobody.known_creation(&told(11)), None);
    }

    #[test]
    fn what_follows_from_an_event_is_newer_whatever_the_clocks_of_replicas_say() {
        let mut known = Activity::after(None, &told(10));
        for next in [removed(12), told(13), listed(11), removed(13), event(EventKind::LoggedIn, Via::Feed, Some(9), 9)]
        {
            let after = Activity::after(Some(&known), &next);
            assert!(after.is_newer_than(&known) && !known.is_newer_than(&after), "{next:?}");
            known = after;
        }
        let older = Activity { as_of: None, logins: 9, ..known.clone() };
        assert!(known.is_newer_than(&older), "which follows from what an older version wrote");
    }
}
