//! A disk that fails at one call: what was accepted is done once, usher ends with one clear line where only opening the log anew
//! helps, and goes on by itself elsewhere.

use reqwest::StatusCode;
use usher::sandbox::{
    Account, Effect, Fault,
    webhook::{Delivery, Happening},
};

use super::{BadDisk, EVERYBODY, user};
use crate::support::{
    face::{Face, eventually},
    ground::{ACME, Ground},
    usher::{Usher, ends, serve},
    words::assert_for_people,
};

fn ground() -> (Ground, BadDisk) {
    let ground = Ground::new(EVERYBODY).groups(&["staff"]);
    let disk = BadDisk::new(&ground.folder());
    (ground, disk)
}

/// Delivers that `user` was created, and gives the answer; none where the connection is refused or cut.
async fn answer(face: &Face, user: &Account) -> Option<StatusCode> {
    let delivery = Delivery::of(ACME.product, Happening::Created, user).sign(ACME.secret);
    let url = format!("http://{}/webhooks/acme", face.webhooks).parse().expect("a URL");
    delivery.send(&face.http, url).await.ok().map(|answer| answer.status())
}

/// Tells of users with the numbers `numbers`, and waits until all is done.
async fn tell_of(ground: &Ground, usher: &Usher, numbers: impl IntoIterator<Item = usize>) {
    for number in numbers {
        usher.tell(ACME, Happening::Created, &user(ground, number)).await;
    }
    usher.drain().await;
}

/// Waits until each of the first `count` users has got the group, and asserts that each got it once. What was accepted without an
/// answer that was read is not waited for by `drain`.
async fn done_once(ground: &Ground, count: usize, after: &str) {
    eventually(&format!("all is done after {after}"), async || (ground.effects().len() >= count).then_some(())).await;
    let mut done = ground.effects();
    done.sort();
    let mut expected: Vec<_> = (0..count).map(|number| format!("{} KEY{number} +staff", ACME.product)).collect();
    expected.sort();
    assert_eq!(done, expected, "after {after}");
}

/// Waits until usher has ended by itself, and asserts that its last line says `words` to a person.
fn ended_saying(usher: Usher, words: &str, after: &str) {
    let (status, log) = usher.wait();
    assert_eq!(status.code(), Some(1), "after {after}: {log}");
    let last = log.lines().last().expect("a line");
    assert!(last.starts_with("usher: ") && last.contains(words), "after {after}: {last}");
    assert_for_people(last);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_write_or_sync_of_the_log_ends_the_process_and_what_was_accepted_is_done_once() {
    for rule in ["eio write records.sqlite-wal", "eio sync records.sqlite-wal"] {
        let (ground, disk) = ground();
        let usher = disk.usher(&ground).await;
        tell_of(&ground, &usher, 0..3).await;
        disk.set(rule);
        let refused = user(&ground, 3);
        let answered = answer(&usher, &refused).await;
        assert!(answered.is_none_or(|status| status == 503), "after {rule}: {answered:?}");
        ended_saying(usher, "log: writing failed", rule);
        disk.heal();
        let usher = disk.usher(&ground).await;
        tell_of(&ground, &usher, 3..5).await; // the product sends it again
        done_once(&ground, 5, rule).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_only_for_the_log_refuses_deliveries_and_usher_goes_on_without_a_restart() {
    let (ground, disk) = ground();
    let usher = disk.usher(&ground).await;
    tell_of(&ground, &usher, 0..2).await;
    disk.set("enospc write records.sqlite-wal");
    for _ in 0..3 {
        assert_eq!(answer(&usher, &user(&ground, 2)).await, Some(StatusCode::SERVICE_UNAVAILABLE));
        assert_eq!(usher.open_page("healthz").await.0, StatusCode::OK);
        let (status, page) = usher.open_page("readyz").await;
        assert!(status == 503 && page.contains("the disk of ") && page.contains("is full"), "{page}");
    }
    disk.heal();
    // Nobody sends anything to a process that is not ready.
    eventually("ready again", async || usher.open_page("readyz").await.0.is_success().then_some(())).await;
    eventually("it accepts again", async || answer(&usher, &user(&ground, 2)).await.filter(StatusCode::is_success))
        .await;
    tell_of(&ground, &usher, 2..4).await;
    done_once(&ground, 4, "a full disk").await;
    usher.terminate();
    let (status, log) = usher.wait();
    assert!(status.success() && !log.contains("end_process"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wal_file_that_can_not_be_taken_over_at_the_start_is_kept_and_the_start_refused_in_one_line() {
    let (ground, disk) = ground();
    let away = ground.sandbox.inject(Fault::new(Effect::Cut { after_work: false }).site(ACME.product));
    let usher = Usher::start(&ground).await;
    for number in 0..5 {
        usher.tell(ACME, Happening::Created, &user(&ground, number)).await;
    }
    usher.kill();
    for rule in [
        "eio write records.sqlite",
        "eio sync records.sqlite",
        "eio read records.sqlite",
        "eio read records.sqlite-wal",
        "enospc write records.sqlite",
        "eio sync acknowledged.next", // this one takes it over
    ] {
        disk.set(rule);
        let (code, said) = ends(serve(&ground).envs(disk.env()));
        let lines: Vec<_> = said.lines().filter(|line| !line.contains(" INFO ")).collect();
        assert_eq!((code, lines.len()), (Some(1), 1), "after {rule}: {said}");
        assert!(lines[0].starts_with("usher: ") && lines[0].contains("data/log"), "after {rule}: {said}");
        assert_for_people(lines[0]);
        disk.heal();
    }
    ground.sandbox.remove_fault(away);
    let usher = Usher::start(&ground).await;
    usher.drain().await;
    done_once(&ground, 5, "starts that failed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_write_of_the_state_store_ends_the_process_and_nothing_is_done_twice() {
    let (ground, disk) = ground();
    let usher = disk.usher(&ground).await;
    tell_of(&ground, &usher, 0..3).await;
    disk.set("eio write state/db");
    for number in 3..6 {
        // The log is on the same disk, and works: it may accept until usher ends.
        if answer(&usher, &user(&ground, number)).await.is_none() {
            break;
        }
    }
    ended_saying(usher, "the state store can't be written", "a failed write of the state store");
    disk.heal();
    let usher = disk.usher(&ground).await;
    tell_of(&ground, &usher, 3..7).await;
    done_once(&ground, 7, "a failed write of the state store").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn views_that_can_not_be_written_hold_up_no_delivery_are_told_of_and_catch_up_by_themselves() {
    for rule in ["eio write views.sqlite-wal", "enospc write views.sqlite-wal"] {
        let (ground, disk) = ground();
        let usher = disk.usher(&ground).await;
        tell_of(&ground, &usher, 0..2).await;
        disk.set(rule);
        for number in 2..4 {
            assert_eq!(answer(&usher, &user(&ground, number)).await, Some(StatusCode::OK), "{rule}");
        }
        let page = eventually("the views are told of", async || {
            let (status, page) = usher.open_page("readyz").await;
            (status == 503 && page.contains("views")).then_some(page)
        })
        .await;
        assert_for_people(&page);
        disk.heal();
        eventually("ready again", async || usher.open_page("readyz").await.0.is_success().then_some(())).await;
        tell_of(&ground, &usher, 2..5).await; // told of twice, done once
        done_once(&ground, 5, rule).await;
        usher.terminate();
        let (status, log) = usher.wait();
        assert!(status.success(), "{rule}: {log}");
    }
}
