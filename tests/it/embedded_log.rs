//! The embedded log: what every log promises, and what only a log on a disk can get wrong.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, OpenOptions},
    os::unix::fs::FileExt,
    path::Path,
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, future};
use rusqlite::Connection;
use tempfile::TempDir;
use usher::log::{
    Error, Log, Partition, RETENTION, Record, Stream,
    embedded::{EmbeddedLog, Options},
};

use crate::{
    log_suite::{Fixture, Member, all, all_kept, by_place, key, log_suite, record, within},
    support::damage::{DATABASE, damage},
};

/// A log in a temporary folder.
struct EmbeddedFixture(TempDir);

#[async_trait]
impl Fixture for EmbeddedFixture {
    async fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    async fn open(&self) -> Arc<dyn Log> {
        let options = Options { queue: 20_000, ..Options::default() };
        Arc::new(self.open_with(options).expect("a log"))
    }

    async fn open_later(&self) -> Arc<dyn Log> {
        Arc::new(self.open_with(Options { retention: Duration::ZERO, ..Options::default() }).expect("a log"))
    }
}

impl EmbeddedFixture {
    fn open_with(&self, options: Options) -> Result<EmbeddedLog, Error> {
        EmbeddedLog::open(self.0.path(), options)
    }

    /// A closed log with `count` records of a kilobyte in it.
    async fn with_records(count: usize) -> Self {
        let fixture = Self::new().await;
        let log = fixture.open().await;
        let appends = (0..count).map(|user| log.append(Stream::Events, record(user, "x".repeat(1024))));
        future::try_join_all(appends).await.expect("appended");
        log.close().await;
        fixture
    }

    /// What is said when the log can't be opened.
    fn refusal(&self) -> String {
        unusable(self.open_with(Options::default()))
    }
}

fn unusable(opened: Result<EmbeddedLog, Error>) -> String {
    let error = opened.err().expect("it does not open");
    assert!(matches!(error, Error::Unusable(_)), "{error}");
    error.to_string()
}

log_suite!(embedded, EmbeddedFixture);

#[tokio::test]
async fn more_appends_than_may_wait_are_told_so_and_not_written() {
    let fixture = EmbeddedFixture::new().await;
    let log = fixture.open_with(Options { queue: 4, ..Options::default() }).expect("a log");
    let appends = (0..2_000).map(|user| log.append(Stream::Events, record(user, "x")));
    let answers = within(future::join_all(appends)).await;
    let acknowledged = answers.iter().filter(|answer| answer.is_ok()).count();
    assert!(answers.iter().all(|answer| matches!(answer, Ok(_) | Err(Error::Overloaded))));
    assert!((4..2_000).contains(&acknowledged), "{acknowledged}");
    assert_eq!(all(&log, Stream::Events).await.len(), acknowledged);
    log.close().await;
}

#[tokio::test]
async fn a_disk_with_too_little_room_refuses_appends_but_not_reads() {
    let fixture = EmbeddedFixture::with_records(3).await;
    let log = fixture.open_with(Options { reserve_bytes: u64::MAX, ..Options::default() }).expect("a log");
    for answer in [log.ready().await, log.append(Stream::Events, record(1, "x")).await.map(|_| ())] {
        let error = answer.expect_err("there is no room");
        assert!(matches!(error, Error::Unavailable(_)));
        let why = error.to_string();
        assert!(why.contains("disk") && why.contains("full"), "{why}");
    }
    assert_eq!(all(&log, Stream::Events).await.len(), 3);
    log.close().await;
}

#[tokio::test]
async fn a_folder_that_is_moved_away_refuses_appends_until_it_is_back_and_what_is_there_is_read() {
    let fixture = EmbeddedFixture::new().await;
    let (dir, elsewhere) = (fixture.0.path().join("log"), fixture.0.path().join("elsewhere"));
    let log = EmbeddedLog::open(&dir, Options::default()).expect("a log");
    log.append(Stream::Events, record(1, "before")).await.expect("appended");
    fs::rename(&dir, &elsewhere).expect("moved");
    within(async {
        while log.ready().await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let refused = log.append(Stream::Events, record(1, "meanwhile")).await;
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    assert_eq!(all(&log, Stream::Events).await.len(), 1);
    fs::rename(&elsewhere, &dir).expect("back");
    within(async {
        while log.ready().await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    log.append(Stream::Events, record(1, "after")).await.expect("appended");
    assert_eq!(all(&log, Stream::Events).await.len(), 2);
    log.close().await;
}

#[tokio::test]
async fn a_log_that_is_in_use_is_not_opened_again() {
    let fixture = EmbeddedFixture::new().await;
    let log = fixture.open().await;
    let why = fixture.refusal();
    assert!(why.contains("in use"), "{why}");
    within(log.append(Stream::Events, record(1, "x"))).await.expect("the first one works on");
    log.close().await;
    fixture.open().await.close().await;
}

#[tokio::test]
async fn a_folder_that_is_none_is_named_with_what_to_do() {
    let fixture = EmbeddedFixture::new().await;
    let path = fixture.0.path().join("file");
    fs::write(&path, "x").expect("written");
    let why = unusable(EmbeddedLog::open(&path, Options::default()));
    assert!(why.contains("file") && why.contains("check"), "{why}");
}

#[tokio::test]
async fn a_database_cut_short_is_not_opened_and_not_started_anew() {
    for lost in [1_024, 600 * 1024, 2 * 1024 * 1024, u64::MAX] {
        let fixture = EmbeddedFixture::with_records(4_000).await;
        let file = OpenOptions::new().write(true).open(fixture.0.path().join(DATABASE)).expect("the database");
        let length = file.metadata().expect("metadata").len();
        assert!(length > 2 * 1024 * 1024);
        file.set_len(length.saturating_sub(lost)).expect("cut");
        for _ in 0..2 {
            let why = fixture.refusal();
            assert!(why.contains("damaged") && why.contains("backup"), "{lost}: {why}");
        }
    }
}

#[tokio::test]
async fn a_database_with_a_hole_never_passes_for_a_whole_one() {
    let whole = EmbeddedFixture::with_records(3_000).await;
    let length = fs::metadata(whole.0.path().join(DATABASE)).expect("metadata").len();
    for hole in (0..8).map(|eighth| length / 8 * eighth + 777) {
        let fixture = EmbeddedFixture::new().await;
        copy_files(whole.0.path(), fixture.0.path());
        let db = OpenOptions::new().write(true).open(fixture.0.path().join(DATABASE)).expect("the database");
        db.write_all_at(&[0xAB; 4096], hole).expect("overwritten");
        let log = match fixture.open_with(Options::default()) {
            Ok(log) => log,
            Err(error) => {
                assert!(matches!(error, Error::Unusable(_)), "{hole}: {error}");
                continue;
            }
        };
        // What can be opened either gives all that was acknowledged or says that it can't.
        for number in 0..log.partitions() {
            let bounds = log.bounds(Stream::Events, Partition(number)).await.expect("bounds");
            let mut records = log.read(Stream::Events, vec![(Partition(number), 0)]).await.expect("records");
            for offset in bounds {
                match within(records.next()).await.expect("a record or an error") {
                    Ok(stored) => assert_eq!(stored.position.offset, offset),
                    Err(error) => {
                        assert!(matches!(error, Error::Unusable(_)), "{hole}: {error}");
                        break;
                    }
                }
            }
        }
        log.close().await;
    }
}

#[tokio::test]
async fn an_unreadable_record_is_told_again_and_again_and_all_before_it_and_beside_it_is_read() {
    let fixture = EmbeddedFixture::new().await;
    let log = fixture.open().await;
    let mut ends = BTreeMap::new();
    for user in 0..40 {
        let position = log.append(Stream::Events, record(user, "x")).await.expect("appended");
        ends.insert(position.partition, position.offset + 1);
    }
    log.close().await;
    damage(fixture.0.path(), Stream::Events, Partition(1), 3);

    // Also when it is opened again: a start does not accept the damage.
    for _ in 0..2 {
        let log = fixture.open().await;
        let from = ends.keys().map(|partition| (*partition, 0)).collect();
        let mut records = log.read(Stream::Events, from).await.expect("records");
        let (mut read, mut errors) = (BTreeMap::<_, u64>::new(), Vec::new());
        while errors.len() < 3 {
            match within(records.next()).await.expect("it does not end") {
                Ok(stored) => *read.entry(stored.position.partition).or_default() += 1,
                Err(error) => errors.push(error.to_string()),
            }
        }
        let there = ends.iter().map(|(partition, end)| (*partition, if partition.0 == 1 { 3 } else { *end }));
        assert_eq!(read, there.collect());
        assert!(errors.iter().all(|error| error.contains("partition 1 of events")), "{errors:?}");
        log.close().await;
    }
}

/// What a crash would leave of a log in which `count` records have been appended one after the other.
async fn crashed_after(count: usize) -> EmbeddedFixture {
    let (running, crashed) = (EmbeddedFixture::new().await, EmbeddedFixture::new().await);
    let log = running.open().await;
    for user in 0..count {
        log.append(Stream::Events, record(user, "x")).await.expect("appended");
    }
    copy_files(running.0.path(), crashed.0.path());
    log.close().await;
    crashed
}

#[tokio::test]
async fn a_commit_that_was_not_finished_is_no_damage_and_all_before_it_is_there() {
    for torn in [b"torn".to_vec(), vec![0; 5_000], vec![0xAB; 9_000]] {
        let fixture = crashed_after(20).await;
        let wal = fixture.0.path().join(format!("{DATABASE}-wal"));
        let mut bytes = fs::read(&wal).expect("the WAL file");
        bytes.extend(torn);
        fs::write(&wal, bytes).expect("written");
        let log = fixture.open().await;
        assert_eq!(all(&*log, Stream::Events).await.len(), 20);
        log.append(Stream::Events, record(1, "next")).await.expect("appended");
        let log = fixture.reopen(log).await;
        assert_eq!(all(&*log, Stream::Events).await.len(), 21);
        log.close().await;
    }
}

#[tokio::test]
async fn what_a_crash_left_in_the_wal_file_is_in_the_database_before_anybody_reads_it() {
    let fixture = crashed_after(20).await;
    let length = |name: &str| fs::metadata(fixture.0.path().join(name)).expect("a file").len();
    let wal = format!("{DATABASE}-wal");
    assert!(length(&wal) > 0 && length(DATABASE) == 4096, "the records are in the WAL file alone");
    let log = fixture.open().await;
    assert_eq!((length(&wal), length(DATABASE) > 4096), (0, true));
    assert_eq!(all(&*log, Stream::Events).await.len(), 20);
    log.close().await;
}

#[tokio::test]
async fn a_log_on_sled_is_refused_with_what_to_do_and_left_as_it_is() {
    let fixture = EmbeddedFixture::new().await;
    fs::write(fixture.0.path().join("db"), "of sled").expect("written");
    let why = fixture.refusal();
    assert!(why.contains("earlier usher") && why.contains("restore"), "{why}");
    assert_eq!(fs::read(fixture.0.path().join("db")).expect("there"), b"of sled");
    assert!(!fixture.0.path().join(DATABASE).exists());
}

#[tokio::test]
async fn a_database_that_is_gone_is_not_started_anew() {
    let fixture = EmbeddedFixture::with_records(10).await;
    for entry in fs::read_dir(fixture.0.path()).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() && !path.ends_with("acknowledged") {
            fs::remove_file(path).expect("removed");
        }
    }
    for _ in 0..2 {
        assert!(fixture.refusal().contains("damaged"));
    }
}

#[tokio::test]
async fn a_database_that_is_gone_leaves_its_wal_file_as_it_is() {
    for is_removed in [true, false] {
        let fixture = crashed_after(20).await;
        let (database, aside) = (fixture.0.path().join(DATABASE), fixture.0.path().join("aside"));
        fs::rename(&database, &aside).expect("moved");
        if !is_removed {
            fs::write(&database, "").expect("emptied");
        }
        fs::remove_file(fixture.0.path().join("acknowledged")).expect("removed");
        for _ in 0..2 {
            let why = fixture.refusal();
            assert!(why.contains("damaged") && why.contains("backup"), "{why}");
        }
        fs::rename(&aside, &database).expect("back");
        let log = fixture.open().await;
        assert_eq!(all(&*log, Stream::Events).await.len(), 20);
        log.close().await;
    }
}

#[tokio::test]
async fn a_log_made_before_there_were_some_of_the_streams_is_opened_and_has_them() {
    let fixture = EmbeddedFixture::with_records(10).await;
    // An earlier usher knew four streams, and its witness tells of no more.
    let path = fixture.0.path().join("acknowledged");
    let mut witness: serde_json::Value = serde_json::from_slice(&fs::read(&path).expect("text")).expect("JSON");
    witness["ends"].as_object_mut().expect("an object").retain(|code, _| ["1", "2", "3", "4"].contains(&code.as_str()));
    fs::write(&path, witness.to_string()).expect("written");
    let db = Connection::open(fixture.0.path().join(DATABASE)).expect("nobody has it open");
    for (stream, partition) in Stream::ALL[4..].iter().flat_map(|stream| (0..4).map(move |number| (stream, number))) {
        db.execute_batch(&format!("DROP TABLE \"{stream}-{partition}\"")).expect("dropped");
    }
    drop(db);

    let log = fixture.open().await;
    assert_eq!(all(&*log, Stream::Events).await.len(), 10);
    for stream in [Stream::Sweeps, Stream::SweepProgress, Stream::Settings, Stream::Activity] {
        assert_eq!(log.append(stream, record(1, "first")).await.expect("appended").offset, 0);
    }
    let log = fixture.reopen(log).await;
    for stream in [Stream::Sweeps, Stream::SweepProgress, Stream::Settings, Stream::Activity] {
        assert_eq!(all(&*log, stream).await.len(), 1);
    }
    log.close().await;
}

#[tokio::test]
async fn a_log_keeps_the_number_of_partitions_it_was_made_with() {
    let fixture = EmbeddedFixture::new().await;
    for partitions in [3, 5] {
        let log = fixture.open_with(Options { partitions, ..Options::default() }).expect("a log");
        assert_eq!(log.partitions(), 3);
        log.append(Stream::Events, record(1, "x")).await.expect("appended");
        log.close().await;
    }
}

#[tokio::test]
async fn a_record_of_megabytes_is_written_and_one_too_long_refused() {
    let fixture = EmbeddedFixture::new().await;
    let log = fixture.open().await;
    let append = |length| log.append(Stream::Events, Record { key: key(1), payload: Bytes::from(vec![7; length]) });
    let answers = within(future::join_all([1 << 20, 17 << 20, 1 << 23, 10].map(append))).await;
    assert!(matches!(answers[1], Err(Error::Unavailable(_))));
    let log = fixture.reopen(log).await;
    let lengths: Vec<_> = all(&*log, Stream::Events).await.iter().map(|stored| stored.payload.len()).collect();
    assert_eq!(lengths, [1 << 20, 1 << 23, 10]);
    log.close().await;
}

#[tokio::test]
async fn closing_saves_the_offsets_of_members_that_have_not_left() {
    let fixture = EmbeddedFixture::with_records(10).await;
    let log = fixture.open().await;
    let mut member = Member::join(&*log, Stream::Events, "g").await;
    let taken = member.take(7).await;
    member.store(&taken);
    log.close().await;
    drop(member);
    let log = fixture.open().await;
    let mut member = Member::join(&*log, Stream::Events, "g").await;
    assert_eq!(by_place(member.take(3).await.iter().chain(&taken)).len(), 10);
    member.leave().await;
    log.close().await;
}

#[tokio::test]
async fn stored_offsets_are_soon_on_disk() {
    let fixture = EmbeddedFixture::with_records(10).await;
    let log = fixture.open().await;
    let mut member = Member::join(&*log, Stream::Events, "g").await;
    let taken = member.take(7).await;
    let wal = fixture.0.path().join(format!("{DATABASE}-wal"));
    let written = || fs::metadata(&wal).and_then(|file| file.modified()).expect("metadata");
    let before = written();
    member.store(&taken);
    within(async {
        // Begun, and not still going on: it takes more than one write.
        let mut last = before;
        while last == before || written() != last {
            last = written();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;

    // What a crash would leave now.
    let crashed = EmbeddedFixture::new().await;
    copy_files(fixture.0.path(), crashed.0.path());
    let copy = crashed.open().await;
    let mut next = Member::join(&*copy, Stream::Events, "g").await;
    assert_eq!(by_place(next.take(3).await.iter().chain(&taken)).len(), 10);
    copy.close().await;
    log.close().await;
}

fn copy_files(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            fs::copy(&path, to.join(path.file_name().expect("a name"))).expect("copied");
        }
    }
}

#[tokio::test]
async fn old_records_go_unless_a_group_has_yet_to_consume_them() {
    let old = Options { retention: Duration::ZERO, ..Options::default() };
    let fixture = EmbeddedFixture::new().await;
    let log = fixture.open().await;
    let mut partition = Partition(0);
    for number in 0..10 {
        partition = log.append(Stream::Events, record(1, number.to_string())).await.expect("appended").partition;
    }
    for (group, consumed) in [("slow", 4), ("fast", 9)] {
        let mut member = Member::join(&*log, Stream::Events, group).await;
        let taken = member.take(consumed).await;
        member.store(&taken);
        member.leave().await;
    }
    log.close().await;

    // What the slow group needs stays; what it has stays readable.
    let log: Arc<dyn Log> = Arc::new(fixture.open_with(old.clone()).expect("a log"));
    within(start_becomes(&*log, partition, 4)).await;
    let mut member = Member::join(&*log, Stream::Events, "slow").await;
    assert_eq!(member.take(6).await[0].payload, "4");
    let from_the_start = all(&*log, Stream::Events).await;
    assert_eq!(from_the_start[0].position.offset, 4);
    let last = log.append(Stream::Events, record(1, "10")).await.expect("appended");
    assert_eq!(last.offset, 10);
    for group in ["slow", "fast"] {
        let mut other = Member::join(&*log, Stream::Events, group).await;
        let rest = other.take(if group == "slow" { 7 } else { 2 }).await;
        other.store(&rest);
        other.leave().await;
    }
    member.leave().await;
    log.close().await;

    // The newest stays, so that offsets go on from there.
    let log = fixture.open_with(old).expect("a log");
    within(start_becomes(&log, partition, 10)).await;
    assert_eq!(log.append(Stream::Events, record(1, "11")).await.expect("appended").offset, 11);
    log.close().await;
}

/// Ten records of one user in a stream that planners consume, of which one group has consumed all, and ten in another one that
/// nobody consumes. Gives the partition.
async fn with_ten_events_and_ten_outcomes() -> (EmbeddedFixture, Partition) {
    let fixture = EmbeddedFixture::new().await;
    let log = fixture.open().await;
    let mut partition = Partition(0);
    for number in 0..10 {
        partition = log.append(Stream::Events, record(1, number.to_string())).await.expect("appended").partition;
        log.append(Stream::Outcomes, record(1, number.to_string())).await.expect("appended");
    }
    let mut member = Member::join(&*log, Stream::Events, "usher.planner.acme").await;
    let taken = member.take(10).await;
    member.store(&taken);
    member.leave().await;
    log.close().await;
    (fixture, partition)
}

/// Opens the log so that everything is old, and waits until what nobody needs is gone. Gives what is left of the events.
async fn events_left(fixture: &EmbeddedFixture, partition: Partition, options: Options) -> usize {
    let log = fixture.open().await;
    let newest = log.append(Stream::Outcomes, record(1, "newest")).await.expect("appended").offset;
    log.close().await;
    let log = fixture.open_with(Options { retention: Duration::ZERO, ..options }).expect("a log");
    // Events are looked at before outcomes.
    within(async {
        while log.bounds(Stream::Outcomes, partition).await.expect("bounds").start < newest {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let left = all(&log, Stream::Events).await.len();
    log.close().await;
    left
}

#[tokio::test]
async fn what_is_old_is_kept_for_a_group_that_has_joined_and_stored_nothing() {
    let (fixture, partition) = with_ten_events_and_ten_outcomes().await;
    let log = fixture.open().await;
    let mut member = Member::join(&*log, Stream::Events, "usher.planner.paused").await;
    member.take(10).await;
    member.leave().await;
    log.close().await;
    assert_eq!(events_left(&fixture, partition, Options::default()).await, 10);
}

#[tokio::test]
async fn what_is_old_is_kept_for_a_group_that_is_to_join_and_from_then_on() {
    let (fixture, partition) = with_ten_events_and_ten_outcomes().await;
    let groups = vec![(Stream::Events, "usher.planner.new".to_owned())];
    assert_eq!(events_left(&fixture, partition, Options { groups, ..Options::default() }).await, 10);
    assert_eq!(events_left(&fixture, partition, Options::default()).await, 10);
    // Unless its source is not configured any more.
    let sources = Some(["acme".parse().expect("an id")].into());
    assert_eq!(events_left(&fixture, partition, Options { sources, ..Options::default() }).await, 1);
    // One that joins then begins with what is left.
    let log = fixture.open().await;
    let mut member = Member::join(&*log, Stream::Events, "usher.planner.new").await;
    assert_eq!(member.take(1).await[0].position.offset, 9);
    member.leave().await;
    log.close().await;
}

#[tokio::test]
async fn a_group_of_a_compacted_stream_that_stores_nothing_keeps_nothing() {
    let fixture = EmbeddedFixture::new().await;
    let log = fixture.open().await;
    let mut partition = Partition(0);
    for number in 0..10 {
        partition = log.append(Stream::Feeds, record(1, number.to_string())).await.expect("appended").partition;
    }
    let mut member = Member::join(&*log, Stream::Feeds, "usher.feed.acme").await;
    member.take(10).await;
    member.leave().await;
    log.close().await;
    let log = fixture.open_later().await;
    within(async {
        while log.bounds(Stream::Feeds, partition).await.expect("bounds").start < 9 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    log.close().await;
}

/// Opens the log so that everything is old, and waits until what nobody needs is gone. Gives what is left of the outcomes.
async fn outcomes_left(fixture: &EmbeddedFixture, partition: Partition) -> usize {
    let log = fixture.open().await;
    let newest = log.append(Stream::DeadLetters, record(1, "newest")).await.expect("appended").offset;
    log.close().await;
    let log = fixture.open_with(Options { retention: Duration::ZERO, ..Options::default() }).expect("a log");
    // Outcomes are looked at before dead letters.
    within(async {
        while log.bounds(Stream::DeadLetters, partition).await.expect("bounds").start < newest {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let left = all(&log, Stream::Outcomes).await.len();
    log.close().await;
    left
}

#[tokio::test]
async fn outcomes_are_kept_as_long_as_decisions_before_them_are_not_consumed() {
    let fixture = EmbeddedFixture::new().await;
    let log = fixture.open().await;
    let mut partition = Partition(0);
    for number in 0..10 {
        for stream in [Stream::Decisions, Stream::Outcomes, Stream::DeadLetters] {
            partition = log.append(stream, record(1, number.to_string())).await.expect("appended").partition;
        }
    }
    let mut member = Member::join(&*log, Stream::Decisions, "usher.executor.acme").await;
    let taken = member.take(10).await;
    member.store(&taken[..9]);
    member.leave().await;
    log.close().await;
    assert_eq!(outcomes_left(&fixture, partition).await, 10, "what is behind the ninth may be done already");
    let log = fixture.open().await;
    let mut member = Member::join(&*log, Stream::Decisions, "usher.executor.acme").await;
    let rest = member.take(1).await;
    member.store(&rest);
    member.leave().await;
    log.close().await;
    assert_eq!(outcomes_left(&fixture, partition).await, 1);
}

/// Ten records of which the planner of `gone` has done four and that of `acme` all.
async fn with_a_source_left_behind() -> (EmbeddedFixture, Partition) {
    let fixture = EmbeddedFixture::new().await;
    let log = fixture.open().await;
    let mut partition = Partition(0);
    for number in 0..10 {
        partition = log.append(Stream::Events, record(1, number.to_string())).await.expect("appended").partition;
    }
    for (group, consumed) in [("usher.planner.gone", 4), ("usher.planner.acme", 10)] {
        let mut member = Member::join(&*log, Stream::Events, group).await;
        let taken = member.take(consumed).await;
        member.store(&taken);
        member.leave().await;
    }
    log.close().await;
    (fixture, partition)
}

/// With nothing but `acme` configured.
fn without_the_source(retention: Duration) -> Options {
    let sources = Some(["acme".parse().expect("an id")].into());
    Options { retention, sources, ..Options::default() }
}

#[tokio::test]
async fn a_source_that_is_not_configured_any_more_holds_back_nothing() {
    let (fixture, partition) = with_a_source_left_behind().await;
    let log = fixture.open_with(without_the_source(Duration::ZERO)).expect("a log");
    within(start_becomes(&log, partition, 9)).await; // the newest stays
    log.close().await;
}

#[tokio::test]
async fn a_source_that_is_configured_again_goes_on_where_it_was_with_what_is_left() {
    let (fixture, partition) = with_a_source_left_behind().await;
    let log = fixture.open_with(without_the_source(RETENTION)).expect("a log");
    assert_eq!(log.bounds(Stream::Events, partition).await.expect("bounds").start, 0, "it is not old");
    log.close().await;
    let log = fixture.open().await;
    let mut member = Member::join(&*log, Stream::Events, "usher.planner.gone").await;
    let payloads: Vec<_> = member.take(6).await.iter().map(|record| record.payload.clone()).collect();
    assert_eq!(payloads, ["4", "5", "6", "7", "8", "9"], "nothing twice");
    member.leave().await;
    log.close().await;
}

#[tokio::test]
async fn what_is_old_is_kept_for_a_source_again_as_soon_as_it_is_configured() {
    let (fixture, partition) = with_a_source_left_behind().await;
    let both = Some(["acme", "gone"].map(|id| id.parse().expect("an id")).into());
    let options = Options { sources: both, ..without_the_source(Duration::ZERO) };
    let log = fixture.open_with(options).expect("a log");
    within(start_becomes(&log, partition, 4)).await;
    log.close().await;
}

async fn start_becomes(log: &dyn Log, partition: Partition, start: u64) {
    loop {
        let bounds = log.bounds(Stream::Events, partition).await.expect("bounds");
        assert!(bounds.start <= start, "{bounds:?}");
        if bounds.start == start {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn lag_is_what_the_groups_at_work_have_not_stored() {
    let fixture = EmbeddedFixture::with_records(10).await;
    let log = fixture.open().await;
    assert_eq!(log.lag(Stream::Events), None, "nobody is at work");
    let mut member = Member::join(&*log, Stream::Events, "usher.planner.acme").await;
    assert_eq!(log.lag(Stream::Events), Some(10));
    let taken = member.take(10).await;
    member.store(&taken);
    assert_eq!((log.lag(Stream::Events), log.lag(Stream::Decisions)), (Some(0), None));
    member.leave().await;
    log.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn compaction_in_many_steps_among_appends_keeps_what_a_model_of_it_keeps() {
    use rand::{RngExt, SeedableRng, rngs::StdRng};

    let seed = rand::random();
    eprintln!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let fixture = EmbeddedFixture::new().await;
    let mut model = BTreeMap::new();
    let mut log: Arc<dyn Log> = fixture.open().await;
    for round in 0..4 {
        // One after the other, so that there are more records than a step takes.
        for number in 0..700 {
            let user = random.random_range(0..300);
            let payload = match random.random_range(0..10) {
                0 => Bytes::new(),
                1 => Bytes::from(vec![7; random.random_range(1..30_000)]),
                _ => Bytes::from(format!("{round}:{number}")),
            };
            let record = Record { key: key(user), payload: payload.clone() };
            log.append(Stream::Activity, record).await.expect("appended");
            model.insert(key(user).as_str().to_owned(), payload);
        }
        let kept = all_kept(&*log, Stream::Activity).await;
        let found: BTreeMap<_, _> = kept.into_iter().map(|stored| (stored.key, stored.payload)).collect();
        let there = |records: &BTreeMap<String, Bytes>| {
            let some = records.iter().filter(|(_, payload)| !payload.is_empty());
            some.map(|(key, payload)| (key.clone(), payload.clone())).collect::<BTreeMap<_, _>>()
        };
        assert!(there(&found) == there(&model), "seed {seed}, round {round}: they differ");
        log.close().await;
        log = fixture.open_later().await;
    }
    // And it does forget: one record of each key is left at most.
    within(async {
        loop {
            let kept = all_kept(&*log, Stream::Activity).await;
            let keys: BTreeSet<_> = kept.iter().map(|stored| &stored.key).collect();
            if keys.len() == kept.len() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    log.close().await;
}
