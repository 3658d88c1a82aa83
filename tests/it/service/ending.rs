//! The end of the process, whatever holds it up.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command},
    time::{Duration, Instant},
};

use usher::{
    log::{
        Log,
        embedded::{EmbeddedLog, Options},
    },
    sandbox::{Account, Effect, Fault, webhook::Happening},
};

use crate::support::{
    face::{WAIT_TIMEOUT, eventually},
    ground::{ACME, Ground},
    kafka::KafkaBroker,
    usher::{Usher, serve},
    wire::Wire,
};

const EVERYBODY: &str = "{ id: new, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
                           actions: [{ add_groups: [staff] }] }";
/// Kubernetes kills after that time.
const GRACE: Duration = Duration::from_secs(30);

fn ground() -> Ground {
    Ground::new(EVERYBODY).groups(&["staff"])
}

/// usher, kept from starting: `path` below its data folder is a pipe that nobody reads or writes.
fn held_up_at(ground: &Ground, path: &str) -> (Child, PathBuf) {
    let pipe = ground.folder().join("data").join(path);
    fs::create_dir_all(pipe.parent().expect("a folder")).expect("made");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let log = ground.folder().join("stderr.jsonl");
    let stderr = File::create(&log).expect("a file");
    (serve(ground).env("USHER_LOG_FORMAT", "json").stderr(stderr).spawn().expect("started"), log)
}

/// Sends SIGTERM as soon as the log has `line`; gives the exit code, the time it took to end, and the log.
async fn terminated_after(line: &str, mut child: Child, log: &Path) -> (Option<i32>, Duration, String) {
    let text = || fs::read_to_string(log).expect("text");
    eventually(line, || std::future::ready(text().contains(line).then_some(()))).await;
    let began = Instant::now();
    assert!(Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().expect("kill").success());
    let code = loop {
        if let Some(status) = child.try_wait().expect("a state") {
            break status.code();
        }
        if began.elapsed() > WAIT_TIMEOUT {
            let _ = child.kill();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    (code, began.elapsed(), text())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_hangs_ends_after_28_seconds() {
    let ground = ground();
    let (child, log) = held_up_at(&ground, ".usher-can-write");
    let (code, took, log) = terminated_after("usher starts", child, &log).await;
    assert_eq!(code, Some(1), "{log}");
    assert!(took > Duration::from_secs(27) && took < GRACE, "{took:?}: {log}");
    let last = log.lines().last().expect("a line");
    assert!(last.starts_with("usher: stopping took longer than 28 s"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_during_the_start_is_not_waited_with() {
    let ground = ground();
    let folder = ground.folder().join("data/log");
    let log = EmbeddedLog::open(&folder, Options::default()).expect("nobody has it open");
    log.close().await;
    fs::remove_file(folder.join("acknowledged")).expect("it was there");
    let (child, log) = held_up_at(&ground, "log/acknowledged");
    let (code, took, log) = terminated_after("usher starts", child, &log).await;
    assert_eq!(code, Some(0), "{log}");
    assert!(took < Duration::from_secs(10), "{took:?}: {log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_never_answers_does_not_hold_up_the_end() {
    let ground = ground();
    let jane = Account::new("KEY1", "jane");
    ground.sandbox.put_user(ACME.product, jane.clone());
    ground.sandbox.inject(Fault::new(Effect::Hang));
    let usher = Usher::start(&ground).await;
    tell_and_hang(&ground, &usher, &jane).await;
    let began = Instant::now();
    usher.terminate();
    let (status, log) = usher.wait();
    assert!(status.success(), "{log}");
    assert!(began.elapsed() < GRACE, "{:?}: {log}", began.elapsed());
}

/// Tells of `user`, and waits until a call for them has begun that the product does not answer.
async fn tell_and_hang(ground: &Ground, usher: &Usher, user: &Account) {
    let calls = || ground.sandbox.faults().iter().map(|fault| fault.fired).sum::<u64>();
    let before = calls();
    usher.tell(ACME, Happening::Created, user).await;
    eventually("a call hangs", || std::future::ready((calls() > before).then_some(()))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_sigterm_ends_the_process_at_once_and_its_last_line_is_written() {
    let ground = ground();
    let (mut child, log) = held_up_at(&ground, ".usher-can-write");
    let text = || fs::read_to_string(&log).expect("text");
    eventually("it starts", || std::future::ready(text().contains("usher starts").then_some(()))).await;
    let began = Instant::now();
    let id = child.id().to_string();
    // Two that come at once may count as one.
    let ended = eventually("it has ended", || {
        let ended = child.try_wait().expect("a state");
        assert!(ended.is_some() || Command::new("kill").args(["-TERM", &id]).status().expect("kill").success());
        std::future::ready(ended)
    });
    assert_eq!(ended.await.code(), Some(1), "{}", text());
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}: {}", began.elapsed(), text());
    let told = text().lines().any(|line| line.starts_with("usher: ended at once by a second signal"));
    assert!(told, "{}", text());
}

#[tokio::test(flavor = "multi_thread")]
async fn while_kafka_stands_still_usher_stops_in_time() {
    let broker = KafkaBroker::own();
    let ground = ground().on_kafka(&broker.config(2));
    let usher = Usher::start(&ground).await;
    broker.freeze();
    let began = Instant::now();
    usher.terminate();
    let (_, log) = usher.wait();
    broker.thaw();
    assert!(began.elapsed() < GRACE, "{:?}: {log}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn while_kafka_stands_still_usher_is_alive_not_ready_and_goes_on_afterwards() {
    let broker = KafkaBroker::own();
    let ground = ground().on_kafka(&broker.config(2));
    let jane = Account::new("KEY1", "jane");
    ground.sandbox.put_user(ACME.product, jane.clone());
    let usher = Usher::start(&ground).await;
    let ready = async || usher.open_page("readyz").await;
    eventually("ready", async || ready().await.0.is_success().then_some(())).await;
    broker.freeze();
    let text = eventually("not ready", async || {
        let (status, text) = ready().await;
        (status == 503).then_some(text)
    })
    .await;
    assert!(text.contains(r#""what":"log""#), "{text}");
    assert!(usher.open_page("healthz").await.0.is_success());
    broker.thaw();
    eventually("ready again", async || ready().await.0.is_success().then_some(())).await;
    usher.tell(ACME, Happening::Created, &jane).await;
    usher.drain().await;
    assert_eq!(ground.effects().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_are_taken_in_for_a_while_after_sigterm_and_their_connections_closed() {
    let ground = ground().tweak("USHER_WEBHOOKS__LINGER", "4m");
    let usher = Usher::start(&ground).await;
    let mut kept = Wire::connect(usher.webhooks).await;
    kept.send("GET /webhooks/acme HTTP/1.1\r\nHost: usher\r\n\r\n").await;
    assert!(!kept.answer().await.contains("connection: close"));
    usher.terminate();
    let text = eventually("it says that it stops", async || {
        let (status, text) = usher.open_page("readyz").await;
        (status == 503).then_some(text)
    })
    .await;
    assert!(text.contains(r#""status":"stopping""#), "{text}");
    let jane = Account::new("KEY1", "jane");
    ground.sandbox.put_user(ACME.product, jane.clone());
    usher.tell(ACME, Happening::Created, &jane).await;
    eventually("what was accepted is done", async || (ground.effects().len() == 1).then_some(())).await;
    kept.send("GET /webhooks/acme HTTP/1.1\r\nHost: usher\r\n\r\n").await;
    let answer = kept.answer().await;
    assert!(answer.contains("connection: close"), "{answer}");
    usher.terminate(); // not to be waited for
    let (status, log) = usher.wait();
    assert!(status.code() == Some(1) && log.contains("taken in for a while yet"), "{status}: {log}");
}
