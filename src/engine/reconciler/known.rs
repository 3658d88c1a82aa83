//! Whom usher knows.

use std::time::Duration;

use tracing::warn;

use super::Reconciler;
use crate::{
    domain::{SourceId, Timestamp, UserId},
    engine::{Backoff, Interrupted, Work},
    log::{Partition, Stream},
};

/// How often it is asked whether the views have come so far.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// A planner that is stopped with its source goes on when it does; one that never comes to a user must not end all
/// comparing.
const PATIENCE: Duration = Duration::from_mins(2);

/// A user whom the source lists, and of whom nothing told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// Who.
    pub user: UserId,
    /// As of when that is so: of what was seen of them without a creation. None: never seen.
    pub as_of: Option<Timestamp>,
}

/// What the views of this process, which read all partitions, know of users.
pub trait Known: Send + Sync + 'static {
    /// The user, where it is news that they stand in a list of the source's users, as far as has been read. None too
    /// where that can't be told now: nobody is taken for new on a guess.
    fn unmet(&self, source: &SourceId, user: &UserId) -> Option<Unmet>;

    /// Up to where `partition` of `stream` has been read.
    fn read_until(&self, stream: Stream, partition: Partition) -> u64;
}

impl Reconciler {
    pub(super) fn unmet(&self, user: &UserId) -> Option<Unmet> {
        self.known.unmet(&self.connection.source, user)
    }

    /// Waits until the views have read what is in the log now: after the loss of the store they know nobody.
    pub(super) async fn catch_up(&self, work: &Work) -> Result<(), Interrupted> {
        for stream in [Stream::Activity, Stream::Decisions] {
            for partition in (0..self.log.partitions()).map(Partition) {
                let end = self.end(stream, partition, work).await?;
                while self.known.read_until(stream, partition) < end {
                    self.wait(LOOK_EVERY, work).await?;
                }
            }
        }
        Ok(())
    }

    /// One past the last record that can be read; 0 where there is none.
    async fn end(&self, stream: Stream, partition: Partition, work: &Work) -> Result<u64, Interrupted> {
        let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(30));
        loop {
            match self.log.bounds(stream, partition).await {
                Ok(bounds) if bounds.is_empty() => return Ok(0),
                Ok(bounds) => return Ok(bounds.end),
                Err(error) => warn!(%stream, %partition, %error, "can't tell where a stream ends, trying again"),
            }
            self.wait(backoff.next_wait(), work).await?;
        }
    }

    /// Waits until the planners have come to each of `unmet`.
    pub(super) async fn until_known(&self, unmet: &[Unmet], work: &Work) -> Result<(), Interrupted> {
        let known = async {
            for Unmet { user, .. } in unmet {
                while self.unmet(user).is_some() {
                    self.wait(LOOK_EVERY, work).await?;
                }
            }
            Ok(())
        };
        tokio::time::timeout(PATIENCE, known).await.unwrap_or(Ok(()))
    }

    async fn wait(&self, time: Duration, work: &Work) -> Result<(), Interrupted> {
        work.stop.run_until_cancelled(tokio::time::sleep(time)).await.ok_or(Interrupted)
    }
}
