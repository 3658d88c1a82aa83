//! The event log on the local disk, for one process: no services to run, the same guarantees.
//!
//! Appends wait in a queue for the committer, the one thread that writes. It takes all that wait (and where many
//! append, gives the next ones a moment to come), gives out offsets, writes them to SQLite in one transaction, which is
//! synced once, and answers everybody; the next ones gather meanwhile. So the disk sets the pace of commits but
//! hardly that of appends. Readers are told by the bounds of their part, and find what is new in memory.
//!
//! Beside the database, `acknowledged` in the same folder says how far the log had come, so that a database that was
//! lost or cut short is noticed. Such a log is not opened; a person has to decide.

mod commit;
mod consumer;
mod copy;
mod database;
mod groups;
mod health;
mod opening;
mod options;
mod part;
mod reader;
mod retention;
mod tails;

use std::{collections::BTreeSet, ops::Range, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::{StreamExt, stream};
use tokio::sync::{oneshot, watch};

use self::{
    commit::{
        append_queue::AppendQueue,
        queue::{Append, Request},
    },
    groups::Groups,
    health::Health,
    part::{Part, Parts},
};
pub use self::{
    copy::{
        rebuild::Rebuild,
        snapshot::{RecordBatch, Snapshot},
    },
    database::group_rows::GroupOffset,
    options::Options,
};
use super::{AppendTimes, Consumer, Error, Log, Partition, Position, Record, Records, Stored, Stream};
use crate::domain::SourceId;

/// The longest record, key and payload together, in bytes: far more than a webhook can bring.
const MAX_RECORD: usize = 16 * 1024 * 1024;

/// A disk that has not answered after that long is taken for one that never will.
const STUCK_AFTER: Duration = Duration::from_secs(30);

/// The event log in a folder. Dropping it without [`Log::close`] writes what was accepted too, but nobody can tell
/// when that is done.
pub struct EmbeddedLog {
    partitions: u16,
    identity: String,
    source: reader::Source,
    groups: Arc<Groups>,
    health: Arc<Health>,
    registry: crate::health::Health,
    bounds: Parts<watch::Receiver<Range<u64>>>,
    append_queue: Arc<AppendQueue>,
    append_times: AppendTimes,
}

impl EmbeddedLog {
    fn part(&self, stream: Stream, partition: Partition) -> Result<Part, Error> {
        let part = Part::new(stream, partition);
        let known = self.bounds.has(part).then_some(part);
        known.ok_or_else(|| Error::Unusable(format!("it has {} partitions; there is no {partition}", self.partitions)))
    }

    fn follow(&self, part: Part, from: u64) -> impl futures::Stream<Item = Result<Stored, Error>> + Send + use<> {
        reader::follow(self.source.clone(), self.bounds[part].clone(), part, from)
    }
}

#[async_trait]
impl Log for EmbeddedLog {
    fn partitions(&self) -> u16 {
        self.partitions
    }

    fn identity(&self) -> &str {
        &self.identity
    }

    async fn append(&self, stream: Stream, record: Record) -> Result<Position, Error> {
        let length = record.key.as_str().len() + record.payload.len();
        if length > MAX_RECORD {
            return Err(Error::Unavailable(format!(
                "a record of {length} bytes is too long; {MAX_RECORD} is the most"
            )));
        }
        let part = Part::new(stream, Partition::of(record.key.as_str(), self.partitions));
        let append = async {
            let (done, answer) = oneshot::channel();
            self.append_queue.send(Request::Append(Append { part, record, done }))?;
            answer.await.unwrap_or_else(|_| Err(Error::Unavailable("its writer has stopped".into())))
        };
        self.append_times.measure(append).await
    }

    async fn bounds(&self, stream: Stream, partition: Partition) -> Result<Range<u64>, Error> {
        let part = self.part(stream, partition)?;
        Ok(self.bounds[part].borrow().clone())
    }

    async fn read(&self, stream: Stream, from: Vec<(Partition, u64)>) -> Result<Records, Error> {
        let parts = from.into_iter().map(|(partition, offset)| {
            let part = self.part(stream, partition)?;
            Ok(self.follow(part, offset).boxed())
        });
        Ok(stream::select_all(parts.collect::<Result<Vec<_>, Error>>()?).boxed())
    }

    fn keeps_what_tells_of_unconsumed(&self) -> bool {
        true // see `Retention`
    }

    async fn consume(&self, stream: Stream, group: &str) -> Result<Consumer, Error> {
        if self.append_queue.is_closed() {
            return Err(Error::Unavailable("it is closed".into()));
        }
        let begins = begins(stream, self.partitions, |part| self.bounds[part].borrow().start);
        self.groups.join(stream, group, &begins);
        Ok(consumer::join(self, stream, group))
    }

    fn expect_groups(&self, groups: &[(Stream, String)]) {
        for (stream, group) in groups {
            let begins = begins(*stream, self.partitions, |part| self.bounds[part].borrow().start);
            self.groups.expect(group, &begins);
        }
    }

    fn retire_groups(&self, groups: &[(Stream, String)]) {
        groups.iter().for_each(|(stream, group)| self.groups.leave(*stream, group));
    }

    fn retire_other_sources(&self, sources: &BTreeSet<SourceId>) {
        opening::retire(&self.groups, sources);
    }

    async fn ready(&self) -> Result<(), Error> {
        if self.append_queue.is_closed() {
            return Err(Error::Unavailable("its writer has stopped".into()));
        }
        self.health.check()?;
        self.health.check_progress(STUCK_AFTER)
    }

    fn health(&self) -> crate::health::Health {
        self.registry.clone()
    }

    async fn snapshot(&self) -> Result<Option<Snapshot>, Error> {
        let (done, answer) = oneshot::channel();
        self.append_queue.send(Request::Snapshot(done))?;
        answer.await.unwrap_or_else(|_| Err(Error::Unavailable("its writer has stopped".into()))).map(Some)
    }

    fn lag(&self, stream: Stream) -> Option<u64> {
        let held = |part| (part, self.bounds[part].borrow().clone());
        let ends: Vec<_> = Part::all_of(stream, self.partitions).map(held).collect();
        self.groups.lag(stream, &ends)
    }

    async fn close(&self) {
        self.append_queue.close();
        self.append_queue.stopped().await;
    }
}

/// The parts of `stream` with the oldest offset that each holds.
fn begins(stream: Stream, partitions: u16, start: impl Fn(Part) -> u64) -> Vec<(Part, u64)> {
    Part::all_of(stream, partitions).map(|part| (part, start(part))).collect()
}

impl Drop for EmbeddedLog {
    fn drop(&mut self) {
        self.append_queue.close();
    }
}

#[cfg(test)]
mod tests;
