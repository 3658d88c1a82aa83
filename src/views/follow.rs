//! Follows one stream of the log, through errors, until told to stop.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use super::{Error, checkpoints::Checkpoints};
use crate::{
    health::Component,
    log::{self, Log, Partition, Stored, Stream},
};

/// Rows are written this many at a time, off the threads that serve requests.
const BATCH: usize = 256;
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What is done with a record: applied twice, it changes nothing more.
pub(super) type Apply = Arc<dyn Fn(&Stored) -> Result<(), Error> + Send + Sync>;

/// One stream, and what becomes of its records.
#[derive(Clone)]
pub(super) struct Follower {
    pub(super) log: Arc<dyn Log>,
    pub(super) stream: Stream,
    pub(super) checkpoints: Checkpoints,
    pub(super) apply: Apply,
    pub(super) component: Arc<Component>,
    pub(super) stop: CancellationToken,
}

/// Why following was broken off; it is taken up again from the checkpoint.
#[derive(Debug, thiserror::Error)]
enum Interruption {
    #[error(transparent)]
    Log(#[from] log::Error),
    #[error(transparent)]
    View(#[from] Error),
    #[error("the log ended")]
    Ended,
    #[error("writing the rows panicked")]
    Panicked,
}

impl Follower {
    /// Runs until stopped.
    pub(super) async fn run(self) {
        let mut wait = FIRST_WAIT;
        while !self.stop.is_cancelled() {
            let Err(interruption) = self.follow(&mut wait).await else { return };
            self.component.failing(format!("{}: {interruption}", self.stream));
            tracing::warn!(stream = %self.stream, error = %interruption, "view of {} interrupted", self.stream);
            let _stopped = self.stop.run_until_cancelled(tokio::time::sleep(wait)).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// Reads from the checkpoint on; `Ok` when stopped. Progress makes `wait` short again.
    async fn follow(&self, wait: &mut Duration) -> Result<(), Interruption> {
        let mut from = Vec::new();
        for partition in (0..self.log.partitions()).map(Partition) {
            let Some(next) = self.stop.run_until_cancelled(self.next(partition)).await else { return Ok(()) };
            from.push((partition, next?));
        }
        let Some(records) = self.stop.run_until_cancelled(self.log.read(self.stream, from)).await else {
            return Ok(());
        };
        let mut batches = records?.ready_chunks(BATCH);
        while let Some(batch) = self.stop.run_until_cancelled(self.component.waiting(batches.next())).await {
            let follower = self.clone();
            let writing = tokio::task::spawn_blocking(move || follower.write(batch.ok_or(Interruption::Ended)?));
            writing.await.map_err(|_| Interruption::Panicked)??;
            *wait = FIRST_WAIT;
            self.component.working();
        }
        Ok(())
    }

    /// Where to go on in `partition`. A checkpoint behind the end of the log is one of another log: of a topic that was deleted.
    async fn next(&self, partition: Partition) -> Result<u64, Interruption> {
        let next = self.checkpoints.next(self.stream, partition)?;
        let bounds = self.log.bounds(self.stream, partition).await?;
        if next <= bounds.end {
            return Ok(next);
        }
        tracing::warn!(stream = %self.stream, %partition, "the view is ahead of the log, reading it from its start");
        Ok(bounds.start)
    }

    /// Applies the records up to the first error, then moves the checkpoints.
    fn write(&self, batch: Vec<Result<Stored, log::Error>>) -> Result<(), Interruption> {
        let mut next = BTreeMap::new();
        let mut interruption = None;
        for record in batch {
            match record {
                Ok(record) => {
                    self.apply(&record)?;
                    next.insert(record.position.partition, record.position.offset + 1);
                }
                Err(error) => {
                    interruption = Some(error.into());
                    break;
                }
            }
        }
        for (partition, next) in next {
            self.checkpoints.set(self.stream, partition, next)?;
        }
        interruption.map_or(Ok(()), Err)
    }

    /// Applies one record. One that can't be read never can be: it is told of, and passed over.
    fn apply(&self, record: &Stored) -> Result<(), Error> {
        match (self.apply)(record) {
            Err(error @ (Error::Record(_) | Error::Row(_))) => {
                let (stream, position) = (self.stream, record.position);
                tracing::warn!(
                    %stream, partition = %position.partition, offset = position.offset, %error,
                    "record {stream}/{}/{} is left out of the view", position.partition, position.offset,
                );
                Ok(())
            }
            applied => applied,
        }
    }
}
