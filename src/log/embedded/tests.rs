use std::{path::Path, time::Duration};

use super::{
    copy::snapshot::Pins,
    database::{recovery::Recovered, store::Store},
    *,
};
use crate::{
    domain::{UserId, UserKey, UserRef},
    health::Health,
    log::RETENTION,
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
    let options = Options { partitions: 1, retention: Duration::ZERO, health: Health::default(), ..Options::default() };
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
