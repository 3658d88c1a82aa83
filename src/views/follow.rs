//! Follows one stream of the log, through errors, until told to stop.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{Error, checkpoints::Checkpoints};
use crate::{
    engine::Backoff,
    health::Health,
    log::{self, Batches, Log, Partition, ReadTrouble, Stored, Stream},
};

/// Rows are written this many at a time, off the threads that serve requests.
const BATCH: usize = 256;
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What is done with a record: applied twice, it changes nothing more.
pub(super) type Apply = Arc<dyn Fn(&Stored) -> Result<(), Error> + Send + Sync>;

/// One stream, and what becomes of its records.
#[derive(Clone)]
pub(super) struct Follower {
    pub(super) log: Arc<dyn Log>,
    pub(super) stream: Stream,
    pub(super) checkpoints: Checkpoints,
    pub(super) apply: Apply,
    pub(super) health: Health,
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
        let mut trouble = ReadTrouble::new(self.health.component("views"), self.stream.as_str());
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        while !self.stop.is_cancelled() {
            let Err(interruption) = self.follow(&mut trouble, &mut backoff).await else { return };
            trouble.note(&interruption);
            let _stopped = self.stop.run_until_cancelled(tokio::time::sleep(backoff.next_wait())).await;
        }
    }

    /// Reads from the checkpoint on; `Ok` when stopped. Progress makes the waits of `backoff` short again.
    async fn follow(&self, trouble: &mut ReadTrouble, backoff: &mut Backoff) -> Result<(), Interruption> {
        let mut from = Vec::new();
        for partition in (0..self.log.partitions()).map(Partition) {
            let Some(next) = self.stop.run_until_cancelled(self.next(partition)).await else { return Ok(()) };
            from.push((partition, next?));
        }
        let reading = Batches::read(&self.log, self.stream, from, BATCH);
        let Some(batches) = self.stop.run_until_cancelled(reading).await else { return Ok(()) };
        let mut batches = batches?;
        while let Some(batch) = self.stop.run_until_cancelled(batches.next(trouble)).await {
            let (follower, batch) = (self.clone(), batch.ok_or(Interruption::Ended)?);
            if batch.is_empty() {
                continue;
            }
            let writing = tokio::task::spawn_blocking(move || follower.write(batch));
            writing.await.map_err(|_| Interruption::Panicked)??;
            backoff.reset();
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

    /// Applies the records, then moves the checkpoints.
    fn write(&self, batch: Vec<Stored>) -> Result<(), Interruption> {
        let mut next = BTreeMap::new();
        for record in batch {
            self.apply(&record)?;
            next.insert(record.position.partition, record.position.offset + 1);
        }
        for (partition, next) in next {
            self.checkpoints.set(self.stream, partition, next)?;
        }
        Ok(())
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
