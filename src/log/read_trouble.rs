//! Errors of a reader of the log. They are reported while they last, and the reader continues.

use std::{fmt, sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt, stream::ReadyChunks};
use tokio::{task::coop::unconstrained, time::Instant};
use tracing::{error, info};

use super::{Error, Log, Partition, Records, Stored, Stream};
use crate::{health::Component, rate_limited_log::LogLimiter};

/// The time without an error after which reading works again. It is longer than the wait of a log before it reads again
/// and reports the error again.
const QUIET: Duration = Duration::from_secs(15);

/// The errors of one reader.
#[derive(Debug)]
pub struct ReadTrouble {
    component: Component,
    what: String,
    last: Option<Instant>,
    limiter: LogLimiter,
}

impl ReadTrouble {
    /// No errors so far in reading `what`; `component` fails while there are some.
    pub fn new(component: Component, what: impl Into<String>) -> Self {
        Self { component, what: what.into(), last: None, limiter: LogLimiter::once_a_minute() }
    }

    /// Records an error. It is shown at `/readyz` until it is [over](Self::over), and logged once a minute.
    pub fn record(&mut self, error: &impl fmt::Display) {
        let what = &self.what;
        self.component.failing(format!("{what} can't be read: {error}"));
        self.last = Some(Instant::now());
        if let Some(suppressed) = self.limiter.permit() {
            error!(component = self.component.name(), %error, suppressed, "{what} can't be read, trying again");
        }
    }

    /// Returns when there was no error for some time after one. The reader must then check whether the log answers at
    /// all: a log that is away reports no errors.
    pub async fn seems_over(&self) {
        match self.last {
            Some(last) => tokio::time::sleep_until(last + QUIET).await,
            None => std::future::pending().await,
        }
    }

    /// Records that reading works again.
    pub fn over(&mut self) {
        if self.last.take().is_some() {
            self.component.working();
            info!(component = self.component.name(), "{} can be read again", self.what);
        }
    }
}

/// Records that are looked for at once, without waiting.
const CHUNK: usize = 512;
/// Bytes of records after which a batch is whole, however few they are.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Records of several partitions, many at a time, read on through errors.
pub struct Batches {
    log: Arc<dyn Log>,
    stream: Stream,
    size: usize,
    chunks: ReadyChunks<Records>,
}

impl Batches {
    /// Reads `stream` in all partitions from the offsets `from` on, at most `size` records at a time: only the present
    /// records.
    ///
    /// # Errors
    /// Those of [`Log::read`].
    pub async fn read(
        log: &Arc<dyn Log>,
        stream: Stream,
        from: Vec<(Partition, u64)>,
        size: usize,
    ) -> Result<Self, Error> {
        Ok(Self::of(log, stream, log.read(stream, from).await?, size))
    }

    /// As [`Batches::read`], where new records may come a moment later, together.
    ///
    /// # Errors
    /// Those of [`Log::read_gathered`].
    pub async fn read_gathered(
        log: &Arc<dyn Log>,
        stream: Stream,
        from: Vec<(Partition, u64)>,
        size: usize,
    ) -> Result<Self, Error> {
        Ok(Self::of(log, stream, log.read_gathered(stream, from).await?, size))
    }

    fn of(log: &Arc<dyn Log>, stream: Stream, records: Records, size: usize) -> Self {
        Self { log: Arc::clone(log), stream, size, chunks: records.ready_chunks(size.min(CHUNK)) }
    }

    /// The next records, perhaps none; `None` if there will be no more, and the stream has to be read again. Errors are
    /// recorded in `trouble`; unreadable records come when they can be read.
    pub async fn next(&mut self, trouble: &mut ReadTrouble) -> Option<Vec<Stored>> {
        let first = tokio::select! {
            first = self.chunks.next() => first?,
            () = trouble.seems_over() => {
                match can_be_asked(&*self.log, self.stream).await {
                    Ok(()) => trouble.over(),
                    Err(error) => trouble.record(&error),
                }
                return Some(Vec::new());
            }
        };
        let (mut records, mut bytes, mut chunk) = (Vec::with_capacity(first.len()), 0, Some(first));
        while let Some(results) = chunk {
            for result in results {
                match result {
                    Ok(record) => {
                        bytes += record.payload.len();
                        records.push(record);
                    }
                    Err(error) => trouble.record(&error),
                }
            }
            let has_room = records.len() + CHUNK <= self.size && bytes < BATCH_BYTES;
            // The task's budget is not used: present records are taken, and then the task waits for the disk anyway.
            chunk = if has_room { unconstrained(self.chunks.next()).now_or_never().flatten() } else { None };
        }
        Some(records)
    }
}

async fn can_be_asked(log: &dyn Log, stream: Stream) -> Result<(), Error> {
    for partition in (0..log.partitions()).map(Partition) {
        log.bounds(stream, partition).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{health::Health, views::testing::MemoryLog};

    #[tokio::test(start_paused = true)]
    async fn an_error_is_told_until_none_has_come_for_some_time() {
        let health = Health::default();
        let mut trouble = ReadTrouble::new(health.component("planner acme"), "partition 3 of events");
        for _ in 0..2 {
            trouble.record(&"it is damaged");
            let why = "partition 3 of events can't be read: it is damaged".to_owned();
            assert_eq!(health.failing(), [("planner acme".to_owned(), why)]);
            tokio::time::sleep(QUIET / 2).await;
        }
        let before = Instant::now();
        trouble.seems_over().await;
        assert_eq!(before.elapsed(), QUIET / 2, "since the last error");
        trouble.over();
        assert_eq!(health.failing(), []);
    }

    #[tokio::test]
    async fn a_batch_is_what_is_there_as_far_as_it_may_be() {
        let log = MemoryLog::new();
        for number in 0..3 * CHUNK {
            log.put(Stream::Activity, &format!("acme/id/{number}"), Vec::new().into());
        }
        let from: Vec<_> = (0..log.partitions()).map(|partition| (Partition(partition), 0)).collect();
        let log: Arc<dyn Log> = log;
        let mut trouble = ReadTrouble::new(Health::default().component("views"), "activity");
        for (size, lengths) in [(100, [100, 100]), (2 * CHUNK, [2 * CHUNK, CHUNK])] {
            let mut batches = Batches::read(&log, Stream::Activity, from.clone(), size).await.expect("read");
            for length in lengths {
                assert_eq!(batches.next(&mut trouble).await.map(|batch| batch.len()), Some(length));
            }
        }
    }
}
