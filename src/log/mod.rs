//! The event log: durable streams with the same partitions, behind one trait.
//!
//! Two implementations give the same guarantees: [`embedded`] on disk, and [`kafka`] if one machine is not enough.
//! Records of one key are in one partition, in the order in which they were appended. Delivery to consumers is at least
//! once; a consumer must recognise repeated records.

mod append_times;
pub mod codec;
pub mod embedded;
pub mod kafka;
mod read_trouble;
pub mod traced;

use std::{fmt, ops::Range, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use tokio_util::sync::{CancellationToken, DropGuard};

pub use self::{
    append_times::AppendTimes,
    read_trouble::{Batches, ReadTrouble},
};
use crate::{
    domain::{OutcomesRecreated, Timestamp, UserKey},
    health::Health,
};

/// The least time for which records are kept, unless an administrator of Kafka has set the topics otherwise. The
/// embedded log keeps records for longer that a stage has still to consume, for example because its source is paused.
pub const RETENTION: Duration = Duration::from_hours(24 * 30);

/// The time for which orders about unfinished work are remembered. Its records may wait so long in the embedded log for
/// a source to continue.
pub const LONGEST_PAUSE: Duration = Duration::from_hours(24 * 365);

/// A stream of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// The events of users.
    Events,
    /// The planner's answers.
    Decisions,
    /// Attempts and what became of steps.
    Outcomes,
    /// Events and steps that were given up.
    DeadLetters,
    /// Requests for sweeps, by schedules and administrators.
    Sweeps,
    /// The progress of sweeps.
    SweepProgress,
    /// The settings of administrators: schemes, pauses. Compacted.
    Settings,
    /// The activity of each user. Compacted.
    Activity,
    /// The place in the feed of each source. Compacted.
    Feeds,
    /// Claims on administrators who are about to lose something. Compacted.
    Claims,
}

impl Stream {
    /// All streams.
    pub const ALL: [Self; 10] = [
        Self::Events,
        Self::Decisions,
        Self::Outcomes,
        Self::DeadLetters,
        Self::Sweeps,
        Self::SweepProgress,
        Self::Settings,
        Self::Activity,
        Self::Feeds,
        Self::Claims,
    ];

    /// Whether the latest record of each key is kept for ever, and earlier ones may go; otherwise records are kept for
    /// a time.
    pub const fn is_compacted(self) -> bool {
        matches!(self, Self::Settings | Self::Activity | Self::Feeds | Self::Claims)
    }

    /// The stream whose work this one records; none if it records none. An unfinished record must not come again after
    /// the record of its work is gone.
    pub const fn tells_of(self) -> Option<Self> {
        match self {
            Self::Decisions => Some(Self::Events),
            Self::Outcomes => Some(Self::Decisions),
            Self::SweepProgress => Some(Self::Sweeps),
            Self::Events
            | Self::DeadLetters
            | Self::Sweeps
            | Self::Settings
            | Self::Activity
            | Self::Feeds
            | Self::Claims => None,
        }
    }

    /// The longest time for which overwritten records must stay in a compacted stream, if only the latest record of a
    /// key is used; none: as long as other records.
    pub const fn keeps_written_over(self) -> Option<Duration> {
        match self {
            // Each record can be long, and one follows the other.
            Self::Feeds => Some(Duration::from_mins(10)),
            Self::Events
            | Self::Decisions
            | Self::Outcomes
            | Self::DeadLetters
            | Self::Sweeps
            | Self::SweepProgress
            | Self::Settings
            | Self::Activity
            | Self::Claims => None,
        }
    }

    /// The name: the label in metrics and, after the prefix, the topic.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Decisions => "decisions",
            Self::Outcomes => "outcomes",
            Self::DeadLetters => "dead-letters",
            Self::Sweeps => "sweeps",
            Self::SweepProgress => "sweep-progress",
            Self::Settings => "settings",
            Self::Activity => "activity",
            Self::Feeds => "feeds",
            Self::Claims => "claims",
        }
    }
}

impl Stream {
    /// The stream of that name; none if this version does not know it.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stream| stream.as_str() == name)
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A partition of a stream. The same number in every stream holds the same keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(pub u16);

impl Partition {
    /// The partition of `key` among `count`: FNV-1a, so that every implementation and version agrees.
    pub fn of(key: &str, count: u16) -> Self {
        let hash = key
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self(u16::try_from(hash % u64::from(count.max(1))).unwrap_or(0))
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A record to append.
#[derive(Debug, Clone)]
pub struct Record {
    /// Decides the partition, and with it the order.
    pub key: UserKey,
    /// A message of `usher.v1`.
    pub payload: Bytes,
}

/// The place of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The partition.
    pub partition: Partition,
    /// Counted from 0 within the partition.
    pub offset: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.partition, self.offset)
    }
}

/// A record read back. The key is text here: only [`UserKey::parse`] knows whether usher wrote it.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its place.
    pub position: Position,
    /// The key it was appended under.
    pub key: String,
    /// The content.
    pub payload: Bytes,
    /// The time of the append, by the clock of the appending process.
    pub appended: Timestamp,
}

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

/// Membership in a group.
pub struct Consumer {
    /// Partitions as they are given to this member. Ends when the membership does.
    pub assignments: mpsc::Receiver<Assignment>,
    /// Whether the group has taken this member in.
    pub joining: watch::Receiver<Joining>,
    /// Dropped or cancelled: the member leaves, as soon as all its assignments are dropped.
    pub membership: DropGuard,
    /// Cancelled when the member has left and the offsets it stored are committed.
    pub left: CancellationToken,
}

/// Whether a group has taken a member in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Joining {
    /// The group has not answered yet.
    Underway,
    /// The member has its share of the partitions, which may be none. It stays joined while partitions move.
    Joined,
    /// The group refuses the member until an administrator acts: the reason and the remedy. The member tries again.
    Refused(String),
}

/// A partition that a group has given to this member.
pub struct Assignment {
    /// The partition.
    pub partition: Partition,
    /// Its records, from the offset last stored.
    pub records: Records,
    /// The store for the progress of the work.
    pub offsets: Box<dyn Offsets>,
    /// Cancelled when the partition is revoked: finish the begun records, then drop the assignment. The next owner
    /// starts after that, or after a bounded wait.
    pub revoked: CancellationToken,
    /// The proof that the partition is still this member's. A process that stood still can't know that by itself.
    pub lease: Arc<dyn Lease>,
    /// Tells the log, when dropped, that no record of this assignment is in work any more.
    pub released: DropGuard,
}

/// Stores the progress of a group in one partition.
pub trait Offsets: Send + Sync {
    /// Records that all records before `next` are done. It becomes durable later; after a crash some records come
    /// again.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the partition was taken away, or the offset can't be stored. The records from there on
    /// come again.
    fn store(&self, next: u64) -> Result<(), Error>;
}

/// The proof that a partition is this member's. A change that can't be undone needs it.
#[async_trait]
pub trait Lease: Send + Sync + 'static {
    /// Waits until the partition is proved to be this member's. Returns the time until which no other member can have
    /// it, unless this member hands it over; none: without end.
    ///
    /// # Errors
    /// [`Lost`] once the partition is not this member's any more.
    async fn hold(&self) -> Result<Option<Instant>, Lost>;
}

/// The partition is not this member's any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the partition is not this member's any more")]
pub struct Lost;

/// The lease on a log without other processes.
#[derive(Debug, Clone, Copy, Default)]
pub struct ForGood;

#[async_trait]
impl Lease for ForGood {
    async fn hold(&self) -> Result<Option<Instant>, Lost> {
        Ok(None)
    }
}

/// The consumer group of a stage of one source. Each source has its own, so that a slow one holds up no other.
pub fn group(stage: &str, source: &str) -> String {
    format!("usher.{stage}.{source}")
}

/// The source of a group that was named by [`group`].
pub fn source_of_group(group: &str) -> Option<&str> {
    Some(group.strip_prefix("usher.")?.split_once('.')?.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partition_of_a_key_never_changes() {
        // Fixed values: another result would send a user's next event to another partition than the last one.
        let of = |key| Partition::of(key, 12).0;
        assert_eq!([of("acme/id/JIRAUSER10100"), of("acme/id/JIRAUSER10101"), of("")], [11, 4, 5]);
    }

    #[test]
    fn the_source_of_a_group_is_the_one_it_was_named_after() {
        assert_eq!(source_of_group(&group("planner", "acme-2_x")), Some("acme-2_x"));
        assert_eq!((source_of_group("usher.planner"), source_of_group("another.planner.acme")), (None, None));
    }
}
