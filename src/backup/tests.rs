//! A log saved and restored, and archives that are no such thing.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use proptest::prelude::*;

use super::*;
use crate::{
    domain::{Timestamp, UserId, UserKey, UserRef},
    log::{
        Log, Partition, Record, Stored, Stream,
        embedded::{EmbeddedLog, GroupOffset, Options, Snapshot},
    },
    secret::Secret,
};

const MADE: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn record(user: usize, payload: Vec<u8>) -> Record {
    let key = UserKey::new(&"acme".parse().expect("an id"), &UserRef::Id(UserId::new(user.to_string())));
    Record { key, payload: payload.into() }
}

/// A log with something in several streams; one record is long.
async fn a_log(dir: &Path) -> EmbeddedLog {
    let log = EmbeddedLog::open(dir, Options { partitions: 3, ..Options::default() }).expect("a log");
    for (stream, count) in [(Stream::Events, 300), (Stream::Decisions, 200), (Stream::Settings, 2)] {
        let appends = (0..count).map(|user| log.append(stream, record(user, format!("{stream} {user}").into())));
        futures::future::try_join_all(appends).await.expect("appended");
    }
    log.append(Stream::Outcomes, record(1, vec![7; 100_000])).await.expect("appended");
    log
}

fn saved(snapshot: &Snapshot) -> Vec<u8> {
    let mut archive = Vec::new();
    let about = About { made: MADE, admin_token: Some(Secret::new("the-token")) };
    let summary = save(snapshot, &about, &mut archive).expect("saved");
    assert_eq!((summary.records, summary.bytes), (503, archive.len() as u64));
    assert_eq!(verify(&archive[..]).expect("whole"), summary);
    archive
}

/// All that a log holds, and how far its groups are.
fn contents(snapshot: &Snapshot) -> (Vec<(Stream, Stored)>, Vec<GroupOffset>) {
    let parts: Vec<_> = snapshot.bounds().collect();
    let mut records = Vec::new();
    for (stream, partition, bounds) in parts {
        let of_part: Vec<_> =
            snapshot.batches(stream, partition).flat_map(|batch| batch.expect("read").records).collect();
        let offsets: Vec<_> = of_part.iter().map(|stored| stored.position.offset).collect();
        assert_eq!(offsets, bounds.collect::<Vec<_>>());
        records.extend(of_part.into_iter().map(|stored| (stream, stored)));
    }
    (records, snapshot.groups().to_vec())
}

fn comparable((records, groups): &(Vec<(Stream, Stored)>, Vec<GroupOffset>)) -> (Vec<String>, Vec<GroupOffset>) {
    let text = |(stream, stored): &(Stream, Stored)| {
        format!("{stream} {} {} {} {:?}", stored.position, stored.key, stored.appended, stored.payload)
    };
    (records.iter().map(text).collect(), groups.clone())
}

#[tokio::test]
async fn a_log_that_goes_on_is_saved_as_it_was_and_restored_as_it_was_saved() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = a_log(&dir.path().join("log")).await;
    let mut consumer = log.consume(Stream::Events, "usher.planner.acme").await.expect("joined");
    let assignment = consumer.assignments.recv().await.expect("a partition");
    assignment.offsets.store(17).expect("stored");
    let snapshot = log.snapshot().await.expect("taken").expect("it is an embedded log");
    assignment.offsets.store(18).expect("stored");
    log.append(Stream::Events, record(1, b"later".into())).await.expect("appended");
    let archive = saved(&snapshot);
    let before = comparable(&contents(&snapshot));
    assert!(before.1.iter().any(|offset| offset.next == 17 && offset.partition == assignment.partition));

    let to = dir.path().join("restored");
    fs::create_dir(&to).expect("made");
    restore(&archive[..], &to).expect("restored");
    assert_eq!(fs::read_to_string(to.join("admin-token")).expect("a token"), "the-token\n");
    let mut there: Vec<_> =
        fs::read_dir(&to).expect("read").map(|entry| entry.expect("an entry").file_name()).collect();
    there.sort();
    assert_eq!(there, ["admin-token", "log"]);
    for (path, mode) in
        [("admin-token", 0o600), ("log", 0o700), ("log/records.sqlite", 0o600), ("log/acknowledged", 0o600)]
    {
        let found = fs::metadata(to.join(path)).expect(path).permissions().mode() & 0o777;
        assert_eq!(found, mode, "{path}");
    }
    let restored = Snapshot::of_stopped(&to.join("log")).expect("a log");
    assert_eq!(restored.partitions(), 3);
    assert_eq!(comparable(&contents(&restored)), before);
    drop(restored);
    let again = EmbeddedLog::open(&to.join("log"), Options::default()).expect("a log");
    assert_ne!(again.identity(), log.identity(), "no state of the other log is to be taken for this one's");
    let end = again.bounds(Stream::Events, Partition(0)).await.expect("bounds").end;
    let of_partition_0 = (0..).find(|user| Partition::of(record(*user, vec![]).key.as_str(), 3) == Partition(0));
    let next = again.append(Stream::Events, record(of_partition_0.expect("one"), vec![])).await.expect("appended");
    assert_eq!(next.offset, end);
    again.close().await;
    drop(assignment);
    log.close().await;
    assert!(
        snapshot.batches(Stream::Events, Partition(0)).next().is_some_and(|read| read.is_err()),
        "the log is closed"
    );
}

/// The error of restoring `archive`; the folder is empty before and after.
fn refused(archive: &[u8]) -> Error {
    let to = tempfile::tempdir().expect("a folder");
    let refused = restore(archive, to.path()).expect_err("refused");
    assert_eq!(fs::read_dir(to.path()).expect("read").count(), 0, "{refused}");
    assert!(verify(archive).is_err() || matches!(refused, Error::Damaged(_)), "{refused}");
    refused
}

#[tokio::test]
async fn an_archive_that_was_cut_short_changed_or_added_to_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    a_log(dir.path()).await.close().await;
    let snapshot = Snapshot::of_stopped(dir.path()).expect("a log");
    let archive = saved(&snapshot);
    for length in [0, 5, 15, 18, archive.len() / 2, archive.len() - 40, archive.len() - 1] {
        let refused = refused(&archive[..length]);
        assert!(matches!(refused, Error::Cut | Error::NotABackup), "{length}: {refused}");
    }
    let mut changed = archive.clone();
    for place in [16, 40, 2_000, archive.len() / 3, archive.len() / 2, archive.len() - 50, archive.len() - 3] {
        changed[place] ^= 0x10;
        refused(&changed);
        changed[place] ^= 0x10;
    }
    assert!(matches!(refused(&[&archive[..], b"x"].concat()), Error::Damaged(_)));
    assert!(matches!(refused(b"usher backup 2\nwhatever"), Error::Later));
    assert!(matches!(refused(b"PK and what else a file may hold"), Error::NotABackup));
}

#[tokio::test]
async fn a_folder_with_something_in_it_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    let from = dir.path().join("from");
    a_log(&from).await.close().await;
    let archive = saved(&Snapshot::of_stopped(&from).expect("a log"));
    let to = dir.path().join("to");
    for name in ["log", "admin-token", "state", "somebody's"] {
        fs::create_dir_all(&to).expect("made");
        fs::write(to.join(name), "precious").expect("written");
        assert!(matches!(restore(&archive[..], &to), Err(Error::NotEmpty(path)) if path == to), "{name}");
        assert_eq!(fs::read_to_string(to.join(name)).expect("there"), "precious");
        fs::remove_dir_all(&to).expect("removed");
    }
    // The root of a new volume, and the rest of an interrupted restore.
    fs::create_dir_all(to.join("lost+found")).expect("made");
    fs::create_dir_all(to.join(RESTORING).join("log")).expect("made");
    fs::write(to.join("admin-token"), "the-token\n").expect("written");
    restore(&archive[..], &to).expect("restored");
    assert!(!to.join(RESTORING).exists());
}

#[test]
fn what_is_no_log_is_not_saved() {
    let dir = tempfile::tempdir().expect("a folder");
    assert!(
        Snapshot::of_stopped(dir.path()).is_err_and(|error| error.to_string().contains("there is no embedded log"))
    );
    assert_eq!(fs::read_dir(dir.path()).expect("read").count(), 0, "and none is made");
}

proptest! {
    #[test]
    fn bytes_of_any_kind_are_no_backup(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        prop_assert!(verify(&bytes[..]).is_err());
        prop_assert!(verify(&[b"usher backup 1\n", &bytes[..]].concat()[..]).is_err());
    }
}
