//! The real binary: what it says when it can't start, and how it ends.

use std::{
    fs,
    net::TcpListener,
    process::Command,
    time::{Duration, Instant},
};

use futures::future::join_all;
use usher::sandbox::{Account, Effect, Fault, webhook::Happening};

use crate::support::{
    ground::{ACME, Ground},
    usher::{Usher, command, ends, serve},
    wire::Wire,
};

const EVERYBODY: &str = "{ id: new, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
                           actions: [{ add_groups: [staff, vpn] }] }";

fn ground() -> Ground {
    Ground::new(EVERYBODY).groups(&["staff", "vpn"])
}

/// Asserts that a command ends with `code` and says one line, which has `words` in it.
#[track_caller]
fn assert_refuses(command: &mut Command, code: i32, words: &[&str]) {
    let (ended, stderr) = ends(command);
    assert_eq!(ended, Some(code), "{stderr}");
    // Until then it may have told what it was doing.
    let lines: Vec<_> = stderr.lines().filter(|line| !line.contains(" INFO ")).collect();
    assert_eq!(lines.len(), 1, "{stderr}");
    for word in words {
        assert!(lines[0].contains(word), "no `{word}` in: {stderr}");
    }
}

#[test]
fn a_wrong_configuration_is_told_by_file_line_and_column() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("usher.yaml");
    fs::write(&path, "mode: active\nwebhooks:\n  lisen: 127.0.0.1:0\n").expect("written");
    let place = format!("{}:3:3: ", path.display());
    for name in ["serve", "check"] {
        let mut command = command();
        command.arg(name).arg("--config").arg(&path);
        assert_refuses(&mut command, 2, &["`lisen` is not a key", "`listen`"]);
        assert!(ends(&mut command).1.starts_with(&place));
    }
}

#[test]
fn a_configuration_or_a_secret_that_is_not_there_is_told() {
    let missing = "/no/such/usher.yaml";
    assert_refuses(command().args(["serve", "--config", missing]), 2, &[missing]);
    let ground = ground();
    assert_refuses(serve(&ground).env_remove("TEST_ACME_SECRET"), 2, &["usher.yaml:", "TEST_ACME_SECRET"]);
}

#[test]
fn a_port_in_use_is_told() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    for (key, variable) in [("webhooks.listen", "USHER_WEBHOOKS__LISTEN"), ("admin.listen", "USHER_ADMIN__LISTEN")] {
        let ground = ground().tweak(variable, &address);
        assert_refuses(&mut serve(&ground), 1, &[key, &address, "in use"]);
    }
}

#[test]
fn a_data_folder_that_can_not_be_used_is_told() {
    let ground = ground();
    let file = ground.folder().join("file");
    fs::write(&file, "").expect("written");
    for dir in [file.clone(), file.join("data")] {
        let dir = dir.to_str().expect("text");
        assert_refuses(serve(&ground).env("USHER_DATA_DIR", dir), 1, &["data_dir", dir]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_in_use_is_told_and_its_user_goes_on() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    assert_refuses(&mut serve(&ground), 1, &["is in use by another process", "data_dir"]);
    let jane = Account::new("KEY1", "jane");
    ground.sandbox.put_user(ACME.product, jane.clone());
    usher.tell(ACME, Happening::Created, &jane).await;
    usher.drain().await;
    assert_eq!(ground.effects().len(), 2);
}

#[test]
fn parts_apart_are_refused_without_kafka() {
    let ground = ground();
    assert_refuses(serve(&ground).args(["--roles", "webhooks,admin"]), 2, &["--roles", "log.kind: kafka"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_sigterm_what_was_accepted_is_done_by_the_next_one_and_nothing_twice() {
    let ground = ground();
    ground.sandbox.inject(Fault::new(Effect::Delay { millis: 50 }));
    let users: Vec<_> = (0..60).map(|n| Account::new(format!("KEY{n}"), format!("name-{n}"))).collect();
    for user in &users {
        ground.sandbox.put_user(ACME.product, user.clone());
    }
    let usher = Usher::start(&ground).await;
    join_all(users.iter().map(|user| usher.tell(ACME, Happening::Created, user))).await;
    usher.terminate();
    let (status, log) = usher.wait();
    assert!(status.success(), "{status}: {log}");
    assert!(log.contains("\"stopped\""), "{log}");
    let first = ground.effects().len();
    assert!(first < 120, "it had no time to do everything");

    let usher = Usher::start(&ground).await;
    usher.drain().await;
    usher.terminate();
    assert!(usher.wait().0.success());
    let mut effects = ground.effects();
    effects.sort();
    effects.dedup();
    assert_eq!((effects.len(), ground.effects().len()), (120, 120));
    assert_eq!(ground.decisions().await.len(), 60);
    assert!(ground.outcomes().await.iter().all(|outcome| outcome.result.as_str() == "changed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_only_held_open_do_not_hold_up_the_end() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    let mut held = Vec::new();
    for to in [usher.webhooks, usher.admin] {
        for begin in ["", "POST /webhooks/acme HTTP/1.1\r\n", "GET /healthz HTTP/1.1\r\nHost: usher\r\n\r\n"] {
            let mut wire = Wire::connect(to).await;
            wire.send(begin).await;
            if begin.ends_with("\r\n\r\n") {
                assert!(!wire.answer().await.is_empty());
            }
            held.push(wire);
        }
    }
    let began = Instant::now();
    usher.terminate();
    let (status, log) = usher.wait();
    assert!(status.success(), "{log}");
    // Kubernetes gives 30 s.
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}: {log}", began.elapsed());
}
