//! The users that usher knows.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::Reconciler;
use crate::{
    domain::{SourceId, Timestamp, UserId},
    log::{Partition, Stream},
    runtime::{Interrupted, Work, pause, until_ok},
};

/// The interval for checking whether the views have caught up.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// The time-out for planners to handle the unknown users. A planner that is stopped with its source continues with it,
/// but one that makes no progress for so long must not stop all comparisons.
const PLANNER_TIMEOUT: Duration = Duration::from_mins(2);

/// A listed user for whom no creation event was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownUser {
    /// The user.
    pub user: UserId,
    /// The time of the last known activity of the user, without a creation. None: never seen.
    pub as_of: Option<Timestamp>,
}

/// The knowledge about users in the views of this process, which read all partitions.
pub trait KnownUsers: Send + Sync + 'static {
    /// The user, if a place in the list of users makes them new at `now`, by the records read so far. It is also none
    /// if that is unknown now: usher never guesses that a user is new. A user whose creation was given up is new again,
    /// after [a while](crate::domain::GivenUp::again_from).
    fn unknown_user(&self, source: &SourceId, user: &UserId, now: Timestamp) -> Option<UnknownUser>;

    /// Up to where `partition` of `stream` has been read.
    fn read_until(&self, stream: Stream, partition: Partition) -> u64;
}

impl Reconciler {
    pub(super) fn unknown_user(&self, user: &UserId) -> Option<UnknownUser> {
        self.known.unknown_user(&self.connection.source, user, self.now())
    }

    /// Waits until the views have read all present records of the log. After the loss of the store they know nobody.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn catch_up(&self, work: &Work) -> Result<(), Interrupted> {
        for stream in [Stream::Activity, Stream::Decisions] {
            for partition in (0..self.log.partitions()).map(Partition) {
                let end = self.end(stream, partition, work).await?;
                while self.known.read_until(stream, partition) < end {
                    pause(POLL_INTERVAL, &work.stop).await?;
                }
            }
        }
        Ok(())
    }

    /// The offset after the last record that can be read; 0 if there is none.
    async fn end(&self, stream: Stream, partition: Partition, work: &Work) -> Result<u64, Interrupted> {
        let component = || self.log.health().component(format!("sweeper {}", self.connection.source));
        let ask = || self.log.bounds(stream, partition);
        let bounds = until_ok(component, "can't tell where a stream ends", &work.stop, ask).await?;
        Ok(if bounds.is_empty() { 0 } else { bounds.end })
    }

    /// Waits until the planners have handled each of `unknown_user`, however many there are. False if they make no
    /// progress.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn until_known(&self, unknown_user: &[UnknownUser], work: &Work) -> Result<bool, Interrupted> {
        let users = unknown_user.iter().map(|unknown_user| &unknown_user.user).collect();
        let known = all_known(users, |user| self.unknown_user(user).is_none());
        work.stop.run_until_cancelled(known).await.ok_or(Interrupted)
    }
}

/// Waits until all `users` are known; gives up, with false, when for [`PLANNER_TIMEOUT`] not one of them came to be.
async fn all_known(mut users: Vec<&UserId>, is_known: impl Fn(&UserId) -> bool) -> bool {
    loop {
        let one_after_the_other = async {
            for user in &users {
                while !is_known(user) {
                    sleep(POLL_INTERVAL).await;
                }
            }
        };
        if timeout(PLANNER_TIMEOUT, one_after_the_other).await.is_ok() {
            return true;
        }
        let before = users.len();
        users.retain(|user| !is_known(user));
        if users.len() == before {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    /// Whether all come to be known where one does every 90 seconds, from the last one on, until so many have.
    async fn waits(count: u32) -> bool {
        let users: Vec<_> = (0..5).map(|number: u32| UserId::new(number.to_string())).collect();
        let begun = Instant::now();
        let is_known = |user: &UserId| {
            let turn = 5 - user.as_str().parse::<u32>().expect("a number");
            turn <= count && begun.elapsed() >= Duration::from_secs(90) * turn
        };
        all_known(users.iter().collect(), is_known).await
    }

    #[tokio::test(start_paused = true)]
    async fn planners_that_come_to_one_after_the_other_are_waited_for_and_those_that_do_not_are_not() {
        assert!(waits(5).await, "seven and a half minutes in all");
        assert!(!waits(4).await, "the last one never is");
        assert!(!waits(0).await);
    }
}
