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
mod part;
mod reader;
mod retention;
mod tails;

use std::{
    collections::BTreeSet,
    ops::Range,
    path::Path,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use async_trait::async_trait;
use futures::{StreamExt, stream};
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;
use tracing::info;

pub use self::copy::{
    rebuild::Rebuild,
    snapshot::{RecordBatch, Snapshot},
};
pub use self::database::group_rows::GroupOffset;
use self::{
    commit::{
        append_queue::AppendQueue,
        committer::Committer,
        group_commit::GroupCommit,
        interval::Interval,
        queue::{Append, Request},
    },
    copy::snapshot::Pins,
    database::{disk_reserve::Reserve, recovery::Recovered, store::Store},
    groups::Groups,
    health::Health,
    part::{Part, Parts},
    retention::Retention,
    tails::Tails,
};
use super::{
    AppendTimes, Consumer, Error, Log, Partition, Position, RETENTION, Record, Records, Stored, Stream, source_of_group,
};
use crate::{
    clock::{Clock, SystemClock},
    domain::SourceId,
};

/// The longest record, key and payload together, in bytes: far more than a webhook can bring.
const MAX_RECORD: usize = 16 * 1024 * 1024;

/// A disk that has not answered after that long is taken for one that never will.
const STUCK_AFTER: Duration = Duration::from_secs(30);

/// How the embedded log is to behave, and what it is opened in.
#[derive(Clone)]
pub struct Options {
    /// Partitions of each stream, for a log that is made; one that exists keeps its own number.
    pub partitions: u16,
    /// How many appends may wait; further ones are [`Error::Overloaded`].
    pub queue: usize,
    /// With less free disk space than that, in bytes, appends are [`Error::Unavailable`].
    pub reserve_bytes: u64,
    /// How long records are kept at least. Older ones go within the hour, unless a group that has joined their stream once,
    /// or is one of `groups`, has not come that far. Of compacted streams the latest record of each key stays, and the
    /// others go some time later.
    pub retention: Duration,
    /// Groups that will join: what is there when the log is opened is kept for them too.
    pub groups: Vec<(Stream, String)>,
    /// Whose groups count there: what the others have not consumed is not kept for them. None: all.
    pub sources: Option<BTreeSet<SourceId>>,
    /// The time of day: when a record is appended, and how old it is.
    pub clock: Arc<dyn Clock>,
    /// The registry to which the log reports its state.
    pub health: crate::health::Health,
    /// The measure of appends.
    pub append_times: AppendTimes,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            partitions: 4,
            queue: 8192,
            reserve_bytes: 64 * 1024 * 1024,
            retention: RETENTION,
            groups: Vec::new(),
            sources: None,
            clock: Arc::new(SystemClock),
            health: crate::health::Health::default(),
            append_times: AppendTimes::default(),
        }
    }
}

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
    /// Opens the log in `dir`, or makes one where there never was one. Blocks while its files are read.
    ///
    /// # Errors
    /// [`Error::Unusable`] if the files are in use by another process, can't be read, or are not what was
    /// written to them; the text says what to do.
    pub fn open(dir: &Path, options: Options) -> Result<Self, Error> {
        let (store, found) = Recovered::open(dir, options.partitions)?;
        Self::start(dir, store, found, &options, Pins::default())
    }

    fn start(dir: &Path, store: Store, found: Recovered, options: &Options, pins: Pins) -> Result<Self, Error> {
        let Recovered { identity, partitions, bounds, groups } = found;
        if let Some(sources) = &options.sources {
            retire(&groups, sources);
        }
        for (stream, group) in &options.groups {
            groups.expect(group, &begins(*stream, partitions, |part| bounds[part].start));
        }
        let source = reader::Source { store: Arc::new(store), tails: Arc::new(Tails::new(partitions)) };
        let (requests, queue) = mpsc::sync_channel(options.queue.max(1));
        let stopped = CancellationToken::new();
        let bounds = bounds.map(|bounds| watch::Sender::new(bounds.clone()));
        let log = Self {
            partitions,
            identity: identity.clone(),
            source: source.clone(),
            groups: Arc::new(groups),
            health: Arc::default(),
            registry: options.health.clone(),
            bounds: bounds.map(watch::Sender::subscribe),
            append_queue: Arc::new(AppendQueue::new(requests, stopped.clone())),
            append_times: options.append_times.clone(),
        };
        let mut committer = Committer {
            store: source.store,
            tails: source.tails,
            groups: Arc::clone(&log.groups),
            health: Arc::clone(&log.health),
            process: options.health.clone(),
            clock: Arc::clone(&options.clock),
            bounds,
            reserve: Reserve::new(dir.to_owned(), options.reserve_bytes),
            retention: Retention::new(options.retention),
            identity,
            dir: dir.to_owned(),
            group_commit: GroupCommit::new(),
            offsets_due: Interval::every(commit::committer::OFFSETS_INTERVAL),
            high_watermark_due: Interval::every(commit::committer::HIGH_WATERMARK_INTERVAL),
            pins,
        };
        committer.look_at_disk();
        let stopped = stopped.drop_guard(); // also where the thread panics
        let ends_process = EndsProcess(options.health.clone());
        thread::Builder::new()
            .name("log-committer".into())
            .spawn(move || {
                let _in_order = (stopped, ends_process);
                committer.run(&queue);
            })
            .map_err(|error| {
                Error::Unavailable(format!("no thread to write the log: {}", crate::words::system(&error)))
            })?;
        Ok(log)
    }

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

/// Held by the thread that writes: if it panics, the process ends, as nothing can be written any more.
struct EndsProcess(crate::health::Health);

impl Drop for EndsProcess {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.end_process("log: its writer ended by a bug, please report it; usher ends, to be started again");
        }
    }
}

/// The parts of `stream` with the oldest offset that each holds.
fn begins(stream: Stream, partitions: u16, start: impl Fn(Part) -> u64) -> Vec<(Part, u64)> {
    Part::all_of(stream, partitions).map(|part| (part, start(part))).collect()
}

/// A source that was taken out of the configuration must not keep every record of all sources for ever.
fn retire(groups: &Groups, sources: &BTreeSet<SourceId>) {
    let is_there = |source: &str| sources.iter().any(|known| known.as_str() == source);
    let retired = groups.retire(|group| source_of_group(group).is_some_and(|source| !is_there(source)));
    let of: BTreeSet<_> = retired.iter().filter_map(|group| source_of_group(group)).collect();
    for source in of {
        info!(
            source.id = source,
            "the source is not configured any more; what it has left undone is kept as long as all else, and it goes on there \
             if it is configured again until then"
        );
    }
}

impl Drop for EmbeddedLog {
    fn drop(&mut self) {
        self.append_queue.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{UserId, UserKey, UserRef},
        health::Health,
    };

    fn record(payload: &'static str) -> Record {
        let key = UserKey::new(&"acme".parse().expect("an id"), &UserRef::Id(UserId::new("1")));
        Record { key, payload: payload.into() }
    }

    /// Sets something of the connection that writes.
    fn set(store: &Store, pragma: &str, value: i64) {
        store.write(|db| db.pragma_update(None, pragma, value)).expect("set");
    }

    #[tokio::test]
    async fn a_full_disk_refuses_what_has_no_room_and_the_log_goes_on_when_there_is_some() {
        let dir = tempfile::tempdir().expect("a folder");
        let options = Options { partitions: 1, health: Health::default(), ..Options::default() };
        let log = EmbeddedLog::open(dir.path(), options.clone()).expect("a log");
        log.append(Stream::Events, record("before")).await.expect("appended");
        set(&log.source.store, "max_page_count", 1); // SQLite takes what there is already
        let long = Record { payload: vec![7; 1024 * 1024].into(), ..record("") };
        let refused = log.append(Stream::Events, long.clone()).await.expect_err("there is no room");
        assert!(refused.to_string().contains("is full"), "{refused}");
        assert_eq!(log.bounds(Stream::Events, Partition(0)).await.expect("bounds"), 0..1);
        log.groups.store(Part::new(Stream::Events, Partition(0)), "g", 1).expect("stored");
        set(&log.source.store, "max_page_count", 1_000_000);
        assert_eq!(log.append(Stream::Events, long).await.expect("appended").offset, 1);
        log.close().await;
        let (store, found) = Recovered::open(dir.path(), 1).expect("a log");
        let part = Part::new(Stream::Events, Partition(0));
        assert_eq!((found.bounds[part].clone(), found.groups.next(part, "g")), (0..2, 1));
        drop(store);
    }

    #[tokio::test]
    async fn another_program_that_writes_to_the_database_refuses_appends_as_long_as_it_does() {
        let dir = tempfile::tempdir().expect("a folder");
        let options = Options { partitions: 1, health: Health::default(), ..Options::default() };
        let log = EmbeddedLog::open(dir.path(), options).expect("a log");
        set(&log.source.store, "busy_timeout", 1);
        let other = rusqlite::Connection::open(dir.path().join(database::store::FILE)).expect("another connection");
        other.execute_batch("BEGIN IMMEDIATE").expect("begun");
        let refused = log.append(Stream::Events, record("meanwhile")).await.expect_err("it is in use");
        assert!(refused.to_string().contains("another program"), "{refused}");
        other.execute_batch("ROLLBACK").expect("ended");
        assert_eq!(log.append(Stream::Events, record("after")).await.expect("appended").offset, 0);
        log.close().await;
    }

    #[tokio::test]
    async fn after_a_failed_write_nothing_is_acknowledged_or_visible_until_the_log_is_reopened() {
        let dir = tempfile::tempdir().expect("a folder");
        let options = Options { partitions: 1, health: Health::default(), ..Options::default() };
        let log = EmbeddedLog::open(dir.path(), options.clone()).expect("a log");
        log.append(Stream::Events, record("durable")).await.expect("appended");
        log.close().await;

        let (store, found) = Recovered::open(dir.path(), 1).expect("a log");
        set(&store, "query_only", 1);
        let log = EmbeddedLog::start(dir.path(), store, found, &options, Pins::default());
        let log = log.expect("a log");
        for payload in ["lost", "refused"] {
            let answer = log.append(Stream::Events, record(payload)).await;
            assert!(matches!(&answer, Err(Error::Unavailable(why)) if why.contains("restarted")), "{answer:?}");
            assert!(log.ready().await.is_err());
            assert_eq!(log.bounds(Stream::Events, Partition(0)).await.expect("bounds"), 0..1);
        }
        log.close().await;
        let why = options.health.process_must_end().await;
        assert!(why.starts_with("log: writing failed"), "{why}");

        let log = EmbeddedLog::open(dir.path(), options).expect("a log");
        let bounds = log.bounds(Stream::Events, Partition(0)).await.expect("bounds");
        assert!(bounds == (0..1) || bounds == (0..2), "the first may be there, the second not: {bounds:?}");
        assert_eq!(log.append(Stream::Events, record("next")).await.expect("appended").offset, bounds.end);
        log.close().await;
    }

    #[tokio::test]
    async fn no_old_record_is_removed_while_a_snapshot_is_in_use() {
        let dir = tempfile::tempdir().expect("a folder");
        let options = Options { partitions: 1, retention: Duration::ZERO, ..Options::default() };
        let pins = Pins::default();
        let pinned = [pins.pin(), pins.pin()];
        let (store, found) = Recovered::open(dir.path(), 1).expect("a log");
        let log = EmbeddedLog::start(dir.path(), store, found, &options, pins).expect("a log");
        let start = async || log.bounds(Stream::Events, Partition(0)).await.expect("bounds").start;
        for pin in pinned {
            for _ in 0..20 {
                log.append(Stream::Events, record("old at once")).await.expect("appended");
                assert_eq!(start().await, 0);
            }
            drop(pin);
        }
        let give_up = std::time::Instant::now() + Duration::from_secs(60);
        while start().await == 0 {
            assert!(std::time::Instant::now() < give_up, "old records stay for ever");
            log.append(Stream::Events, record("has it look")).await.expect("appended");
        }
        log.close().await;
    }

    /// A log with old records, and how far the records of two streams reach that are there when old ones have been removed
    /// from the second one. Before that a page with `needle` in it has lost its beginning.
    async fn removed_beside_damage(dir: &Path, events: &[Vec<u8>], needle: &[u8]) -> (EmbeddedLog, [Range<u64>; 2]) {
        let options =
            Options { partitions: 1, retention: Duration::ZERO, health: Health::default(), ..Options::default() };
        let log = EmbeddedLog::open(dir, Options { retention: RETENTION, ..options.clone() }).expect("a log");
        for payload in events {
            let payload = payload.clone().into();
            log.append(Stream::Events, Record { payload, ..record("") }).await.expect("appended");
        }
        for _ in 0..3 {
            log.append(Stream::DeadLetters, record("old")).await.expect("appended");
        }
        log.close().await;
        let file = dir.join(database::store::FILE);
        let mut database = std::fs::read(&file).expect("the database");
        let at = database.windows(needle.len()).position(|bytes| bytes == needle).expect("it is there");
        let page = at / 4096 * 4096;
        database[page..page + 4].fill(0xFF);
        std::fs::write(&file, database).expect("written");

        let log = EmbeddedLog::open(dir, options).expect("a log");
        let give_up = std::time::Instant::now() + Duration::from_secs(60);
        let bounds = async |stream| log.bounds(stream, Partition(0)).await.expect("bounds");
        while bounds(Stream::DeadLetters).await.start == 0 {
            assert!(std::time::Instant::now() < give_up, "old records stay for ever");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let bounds = [bounds(Stream::Events).await, bounds(Stream::DeadLetters).await];
        (log, bounds)
    }

    #[tokio::test]
    async fn where_old_records_can_not_be_removed_those_beside_them_are_and_the_log_works_on() {
        let mut long = vec![7; 40_000];
        long[20_000..20_006].copy_from_slice(b"needle"); // a row that goes on on other pages is followed only when it goes
        let dir = tempfile::tempdir().expect("a folder");
        let (log, bounds) = removed_beside_damage(dir.path(), &[long, vec![7], vec![7]], b"needle").await;
        assert_eq!(bounds, [0..3, 2..3]);
        assert_eq!(log.append(Stream::Events, record("next")).await.expect("appended").offset, 3);
        log.ready().await.expect("ready");
        log.close().await;
    }

    #[tokio::test]
    async fn where_old_records_can_not_be_read_those_beside_them_are_removed() {
        let mut events = vec![vec![7; 1_000]; 60];
        events[30][500..506].copy_from_slice(b"needle");
        let dir = tempfile::tempdir().expect("a folder");
        let (log, bounds) = removed_beside_damage(dir.path(), &events, b"needle").await;
        assert_eq!(bounds, [0..60, 2..3]);
        log.ready().await.expect("ready");
        log.close().await;
    }
}
