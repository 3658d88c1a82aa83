//! Sources that come into the configuration file and leave it while usher runs.

use std::{
    collections::BTreeMap,
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::{Method, StatusCode};
use usher::sandbox::{
    Account, Effect, Fault,
    webhook::{Delivery, Happening},
};

use crate::support::{
    face::{Accepted, Face, eventually},
    ground::{ACME, GLOBEX, Ground},
    kafka::KafkaBroker,
    usher::Usher,
};

/// Gives everybody who is created in acme a group.
const OF_ACME: &str = "{ id: here, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
                         actions: [{ add_groups: [staff] }] }";
/// The same in globex.
const OF_GLOBEX: &str = "{ id: there, source: globex, trigger: on_create, test_mode: false, select: { everyone: true },
                           actions: [{ add_groups: [staff] }] }";
const GIVEN_HERE: &str = "here: add_groups staff changed";
const GIVEN_THERE: &str = "there: add_groups staff changed";

/// The configuration files: with acme alone, and with both sources.
struct Files {
    one: String,
    both: String,
}

/// A ground whose file has acme alone at first, and both files.
fn ground() -> (Ground, Files) {
    let ground = Ground::new(OF_ACME).groups(&["staff"]);
    let text = fs::read_to_string(ground.config_path()).expect("a file");
    let text = text.replace("reconcile: off", "reconcile: off\n    mass_creation: off");
    let (begin, end) = (text.find("  - id: globex").expect("globex"), text.find("schemes:").expect("schemes"));
    let both = text.replace(OF_ACME, &format!("{OF_ACME}, {OF_GLOBEX}"));
    let files = Files { one: [&text[..begin], &text[end..]].concat(), both };
    replace(&ground, &files.one);
    (ground, files)
}

fn replace(ground: &Ground, text: &str) {
    let aside = ground.folder().join("usher.yaml.new");
    fs::write(&aside, text).expect("written");
    fs::rename(aside, ground.config_path()).expect("renamed");
}

/// The configuration in use, by its hash.
async fn hash(face: &Face) -> String {
    let metrics = face.open_page("metrics").await.1;
    metrics.lines().find(|line| line.starts_with("usher_config_info{")).expect("a hash").to_owned()
}

/// Has `text` taken into use, and waits until it is.
async fn reload(usher: &Usher, ground: &Ground, text: &str) {
    let before = hash(usher).await;
    replace(ground, text);
    usher.hang_up();
    eventually("another configuration", async || (hash(usher).await != before).then_some(())).await;
}

fn put(ground: &Ground, product: usher::domain::Product, id: &str) -> Account {
    let account = Account::new(id, format!("name-{id}"));
    ground.sandbox.put_user(product, account.clone());
    account
}

/// Tells of a user who was created in globex.
async fn there(face: &Face, ground: &Ground, id: &str) -> Accepted {
    face.tell(GLOBEX, Happening::Created, &put(ground, GLOBEX.product, id)).await
}

/// Tells of a user of globex while it answers nothing, and waits until usher has called it. Gives the fault and the event.
async fn hanging(face: &Face, ground: &Ground) -> (u64, Accepted) {
    let fault = ground.sandbox.inject(Fault::new(Effect::Hang).site(GLOBEX.product));
    let event = there(face, ground, "kim").await;
    let calls = || ground.sandbox.faults().iter().map(|fault| fault.fired).sum::<u64>();
    eventually("a call hangs", || std::future::ready((calls() > 0).then_some(()))).await;
    (fault, event)
}

/// How a signed delivery for globex is answered.
async fn answered(face: &Face) -> StatusCode {
    let nobody = Account::new("nobody", "nobody");
    let delivery = Delivery::of(GLOBEX.product, Happening::Created, &nobody).sign(GLOBEX.secret);
    face.deliver_raw("/webhooks/globex", &delivery).await.0
}

/// Deliveries for acme without a pause, until they are stopped. Each must be accepted.
struct Stream {
    done: Arc<AtomicBool>,
    sender: tokio::task::JoinHandle<Vec<Accepted>>,
}

impl Stream {
    fn start(usher: &Arc<Usher>, ground: &Arc<Ground>) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let (usher, ground, until) = (Arc::clone(usher), Arc::clone(ground), Arc::clone(&done));
        let sender = tokio::spawn(async move {
            let mut accepted = Vec::new();
            for number in 0.. {
                if until.load(Ordering::Acquire) {
                    break;
                }
                let account = put(&ground, ACME.product, &format!("KEY{number}"));
                accepted.push(usher.tell(ACME, Happening::Created, &account).await);
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            accepted
        });
        Self { done, sender }
    }

    /// All that was accepted.
    async fn stop(self) -> Vec<Accepted> {
        self.done.store(true, Ordering::Release);
        self.sender.await.expect("every delivery was accepted")
    }
}

/// Each user of the sandbox who was given the group, and how often.
fn given(ground: &Ground) -> BTreeMap<String, usize> {
    let mut given = BTreeMap::new();
    for effect in ground.effects() {
        *given.entry(effect).or_default() += 1;
    }
    given
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_comes_goes_and_comes_again_while_another_one_loses_no_delivery_and_all_is_done_once() {
    let (ground, files) = ground();
    let ground = Arc::new(ground);
    let usher = Arc::new(Usher::start(&ground).await);
    let stream = Stream::start(&usher, &ground);
    assert_eq!(answered(&usher).await, StatusCode::UNAUTHORIZED, "there is no such source");
    assert_eq!(usher.ask("sources/globex", &[]).await.0, StatusCode::NOT_FOUND);

    reload(&usher, &ground, &files.both).await;
    let first = there(&usher, &ground, "first").await;
    assert_eq!(usher.ended(&first).await, [GIVEN_THERE]);
    assert_eq!(usher.ask("sources/globex", &[]).await.1["state"], "running");
    let (ready, page) = usher.open_page("readyz").await;
    assert_eq!(ready, StatusCode::OK, "{page}");
    assert_eq!(usher.metric("usher_webhooks_total{result=\"accepted\",source=\"globex\"}").await, Some(1.0));

    // Many are accepted, and the source goes at once. What is not worked on by then waits.
    let mut many = Vec::new();
    for number in 0..30 {
        many.push(there(&usher, &ground, &format!("many{number}")).await);
    }
    reload(&usher, &ground, &files.one).await;
    assert_eq!(answered(&usher).await, StatusCode::UNAUTHORIZED);
    assert_eq!(usher.ask("sources/globex", &[]).await.0, StatusCode::NOT_FOUND);
    let done = ground.effects().len();
    eventually("the series of the source are gone", async || {
        let metrics = usher.open_page("metrics").await.1;
        let is_left = |line: &str| line.contains("source=\"globex\"") && !line.contains("result=\"unauthorized\"");
        (!metrics.lines().any(is_left)).then_some(())
    })
    .await;
    assert!(ground.effects().len() >= done, "acme goes on");
    let in_globex = || ground.effects().iter().filter(|effect| effect.starts_with("jira-cloud")).count();
    let before = in_globex();

    reload(&usher, &ground, &files.both).await;
    for event in &many {
        assert_eq!(usher.ended(event).await, [GIVEN_THERE], "{event:?}");
    }
    assert!(in_globex() >= before);
    let accepted = stream.stop().await;
    assert!(accepted.len() > 20, "{}", accepted.len());
    for event in &accepted {
        assert_eq!(usher.ended(event).await, [GIVEN_HERE], "{event:?}");
    }
    let given = given(&ground);
    assert_eq!(given.len(), accepted.len() + many.len() + 1, "{given:?}");
    assert!(given.values().all(|times| *times == 1), "{given:?}");
    usher.terminate();
    let (status, log) = Arc::into_inner(usher).expect("nobody else has it").wait();
    assert!(status.success(), "{log}");
    assert!(!log.contains("panicked") && !log.contains("bug of usher"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_goes_while_a_step_hangs_ends_in_time_and_the_step_is_done_when_it_comes_again() {
    let (ground, files) = ground();
    replace(&ground, &files.both);
    let usher = Usher::start(&ground).await;
    let (fault, event) = hanging(&usher, &ground).await;
    let began = Instant::now();
    reload(&usher, &ground, &files.one).await;
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    let here = usher.tell(ACME, Happening::Created, &put(&ground, ACME.product, "KEY1")).await;
    assert_eq!(usher.ended(&here).await, [GIVEN_HERE], "the other source goes on");
    assert_eq!(ground.effects(), ["jira-dc KEY1 +staff"]);
    assert!(ground.sandbox.remove_fault(fault));
    reload(&usher, &ground, &files.both).await;
    assert_eq!(usher.ended(&event).await, [GIVEN_THERE]);
    assert_eq!(given(&ground).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_scheme_is_broken_while_its_source_is_gone_and_asked_when_it_is_back() {
    let (ground, files) = ground();
    replace(&ground, &files.both);
    let usher = Usher::start(&ground).await;
    let stored = OF_GLOBEX.replace("id: there", "id: stored").replace("staff", "red");
    ground.sandbox.put_group(GLOBEX.product, "red");
    let (status, _, answer) = usher.send(Method::POST, "schemes", &[], stored).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    reload(&usher, &ground, &files.one).await;
    let (_, scheme) = usher.ask("schemes/stored", &[]).await;
    assert!(scheme["broken"].as_str().is_some_and(|why| why.contains("there is no source `globex`")), "{scheme}");
    reload(&usher, &ground, &files.both).await;
    let (_, scheme) = usher.ask("schemes/stored", &[]).await;
    assert_eq!(scheme["source"], "globex", "{scheme}");
    let event = there(&usher, &ground, "kim").await;
    assert_eq!(usher.ended(&event).await, [GIVEN_THERE, "stored: add_groups red changed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_can_not_be_set_up_changes_nothing() {
    let (ground, files) = ground();
    let usher = Usher::start(&ground).await;
    let before = hash(&usher).await;
    let broken = files.both.replacen("id: globex", "id: globex\n    ca: nowhere.pem", 1);
    replace(&ground, &broken.replacen("schemes: [", "mode: observe\nschemes: [", 1));
    usher.hang_up();
    let refused = "usher_config_reloads_total{result=\"refused\"}";
    eventually("it is refused", async || usher.metric(refused).await.filter(|times| *times > 0.0)).await;
    assert_eq!(hash(&usher).await, before);
    assert_eq!(answered(&usher).await, StatusCode::UNAUTHORIZED);
    let here = usher.tell(ACME, Happening::Created, &put(&ground, ACME.product, "KEY1")).await;
    assert_eq!(usher.ended(&here).await, [GIVEN_HERE], "not in observe mode");
    let metrics = usher.open_page("metrics").await.1;
    assert!(!metrics.contains("source=\"globex\""), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_while_a_source_goes_ends_all_and_loses_nothing() {
    let (ground, files) = ground();
    replace(&ground, &files.both);
    let usher = Usher::start(&ground).await;
    let (fault, event) = hanging(&usher, &ground).await;
    replace(&ground, &files.one);
    usher.hang_up();
    eventually("its deliveries are refused", async || {
        (answered(&usher).await == StatusCode::UNAUTHORIZED).then_some(())
    })
    .await;
    usher.terminate();
    let (status, log) = usher.wait();
    assert!(status.success(), "{log}");
    assert!(ground.sandbox.remove_fault(fault));
    replace(&ground, &files.both);
    let usher = Usher::start(&ground).await;
    assert_eq!(usher.ended(&event).await, [GIVEN_THERE]);
    assert_eq!(ground.effects(), ["jira-cloud kim +staff"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_kafka_a_source_comes_and_goes_in_two_processes_one_after_the_other() {
    let (ground, files) = ground();
    let ground = ground.on_kafka(&KafkaBroker::shared().config(3));
    let (one, other) = tokio::join!(Usher::replica(&ground, "one"), Usher::replica(&ground, "other"));
    // The other one finds the new file by itself, some seconds later.
    reload(&one, &ground, &files.both).await;
    let mut events = Vec::new();
    for number in 0..20 {
        events.push(there(&one, &ground, &format!("early{number}")).await);
    }
    eventually("the other one has it too", async || {
        (other.ask("sources/globex", &[]).await.0 == StatusCode::OK).then_some(())
    })
    .await;
    for number in 0..20 {
        events.push(there(&other, &ground, &format!("late{number}")).await);
    }
    for event in &events {
        assert_eq!(one.ended(event).await, [GIVEN_THERE], "{event:?}");
    }
    reload(&one, &ground, &files.one).await;
    other.hang_up();
    for usher in [&one, &other] {
        eventually("it is refused", async || (answered(usher).await == StatusCode::UNAUTHORIZED).then_some(())).await;
        eventually("it is gone", async || {
            (usher.ask("sources/globex", &[]).await.0 == StatusCode::NOT_FOUND).then_some(())
        })
        .await;
    }
    let given = given(&ground);
    assert_eq!(given.len(), events.len(), "{given:?}");
    assert!(given.values().all(|times| *times == 1), "{given:?}");
    for usher in [one, other] {
        usher.terminate();
        let (status, log) = usher.wait();
        assert!(status.success(), "{log}");
    }
}
