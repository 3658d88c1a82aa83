use std::{
    fs,
    os::unix::fs::FileExt,
    time::{Duration, Instant},
};

use super::*;
use crate::{
    domain::{SourceId, Stage, Timestamp},
    log::Partition,
};

const AT: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn scope(partition: u16) -> Scope {
    let source: SourceId = "acme".parse().expect("an id");
    Scope::new(Stage::Planner, &source, Partition(partition))
}

fn of_steps() -> [(&'static str, Entry); 3] {
    let attempted = Entry::Attempted { before: "member".into(), at: Timestamp::from_millis(7) };
    [("s1", attempted), ("s2", Entry::Gone), ("s3", Entry::KeptBack)]
}

#[test]
fn what_is_remembered_survives_a_restart_with_its_checkpoint() {
    let dir = tempfile::tempdir().expect("a folder");
    {
        let store = Store::open(dir.path(), "log-1").expect("a store");
        let ledger = store.ledger().expect("a ledger");
        ledger.put(&scope(0), "e1", &Entry::Done, AT).expect("remembered");
        for (id, entry) in of_steps() {
            ledger.put(&scope(0), id, &entry, AT).expect("remembered");
        }
        ledger.set_checkpoint(&scope(0), 7).expect("moved");
        store.flush().expect("flushed");
    }
    let store = Store::open(dir.path(), "log-1").expect("a store");
    let ledger = store.ledger().expect("a ledger");
    assert_eq!(ledger.get(&scope(0), "e1").expect("read"), Some(Entry::Done));
    for (id, entry) in of_steps() {
        assert_eq!(ledger.get(&scope(0), id).expect("read"), Some(entry));
    }
    assert_eq!(ledger.get(&scope(1), "e1").expect("read"), None, "partitions are apart");
    assert_eq!(ledger.checkpoint(&scope(0)).expect("read"), 7);
}

#[test]
fn what_is_done_stays_done_when_an_attempt_is_read_back_after_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let ledger = Store::open(dir.path(), "log-1").expect("a store").ledger().expect("a ledger");
    for done in [Entry::Done, Entry::Gone, Entry::KeptBack] {
        ledger.put(&scope(0), "s", &done, AT).expect("remembered");
        ledger.put(&scope(0), "s", &Entry::Attempted { before: String::new(), at: AT }, AT).expect("ignored");
        assert_eq!(ledger.get(&scope(0), "s").expect("read"), Some(done));
    }
}

#[test]
fn a_store_of_another_log_is_emptied() {
    let dir = tempfile::tempdir().expect("a folder");
    {
        let store = Store::open(dir.path(), "log-1").expect("a store");
        assert!(!store.is_rebuilt(), "a new one is not built anew");
        store.ledger().expect("a ledger").put(&scope(0), "e1", &Entry::Done, AT).expect("remembered");
    }
    let store = Store::open(dir.path(), "log-2").expect("a store");
    assert_eq!(store.ledger().expect("a ledger").get(&scope(0), "e1").expect("read"), None);
    assert!(store.is_rebuilt());
    drop(store);
    assert!(!Store::open(dir.path(), "log-2").expect("a store").is_rebuilt(), "it is this log's now");
}

#[test]
fn a_corrupt_store_is_set_aside_and_begun_anew() {
    let dir = tempfile::tempdir().expect("a folder");
    let state = dir.path().join("state");
    {
        let store = Store::open(&state, "log-1").expect("a store");
        let ledger = store.ledger().expect("a ledger");
        for n in 0..20_000 {
            ledger.put(&scope(0), &format!("event-{n}"), &Entry::Done, AT).expect("remembered");
        }
        store.flush().expect("flushed");
    }
    let file = fs::OpenOptions::new().write(true).open(state.join("db")).expect("the database file");
    file.set_len(file.metadata().expect("its size").len() - 600_000).expect("cut short");
    let store = Store::open(&state, "log-1").expect("a new store");
    if let Some(aside) = store.set_aside() {
        assert!(store.is_rebuilt() && aside.join("db").exists(), "the damaged one is kept for whoever wants to look");
        assert_eq!(store.ledger().expect("a ledger").checkpoint(&scope(0)).expect("read"), 0);
    } else {
        // sled took the rest for a shorter history: then the first part of the written data is there.
        assert!(store.ledger().expect("a ledger").get(&scope(0), "event-19999").expect("read").is_none());
    }
}

#[tokio::test]
async fn rows_that_turn_out_unreadable_end_the_process_and_the_next_start_begins_anew() {
    let dir = tempfile::tempdir().expect("a folder");
    let state = dir.path().join("state");
    let health = Health::default();
    let mut store = Store::open(&state, "log-1").expect("a store");
    store.watch(health.clone()).expect("watched");
    let ledger = store.ledger().expect("a ledger");
    ledger.put(&scope(0), "event-1", &Entry::Done, AT).expect("remembered");
    store.damage.notice();
    assert!(ledger.get(&scope(0), "event-1").is_err());
    let why = tokio::time::timeout(Duration::from_secs(60), health.process_must_end()).await.expect("it ends");
    assert!(why.contains("damaged"), "{why}");
    drop((ledger, store));
    let store = Store::open(&state, "log-1").expect("a new store");
    assert!(store.set_aside().is_some_and(|aside| aside.join("db").exists()));
    assert_eq!(store.ledger().expect("a ledger").get(&scope(0), "event-1").expect("read"), None);
}

#[tokio::test]
async fn a_store_that_was_changed_while_no_process_ran_is_set_aside_before_anything_is_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let state = dir.path().join("state");
    let mut store = Store::open(&state, "log-1").expect("opened");
    store.watch(Health::default()).expect("watched");
    let ledger = store.ledger().expect("a ledger");
    let sealed = || -> Option<u64> {
        let list = fs::read(state.join("seals.json")).ok()?;
        let list: serde_json::Map<_, _> = serde_json::from_slice(&list).expect("a list");
        list.keys().next().map(|place| place.parse().expect("a place"))
    };
    let deadline = Instant::now() + Duration::from_secs(120);
    for n in 0.. {
        assert!(Instant::now() < deadline, "nothing is sealed");
        ledger.put(&scope(0), &format!("event-{n}"), &Entry::Done, AT).expect("remembered");
        if n % 1000 == 0 && sealed().is_some() {
            break;
        }
    }
    drop((ledger, store));
    drop(Store::open(&state, "log-1").expect("it is whole"));
    let place = sealed().expect("a segment");
    let file = fs::OpenOptions::new().write(true).open(state.join("db")).expect("the database file");
    file.write_all_at(&[0xa5; 64], place + 100_000).expect("written");
    let store = Store::open(&state, "log-1").expect("a new store");
    assert!(store.set_aside().is_some_and(|aside| aside.join("db").exists()));
}

#[test]
fn old_memories_are_pruned() {
    let dir = tempfile::tempdir().expect("a folder");
    let ledger = Store::open(dir.path(), "log-1").expect("a store").ledger().expect("a ledger");
    ledger.put(&scope(0), "old", &Entry::Done, Timestamp::from_millis(1)).expect("remembered");
    ledger.put(&scope(0), "new", &Entry::Done, AT).expect("remembered");
    let (over, open) = (Timestamp::from_millis(2), Timestamp::from_millis(0));
    assert_eq!(ledger.prune(over, open).expect("pruned"), 0, "nobody has said what may come again");
    let ahead = AT.plus(Duration::from_hours(24 * 400));
    drop(ledger.reach(&scope(0)));
    assert_eq!(ledger.prune(ahead, ahead).expect("pruned"), 0, "whatever the clock says");
    assert_eq!(ledger.forgotten(&scope(0)).expect("read"), None);
    ledger.reach(&scope(0)).set(AT, 7);
    assert_eq!(ledger.prune(over, open).expect("pruned"), 1);
    assert_eq!(ledger.get(&scope(0), "new").expect("read"), Some(Entry::Done));
}

#[test]
fn what_may_come_again_is_remembered_however_old_it_is_and_what_was_forgotten_is_known() {
    let dir = tempfile::tempdir().expect("a folder");
    let ledger = Store::open(dir.path(), "log-1").expect("a store").ledger().expect("a ledger");
    let days = |days: i64| AT.plus(Duration::from_hours(24) * u32::try_from(days).expect("few"));
    let (stuck, quick) = (scope(0), scope(1));
    for scope in [&stuck, &quick] {
        for day in 0..40 {
            ledger.put(scope, &format!("day-{day}"), &Entry::Done, days(day)).expect("remembered");
        }
    }
    ledger.reach(&stuck).set(days(5), 41);
    ledger.reach(&quick).set(days(39), 40);
    let (over, open) = (days(10), Timestamp::from_millis(0));
    ledger.prune(over, open).expect("pruned");
    let first = |scope: &Scope| {
        (0..40).find(|day| ledger.get(scope, &format!("day-{day}")).expect("read").is_some()).expect("some are left")
    };
    assert_eq!((first(&stuck), first(&quick)), (4, 10), "a day more, as a clock may have been set back");
    let forgotten = ledger.forgotten(&stuck).expect("read").expect("noted");
    assert_eq!(forgotten, Forgotten { before: days(4), until: 41 });
    assert!(!forgotten.covers(3, days(5)), "what may come again is not among it");
    assert_eq!(ledger.prune(over, days(20)).expect("pruned"), 26, "nothing is remembered for ever");
}

#[test]
fn a_clock_that_is_years_ahead_puts_nothing_in_doubt_that_comes_later_and_what_is_forgotten_since_is_known() {
    let dir = tempfile::tempdir().expect("a folder");
    let ledger = Store::open(dir.path(), "log-1").expect("a store").ledger().expect("a ledger");
    let days = |days: u32| AT.plus(Duration::from_hours(24) * days);
    ledger.put(&scope(0), "e1", &Entry::Done, days(0)).expect("remembered");
    ledger.reach(&scope(0)).set(days(0), 7);
    assert_eq!(ledger.prune(days(800), days(400)).expect("pruned"), 1);
    let forgotten = ledger.forgotten(&scope(0)).expect("read").expect("noted");
    assert_eq!(forgotten, Forgotten { before: days(1), until: 7 }, "a day after what was dropped");
    ledger.record_forgotten(&scope(0), Forgotten { before: days(0), until: 9 }).expect("noted");
    let forgotten = ledger.forgotten(&scope(0)).expect("read").expect("noted");
    assert_eq!(forgotten, Forgotten { before: days(1), until: 9 }, "the end grows also where the time does not");
}

#[test]
fn what_is_in_doubt_without_an_end_as_of_an_earlier_version_ends_with_what_is_there() {
    let dir = tempfile::tempdir().expect("a folder");
    let ledger = Store::open(dir.path(), "log-1").expect("a store").ledger().expect("a ledger");
    let forgotten = || ledger.forgotten(&scope(0)).expect("read");
    ledger.end_forgotten(&scope(0), 12).expect("noted");
    assert_eq!(forgotten(), None);
    ledger.record_forgotten(&scope(0), Forgotten { before: AT, until: u64::MAX }).expect("noted");
    ledger.end_forgotten(&scope(0), 12).expect("noted");
    assert_eq!(forgotten(), Some(Forgotten { before: AT, until: 12 }));
    ledger.end_forgotten(&scope(0), 20).expect("noted");
    assert_eq!(forgotten(), Some(Forgotten { before: AT, until: 12 }), "it has an end");
}
