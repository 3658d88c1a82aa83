//! Standard error that is closed, not read, or full: work goes on, and so does stopping.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, PipeReader},
    thread,
    time::{Duration, Instant},
};

use futures::future::join_all;
use usher::sandbox::{Account, webhook::Happening};

use crate::support::{
    ground::{ACME, Ground},
    usher::Usher,
};

const EVERYBODY: &str = "{ id: new, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
                           actions: [{ add_groups: [staff] }] }";
const USERS: usize = 300;
/// What docs/configuration.md promises, with a little for a busy machine.
const STOPS_WITHIN: Duration = Duration::from_secs(30);
const LOST: &str = "usher_log_lines_dropped_total";

fn ground() -> Ground {
    Ground::new(EVERYBODY).groups(&["staff"])
}

fn users() -> Vec<Account> {
    (0..USERS).map(|n| Account::new(format!("KEY{n}"), format!("name-{n}"))).collect()
}

/// Delivers a webhook for each user.
async fn tell_of(usher: &Usher, users: &[Account]) {
    join_all(users.iter().map(|user| usher.tell(ACME, Happening::Created, user))).await;
}

/// Delivers a webhook for each user, and waits until each has got the group.
async fn everything_is_done(ground: &Ground, usher: &Usher) {
    let users = users();
    for user in &users {
        ground.sandbox.put_user(ACME.product, user.clone());
    }
    tell_of(usher, &users).await;
    usher.drain().await;
    assert_eq!(ground.effects().len(), USERS);
}

/// Has usher log more lines than its queue holds.
async fn fill_the_queue(usher: &Usher) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while usher.metric(LOST).await.is_none_or(|lost| lost <= 0.0) {
        assert!(Instant::now() < deadline, "the queue does not fill");
        tell_of(usher, &users()).await;
    }
}

/// Sends SIGTERM, and asserts that usher ends in order and in time.
fn stops(usher: Usher) {
    let began = Instant::now();
    usher.terminate();
    let (status, _) = usher.wait();
    assert!(began.elapsed() < STOPS_WITHIN, "it took {:?}", began.elapsed());
    assert!(status.success(), "{status}");
}

/// Reads until usher runs.
fn read_until_it_runs(stderr: &mut BufReader<PipeReader>) {
    let mut line = String::new();
    while !line.contains("usher is running") {
        line.clear();
        assert!(stderr.read_line(&mut line).expect("a line") > 0, "it ended");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn standard_error_whose_reader_is_gone_stops_no_work() {
    let ground = ground();
    let (reader, writer) = io::pipe().expect("a pipe");
    let usher = Usher::with_stderr(&ground, writer, "debug").await;
    let mut reader = BufReader::new(reader);
    read_until_it_runs(&mut reader);
    drop(reader);
    everything_is_done(&ground, &usher).await;
    assert!(usher.metric(LOST).await.is_some_and(|lost| lost > 0.0), "lines were lost, and counted");
    stops(usher);
}

#[tokio::test(flavor = "multi_thread")]
async fn standard_error_that_nobody_reads_stops_neither_work_nor_the_end() {
    let ground = ground();
    let (reader, writer) = io::pipe().expect("a pipe");
    let usher = Usher::with_stderr(&ground, writer, "trace").await;
    everything_is_done(&ground, &usher).await;
    fill_the_queue(&usher).await;
    stops(usher);
    drop(reader);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_were_lost_are_told_of_when_standard_error_is_read_again() {
    let ground = ground();
    let (reader, writer) = io::pipe().expect("a pipe");
    let usher = Usher::with_stderr(&ground, writer, "trace").await;
    fill_the_queue(&usher).await;
    let reading = thread::spawn(move || {
        let told =
            BufReader::new(reader).lines().map_while(Result::ok).find(|line| line.contains("log lines were lost"));
        told.expect("it is told")
    });
    let told = tokio::task::spawn_blocking(|| reading.join().expect("no panic")).await.expect("no panic");
    let told: serde_json::Value = serde_json::from_str(&told).expect("a line of JSON");
    assert!(told["lines"].as_u64().is_some_and(|lines| lines > 0), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn standard_error_on_a_full_disk_stops_no_work() {
    let ground = ground();
    let full = File::options().write(true).open("/dev/full").expect("every Linux has it");
    let usher = Usher::with_stderr(&ground, full, "info").await;
    everything_is_done(&ground, &usher).await;
    assert!(usher.metric(LOST).await.is_some_and(|lost| lost > 0.0), "lines were lost, and counted");
    stops(usher);
}
