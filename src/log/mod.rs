//! The event log: durable streams with the same partitions, behind one trait.
//!
//! Two implementations give the same guarantees: [`embedded`] on disk, and [`kafka`] if one machine is not enough.
//! Records of one key are in one partition, in the order in which they were appended. Delivery to consumers is at least
//! once; a consumer must recognise repeated records.

mod append_times;
pub mod codec;
mod consumer;
pub mod embedded;
pub mod kafka;
mod lease;
mod read_trouble;
mod record;
mod stream;
pub mod traced;

use std::{collections::BTreeSet, ops::Range, time::Duration};

use async_trait::async_trait;
use futures::stream::BoxStream;

pub use self::{
    append_times::AppendTimes,
    consumer::{Assignment, Consumer, Joining, Offsets, group, source_of_group},
    lease::{ForGood, Lease, Lost},
    read_trouble::{Batches, ReadTrouble},
    record::{Partition, Position, Record, Stored},
    stream::Stream,
};
use crate::{
    domain::{OutcomesRecreated, SourceId},
    health::Health,
};

/// The least time for which records are kept, unless an administrator of Kafka has set the topics otherwise. The
/// embedded log keeps records for longer that a stage has still to consume, for example because its source is paused.
pub const RETENTION: Duration = Duration::from_hours(24 * 30);

/// The time for which orders about unfinished work are remembered. Its records may wait so long in the embedded log for
/// a source to continue.
pub const LONGEST_PAUSE: Duration = Duration::from_hours(24 * 365);

/// The error of a call to the log.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Too many appends are waiting; nothing was written. Try again shortly.
    #[error("too many records are waiting to be written")]
    Overloaded,
    /// The record can't be made durable now, or it is unknown whether it was. Appending the same record again later is
    /// safe.
    #[error("the log is not available: {0}")]
    Unavailable(String),
    /// The log on disk or the topics can't be used as they are; an administrator is needed.
    #[error("the log can't be used: {0}")]
    Unusable(String),
}

/// A stream of records, in order within each partition. It ends only with the log, or with the assignment of the
/// records. After an error it continues where records can be read: those of other partitions come at once, and the
/// unreadable ones are read again after a wait, and come then, or the error comes again. A stream that can't do this
/// ends.
pub type Records = BoxStream<'static, Result<Stored, Error>>;

/// A durable, partitioned log.
#[async_trait]
pub trait Log: Send + Sync + 'static {
    /// The number of partitions of each stream; fixed for the life of the log.
    fn partitions(&self) -> u16;

    /// The identity of this log, so that state of another log is not used for it.
    fn identity(&self) -> &str;

    /// The name of the system in traces.
    fn system(&self) -> &'static str {
        "usher"
    }

    /// Appends one record and returns when it is durable: flushed to disk, or acknowledged by all in-sync replicas.
    /// Appends of one key by one caller, one after the other, keep their order. An append to a stream other than events
    /// may wait as long as the log is away: giving up would leave open whether the record was written.
    ///
    /// # Errors
    /// [`Error::Overloaded`] if too many appends are waiting; nothing was written. [`Error::Unavailable`] if the record
    /// is too long or can't be made durable now; it may have been written. [`Error::Unusable`] if an administrator is
    /// needed first.
    async fn append(&self, stream: Stream, record: Record) -> Result<Position, Error>;

    /// The offsets that `partition` holds now: from the oldest kept to one past the newest.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the log is closed or does not answer; [`Error::Unusable`] if there is no such
    /// partition.
    async fn bounds(&self, stream: Stream, partition: Partition) -> Result<Range<u64>, Error>;

    /// Reads the given partitions from the given offsets on, or from the oldest kept if that is later: first the
    /// present records, then new ones. Joins no group and stores no offsets.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the log is closed or can't be read now; [`Error::Unusable`] if there is no such
    /// partition. Errors that come later are items of the stream: see [`Records`].
    async fn read(&self, stream: Stream, from: Vec<(Partition, u64)>) -> Result<Records, Error>;

    /// As [`Log::read`], for a reader that takes many records at a time: new records may come some ten milliseconds later,
    /// together with those after them.
    ///
    /// # Errors
    /// As [`Log::read`].
    async fn read_gathered(&self, stream: Stream, from: Vec<(Partition, u64)>) -> Result<Records, Error> {
        self.read(stream, from).await
    }

    /// Whether a record that [records the work](Stream::tells_of) on another one is kept until a group has consumed
    /// that one, however old both are. Otherwise each record is kept for the [`RETENTION`] at least.
    fn keeps_what_tells_of_unconsumed(&self) -> bool {
        false
    }

    /// The last recreation of the topic of the outcomes, for `partition`. None if appended records can't be lost in
    /// this way.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if it can't be read now.
    async fn outcomes_recreated(&self, _partition: Partition) -> Result<Option<OutcomesRecreated>, Error> {
        Ok(None)
    }

    /// The same, as far as it is known without asking.
    fn outcomes_known_recreated(&self, _partition: Partition) -> Option<OutcomesRecreated> {
        None
    }

    /// Joins `group`: its members share the partitions of `stream` among them.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the log is closed; [`Error::Unusable`] if no consumer can be made. A group that
    /// refuses the member is no error here: see [`Consumer::joining`].
    async fn consume(&self, stream: Stream, group: &str) -> Result<Consumer, Error>;

    /// Keeps what `groups` have not consumed, each with the stream that it consumes, also before they join. A log that
    /// keeps records for a time, whoever has consumed them, has nothing to do.
    fn expect_groups(&self, _groups: &[(Stream, String)]) {}

    /// Keeps nothing any more for `groups`, whose members have left. It is not forgotten where they had come to: a group
    /// that is expected or joined again goes on there, with what is left.
    fn retire_groups(&self, _groups: &[(Stream, String)]) {}

    /// Keeps nothing any more for the groups of sources that are not among `sources`, as [`Log::retire_groups`].
    fn retire_other_sources(&self, _sources: &BTreeSet<SourceId>) {}

    /// Whether an append would be likely to succeed now.
    ///
    /// # Errors
    /// [`Error`] if an append would most likely fail now: its text says why.
    async fn ready(&self) -> Result<(), Error>;

    /// The registry in which the log, and the parts that need it, report their state.
    fn health(&self) -> Health {
        Health::default()
    }

    /// A snapshot of the log, to be copied while the log is in use; none if copies are made in other ways, as for the
    /// topics of Kafka.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the log is closed or a write of it failed, [`Error::Overloaded`] if too many requests
    /// wait.
    async fn snapshot(&self) -> Result<Option<embedded::Snapshot>, Error> {
        Ok(None)
    }

    /// The number of records of `stream` that the groups joined here have still to work on, over the partitions given
    /// to them. A record counts once for each group. `None` if that is unknown.
    fn lag(&self, _stream: Stream) -> Option<u64> {
        None
    }

    /// Finishes the accepted appends, and closes files and connections.
    async fn close(&self);
}
