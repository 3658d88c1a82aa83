//! SIGTERM at any moment: usher ends in order and in time, and what was under way is done once by the next one.

use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use usher::sandbox::{Account, Effect, Fault, webhook::Happening};

use super::sweeps::{gives, people, run_now};
use crate::support::{
    face::eventually,
    ground::{ACME, ADMIN_TOKEN, Ground},
    usher::{Usher, serve},
};

const EVERYBODY: &str = "{ id: new, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
                           actions: [{ add_groups: [staff] }] }";
/// Kubernetes kills after that time.
const GRACE: Duration = Duration::from_secs(30);
/// SIGTERM, where the process has not asked to be told of it yet.
const BY_SIGTERM: i32 = 15;

/// Sends SIGTERM, and asserts that usher ends in order and in time.
fn ends_in_order(usher: Usher, when: &str) {
    let began = Instant::now();
    usher.terminate();
    let (status, log) = usher.wait();
    assert!(status.success(), "{when}: {status}: {log}");
    assert!(began.elapsed() < GRACE, "{when}: {:?}: {log}", began.elapsed());
    let told = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let faults: Vec<_> = told.filter(|line| line["level"] == "ERROR").collect();
    assert!(faults.is_empty(), "{when}: {faults:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_at_any_moment_of_a_start_leaves_everything_for_the_next_one() {
    use std::os::unix::process::ExitStatusExt;

    let seed = rand::random();
    eprintln!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let ground = Ground::new(EVERYBODY).groups(&["staff"]);
    // There is something to read back and to do.
    let away = ground.sandbox.inject(Fault::new(Effect::Cut { after_work: false }).site(ACME.product));
    let usher = Usher::start(&ground).await;
    for number in 0..40 {
        let account = Account::new(format!("KEY{number}"), format!("name-{number}"));
        ground.sandbox.put_user(ACME.product, account.clone());
        usher.tell(ACME, Happening::Created, &account).await;
    }
    usher.kill();
    ground.sandbox.remove_fault(away);
    for round in 0..20 {
        let stderr = ground.folder().join(format!("stderr-{round}"));
        let file = std::fs::File::create(&stderr).expect("a file");
        let mut child = serve(&ground).env("USHER_LOG_FORMAT", "text").stderr(file).spawn().expect("started");
        let moment = Duration::from_millis(random.random_range(0..300));
        tokio::time::sleep(moment).await;
        let sent = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
        assert!(sent.expect("kill").success());
        let status = eventually("it has ended", || std::future::ready(child.try_wait().expect("a state"))).await;
        let log = std::fs::read_to_string(&stderr).expect("text");
        let context = format!("seed {seed}, round {round}, after {moment:?}: {status}: {log}");
        let too_early = status.signal() == Some(BY_SIGTERM) && log.is_empty();
        assert!(status.success() || too_early, "{context}");
        assert!(!log.contains("ERROR") && !log.contains("panicked"), "{context}");
    }
    let usher = Usher::start(&ground).await;
    usher.drain().await;
    let mut effects = ground.effects();
    effects.sort();
    effects.dedup();
    assert_eq!((effects.len(), ground.effects().len()), (40, 40), "seed {seed}: each is done once");
    ends_in_order(usher, "at the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_while_a_run_goes_over_everybody_is_obeyed_and_the_next_one_finishes_the_run() {
    let ground = Ground::new(&gives("staff", "acme", "staff", "")).groups(&["staff"]);
    people(&ground, 60);
    ground.sandbox.inject(Fault::new(Effect::Delay { millis: 40 }).site(ACME.product));
    let usher = Usher::start(&ground).await;
    let run = run_now(&usher, "staff").await;
    // At the start of the run, in its midst, and near its end.
    let mut usher = Some(usher);
    for done in [0, 10, 40] {
        let running = match usher.take() {
            Some(running) => running,
            None => Usher::start(&ground).await,
        };
        eventually("the run has come so far", async || (ground.effects().len() >= done).then_some(())).await;
        ends_in_order(running, &format!("with {done} done"));
    }
    let usher = Usher::start(&ground).await;
    let shown = eventually("the run is done", async || {
        let (status, shown) = usher.ask(&format!("runs/{run}"), &[]).await;
        (status == StatusCode::OK && shown["state"] == "done").then_some(shown)
    })
    .await;
    assert_eq!((&shown["counts"]["selected"], &shown["counts"]["failed"]), (&60.into(), &0.into()), "{shown}");
    let mut effects = ground.effects();
    effects.sort();
    effects.dedup();
    assert_eq!((effects.len(), ground.effects().len()), (60, 60), "each once");
    ends_in_order(usher, "at the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_while_administrators_wait_for_long_answers_is_obeyed_in_time() {
    let ground = Ground::new(&gives("staff", "acme", "staff", "")).groups(&["staff"]);
    people(&ground, 20);
    let usher = Usher::start(&ground).await;
    for number in 100..400 {
        let account = Account::new(format!("KEY{number}"), "x".repeat(200) + &number.to_string());
        usher.tell(ACME, Happening::Deleted, &account).await;
    }
    ground.sandbox.inject(Fault::new(Effect::Hang).site(ACME.product));
    // A backup that nobody reads, a preview that hangs, an explanation that hangs.
    let url = |path: &str| format!("http://{}/api/v1/{path}", usher.admin);
    let backup = usher.http.post(url("backup")).bearer_auth(ADMIN_TOKEN).send().await.expect("an answer");
    assert_eq!(backup.status(), StatusCode::OK);
    let scheme = gives("new", "acme", "staff", "");
    let preview = usher.send(Method::POST, "schemes/preview", &[], scheme).await;
    assert_eq!(preview.0, StatusCode::ACCEPTED, "{preview:?}");
    let explain = usher.http.get(url("explain")).query(&[("scheme", "staff"), ("user", "KEY1")]);
    let explain = tokio::spawn(explain.bearer_auth(ADMIN_TOKEN).send());
    eventually("the product is asked", async || {
        let fired: u64 = ground.sandbox.faults().iter().map(|fault| fault.fired).sum();
        (fired >= 2).then_some(())
    })
    .await;
    ends_in_order(usher, "with long answers under way");
    drop(backup);
    if let Ok(answer) = explain.await.expect("no panic") {
        assert!(!answer.status().is_success(), "{}", answer.status());
    }
}
