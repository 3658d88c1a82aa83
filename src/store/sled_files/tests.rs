use std::{
    fs::{self, OpenOptions},
    os::unix::fs::FileExt,
};

use super::*;

/// A database with several finished segments, and their seals.
fn written(dir: &Path) {
    let db = sled::Config::new().path(dir).segment_size(SEGMENT_BYTES).open().expect("made");
    let mut sealer = Sealer::new(dir);
    for batch in 0_u64..100 {
        for n in 0..20_000 {
            db.insert((batch * 20_000 + n).to_be_bytes(), vec![7; 100]).expect("written");
        }
        db.flush().expect("flushed");
        sealer.seal().expect("sealed");
        if seals::read(dir).expect("read").len() > 3 {
            return;
        }
    }
    panic!("nothing is sealed");
}

fn database(dir: &Path) -> File {
    OpenOptions::new().read(true).write(true).open(database_in(dir)).expect("a database")
}

#[test]
fn a_database_killed_while_it_wrote_a_snapshot_is_whole() {
    let dir = tempfile::tempdir().expect("a folder");
    sled::open(dir.path()).expect("made").insert("key", "value").expect("written");
    fs::write(dir.path().join("snap.00000000FFFFFFFF.generating"), "").expect("written");
    assert!(sled::open(dir.path()).is_err(), "sled has learnt to look over it: this module can go");
    assert_eq!(prepare(dir.path()).expect("prepared"), Found::Usable);
    let db = sled::open(dir.path()).expect("whole");
    assert_eq!(db.get("key").expect("read").as_deref(), Some(&b"value"[..]));
}

#[test]
fn a_database_in_use_is_left_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    assert!(!is_in_use(dir.path()), "there is none");
    let in_use = sled::open(dir.path()).expect("made");
    assert!(is_in_use(dir.path()));
    let snapshot = dir.path().join("snap.00000000FFFFFFFF.generating");
    fs::write(&snapshot, "").expect("written");
    assert_eq!(prepare(dir.path()).expect("looked at"), Found::Usable);
    assert!(snapshot.exists());
    drop(in_use);
    assert!(!is_in_use(dir.path()));
}

#[test]
fn a_folder_without_a_database_is_left_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    assert_eq!(prepare(dir.path()).expect("looked at"), Found::Usable);
}

#[test]
fn a_database_that_was_closed_and_opened_again_is_not_damaged() {
    let dir = tempfile::tempdir().expect("a folder");
    written(dir.path());
    for round in 0_u64..3 {
        assert_eq!(prepare(dir.path()).expect("looked at"), Found::Usable, "round {round}");
        let db = sled::Config::new().path(dir.path()).segment_size(SEGMENT_BYTES).open().expect("opened");
        // Old segments are freed, used again, and cut off, while the list is as it was.
        for n in 0_u64..40_000 {
            db.insert(n.to_be_bytes(), round.to_be_bytes().repeat(12)).expect("written");
        }
        db.flush().expect("flushed");
        Sealer::new(dir.path()).seal().expect("sealed");
    }
}

#[test]
fn a_few_bytes_written_over_anywhere_in_a_finished_segment_are_damage() {
    let dir = tempfile::tempdir().expect("a folder");
    written(dir.path());
    let (file, sealed) = (database(dir.path()), seals::read(dir.path()).expect("read"));
    for (&place, within) in sealed.keys().zip([0, 19, 20, 70_000, SEGMENT_BYTES as u64 - 64].into_iter().cycle()) {
        let mut before = [0; 64];
        file.read_exact_at(&mut before, place + within).expect("read");
        file.write_all_at(&[0xa5; 64], place + within).expect("written");
        assert_eq!(prepare(dir.path()).expect("looked at"), Found::Damaged, "{within} in the segment at {place}");
        file.write_all_at(&before, place + within).expect("written");
        assert_eq!(prepare(dir.path()).expect("looked at"), Found::Usable, "put back");
    }
}

#[test]
fn a_database_that_is_cut_short_is_damaged() {
    let dir = tempfile::tempdir().expect("a folder");
    written(dir.path());
    let last = *seals::read(dir.path()).expect("read").keys().next_back().expect("some");
    // Inside the last finished segment, at its edges, and at nothing.
    for length in [last + SEGMENT_BYTES as u64 - 1, last + 20, last, 1, 0] {
        database(dir.path()).set_len(length).expect("cut");
        assert_eq!(prepare(dir.path()).expect("looked at"), Found::Damaged, "{length} bytes");
    }
}

#[test]
fn a_database_file_that_is_missing_beside_its_snapshots_is_damage() {
    let dir = tempfile::tempdir().expect("a folder");
    written(dir.path());
    drop(sled::open(dir.path()).expect("opened")); // writes a snapshot
    fs::remove_file(database_in(dir.path())).expect("removed");
    assert_eq!(prepare(dir.path()).expect("looked at"), Found::Damaged);
    fs::remove_file(dir.path().join("seals.json")).expect("removed");
    assert_eq!(prepare(dir.path()).expect("looked at"), Found::Damaged, "the snapshots alone");
}

#[test]
fn a_list_that_is_no_list_tells_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    written(dir.path());
    fs::write(dir.path().join("seals.json"), "{").expect("written");
    assert_eq!(prepare(dir.path()).expect("looked at"), Found::Usable);
}
