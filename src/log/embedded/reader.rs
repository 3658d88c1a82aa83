//! Reads a part of the log: what is there, then what comes.

use std::{collections::VecDeque, ops::Range, sync::Arc, time::Duration};

use futures::stream::{self, Stream};
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
    backoff::Backoff,
    log::{Error, Stored},
    off_worker::off_worker,
};

/// The first wait and the longest one before an unreadable record is read anew.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const MAX_WAIT: Duration = Duration::from_secs(10);

/// The two places of records.
#[derive(Clone)]
pub(super) struct Source {
    /// All of them.
    pub store: Arc<Store>,
    /// The newest.
    pub tails: Arc<Tails>,
}

/// The records of `part` from the offset `from` on, or from the oldest kept, where that is later. Ends when the log
/// is closed. An unreadable record is an error at each attempt to read it; the attempts become rarer.
///
/// At most 256 records, and about 128 KiB of them, are in memory, however slowly the records are taken. They are read on the
/// caller's thread: the newest records are in memory, others take a few pages of the database.
pub(super) fn follow(
    source: Source,
    bounds: watch::Receiver<Range<u64>>,
    part: Part,
    from: u64,
) -> impl Stream<Item = Result<Stored, Error>> + Send {
    let backoff = Backoff::new(FIRST_WAIT, MAX_WAIT);
    let reader = Reader { source, bounds, part, next: from, loaded: VecDeque::new(), backoff, wait: None };
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
    backoff: Backoff,
    /// The wait before the record at that offset is read again, if it could not be read.
    wait: Option<Duration>,
}

impl Reader {
    async fn next(&mut self) -> Option<Result<Stored, Error>> {
        while self.loaded.is_empty() {
            let next = self.next;
            // An error means that the log is closed.
            let bounds = self.bounds.wait_for(|bounds| bounds.end > next).await.ok()?.clone();
            self.next = next.max(bounds.start);
            if let Some(wait) = self.wait {
                tokio::time::sleep(wait).await;
            }
            match self.load(bounds.end) {
                Ok(records) => self.loaded = records,
                Err(ReadError::Closed) => return None,
                Err(error) => {
                    self.wait = Some(self.backoff.next_wait());
                    return Some(Err(unreadable(self.part, &error)));
                }
            }
            self.backoff.reset();
            self.wait = None;
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

/// The error of a part with an unreadable record.
pub(super) fn unreadable(part: Part, error: &ReadError) -> Error {
    match error {
        ReadError::Closed => Error::Unavailable("it is closed".into()),
        error @ (ReadError::Database(_) | ReadError::Missing(_) | ReadError::Damaged(_)) => {
            Error::Unusable(format!("partition {} of {} can't be read on: {error}", part.partition, part.stream))
        }
    }
}
