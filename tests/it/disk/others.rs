//! Files that another program holds, that can only be read, that are damaged, or that a later usher wrote.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use reqwest::StatusCode;
use rusqlite::Connection;
use usher::sandbox::webhook::Happening;

use super::{EVERYBODY, user};
use crate::support::{
    damage::DATABASE,
    face::eventually,
    ground::{ACME, Ground},
    small_disk::SmallDisk,
    usher::{Usher, ends, serve},
    words::assert_for_people,
};

fn ground() -> Ground {
    Ground::new(EVERYBODY).groups(&["staff"])
}

/// Tells of users with the numbers `numbers`.
async fn tell_of(ground: &Ground, usher: &Usher, numbers: impl IntoIterator<Item = usize>) {
    for number in numbers {
        usher.tell(ACME, Happening::Created, &user(ground, number)).await;
    }
}

fn views(ground: &Ground) -> PathBuf {
    ground.folder().join("data/state/views.sqlite")
}

fn log(ground: &Ground) -> PathBuf {
    ground.folder().join("data/log").join(DATABASE)
}

/// Another program that writes to a database, until this is dropped.
fn held(database: &Path) -> Connection {
    let connection = Connection::open(database).expect("a database");
    connection.execute_batch("BEGIN IMMEDIATE").expect("begun");
    connection
}

/// Asserts that a start ends with 1 and one line for people, which has `words` in it.
#[track_caller]
fn refused(ground: &Ground, words: &[&str]) {
    let (code, said) = ends(&mut serve(ground));
    let lines: Vec<_> = said.lines().filter(|line| !line.contains(" INFO ")).collect();
    assert_eq!((code, lines.len()), (Some(1), 1), "{said}");
    for word in words {
        assert!(lines[0].contains(word), "no `{word}` in: {said}");
    }
    assert_for_people(lines[0]);
}

/// Waits until the runs of the first `count` users are shown, and asserts that each was made a member once.
async fn all_are_shown(ground: &Ground, usher: &Usher, count: usize) {
    usher.drain().await;
    eventually("all runs are shown", async || {
        let runs = usher.list("runs", &[("state", "done")]).await;
        (runs.len() == count).then_some(())
    })
    .await;
    let mut effects = ground.effects();
    effects.sort();
    effects.dedup();
    assert_eq!((effects.len(), ground.effects().len()), (count, count), "each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn views_that_another_program_holds_stop_no_work_are_told_of_and_catch_up_when_it_lets_go() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    tell_of(&ground, &usher, 0..2).await;
    usher.drain().await;
    let other = held(&views(&ground));
    tell_of(&ground, &usher, 2..6).await;
    eventually("what was accepted is done", async || (ground.effects().len() == 6).then_some(())).await;
    let page = eventually("it is told of", async || {
        let (status, page) = usher.open_page("readyz").await;
        (status == 503 && page.contains("another process holds it")).then_some(page)
    })
    .await;
    assert_for_people(&page);
    assert_eq!(usher.open_page("healthz").await.0, StatusCode::OK);
    assert_eq!(usher.list("runs", &[]).await.len(), 2, "what was committed is read meanwhile");
    drop(other);
    all_are_shown(&ground, &usher, 6).await;
    eventually("ready again", async || usher.open_page("readyz").await.0.is_success().then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_another_program_holds_at_the_start_is_not_opened_and_is_whole_afterwards() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    tell_of(&ground, &usher, 0..3).await;
    usher.kill();
    let other = held(&log(&ground));
    refused(&ground, &["data/log", "in use by another process"]);
    drop(other);
    let usher = Usher::start(&ground).await;
    all_are_shown(&ground, &usher, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_a_later_usher_is_refused_and_left_as_it_is_and_views_of_one_are_built_anew() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    tell_of(&ground, &usher, 0..3).await;
    usher.drain().await;
    usher.terminate();
    assert!(usher.wait().0.success());
    let form = |file: &Path| {
        let db = Connection::open(file).expect("a database");
        db.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).expect("a number")
    };
    let set = |file: &Path, form: i64| {
        let db = Connection::open(file).expect("a database");
        db.pragma_update(None, "user_version", form).expect("set");
    };
    let now = form(&log(&ground));
    for later in [now + 1, 70_000, -1] {
        set(&log(&ground), later);
        let before = fs::read(log(&ground)).expect("a file");
        refused(&ground, &["data/log", "later usher"]);
        assert!(fs::read(log(&ground)).expect("a file") == before, "{later}: it was changed");
    }
    set(&log(&ground), now);
    set(&views(&ground), 1_000);
    let usher = Usher::start(&ground).await;
    all_are_shown(&ground, &usher, 3).await;
    assert!(form(&views(&ground)) < 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_store_and_views_that_are_no_databases_are_kept_aside_and_built_anew_and_nothing_is_done_twice() {
    let ground = ground();
    let mut count = 0;
    for junk in [&b"not a database, but long enough to be looked at"[..], &[0xA5; 70_000], &[0; 4_096], b""] {
        let usher = Usher::start(&ground).await;
        tell_of(&ground, &usher, count..count + 4).await;
        count += 4;
        all_are_shown(&ground, &usher, count).await;
        usher.terminate();
        assert!(usher.wait().0.success());
        fs::write(views(&ground), junk).expect("written");
        fs::write(ground.folder().join("data/state/db"), junk).expect("written");
        let usher = Usher::start(&ground).await;
        all_are_shown(&ground, &usher, count).await;
        let page = usher.open_page("readyz").await.1;
        assert!(page.contains(r#""status":"ready""#), "{junk:?}: {page}");
        usher.terminate();
        let (status, log) = usher.wait();
        assert!(status.success() && !log.contains("panicked at src"), "{log}");
    }
}

/// Remounts a disk.
fn remount(at: &Path, how: &str) {
    let done =
        Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(at).output().expect("the command `mount`");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_can_only_be_read_is_told_at_the_start_and_usher_goes_on_when_it_can_be_written() {
    for part in ["data", "data/log", "data/state"] {
        let ground = ground();
        let at = ground.folder().join(part);
        let disk = SmallDisk::mount(&at, 160);
        let usher = Usher::start(&ground).await;
        tell_of(&ground, &usher, 0..3).await;
        all_are_shown(&ground, &usher, 3).await;
        usher.kill();
        remount(&at, "ro");
        refused(&ground, &[part, "read-only"]);
        remount(&at, "rw");
        let usher = Usher::start(&ground).await;
        tell_of(&ground, &usher, 3..5).await;
        all_are_shown(&ground, &usher, 5).await;
        drop(usher);
        drop(disk);
    }
}
