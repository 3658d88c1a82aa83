//! A process with an empty volume reads back what the log holds: how long until all of it works, and how much memory
//! that takes. `make restore` is the long form.

mod history;

use std::{
    env, fmt, fs,
    str::FromStr,
    time::{Duration, Instant},
};

use history::History;
use serde_json::Value;
use usher::log::{
    Log,
    embedded::{EmbeddedLog, Options},
    kafka::KafkaLog,
};

use crate::support::{
    face::eventually,
    ground::{ACME, Ground},
    kafka::KafkaBroker,
    usher::Usher,
};

/// How long a restore may take before the test fails: the long form on a busy machine.
const WAIT_TIMEOUT: Duration = Duration::from_mins(15);
const SCHEME: &str = "{ id: welcome, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
                        actions: [{ add_groups: [staff] }] }";

/// What the environment says, for the long form.
fn wanted<T: FromStr>(variable: &str, otherwise: T) -> T {
    env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn history() -> History {
    History { users: wanted("USHER_TEST_USERS", 2_000), decisions: wanted("USHER_TEST_DECISIONS", 1_000) }
}

/// What one start took.
struct Start {
    until_ready: Duration,
    /// Of the processor; the machine may have had other things to do.
    processor: Duration,
    peak_mib: u64,
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { until_ready, processor, peak_mib } = self;
        write!(f, "ready after {until_ready:.1?}, {processor:.1?} of the processor, {peak_mib} MiB at most")
    }
}

impl Start {
    /// Starts usher and waits until no part of it has anything left to read back.
    async fn measure(ground: &Ground, data: &str) -> (Self, Usher) {
        let began = Instant::now();
        let usher = Usher::replica(ground, data).await;
        loop {
            let (status, text) = usher.open_page("readyz").await;
            let answer: Value = serde_json::from_str(&text).expect("JSON");
            if status.is_success() && answer["warming_up"].is_null() {
                break;
            }
            assert!(began.elapsed() < WAIT_TIMEOUT, "it is not ready: {text}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let until_ready = began.elapsed();
        (Self { until_ready, processor: usher.processor(), peak_mib: usher.peak() / 1024 }, usher)
    }
}

/// Starts usher without a volume and once more with it, and holds that it knows what is in the log and does nothing anew.
async fn restore(kind: &str, ground: &Ground, history: &History, data: &str) {
    let (empty, usher) = Start::measure(ground, data).await;
    eprintln!(
        "restore: {kind}, {} users known, {} decisions, an empty volume: {empty}",
        history.users, history.decisions
    );
    assert_knows(&usher, history).await;
    usher.terminate();
    let (status, log) = usher.wait();
    assert!(status.success(), "{log}");
    let (again, usher) = Start::measure(ground, data).await;
    assert_knows(&usher, history).await;
    assert_eq!(ground.effects(), Vec::<String>::new(), "what is done was done anew");
    eprintln!("restore: {kind}, the same volume again: {again}");
    let (longest, most) = (wanted("USHER_TEST_LONGEST", u64::MAX), wanted("USHER_TEST_MOST_MIB", u64::MAX));
    assert!(empty.until_ready.as_secs() <= longest && empty.peak_mib <= most, "it takes too long or too much");
}

/// Looks at the first and the last decision, and their steps.
async fn assert_knows(usher: &Usher, history: &History) {
    for number in [0, history.decisions - 1] {
        let id = history::user_id(history.user_of(number));
        let decisions = usher.list("decisions", &[("source", ACME.id), ("user", &id)]).await;
        let event = history::event_id(number);
        let decision = decisions.iter().find(|decision| decision["event"] == event);
        assert!(decision.is_some(), "decision {number} is not known: {decisions:?}");
        for scheme in decision.expect("it is some")["schemes"].as_array().expect("a list") {
            let run = scheme["run"].as_str().expect("a run");
            let entries = usher.list(&format!("runs/{run}/entries"), &[]).await;
            assert!(entries.iter().all(|entry| entry["result"] == "changed") && !entries.is_empty(), "{entries:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_with_an_empty_volume_reads_back_what_is_known_from_kafka() {
    let (history, kafka) = (history(), KafkaBroker::shared().config(12));
    let ground = Ground::new(SCHEME).groups(&["staff"]).on_kafka(&kafka);
    let log = KafkaLog::open(&kafka).await.expect("the broker answers");
    history.write(&log).await;
    log.close().await;
    restore("Kafka", &ground, &history, "data").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_lost_its_state_reads_back_what_is_known_from_the_embedded_log() {
    let (history, ground) = (history(), Ground::new(SCHEME).groups(&["staff"]));
    let usher = Usher::start(&ground).await; // it makes the folder
    eventually("it is ready", async || usher.open_page("readyz").await.0.is_success().then_some(())).await;
    usher.terminate();
    assert!(usher.wait().0.success());
    let data = ground.folder().join("data");
    let log = EmbeddedLog::open(&data.join("log"), Options::default()).expect("nobody has it open");
    history.write(&log).await;
    log.close().await;
    fs::remove_dir_all(data.join("state")).expect("it was there");
    restore("embedded log", &ground, &history, "data").await;
}
