//! Reads a part of the log: what is there, then what comes.

use std::{collections::VecDeque, ops::Range, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::stream::{self, Stream};
use rand::RngExt;
use tokio::sync::watch;

use super::{
    database::{
        format::{self, Header},
        store::{self, Store},
    },
    part::Part,
};
use crate::log::{Error, Stored};

/// The first wait and the longest one before what could not be read is read anew.
const AGAIN: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));

/// The records of `part` from the offset `from` on, or from the oldest kept, where that is later. Ends when the log
/// is closed. What can't be read is an error each time that it was tried, ever more seldom.
///
/// A batch at a time is in memory, however slowly the records are taken. It is read on the caller's thread: mostly
/// it is in sled's cache, else one page of at most some hundred KiB has to be read.
pub(super) fn follow(
    store: Arc<Store>,
    bounds: watch::Receiver<Range<u64>>,
    part: Part,
    from: u64,
) -> impl Stream<Item = Result<Stored, Error>> + Send {
    let reader = Reader { store, bounds, part, next: from, loaded: VecDeque::new(), failed: 0 };
    stream::unfold(reader, |mut reader| async { reader.next().await.map(|next| (next, reader)) })
}

struct Reader {
    store: Arc<Store>,
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
            let start = self.bounds.wait_for(|bounds| bounds.end > next).await.ok()?.start;
            self.next = next.max(start);
            if self.failed > 0 {
                tokio::time::sleep(wait_after(self.failed)).await;
            }
            match self.load() {
                Ok(Some(records)) => self.loaded = records,
                Ok(None) => return None,
                Err(error) => {
                    self.failed = self.failed.saturating_add(1);
                    return Some(Err(error));
                }
            }
            self.failed = 0;
        }
        let stored = self.loaded.pop_front()?;
        self.next = stored.position.offset + 1;
        Some(Ok(stored))
    }

    /// The rest, from `next` on, of the batch that holds that offset; empty where it was just removed for its age,
    /// none where the log is closed.
    fn load(&self) -> Result<Option<VecDeque<Stored>>, Error> {
        let Ok(tree) = self.store.tree() else { return Ok(None) };
        let batch = store::guarded(|| batch_at(&tree, self.part, self.next))
            .map_err(|panicked| unreadable(self.part, &panicked.to_string()))?
            .map_err(|error| unreadable(self.part, &crate::words::database(&error)))?;
        let records = batch.and_then(|(base, bytes)| format::decode(self.part, base, bytes));
        let rest: VecDeque<_> =
            records.into_iter().flatten().skip_while(|record| record.position.offset < self.next).collect();
        let removed = || self.bounds.borrow().start > self.next;
        if rest.is_empty() && !removed() {
            return Err(unreadable(self.part, &format!("the record at offset {} is missing", self.next)));
        }
        Ok(Some(rest))
    }
}

/// The wait after so many failures: exponential, capped, with jitter.
fn wait_after(failures: u32) -> Duration {
    let wait = AGAIN.0.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(AGAIN.1);
    wait.mul_f64(rand::rng().random_range(0.7..1.3))
}

/// The last batch of `part` that begins at `offset` or before: where it begins, and all its bytes.
pub(super) fn batch_at(tree: &sled::Tree, part: Part, offset: u64) -> Result<Option<(u64, Bytes)>, sled::Error> {
    let up_to_offset = format::batch_key(part, 0, 0)..=format::batch_key(part, offset, u16::MAX);
    let (base, first) = match tree.get(format::batch_key(part, offset, 0))? {
        Some(first) => (offset, first), // the common case, and the quickest: a reader goes from batch to batch
        None => {
            let Some((key, _)) = tree.range(up_to_offset).next_back().transpose()? else { return Ok(None) };
            let Some((base, _)) = format::base_and_piece(&key) else { return Ok(None) };
            let Some(first) = tree.get(format::batch_key(part, base, 0))? else { return Ok(None) };
            (base, first)
        }
    };
    let mut bytes = first.to_vec();
    let pieces = Header::decode(&first).map_or(1, |header| header.pieces());
    for piece in 1..pieces {
        let Some(more) = tree.get(format::batch_key(part, base, piece))? else { return Ok(None) };
        bytes.extend_from_slice(&more);
    }
    Ok(Some((base, bytes.into())))
}

/// What is said of a part of which a record can't be read.
pub(super) fn unreadable(part: Part, why: &str) -> Error {
    Error::Unusable(format!("partition {} of {} can't be read on: {why}", part.partition, part.stream))
}
