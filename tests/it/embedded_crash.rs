//! The embedded log in a process that is killed without warning.

use std::{
    collections::BTreeMap,
    env,
    io::{self, BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use futures::future;
use usher::log::{
    Log, Partition, Stream,
    embedded::{EmbeddedLog, Options},
};

use crate::log_suite::{all, record};

/// Set for the process that is to be killed: where its log is.
const VICTIM: &str = "USHER_TEST_KILLED_WITH_LOG_IN";

/// Begins each line in which the victim says what was acknowledged: partition, offset, payload.
const ACKNOWLEDGED: &str = "acknowledged ";

/// The process that is to be killed kills itself after so many records, should nobody else do it.
const ENOUGH: usize = 1_000_000;

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    if let Some(dir) = env::var_os(VICTIM) {
        return append_until_killed(Path::new(&dir)).await;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let mut acknowledged = BTreeMap::new();
    for round in 1..=6 {
        acknowledged.extend(kill_after(700 * round, dir.path()));

        let log = EmbeddedLog::open(dir.path(), Options::default()).expect("it opens");
        let mut next: BTreeMap<Partition, u64> = BTreeMap::new();
        let mut found = BTreeMap::new();
        for stored in all(&log, Stream::Events).await {
            let expected = next.entry(stored.position.partition).or_default();
            assert_eq!(stored.position.offset, *expected, "a hole in round {round}");
            *expected += 1;
            let payload = String::from_utf8(stored.payload.to_vec()).expect("text");
            found.insert((stored.position.partition, stored.position.offset), payload);
        }
        for (place, payload) in &acknowledged {
            assert_eq!(found.get(place), Some(payload), "{place:?} in round {round}");
        }
        log.close().await;
    }
}

/// Starts a victim, kills it when it has acknowledged `count` records, and gives all that it acknowledged.
fn kill_after(count: usize, dir: &Path) -> BTreeMap<(Partition, u64), String> {
    let mut victim = Victim::start(dir);
    let stdout = victim.0.stdout.take().expect("it is piped");
    let mut acknowledged = BTreeMap::new();
    for line in BufReader::new(stdout).lines() {
        let line = line.expect("a line");
        let Some(rest) = line.strip_prefix(ACKNOWLEDGED) else { continue };
        let mut words = rest.split(' ');
        let mut word = || words.next();
        let (Some(partition), Some(offset), Some(payload), Some("end")) = (word(), word(), word(), word()) else {
            break; // it was killed while it wrote this
        };
        let place = (Partition(partition.parse().expect("a partition")), offset.parse().expect("an offset"));
        acknowledged.insert(place, payload.to_owned());
        if acknowledged.len() == count {
            victim.0.kill().expect("killed");
        }
    }
    assert!(acknowledged.len() >= count, "it died too early");
    acknowledged
}

struct Victim(Child);

impl Victim {
    fn start(dir: &Path) -> Self {
        let child = Command::new(env::current_exe().expect("this test"))
            .args(["--exact", "--nocapture", "embedded_crash::what_was_acknowledged_survives_kill_9"])
            .env(VICTIM, dir)
            .stdout(Stdio::piped())
            .spawn();
        Self(child.expect("started"))
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.0.kill(); // it may be dead
        self.0.wait().expect("it has ended");
    }
}

async fn append_until_killed(dir: &Path) {
    let log = Arc::new(EmbeddedLog::open(dir, Options::default()).expect("it opens"));
    let appenders = (0..32).map(|appender: usize| {
        let log = Arc::clone(&log);
        tokio::spawn(async move {
            for number in 0..ENOUGH / 32 {
                let payload = format!("{}-{appender}-{number}", std::process::id());
                let position = log.append(Stream::Events, record(appender, payload.clone())).await.expect("appended");
                let (partition, offset) = (position.partition, position.offset);
                writeln!(io::stdout(), "{ACKNOWLEDGED}{partition} {offset} {payload} end").expect("it is read");
            }
        })
    });
    future::try_join_all(appenders).await.expect("no panic");
    std::process::abort();
}
