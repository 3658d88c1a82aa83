//! A changed configuration is taken into use while usher runs, whole or not at all.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use usher::sandbox::{
    self, Account,
    webhook::{Delivery, Happening},
};

use crate::support::{
    face::{Face, eventually},
    ground::{ACME, GLOBEX, Ground},
    mounted::Mounted,
    usher::Usher,
};

const EVERYBODY: &str = "{ id: new, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
                           actions: [{ add_groups: [staff] }] }";
const APPLIED: &str = "usher_config_reloads_total{result=\"applied\"}";
const REFUSED: &str = "usher_config_reloads_total{result=\"refused\"}";
const LAST: &str = "usher_config_last_reload_successful";

/// Changes the configuration file in one go: of each pair the first becomes the second.
fn rewrite(ground: &Ground, changes: &[(&str, &str)]) {
    let mut text = fs::read_to_string(ground.config_path()).expect("a file");
    for (from, to) in changes {
        assert!(text.contains(from), "there is no `{from}` in: {text}");
        text = text.replacen(from, to, 1);
    }
    replace(ground, &text);
}

fn replace(ground: &Ground, text: &str) {
    let aside = ground.folder().join("usher.yaml.new");
    fs::write(&aside, text).expect("written");
    fs::rename(aside, ground.config_path()).expect("renamed");
}

async fn has_counted(face: &Face, series: &str, least: f64) {
    eventually(series, async || face.metric(series).await.filter(|value| *value >= least)).await;
}

/// The configuration in use, by its hash.
async fn hash(face: &Face) -> String {
    let metrics = face.open_page("metrics").await.1;
    metrics.lines().find(|line| line.starts_with("usher_config_info{")).expect("a hash").to_owned()
}

/// Waits until another configuration is in use than the one with the hash `before`.
async fn is_another_than(face: &Face, before: &str) {
    eventually("another configuration", async || (hash(face).await != before).then_some(())).await;
}

/// Changes the configuration file, sends SIGHUP and waits until it is in use.
async fn reload(usher: &Usher, ground: &Ground, changes: &[(&str, &str)]) {
    let before = hash(usher).await;
    rewrite(ground, changes);
    usher.hang_up();
    is_another_than(usher, &before).await;
}

/// Delivers that `account` was created, signed with `secret`.
async fn deliver(face: &Face, account: &Account, secret: &str) -> StatusCode {
    let delivery = Delivery::of(ACME.product, Happening::Created, account).sign(secret);
    face.deliver_raw("/webhooks/acme", &delivery).await.0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_secret_is_rotated_by_its_file_while_deliveries_come_and_none_is_refused() {
    let ground = Ground::new("");
    let secrets = ground.folder().join("secrets");
    let mut mounted = Mounted::at(&secrets, &[("current", "one"), ("previous", "zero")]);
    let files = "hmac: [{ file: secrets/current }, { file: secrets/previous }]";
    rewrite(&ground, &[("hmac: [{ env: TEST_ACME_SECRET }]", files)]);
    let usher = Arc::new(Usher::start(&ground).await);
    // The sender, which signs with the secret of before until it is told of the new one.
    let (rotated, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let sent = Arc::new([AtomicU32::new(0), AtomicU32::new(0)]);
    let sender = tokio::spawn({
        let (usher, rotated, done) = (Arc::clone(&usher), Arc::clone(&rotated), Arc::clone(&done));
        let sent = Arc::clone(&sent);
        async move {
            for number in 0.. {
                if done.load(Ordering::Acquire) {
                    return;
                }
                let with_new = rotated.load(Ordering::Acquire);
                let account = Account::new(format!("KEY{number}"), format!("name-{number}"));
                let status = deliver(&usher, &account, if with_new { "two" } else { "one" }).await;
                assert_eq!(status, StatusCode::OK, "delivery {number}");
                sent[usize::from(with_new)].fetch_add(1, Ordering::AcqRel);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    });
    let probe = Account::new("KEYPROBE", "probe");
    assert_eq!(deliver(&usher, &probe, "two").await, StatusCode::UNAUTHORIZED);
    mounted.change(&[("current", "two"), ("previous", "one")]);
    eventually("the new secret counts", async || {
        (deliver(&usher, &probe, "two").await == StatusCode::OK).then_some(())
    })
    .await;
    has_counted(&usher, APPLIED, 1.0).await;
    rotated.store(true, Ordering::Release);
    eventually("it is signed with", async || {
        let is_ended = sender.is_finished();
        (is_ended || sent[1].load(Ordering::Acquire) > 0).then_some(())
    })
    .await;
    mounted.change(&[("current", "two"), ("previous", "none")]);
    eventually("the old secret does not count", async || {
        (deliver(&usher, &probe, "one").await == StatusCode::UNAUTHORIZED).then_some(())
    })
    .await;
    done.store(true, Ordering::Release);
    sender.await.expect("no delivery was refused");
    assert!(sent.iter().all(|sent| sent.load(Ordering::Acquire) > 0), "{sent:?}");
    assert_eq!(usher.metric(REFUSED).await, Some(0.0));
    assert!(usher.log().contains("changed\":\"sources.acme.webhook\""), "{}", usher.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_file_is_refused_with_its_places_and_the_configuration_before_goes_on() {
    let ground = Ground::new("");
    let usher = Usher::start(&ground).await;
    let (user, other) = (Account::new("KEY1", "one"), Account::new("KEY2", "two"));
    let text = fs::read_to_string(ground.config_path()).expect("a file");
    let before = hash(&usher).await;
    rewrite(
        &ground,
        &[("{ env: TEST_ACME_SECRET }", "{ env: TEST_GLOBEX_SECRET }"), ("reconcile: off", "reconcile: offf")],
    );
    usher.hang_up();
    has_counted(&usher, REFUSED, 1.0).await;
    assert_eq!(usher.metric(LAST).await, Some(0.0));
    let log = usher.log();
    assert!(log.contains("usher.yaml:11:16: found a single value") && log.contains("is refused"), "{log}");
    assert_eq!(deliver(&usher, &user, ACME.secret).await, StatusCode::OK, "the secret of before counts");
    assert_eq!(hash(&usher).await, before);

    let both = "hmac: [{ env: TEST_GLOBEX_SECRET }, { env: TEST_ACME_SECRET }]";
    let mended = text.replacen("hmac: [{ env: TEST_ACME_SECRET }]", both, 1);
    replace(&ground, &mended.replacen("listen: \"127.0.0.1:0\"", "listen: \"127.0.0.1:1\"", 1));
    is_another_than(&usher, &before).await; // noticed without being told
    assert_eq!(usher.metric(LAST).await, Some(1.0));
    assert_eq!(usher.metric("usher_config_needs_restart{key=\"webhooks.listen\"}").await, Some(1.0));
    assert_eq!(deliver(&usher, &other, GLOBEX.secret).await, StatusCode::OK);
    let log = usher.log();
    assert!(log.contains("need a restart") && log.contains("webhooks.listen"), "{log}");
}

/// An empty configuration is a right one, of defaults: usher may change everything then.
/// Waits until the log has `text`: its lines are written by a thread of their own.
async fn has_told(usher: &Usher, text: &str) {
    eventually(text, async || usher.log().contains(text).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_file_that_is_emptied_or_taken_away_changes_nothing() {
    let ground = Ground::new(EVERYBODY).groups(&["staff"]);
    rewrite(&ground, &[("data_dir", "mode: observe\ndata_dir")]);
    let usher = Usher::in_its_folder(&ground).await;
    let text = fs::read_to_string(ground.config_path()).expect("a file");
    let before = hash(&usher).await;
    fs::write(ground.config_path(), "").expect("emptied");
    usher.hang_up();
    has_counted(&usher, REFUSED, 1.0).await;
    has_told(&usher, "has no source any more").await;
    fs::remove_file(ground.config_path()).expect("removed");
    has_counted(&usher, REFUSED, 2.0).await; // noticed without being told
    has_told(&usher, "usher.yaml: cannot be read").await;

    let jane = Account::new("KEY1", "jane");
    ground.sandbox.put_user(ACME.product, jane.clone());
    let event = usher.tell(ACME, Happening::Created, &jane).await;
    assert_eq!(usher.ended(&event).await, ["new: add_groups staff tested"], "mode and schemes are those of before");
    assert_eq!(hash(&usher).await, before);
    replace(&ground, &text);
    has_counted(&usher, APPLIED, 1.0).await;
    assert_eq!(usher.metric(LAST).await, Some(1.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn signals_without_a_pause_are_taken_together_and_no_delivery_is_refused() {
    let ground = Ground::new(EVERYBODY).groups(&["staff"]);
    let usher = Usher::start(&ground).await;
    let began = Instant::now();
    let mut events = Vec::new();
    for number in 0..40 {
        for _ in 0..5 {
            usher.hang_up();
        }
        let account = Account::new(format!("KEY{number}"), format!("name-{number}"));
        ground.sandbox.put_user(ACME.product, account.clone());
        events.push(usher.tell(ACME, Happening::Created, &account).await);
    }
    for event in &events {
        assert_eq!(usher.ended(event).await, ["new: add_groups staff changed"]);
    }
    has_counted(&usher, APPLIED, 1.0).await;
    let reloads = usher.metric(APPLIED).await.expect("a count");
    assert!(reloads <= began.elapsed().as_secs_f64() * 4.0 + 1.0, "{reloads} reloads in {:?}", began.elapsed());
    assert_eq!(usher.metric(REFUSED).await, Some(0.0));
}

/// As `--config <(…)` of a shell is one.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_can_not_be_read_to_its_end_is_told_of_and_holds_nothing_up() {
    let ground = Ground::new(EVERYBODY).groups(&["staff"]);
    let usher = Usher::start(&ground).await;
    let aside = ground.folder().join("aside");
    fs::rename(ground.config_path(), &aside).expect("moved");
    let made = std::process::Command::new("mkfifo").arg(ground.config_path()).status().expect("mkfifo");
    assert!(made.success());
    usher.hang_up();
    has_counted(&usher, REFUSED, 1.0).await;
    assert!(usher.log().contains("can't be read in 10s"), "{}", usher.log());
    let jane = Account::new("KEY1", "jane");
    ground.sandbox.put_user(ACME.product, jane.clone());
    let event = usher.tell(ACME, Happening::Created, &jane).await;
    assert_eq!(usher.ended(&event).await, ["new: add_groups staff changed"]);
    usher.terminate();
    let (status, log) = usher.wait();
    assert!(status.success(), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_token_that_is_put_right_in_its_file_lets_the_source_go_on() {
    let ground = Ground::new(EVERYBODY).groups(&["staff"]);
    let mut mounted = Mounted::at(&ground.folder().join("secrets"), &[("product", "ended")]);
    rewrite(&ground, &[("bearer: { env: TEST_PRODUCT_TOKEN }", "bearer: { file: secrets/product }")]);
    let usher = Usher::start(&ground).await;
    let jane = Account::new("KEY1", "jane");
    ground.sandbox.put_user(ACME.product, jane.clone());
    let event = usher.tell(ACME, Happening::Created, &jane).await;
    has_counted(&usher, "usher_source_halted{source=\"acme\"}", 1.0).await;
    mounted.change(&[("product", &format!("{}\n", sandbox::TOKEN))]);
    usher.settled(&event).await;
    assert_eq!(ground.effects(), ["jira-dc KEY1 +staff"]);
    assert!(usher.log().contains("sources.acme.auth"), "{}", usher.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn mode_schemes_rate_and_the_admin_token_change_with_sighup() {
    let ground = Ground::new("").groups(&["staff"]);
    rewrite(&ground, &[("data_dir", "mode: observe\ndata_dir")]);
    let usher = Usher::start(&ground).await;
    let users: Vec<_> = (0..5).map(|n| Account::new(format!("KEY{n}"), format!("name-{n}"))).collect();
    for user in &users {
        ground.sandbox.put_user(ACME.product, user.clone());
    }
    let before = usher.tell(ACME, Happening::Created, &users[0]).await;
    usher.settled(&before).await;
    reload(&usher, &ground, &[("schemes: []", &format!("schemes: [{EVERYBODY}]"))]).await;
    let observed = usher.tell(ACME, Happening::Created, &users[1]).await;
    assert_eq!(usher.ended(&observed).await, ["new: add_groups staff tested"]);
    let slower = "rate: { per_second: 2, concurrency: 1 }\n    credentials_expire: 2099-01-01";
    let rate = ("rate: { per_second: 1000, concurrency: 8 }", slower);
    reload(&usher, &ground, &[("mode: observe", "mode: active"), rate]).await;
    let began = Instant::now();
    let mut events = Vec::new();
    for user in &users[2..] {
        events.push(usher.tell(ACME, Happening::Created, user).await);
    }
    for event in &events {
        assert_eq!(usher.ended(event).await, ["new: add_groups staff changed"]);
    }
    // Each user is read and changed: six calls at least, two a second.
    assert!(began.elapsed() >= Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(ground.effects(), ["jira-dc KEY2 +staff", "jira-dc KEY3 +staff", "jira-dc KEY4 +staff"]);
    assert_eq!(usher.ask("sources/acme", &[]).await.1["rate"]["per_second"], 2.0);
    has_counted(&usher, "usher_credentials_expiry_seconds{source=\"acme\"}", 1.0).await;

    reload(&usher, &ground, &[("token: { env: TEST_ADMIN_TOKEN }", "token: { env: TEST_GLOBEX_SECRET }")]).await;
    assert_eq!(usher.ask("sources/acme", &[]).await.0, StatusCode::UNAUTHORIZED);
    let asked = usher.http.get(format!("http://{}/api/v1/sources", usher.admin)).bearer_auth(GLOBEX.secret);
    assert_eq!(asked.send().await.expect("an answer").status(), StatusCode::OK);
}
