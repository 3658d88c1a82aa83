//! The activity of a user: the events that usher itself has seen.

use std::time::Duration;

use crate::domain::{Event, EventKind, Fact, GivenUp, Logins, Missing, Origin, Timestamp, Via};

/// The longest gap between reported logins of a source. After a longer gap the absence of a login means nothing,
/// because the feed may be broken. Otherwise all users would look idle at once.
pub const MAX_REPORT_GAP: Duration = Duration::from_hours(7 * 24);

/// The latest period in which a source reported logins, of any user, without a gap longer than [`MAX_REPORT_GAP`].
/// Logins before it may have been missed, so their absence means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginCoverage {
    /// The time at which usher accepted the first login of the period.
    pub since: Timestamp,
    /// The time at which usher accepted the latest login.
    pub last: Timestamp,
    /// Whether usher knows of no login before the stretch.
    pub is_first: bool,
}

impl LoginCoverage {
    /// The period after a login that was accepted at `at`. Logins may come in any order.
    #[must_use]
    pub fn after(before: Option<Self>, at: Timestamp) -> Self {
        let login = Self { since: at, last: at, is_first: true };
        before.map_or(login, |before| before.with(login))
    }

    /// The common period of two records about the same source.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        let (earlier, later) = if self.last < other.last { (self, other) } else { (other, self) };
        if earlier.last.until(later.since) > MAX_REPORT_GAP {
            return Self { is_first: false, ..later };
        }
        let is_first = earlier.is_first && later.is_first;
        Self { since: earlier.since.min(later.since), last: later.last, is_first }
    }

    /// Whether all logins of an account are known whose creation usher learnt at `created`.
    ///
    /// Before the very first login of a source usher does not know whether logins are reported. But none is known to be
    /// missing, and a source that reports a creation is connected. So the time since the creation counts as covered, if
    /// it is no longer than the allowed gap. Then the first login in a new installation is recognised as such. After a
    /// known gap the time does not count. It does not count either when idle users are looked for
    /// ([`Logins::watched_since`]): those users existed before usher, and their creation was never reported.
    fn covers(&self, created: Timestamp) -> bool {
        created >= self.since || (self.is_first && created.until(self.since) <= MAX_REPORT_GAP)
    }
}

/// The activity of one user. Each event adds to it. Every decision contains it, so that it can be rebuilt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// The time at which usher first saw the user.
    pub first_seen: Timestamp,
    /// The reported time of the creation. If usher found the user by itself, it is the time of that. It is none again
    /// after a removal.
    pub created: Option<Timestamp>,
    /// The latest reported time of that creation: two reports may have two times. A later report may turn out to be
    /// another creation, if a removal between the two is reported.
    pub created_until: Option<Timestamp>,
    /// The time of the latest reported removal that had one. A creation before it belongs to an earlier life.
    pub removed: Option<Timestamp>,
    /// The latest reported login.
    pub last_login: Option<Timestamp>,
    /// The number of reported logins.
    pub logins: u64,
    /// Whether a place in the list of users does not make the user new, although no creation is known. There are two
    /// such cases: the user existed when usher began to compare; or a removal was reported, since lists may contain
    /// removed users, some of them for ever.
    pub in_baseline: bool,
    /// The time at which the latest event in it was accepted. It grows from record to record. None in records of before
    /// this was kept.
    pub as_of: Option<Timestamp>,
    /// Set if the latest creation was given up.
    pub given_up: Option<GivenUp>,
}

impl Activity {
    /// The activity after `event`, from the activity `before` it.
    pub fn after(before: Option<&Self>, event: &Event) -> Self {
        let at = event.happened();
        let mut activity = before.cloned().unwrap_or(Self::new(at));
        activity.first_seen = activity.first_seen.min(at);
        // Always newer than before, even if the clock of an earlier replica was ahead.
        activity.as_of = activity.as_of.map(Timestamp::next).max(Some(event.accepted));
        match event.kind {
            EventKind::Created if activity.known_creation(event).is_some() => activity.record_repeat(event),
            EventKind::Created => {
                activity.created = Some(at);
                activity.created_until = event.told_at();
                activity.in_baseline = false;
                activity.given_up = None;
            }
            EventKind::LoggedIn => {
                activity.logins = activity.logins.saturating_add(1);
                activity.last_login = activity.last_login.max(Some(at));
            }
            EventKind::Removed => activity.end_by(event),
            EventKind::Sighted => activity.in_baseline |= event.via == Via::Reconciliation,
            EventKind::Updated | EventKind::Undo => {}
        }
        activity
    }

    /// The activity of a user who was seen at `at`, without any event.
    pub const fn new(at: Timestamp) -> Self {
        Self {
            first_seen: at,
            created: None,
            created_until: None,
            removed: None,
            last_login: None,
            logins: 0,
            in_baseline: false,
            as_of: None,
            given_up: None,
        }
    }

    /// Whether this is later than `other`: of two records of one user this is the one to keep.
    pub fn is_newer_than(&self, other: &Self) -> bool {
        let order =
            |activity: &Self| (activity.as_of, activity.logins, activity.last_login, activity.created.is_some());
        order(self) > order(other)
    }

    /// The logins as a fact at `now`; `coverage` is the period in which the source reported logins.
    pub fn logins(&self, coverage: Option<LoginCoverage>, now: Timestamp) -> Fact<Logins> {
        match coverage {
            Some(coverage) if coverage.last.until(now) <= MAX_REPORT_GAP => Fact::Known {
                value: Logins {
                    last: self.last_login,
                    count: self.logins,
                    complete: self.created.is_some_and(|created| coverage.covers(created)),
                    watched_since: Some(coverage.since),
                },
                origin: Origin::Activity,
                as_of: coverage.last,
            },
            Some(_) | None => Fact::Unknown(Missing::NoLoginsHeard),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> Timestamp {
        Timestamp::from_millis(day * 86_400_000)
    }

    fn coverage(logins: &[i64]) -> Option<LoginCoverage> {
        logins.iter().fold(None, |before, at| Some(LoginCoverage::after(before, day(*at))))
    }

    fn stretch(since: i64, last: i64, is_first: bool) -> Option<LoginCoverage> {
        Some(LoginCoverage { since: day(since), last: day(last), is_first })
    }

    fn logins(created: Option<i64>, coverage: Option<LoginCoverage>, now: i64) -> Option<Logins> {
        let activity = Activity { created: created.map(day), ..Activity::new(day(0)) };
        activity.logins(coverage, day(now)).value().copied()
    }

    #[test]
    fn a_stretch_goes_on_until_a_gap_and_begins_anew_after_it() {
        assert_eq!(coverage(&[10]), stretch(10, 10, true));
        assert_eq!(coverage(&[10, 17, 24]), stretch(10, 24, true), "a week is no gap");
        assert_eq!(coverage(&[10, 17, 25]), stretch(25, 25, false));
        assert_eq!(coverage(&[10, 105, 106]), stretch(105, 106, false));
    }

    #[test]
    fn logins_out_of_order_never_make_a_stretch_longer_than_it_is() {
        assert_eq!(coverage(&[17, 10, 12]), stretch(10, 17, true));
        assert_eq!(coverage(&[25, 10]), stretch(25, 25, false), "there was a gap");
        assert_eq!(coverage(&[25, 10, 20]), stretch(20, 25, false), "and there may still be one");
        let (first, second) = (coverage(&[1, 5]).expect("heard"), coverage(&[30, 33]).expect("heard"));
        assert_eq!(first.with(second), LoginCoverage { is_first: false, ..second });
        assert_eq!(second.with(first), first.with(second));
    }

    #[test]
    fn after_a_gap_only_later_accounts_are_known_whole() {
        let after_gap = coverage(&[0, 5, 100, 101]);
        let complete = |created| logins(created, after_gap, 102).expect("logins are heard").complete;
        assert!(complete(Some(100)) && complete(Some(102)));
        assert!(!complete(Some(3)) && !complete(Some(50)) && !complete(Some(99)) && !complete(None));
        assert_eq!(logins(Some(3), after_gap, 102).and_then(|logins| logins.watched_since), Some(day(100)));
        assert_eq!(logins(Some(100), after_gap, 109), None, "nobody's login was told for a week");
    }

    #[test]
    fn the_very_first_login_heard_is_whole_for_accounts_created_shortly_before() {
        let complete = |created| logins(Some(created), coverage(&[20]), 20).expect("logins are heard").complete;
        assert!(complete(20) && complete(13));
        assert!(!complete(12), "as long as a gap");
    }
}
