//! The WAL file, taken over into the database while the log is in use, on a disk that fails at it.
//!
//! It takes some MiB of records, more than webhooks bring in a test. So a process of its own appends to a log.

use std::{
    env,
    io::{self, BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use usher::{
    health::Health,
    log::{
        Log, Record, Stream,
        embedded::{EmbeddedLog, Options},
    },
};

use super::{BadDisk, LIBRARY};
use crate::{
    log_suite::{all, key},
    support::words::assert_for_people,
};

/// Set for the process that appends: where its log is.
const VICTIM: &str = "USHER_TEST_CHECKPOINT_WITH_LOG_IN";
/// So many records of 20 kB: five times what the WAL file takes before it is taken over.
const RECORDS: usize = 1_000;

/// What the process told.
#[derive(Debug, Default)]
struct Told {
    acknowledged: usize,
    refused: usize,
    /// Why it has to end, if it has.
    ends: Option<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_that_fails_ends_the_process_one_that_finds_no_room_does_not_and_no_record_is_lost() {
    if let Some(dir) = env::var_os(VICTIM) {
        return append(Path::new(&dir)).await;
    }
    for (rule, ends) in [
        ("eio write records.sqlite", true),
        ("eio sync records.sqlite", true),
        ("eio sync records.sqlite-wal", true),
        ("enospc write records.sqlite", false),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("log");
        let told = told(&BadDisk::new(folder.path()), rule, &dir);
        assert_eq!(told.ends.is_some(), ends, "{rule}: {told:?}");
        if let Some(why) = &told.ends {
            assert!(why.starts_with("log: writing failed"), "{rule}: {why}");
            assert_for_people(why);
            assert!((1..RECORDS).contains(&told.acknowledged) && told.refused > 0, "{rule}: {told:?}");
        } else {
            assert_eq!((told.acknowledged, told.refused), (RECORDS, 0), "{rule}: {told:?}");
        }
        let log = EmbeddedLog::open(&dir, Options::default()).expect("a good disk");
        let found = all(&log, Stream::Events).await;
        // One that was refused may be there: it was not acknowledged, and is accepted once more if it comes again.
        assert!(
            (told.acknowledged..=told.acknowledged + 1).contains(&found.len()),
            "{rule}: {}, {told:?}",
            found.len()
        );
        for stored in &found {
            assert_eq!(stored.payload, payload(stored.position.offset), "{rule}");
        }
        log.append(Stream::Events, Record { key: key(1), payload: "next".into() }).await.expect("it works on");
        log.close().await;
    }
}

fn payload(number: u64) -> Bytes {
    vec![b'a' + u8::try_from(number % 26).expect("small"); 20_000].into()
}

/// Has a victim append to a new log in `dir`, sets `rule` when it has begun, and gives what it told.
fn told(disk: &BadDisk, rule: &str, dir: &Path) -> Told {
    let name = "disk::checkpoint::a_checkpoint_that_fails_ends_the_process_one_that_finds_no_room_does_not_and_no_record_is_lost";
    let mut victim = Command::new(env::current_exe().expect("this test"));
    victim.args(["--exact", "--nocapture", name]).env(VICTIM, dir).envs(disk.env()).stdout(Stdio::piped());
    assert!(LIBRARY.1.exists());
    let mut child = victim.spawn().expect("started");
    let stdout = child.stdout.take().expect("it is piped");
    let mut told = Told::default();
    for line in BufReader::new(stdout).lines() {
        let line = line.expect("a line");
        match line.split_once(' ').unwrap_or_default() {
            ("acknowledged", _) => {
                told.acknowledged += 1;
                if told.acknowledged == 1 {
                    disk.set(rule);
                }
            }
            ("refused", _) => told.refused += 1,
            ("ends", why) => told.ends = Some(why.to_owned()),
            _ => {}
        }
    }
    child.wait().expect("it has ended");
    told
}

async fn append(dir: &Path) {
    let health = Health::default();
    let options = Options { partitions: 1, health: health.clone(), ..Options::default() };
    let log = EmbeddedLog::open(dir, options).expect("it opens");
    let say = |line: String| writeln!(io::stdout(), "{line}").expect("it is read");
    say(String::new()); // behind what the harness says
    for number in 0..RECORDS as u64 {
        match log.append(Stream::Events, Record { key: key(1), payload: payload(number) }).await {
            Ok(position) => say(format!("acknowledged {}", position.offset)),
            Err(error) => {
                say(format!("refused {error}"));
                let why = tokio::time::timeout(Duration::from_secs(30), health.process_must_end()).await;
                say(format!("ends {}", why.expect("it is told at once")));
                break;
            }
        }
    }
    std::process::exit(0);
}
