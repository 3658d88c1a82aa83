//! Each way in which the configuration file, or a file that it names, can be broken while events come: it is refused in words, every delivery is
//! accepted, every event is acted on as before, and the first whole file is taken.

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use tokio::task::JoinHandle;
use usher::sandbox::{Account, webhook::Happening};

use crate::support::{
    face::eventually,
    ground::{ACME, Ground},
    usher::Usher,
    words::assert_for_people,
};

const EVERYBODY: &str = "{ id: new, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
                           actions: [{ add_groups: [staff] }] }";
const APPLIED: &str = "usher_config_reloads_total{result=\"applied\"}";
const LAST: &str = "usher_config_last_reload_successful";
const SECRET: &str = "secret-of-acme";

/// Users who are created one after the other, without an end.
struct Sender {
    done: Arc<AtomicBool>,
    sent: Arc<AtomicUsize>,
    sending: JoinHandle<()>,
}

impl Sender {
    fn start(ground: &Arc<Ground>, usher: &Arc<Usher>) -> Self {
        let (done, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let sending = tokio::spawn({
            let (ground, usher, done, sent) =
                (Arc::clone(ground), Arc::clone(usher), Arc::clone(&done), Arc::clone(&sent));
            async move {
                while !done.load(Ordering::Acquire) {
                    let number = sent.load(Ordering::Acquire);
                    let account = Account::new(format!("KEY{number}"), format!("name-{number}"));
                    ground.sandbox.put_user(ACME.product, account.clone());
                    usher.tell(ACME, Happening::Created, &account).await; // accepted, or the test fails
                    sent.fetch_add(1, Ordering::AcqRel);
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        });
        Self { done, sent, sending }
    }

    /// Waits until more were sent, so that some were sent meanwhile.
    async fn goes_on(&self) {
        let before = self.sent.load(Ordering::Acquire);
        eventually("deliveries go on", async || {
            assert!(!self.sending.is_finished(), "a delivery was refused");
            (self.sent.load(Ordering::Acquire) > before + 1).then_some(())
        })
        .await;
    }

    async fn stop(self) -> usize {
        self.done.store(true, Ordering::Release);
        self.sending.await.expect("no delivery was refused");
        self.sent.load(Ordering::Acquire)
    }
}

/// Removes what is at `path`, file, link or folder.
fn remove(path: &Path) {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir(path).expect("removed"),
        Ok(_) => fs::remove_file(path).expect("removed"),
        Err(_) => {} // it is gone
    }
}

/// Puts `bytes` at `path`, in one go.
fn put(path: &Path, bytes: &[u8]) {
    let aside = path.with_extension("aside");
    fs::write(&aside, bytes).expect("written");
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_dir()) {
        fs::remove_dir(path).expect("removed");
    }
    fs::rename(aside, path).expect("renamed");
}

/// The messages at ERROR that came after the first `known` lines of the log.
fn errors(usher: &Usher, known: usize) -> Vec<String> {
    let log = usher.log();
    let lines = log.lines().skip(known).filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let errors = lines.filter(|line| line["level"] == "ERROR");
    errors.map(|line| line["message"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Has `breaks` break something, sends SIGHUP, and waits until that is refused with `words`. Then puts both files back.
async fn refused(ground: &Ground, usher: &Usher, sender: &Sender, words: &str, breaks: impl FnOnce(&Path, &Path)) {
    let (config, secret) = (ground.config_path(), ground.folder().join("secret"));
    let whole = fs::read(&config).expect("a file");
    let known = usher.log().lines().count();
    breaks(&config, &secret);
    usher.hang_up();
    eventually(&format!("it is refused with `{words}`"), async || {
        let errors = errors(usher, known);
        let is_told = errors.iter().any(|error| error.contains(words));
        (is_told && errors.last().is_some_and(|last| last.contains("is refused"))).then_some(())
    })
    .await;
    for error in errors(usher, known) {
        assert_for_people(&error);
        assert!(!error.contains(SECRET) && error.len() < 1_000, "{error}");
    }
    assert_eq!(usher.metric(LAST).await, Some(0.0), "{words}");
    sender.goes_on().await;
    put(&secret, SECRET.as_bytes());
    put(&config, &whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_broken_in_a_file_is_refused_in_words_while_events_are_acted_on_as_before() {
    let ground = Arc::new(Ground::new(EVERYBODY).groups(&["staff"]));
    let config = ground.config_path();
    let text = fs::read_to_string(&config).expect("a file");
    let text =
        text.replacen("hmac: [{ env: TEST_ACME_SECRET }]", "hmac: [{ env: TEST_ACME_SECRET }, { file: secret }]", 1);
    put(&ground.folder().join("secret"), SECRET.as_bytes());
    put(&config, text.as_bytes());
    let usher = Arc::new(Usher::start(&ground).await);
    let sender = Sender::start(&ground, &usher);
    let middle = text.find("product: jira-cloud").expect("it is there");
    let texts: [(&str, Vec<u8>); 12] = [
        ("not UTF-8", [text.as_bytes(), b"\n# caf\xe9\n"].concat()),
        ("a control character", format!("{text}\n# \0\n").into()),
        ("usher.yaml:", text.as_bytes()[..middle + 4].to_vec()),
        ("usher.yaml:", text.replacen("sources:", "sources: [\n", 1).into()),
        ("usher.yaml:", format!("{text}\n\t- tab\n").into()),
        ("usher.yaml:", format!("{text}\nschemes: []\n").into()),
        ("usher.yaml:", format!("{text}\n---\nmode: observe\n").into()),
        ("usher.yaml:", text.replacen("id: globex", "id: acme", 1).into()),
        ("usher.yaml:", text.replacen("source: acme, trigger", "source: nobody, trigger", 1).into()),
        ("usher.yaml:", text.replacen("per_second: 1000", "per_second: .nan", 1).into()),
        ("longer than 16 MiB", [text.as_bytes(), &vec![b'#'; 17 << 20]].concat()),
        ("has no source any more", b"mode: active\n".to_vec()),
    ];
    for (words, broken) in texts {
        refused(&ground, &usher, &sender, words, |config, _| put(config, &broken)).await;
    }
    refused(&ground, &usher, &sender, "this is a directory", |config, _| {
        remove(config);
        fs::create_dir(config).expect("made");
    })
    .await;
    refused(&ground, &usher, &sender, "cannot be read", |config, _| {
        remove(config);
        symlink("nowhere", config).expect("a link");
    })
    .await;
    refused(&ground, &usher, &sender, "cannot be read", |config, _| {
        remove(config);
        symlink(config, config).expect("a link to itself");
    })
    .await;
    let secrets: [(&str, &[u8]); 4] = [
        ("the secret is empty", b"\n"),
        ("not UTF-8", b"\xff\xfe"),
        ("longer than 64 KiB", &[b'x'; 65 << 10]),
        ("the secret is empty", b""),
    ];
    for (words, broken) in secrets {
        refused(&ground, &usher, &sender, words, |_, secret| put(secret, broken)).await;
    }
    refused(&ground, &usher, &sender, "the secret can't be read", |_, secret| remove(secret)).await;
    refused(&ground, &usher, &sender, "the secret can't be read", |_, secret| {
        remove(secret);
        fs::create_dir(secret).expect("made");
    })
    .await;

    put(&config, text.replacen("per_second: 1000", "per_second: 999", 1).as_bytes());
    usher.hang_up();
    eventually("the whole file is taken", async || {
        (usher.metric(LAST).await == Some(1.0) && usher.metric(APPLIED).await >= Some(1.0)).then_some(())
    })
    .await;
    let sent = sender.stop().await;
    usher.drain().await;
    assert_eq!(ground.effects().len(), sent, "each was acted on once, as the scheme says");
}
