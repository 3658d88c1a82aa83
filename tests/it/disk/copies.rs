//! Backups and restores on a disk that fails: they say so in one line, leave nothing behind, and succeed on a good one.

use std::{fs, path::Path, process::Command};

use usher::sandbox::{Account, webhook::Happening};

use super::BadDisk;
use crate::support::{
    ground::{ACME, Ground},
    small_disk::SmallDisk,
    usher::{Usher, command, ends},
    words::assert_for_people,
};

fn restore(from: &Path, to: &Path) -> Command {
    let mut command = command();
    command.args(["restore", "--from"]).arg(from).arg("--to").arg(to);
    command
}

fn backup(ground: &Ground, to: &Path) -> Command {
    let mut command = command();
    command.args(["backup", "--config"]).arg(ground.config_path()).arg("--to").arg(to).envs(ground.env());
    command
}

/// Asserts that it ends with 1 and one line for people.
#[track_caller]
fn fails(command: &mut Command, what: &str) {
    let (code, said) = ends(command);
    let lines: Vec<_> = said.lines().filter(|line| !line.contains(" INFO ")).collect();
    assert_eq!((code, lines.len()), (Some(1), 1), "{what}: {said}");
    assert_for_people(lines[0]);
}

fn succeeds(command: &mut Command) {
    let (code, said) = ends(command);
    assert_eq!(code, Some(0), "{said}");
}

/// The folder of a stopped usher that has accepted some events.
async fn stopped() -> Ground {
    let ground = Ground::new("");
    let usher = Usher::start(&ground).await;
    for number in 0..200 {
        let account = Account::new(format!("KEY{number}"), format!("name-{number}-{}", "x".repeat(500)));
        usher.tell(ACME, Happening::Deleted, &account).await;
    }
    usher.drain().await;
    usher.terminate();
    assert!(usher.wait().0.success());
    ground
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_on_a_disk_that_fails_leaves_no_folder_and_succeeds_on_a_good_one() {
    let ground = stopped().await;
    let (archive, to) = (ground.folder().join("usher.backup"), ground.folder().join("restored"));
    succeeds(&mut backup(&ground, &archive));
    let disk = BadDisk::new(&ground.folder());
    for rule in [
        "eio read usher.backup",
        "eio write records.sqlite-wal",
        "eio sync records.sqlite-wal",
        "enospc write records.sqlite-wal",
        "eio write records.sqlite",
        "enospc write records.sqlite",
        "eio sync acknowledged.next",
        "enospc write acknowledged.next",
    ] {
        disk.set(rule);
        fails(restore(&archive, &to).envs(disk.env()), rule);
        assert!(!to.exists(), "after {rule}: {:?}", fs::read_dir(&to).expect("a folder").collect::<Vec<_>>());
        disk.heal();
    }
    succeeds(&mut restore(&archive, &to));
    assert_eq!(ground.events().await.len(), 200);
    let restored = Usher::replica(&ground, "restored").await;
    drop(restored);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_on_a_disk_that_fails_leaves_the_one_of_before_as_it_is() {
    let ground = stopped().await;
    let at = ground.folder().join("backups");
    let disk = SmallDisk::mount(&at, 8);
    let to = at.join("usher.backup");
    succeeds(&mut backup(&ground, &to));
    let before = fs::read(&to).expect("a file");
    let filled = disk.fill();
    fails(&mut backup(&ground, &to), "a full disk");
    assert!(fs::read(&to).expect("a file") == before, "it was touched");
    drop(filled);
    let left: Vec<_> = fs::read_dir(&at).expect("a folder").map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(left, ["usher.backup"], "nothing is left of the other");

    let bad = BadDisk::new(&ground.folder());
    for rule in ["eio read records.sqlite", "eio read acknowledged"] {
        bad.set(rule);
        fails(backup(&ground, &to).envs(bad.env()), rule);
        assert!(fs::read(&to).expect("a file") == before, "after {rule}: it was touched");
        bad.heal();
    }
    succeeds(&mut backup(&ground, &to));
    drop(disk);
}
