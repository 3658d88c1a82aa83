use std::{fs, thread};

use super::{testing::rows, *};
use crate::domain::Timestamp;

const AT: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn coverage() -> LoginCoverage {
    LoginCoverage { since: AT, last: AT, is_first: true }
}

fn source() -> SourceId {
    "acme".parse().expect("an id")
}

fn open(dir: &Path, log: &str) -> Database {
    Database::open(dir, log).expect("a database")
}

/// A database with a checkpoint, and something heard.
fn filled(dir: &Path) -> Database {
    let database = open(dir, "log-1");
    let put = |db: &Connection| {
        db.execute("INSERT INTO checkpoints (stream, partition, next) VALUES ('outcomes', 0, 7)", [])?;
        super::super::activity::put_coverage(db, &source(), coverage())
    };
    database.write(put).expect("written");
    database
}

fn checkpoints(database: &Database) -> usize {
    database.read(|db| Ok(rows(db, "checkpoints"))).expect("read")
}

fn told(database: &Database) -> usize {
    database.read(|db| Ok(rows(db, "heard"))).expect("read")
}

#[test]
fn what_was_committed_is_there_after_a_restart_and_what_was_not_is_not() {
    let dir = tempfile::tempdir().expect("a folder");
    let database = filled(dir.path());
    let half = database.write(|db| {
        db.execute("DELETE FROM checkpoints", [])?;
        Err::<(), _>(Error::Busy)
    });
    assert!(matches!(half, Err(Error::Busy)));
    drop(database);
    let database = open(dir.path(), "log-1");
    assert_eq!((checkpoints(&database), told(&database), database.was_damaged()), (1, 1, false));
}

#[test]
fn tables_of_another_version_are_built_anew_but_for_what_the_log_does_not_hold() {
    let dir = tempfile::tempdir().expect("a folder");
    let database = filled(dir.path());
    database.write(|db| Ok(db.pragma_update(None, "user_version", VERSION + 1)?)).expect("written");
    drop(database);
    let database = open(dir.path(), "log-1");
    assert_eq!((checkpoints(&database), told(&database), database.was_damaged()), (0, 1, false));
    assert_eq!(database.read(super::super::activity::all_coverage).expect("read"), [(source(), coverage())]);
}

#[test]
fn tables_of_another_log_are_emptied() {
    let dir = tempfile::tempdir().expect("a folder");
    drop(filled(dir.path()));
    let database = open(dir.path(), "log-2");
    assert_eq!((checkpoints(&database), told(&database), database.was_damaged()), (0, 0, false));
}

#[test]
fn a_damaged_file_is_moved_aside_and_begun_anew() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join(FILE);
    for damage in [&b"not a database at all, but long enough to be looked at"[..], &[0xa5; 8192]] {
        drop(filled(dir.path()));
        fs::write(&file, damage).expect("damaged");
        let database = open(dir.path(), "log-1");
        assert_eq!((checkpoints(&database), told(&database), database.was_damaged()), (0, 0, true));
        assert_eq!(fs::read(file.with_extension("damaged")).expect("kept"), damage);
        drop(database);
        fs::remove_file(&file).expect("removed");
    }
}

#[tokio::test]
async fn damage_that_is_met_later_ends_the_process_and_the_next_one_begins_anew() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join(FILE);
    let database = filled(dir.path());
    let fill = |db: &Connection| {
        for number in 0..20_000 {
            db.execute("INSERT INTO schedules (scheme, schedule, until) VALUES (?1, 'x', 0)", [format!("s{number}")])?;
        }
        Ok(())
    };
    database.write(fill).expect("written");
    drop(database);
    let mut bytes = fs::read(&file).expect("read");
    let half = bytes.len() / 2;
    bytes[half..].fill(0xa5); // data that is needed to open it stays
    fs::write(&file, bytes).expect("damaged");
    let (database, health) = (open(dir.path(), "log-1"), Health::default());
    database.watch(&health);
    let sum = "SELECT count(*) FROM schedules WHERE schedule = 'x'";
    let read = database.read(|db| Ok(db.query_row(sum, [], |row| row.get::<_, i64>(0))?));
    assert!(read.is_err_and(|error| error.is_damage()));
    let why = health.process_must_end().await;
    assert!(why.contains("the database of the views is damaged"), "{why}");
    assert!(file.with_extension("damaged").exists() && !file.exists());
    drop(database);
    assert!(!open(dir.path(), "log-1").was_damaged(), "it finds none");
}

#[test]
fn readers_see_what_is_committed_while_somebody_writes_and_wait_for_one_another() {
    let dir = tempfile::tempdir().expect("a folder");
    let database = filled(dir.path());
    database
        .write(|db| {
            db.execute("DELETE FROM checkpoints", [])?;
            // More than there are connections.
            let reads: Vec<_> = (0..40)
                .map(|_| {
                    let database = database.clone();
                    thread::spawn(move || checkpoints(&database))
                })
                .collect();
            for read in reads {
                assert_eq!(read.join().expect("read"), 1);
            }
            Ok(())
        })
        .expect("written");
    assert_eq!(checkpoints(&database), 0);
}

#[test]
fn a_part_that_fails_takes_nothing_else_with_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let database = open(dir.path(), "log-1");
    let put = |db: &Connection, partition: i64| {
        db.execute("INSERT INTO checkpoints (stream, partition, next) VALUES ('outcomes', ?1, 7)", [partition])?;
        Ok::<_, Error>(())
    };
    database
        .write(|db| {
            whole(db, || put(db, 1))?;
            let failed = whole(db, || put(db, 2).and(Err::<(), _>(Error::Busy)));
            assert!(matches!(failed, Err(Error::Busy)));
            whole(db, || put(db, 3))
        })
        .expect("written");
    assert_eq!(checkpoints(&database), 2);
}
