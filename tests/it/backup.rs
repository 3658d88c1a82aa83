//! `usher backup` and `usher restore` with the real binary: under load, of a stopped usher, and what is refused.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
    sync::{
        Arc, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use usher::{
    domain::Event,
    log::{
        Stream, codec,
        embedded::{EmbeddedLog, Options},
    },
    sandbox::{Account, webhook::Happening},
};

use crate::{
    log_suite::all,
    support::{
        face::{Accepted, eventually},
        ground::{ACME, ADMIN_TOKEN, BOTH, Ground},
        reserved::Reserved,
        usher::{Usher, command, serve},
    },
};

const SCHEMES: &str = "
    { id: arrive, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
      actions: [{ add_groups: [staff] }, { create_issue: { project: OPS, type: Task, summary: Somebody arrived } }] },
    { id: join, source: globex, trigger: on_create, test_mode: false, select: { everyone: true },
      actions: [{ add_groups: [staff] }] }";

/// Senders at work at the same time, and how many deliveries each may send.
const SENDERS: usize = 4;
const ENOUGH: usize = 4_000;
/// What a sender waits between two deliveries.
const PAUSE: Duration = Duration::from_millis(25);

/// Creations of ever other users, told one after the other by several senders, until `stop`.
async fn load(usher: &Usher, ground: &Ground, accepted: &AtomicUsize, stop: &CancellationToken) {
    let sender = |number: usize| async move {
        for nth in 0..ENOUGH {
            if stop.is_cancelled() {
                return;
            }
            let (source, id) = (BOTH[number % BOTH.len()], format!("USER-{number}-{nth}"));
            let user = Account::new(&id, format!("name-of-{id}"));
            ground.sandbox.put_user(source.product, user.clone());
            usher.tell(source, Happening::Created, &user).await;
            accepted.fetch_add(1, Ordering::Relaxed);
            stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
        }
    };
    futures::future::join_all((0..SENDERS).map(sender)).await;
}

/// The command `usher backup` against a running usher.
fn backup(usher: &Usher, to: &Path) -> Command {
    let mut command = command();
    command.args(["backup", "--to"]).arg(to);
    command.env("USHER_URL", format!("http://{}", usher.admin)).env("USHER_TOKEN", ADMIN_TOKEN);
    command
}

fn restore(from: &Path, to: &Path) -> Output {
    command().args(["restore", "--from"]).arg(from).arg("--to").arg(to).output().expect("started")
}

async fn run(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().expect("started")).await.expect("joined")
}

#[track_caller]
fn succeeded(output: &Output) -> String {
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", said(&output.stdout), said(&output.stderr));
    said(&output.stdout)
}

/// That it ended with `code` and said something like this, on one line.
#[track_caller]
fn refused(output: &Output, code: i32, says: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(says) && said.trim_end().lines().count() == 1, "{said}");
}

/// The ids of all events in the log of the data folder `data`. Only while usher is not running there.
async fn events(data: &Path) -> BTreeSet<String> {
    let log = Arc::new(EmbeddedLog::open(&data.join("log"), Options::default()).expect("nobody has it open"));
    let records = all(log.as_ref(), Stream::Events).await;
    usher::log::Log::close(log.as_ref()).await;
    let id = |payload: &[u8]| codec::decode::<Event>(payload).expect("usher wrote it").id.to_string();
    records.iter().map(|record| id(&record.payload)).collect()
}

fn accepted(ground: &Ground) -> BTreeSet<Accepted> {
    ground.ledger().lock().unwrap_or_else(PoisonError::into_inner).clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_made_under_load_holds_what_was_accepted_and_nothing_is_done_twice_after_its_restore() {
    let ground = Ground::new(SCHEMES).groups(&["staff"]);
    let folder = ground.folder();
    let usher = Usher::start(&ground).await;
    let (stop, count) = (CancellationToken::new(), AtomicUsize::new(0));
    let (first, second) = (folder.join("first.backup"), folder.join("second.backup"));
    let backups = async {
        eventually("webhooks come in", || async { (count.load(Ordering::Relaxed) >= 60).then_some(()) }).await;
        let before = accepted(&ground);
        // Two at once, while webhooks come in and are worked on.
        let (one, other) = tokio::join!(run(backup(&usher, &first)), run(backup(&usher, &second)));
        let made = count.load(Ordering::Relaxed);
        eventually("more come in", || async { (count.load(Ordering::Relaxed) >= made + 20).then_some(()) }).await;
        stop.cancel();
        (before, one, other)
    };
    let ((before, one, other), ()) = tokio::join!(backups, load(&usher, &ground, &count, &stop));
    for output in [&one, &other] {
        let said = succeeded(output);
        assert!(said.contains(" records, ") && said.contains(" as of "), "{said}");
    }
    let last = Account::new("LAST", "the-last");
    ground.sandbox.put_user(ACME.product, last.clone());
    let last = usher.tell(ACME, Happening::Created, &last).await;
    usher.drain().await;
    let effects = ground.effects();
    assert!(effects.len() > before.len(), "{effects:?}");
    usher.kill();

    for (nth, archive) in [&first, &second].into_iter().enumerate() {
        assert_eq!(fs::metadata(archive).expect("a file").permissions().mode() & 0o777, 0o600);
        let data = format!("restored-{nth}");
        succeeded(&restore(archive, &folder.join(&data)));
        let held = events(&folder.join(&data)).await;
        assert!(before.iter().all(|accepted| held.contains(&accepted.event)), "something accepted is missing");
        assert!(!held.contains(&last.event), "what came later can't be there");
        // It does what the first one did after the backup, and finds it done.
        let again = Usher::replica(&ground, &data).await;
        for event in accepted(&ground).iter().filter(|accepted| held.contains(&accepted.event)) {
            again.settled(event).await;
        }
        let after = ground.effects();
        assert_eq!(after, effects, "done again: {:?}", after.get(effects.len()..));
        again.kill();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn by_its_configuration_an_usher_is_backed_up_whether_it_runs_or_not_with_the_token_that_it_made() {
    let ground = Ground::new(SCHEMES).groups(&["staff"]);
    let folder = ground.folder();
    // Without a token of the configuration usher makes one; the port has to be known.
    let reserved = Reserved::new();
    let port = reserved.address;
    let text = fs::read_to_string(ground.config_path()).expect("text");
    let own = "admin: { listen: \"127.0.0.1:0\", token: { env: TEST_ADMIN_TOKEN } }";
    assert!(text.contains(own));
    let text = text.replace(own, &format!("admin: {{ listen: \"{port}\" }}"));
    fs::write(ground.config_path(), text).expect("written");
    let by_config = |to: &Path| {
        let mut command = command();
        command.args(["backup", "--config"]).arg(ground.config_path()).arg("--to").arg(to).envs(ground.env());
        command
    };
    let usher = Usher::start(&ground).await;
    let user = Account::new("JDOE", "jdoe");
    ground.sandbox.put_user(ACME.product, user.clone());
    let event = usher.tell(ACME, Happening::Created, &user).await;
    let (running, stopped) = (folder.join("running.backup"), folder.join("stopped.backup"));
    succeeded(&run(by_config(&running)).await);
    usher.kill();
    succeeded(&run(by_config(&stopped)).await);
    let piped = run(by_config(Path::new("-"))).await;
    succeeded(&piped);

    let token = fs::read_to_string(folder.join("data/admin-token")).expect("a token");
    for (nth, archive) in [&running, &stopped].into_iter().enumerate() {
        let data = folder.join(format!("restored-{nth}"));
        succeeded(&restore(archive, &data));
        assert_eq!(fs::read_to_string(data.join("admin-token")).expect("a token"), token);
        assert!(events(&data).await.contains(&event.event));
    }
    let data = folder.join("restored-from-stdin");
    let mut from_stdin = command();
    fs::write(folder.join("piped.backup"), &piped.stdout).expect("written");
    let stdin = fs::File::open(folder.join("piped.backup")).expect("a file");
    from_stdin.args(["restore", "--from", "-", "--to"]).arg(&data).stdin(stdin);
    succeeded(&run(from_stdin).await);
    assert!(events(&data).await.contains(&event.event));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_backed_up_or_restored_is_refused_in_words() {
    let ground = Ground::new(SCHEMES).groups(&["staff"]);
    let folder = ground.folder();
    let usher = Usher::start(&ground).await;
    let archive = folder.join("usher.backup");
    succeeded(&run(backup(&usher, &archive)).await);

    let mut wrong_token = backup(&usher, &folder.join("none"));
    wrong_token.env("USHER_TOKEN", "wrong");
    refused(&run(wrong_token).await, 2, "does not accept the token");
    refused(&run(backup(&usher, &folder.join("no/such/folder"))).await, 1, "there is no such file or folder");
    refused(&restore(&archive, &folder.join("data")), 1, "is in use by another process");
    drop(usher);
    refused(&restore(&archive, &folder.join("data")), 2, "is not empty");
    refused(&restore(&folder.join("none"), &folder.join("to")), 2, "there is no such file or folder");
    refused(&restore(&folder.join("usher.yaml"), &folder.join("to")), 2, "this is no backup of usher");

    let whole = fs::read(&archive).expect("a file");
    let damaged = folder.join("damaged.backup");
    fs::write(&damaged, &whole[..whole.len() - 7]).expect("written");
    refused(&restore(&damaged, &folder.join("to")), 1, "ends too early");
    let mut altered = whole.clone();
    altered[whole.len() - 5] ^= 1;
    fs::write(&damaged, altered).expect("written");
    refused(&restore(&damaged, &folder.join("to")), 1, "damaged");
    assert!(!folder.join("to").exists(), "nothing is left of what was refused");

    let mut on_kafka = command();
    on_kafka.args(["backup", "--to"]).arg(folder.join("none")).arg("--config").arg(ground.config_path());
    on_kafka.envs(ground.env()).env("USHER_LOG__KIND", "kafka").env("USHER_LOG__KAFKA__BROKERS", "[\"localhost:9\"]");
    refused(&run(on_kafka).await, 2, "the log is on Kafka");
    assert!(!folder.join("none").exists());

    // A restore that was broken off: usher does not begin with an empty log in its place.
    let half = folder.join("half");
    fs::create_dir_all(half.join("restoring/log")).expect("made");
    let mut started = serve(&ground);
    started.env("USHER_DATA_DIR", &half).env("USHER_LOG_FORMAT", "text");
    let output = run(started).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("run `usher restore` again"), "{output:?}");
    succeeded(&restore(&archive, &half));
    assert!(half.join("log/records.sqlite").exists() && !half.join("restoring").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn more_backups_than_two_at_once_are_put_off() {
    let ground = Ground::new(SCHEMES).groups(&["staff"]);
    let usher = Usher::start(&ground).await;
    let mut asked = JoinSet::new();
    for _ in 0..8 {
        let request = usher.http.post(format!("http://{}/api/v1/backup", usher.admin)).bearer_auth(ADMIN_TOKEN);
        asked.spawn(async move {
            let answer = request.send().await.expect("an answer");
            let status = answer.status().as_u16();
            let waits = answer.headers().contains_key("retry-after");
            let bytes = answer.bytes().await.expect("all of it");
            assert!(status == 200 || (status == 503 && waits), "{status}");
            (status, bytes)
        });
    }
    let answers = asked.join_all().await;
    let whole = answers.iter().filter(|(status, _)| *status == 200).map(|(_, bytes)| bytes);
    for archive in whole.clone() {
        usher::backup::verify(&archive[..]).expect("whole");
    }
    assert!(whole.count() >= 1);
}
