//! Reads a part of the log: what is there, then what comes.

use std::{collections::VecDeque, ops::Range, sync::Arc, time::Duration};

use futures::stream::{self, Stream};
use rand::RngExt;
use tokio::sync::watch;

use super::{
    database::{
        records::{self, ReadError},
        store::Store,
    },
    part::Part,
    tails::Tails,
};
use crate::{
    log::{Error, Stored},
    off_worker::off_worker,
};

/// The first wait and the longest one before what could not be read is read anew.
const AGAIN: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));

/// Where records are read.
#[derive(Clone)]
pub(super) struct Source {
    /// All of them.
    pub store: Arc<Store>,
    /// The newest.
    pub tails: Arc<Tails>,
}

/// The records of `part` from the offset `from` on, or from the oldest kept, where that is later. Ends when the log
/// is closed. What can't be read is an error each time that it was tried, ever more seldom.
///
/// Some 32 KiB at a time are in memory, however slowly the records are taken. They are read on the caller's thread: what was
/// just appended is in memory, else a few pages have to be read.
pub(super) fn follow(
    source: Source,
    bounds: watch::Receiver<Range<u64>>,
    part: Part,
    from: u64,
) -> impl Stream<Item = Result<Stored, Error>> + Send {
    let reader = Reader { source, bounds, part, next: from, loaded: VecDeque::new(), failed: 0 };
    stream::unfold(reader, |mut reader| async { reader.next().await.map(|next| (next, reader)) })
}

struct Reader {
    source: Source,
    bounds: watch::Receiver<Range<u64>>,
    part: Part,
    /// The offset of the next record to give out.
    next: u64,
    /// Records from that offset on.
    loaded: VecDeque<Stored>,
    /// How often the record at that offset could not be read.
    failed: u32,
}

impl Reader {
    async fn next(&mut self) -> Option<Result<Stored, Error>> {
        while self.loaded.is_empty() {
            let next = self.next;
            // An error means that the log is closed.
            let bounds = self.bounds.wait_for(|bounds| bounds.end > next).await.ok()?.clone();
            self.next = next.max(bounds.start);
            if self.failed > 0 {
                tokio::time::sleep(wait_after(self.failed)).await;
            }
            match self.load(bounds.end) {
                Ok(records) => self.loaded = records,
                Err(ReadError::Closed) => return None,
                Err(error) => {
                    self.failed = self.failed.saturating_add(1);
                    return Some(Err(unreadable(self.part, &error)));
                }
            }
            self.failed = 0;
        }
        let stored = self.loaded.pop_front()?;
        self.next = stored.position.offset + 1;
        Some(Ok(stored))
    }

    /// Some records from `next` on; empty where they were just removed.
    fn load(&self, end: u64) -> Result<VecDeque<Stored>, ReadError> {
        if let Some(newest) = self.source.tails.from(self.part, self.next) {
            return Ok(newest);
        }
        match off_worker(|| self.source.store.read(|db| records::read(db, self.part, self.next..end))) {
            Ok(records) => Ok(records.into()),
            Err(ReadError::Missing(_)) if self.was_removed(end) => Ok(VecDeque::new()),
            Err(error) => Err(error),
        }
    }

    /// Whether the records from `next` to `end` may have been removed: for their age, or in a compacted stream because others came.
    fn was_removed(&self, end: u64) -> bool {
        let bounds = self.bounds.borrow();
        bounds.start > self.next || (self.part.stream.is_compacted() && bounds.end > end)
    }
}

/// The wait after so many failures: exponential, capped, with jitter.
fn wait_after(failures: u32) -> Duration {
    let wait = AGAIN.0.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(AGAIN.1);
    wait.mul_f64(rand::rng().random_range(0.7..1.3))
}

/// What is said of a part of which a record can't be read.
pub(super) fn unreadable(part: Part, error: &ReadError) -> Error {
    match error {
        ReadError::Closed => Error::Unavailable("it is closed".into()),
        error @ (ReadError::Database(_) | ReadError::Missing(_) | ReadError::Damaged(_)) => {
            Error::Unusable(format!("partition {} of {} can't be read on: {error}", part.partition, part.stream))
        }
    }
}
