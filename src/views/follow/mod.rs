//! Follows one stream of the log, through errors, until it is stopped.

pub(super) mod apply;
pub(super) mod checkpoints;

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{Error, Views};
use crate::{
    health::Health,
    log::{self, Batches, Log, Partition, ReadTrouble, Stream},
    runtime::Backoff,
};

/// The size of transactions.
struct Batching {
    /// The highest number of records in one. Others wait for it: followers of other streams, and pruning.
    most: usize,
    /// Whether the records of [`GATHER`] are written together.
    gathers: bool,
}

const fn batching(stream: Stream) -> Batching {
    match stream {
        // These records make one row each, and a process without its volume reads those of all users. They are written
        // in the order of users, so that a page of the table is written once for many rows.
        Stream::Activity => Batching { most: 32_768, gathers: true },
        // Several follow from each event.
        Stream::Decisions | Stream::Outcomes => Batching { most: 2_048, gathers: true },
        // They are few.
        Stream::Events
        | Stream::DeadLetters
        | Stream::Sweeps
        | Stream::SweepProgress
        | Stream::Settings
        | Stream::Feeds
        | Stream::Claims
        | Stream::AdminActions => Batching { most: 512, gathers: false },
    }
}

/// The least time between the beginnings of two transactions of one stream, unless many records wait. A transaction writes
/// the pages of its tables, however few rows are new: where much happens, this makes one of many.
const GATHER: Duration = Duration::from_millis(25);
/// The number of records that are not gathered further.
const MANY: usize = 512;
const FIRST_WAIT: Duration = Duration::from_millis(100);
const MAX_WAIT: Duration = Duration::from_secs(10);

/// The follower of one stream, which reads it into the views.
#[derive(Clone)]
pub(super) struct Follower {
    pub(super) log: Arc<dyn Log>,
    pub(super) stream: Stream,
    pub(super) views: Views,
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
    /// Runs until stopped. A loop of its own beside [`until_ok`](crate::runtime::until_ok): progress makes the waits short
    /// again, and its errors are told with those of the reader.
    pub(super) async fn run(self) {
        let mut trouble = ReadTrouble::new(self.health.component("views"), self.stream.as_str());
        let mut backoff = Backoff::new(FIRST_WAIT, MAX_WAIT);
        while !self.stop.is_cancelled() {
            let Err(interruption) = self.follow(&mut trouble, &mut backoff).await else { return };
            trouble.record(&interruption);
            let _stopped = backoff.wait(&self.stop).await;
        }
    }

    /// Reads from the checkpoint on; `Ok` when stopped. Progress makes the waits of `backoff` short again.
    async fn follow(&self, trouble: &mut ReadTrouble, backoff: &mut Backoff) -> Result<(), Interruption> {
        if self.stream == Stream::Outcomes {
            let views = self.views.clone();
            let telling = tokio::task::spawn_blocking(move || views.remove_ended_steps());
            telling.await.map_err(|_| Interruption::Panicked)??;
        }
        let mut from = Vec::new();
        for partition in (0..self.log.partitions()).map(Partition) {
            let Some(next) = self.stop.run_until_cancelled(self.next(partition)).await else { return Ok(()) };
            from.push((partition, next?));
        }
        let Batching { most, gathers } = batching(self.stream);
        let reading = async {
            match gathers {
                true => Batches::read_gathered(&self.log, self.stream, from, most).await,
                false => Batches::read(&self.log, self.stream, from, most).await,
            }
        };
        let Some(batches) = self.stop.run_until_cancelled(reading).await else { return Ok(()) };
        let mut batches = batches?;
        while let Some(batch) = self.stop.run_until_cancelled(batches.next(trouble)).await {
            let (views, stream, batch) = (self.views.clone(), self.stream, batch.ok_or(Interruption::Ended)?);
            if batch.is_empty() {
                continue;
            }
            let (began, may_gather) = (Instant::now(), gathers && batch.len() < MANY);
            let writing = tokio::task::spawn_blocking(move || views.apply(stream, &batch));
            writing.await.map_err(|_| Interruption::Panicked)??;
            backoff.reset();
            if may_gather {
                let _stopped = self.stop.run_until_cancelled(sleep_until(began + GATHER)).await;
            }
        }
        Ok(())
    }

    /// The next offset in `partition`. A checkpoint beyond the end of the log belongs to another log: a topic that was
    /// deleted.
    async fn next(&self, partition: Partition) -> Result<u64, Interruption> {
        let next = self.views.read_until(self.stream, partition);
        let bounds = self.log.bounds(self.stream, partition).await?;
        if next <= bounds.end {
            return Ok(next);
        }
        tracing::warn!(stream = %self.stream, %partition, "the view is ahead of the log, reading it from its start");
        Ok(bounds.start)
    }
}
