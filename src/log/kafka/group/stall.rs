//! Detects a member that its group has stopped serving although the coordinator can be reached.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use rdkafka::Statistics;

/// The shortest time after which a member is stalled. A rebalance of a healthy group takes a few seconds.
const SHORTEST: Duration = Duration::from_secs(30);

/// A group may wait for a vanished member for one session; more than some sessions is no rebalance any more.
const SESSIONS: u32 = 3;

/// The longest time that counts between two statistics. A process that stood still was not served either.
const LONGEST_STEP: Duration = Duration::from_secs(5);

/// The time for which a member has been without a settled assignment while its coordinator could be reached. Outages of
/// the broker neither count nor begin it anew: a member can stall between two of them. The wait for other members to join
/// does not count: the coordinator ends it, and librdkafka gives that request up after `max.poll.interval.ms`. A
/// coordinator that has just come back takes longer than this detector waits.
pub(in crate::log::kafka) struct StallDetector {
    limit: Duration,
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    last: Option<Instant>,
    waited: Duration,
}

/// A member whose group does not serve it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "its group has given this member no partitions for {} s although the coordinator answers (`{join_state}`)",
    waited.as_secs()
)]
pub(super) struct Stalled {
    /// The state that librdkafka has not left.
    join_state: String,
    /// The time for which the coordinator could be reached meanwhile.
    waited: Duration,
}

impl StallDetector {
    /// For a member with this session timeout.
    pub(in crate::log::kafka) fn new(session: Duration) -> Self {
        Self { limit: SHORTEST.max(session * SESSIONS), progress: Mutex::default() }
    }

    /// Takes in the statistics at `now`.
    ///
    /// # Errors
    /// [`Stalled`] if the member has waited for too long.
    pub(super) fn record(&self, statistics: &Statistics, now: Instant) -> Result<(), Stalled> {
        let Some(group) = &statistics.cgrp else { return Ok(()) };
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let since_last = progress.last.replace(now).map_or(Duration::ZERO, |last| now.saturating_duration_since(last));
        if group.join_state == "steady" {
            progress.waited = Duration::ZERO;
        } else if group.state == "up" && group.join_state != "wait-join" {
            progress.waited += since_last.min(LONGEST_STEP);
        }
        if progress.waited < self.limit {
            return Ok(());
        }
        Err(Stalled { join_state: group.join_state.clone(), waited: progress.waited })
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::statistics::ConsumerGroup;

    use super::*;

    fn statistics(state: &str, join_state: &str) -> Statistics {
        let cgrp = ConsumerGroup { state: state.to_owned(), join_state: join_state.to_owned(), ..Default::default() };
        Statistics { cgrp: Some(cgrp), ..Default::default() }
    }

    /// Statistics each second, with the states of the group; gives the second in which the member was stalled.
    fn stalled_after(session: u64, states: impl IntoIterator<Item = (&'static str, &'static str)>) -> Option<usize> {
        let (detector, start) = (StallDetector::new(Duration::from_secs(session)), Instant::now());
        states.into_iter().zip(0_u64..).position(|((state, join_state), second)| {
            detector.record(&statistics(state, join_state), start + Duration::from_secs(second)).is_err()
        })
    }

    #[test]
    fn a_member_without_a_settled_assignment_is_stalled_after_some_sessions() {
        for (session, seconds) in [(6, 30), (10, 30), (45, 135)] {
            assert_eq!(stalled_after(session, [("up", "wait-metadata"); 300]), Some(seconds));
        }
    }

    #[test]
    fn a_member_that_settles_or_has_no_coordinator_is_not_stalled() {
        let rebalances = (0..600).map(|second| ("up", if second % 25 == 0 { "steady" } else { "wait-sync" }));
        assert_eq!(stalled_after(6, rebalances), None);
        assert_eq!(stalled_after(6, [("up", "wait-join"); 600]), None, "it waits for others");
        assert_eq!(stalled_after(6, [("wait-coord", "init"); 600]), None);
    }

    #[test]
    fn outages_of_the_broker_do_not_begin_the_wait_anew() {
        let states = (0..600)
            .map(|second| (if second % 20 < 10 { "up" } else { "wait-coord" }, "wait-incr-unassign-to-complete"));
        assert_eq!(stalled_after(6, states), Some(60));
    }

    #[test]
    fn a_process_that_stood_still_has_not_waited() {
        let (detector, start) = (StallDetector::new(Duration::from_secs(6)), Instant::now());
        let at = |second| start + Duration::from_secs(second);
        assert_eq!(detector.record(&statistics("up", "wait-sync"), at(0)), Ok(()));
        assert_eq!(detector.record(&statistics("up", "wait-sync"), at(3_600)), Ok(()));
    }
}
