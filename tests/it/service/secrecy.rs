//! What usher shows of its own: the admin token, its files, its first line, and how much it logs.

use std::{
    fs::{self, File},
    io::Read,
    os::{fd::OwnedFd, unix::fs::PermissionsExt},
    path::Path,
    process::{Command, Stdio},
};

use reqwest::StatusCode;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::{Value, json};
use usher::sandbox::{Account, webhook::Happening};

use super::sweeps::{gives, people, post, run_now, when};
use crate::support::{
    face::eventually,
    ground::{ACME, Ground},
    usher::{Usher, command, ends, serve},
};

const ONE: &str = "{ id: one, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
                     actions: [{ add_groups: [staff, vpn] }] }";

/// `usher serve` without a token in its configuration, with its data in a folder that is not there yet.
fn without_token(folder: &Path) -> Command {
    let mut command = command();
    command.arg("serve").current_dir(folder).env("USHER_DATA_DIR", folder.join("data"));
    command.env("USHER_WEBHOOKS__LISTEN", "127.0.0.1:0").env("USHER_ADMIN__LISTEN", "127.0.0.1:0");
    command
}

fn token(folder: &Path) -> String {
    fs::read_to_string(folder.join("data/admin-token")).expect("a token").trim().to_owned()
}

/// Everything that is read from `out` up to `what`.
fn read_until(out: &mut impl Read, what: &str) -> String {
    let (mut shown, mut byte) = (Vec::new(), [0]);
    while !String::from_utf8_lossy(&shown).contains(what) && out.read(&mut byte).is_ok_and(|read| read == 1) {
        shown.push(byte[0]);
    }
    String::from_utf8(shown).expect("text")
}

#[test]
fn a_new_admin_token_is_not_in_a_log_that_is_collected_but_where_it_is_kept_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child =
        without_token(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
    let log = read_until(child.stderr.as_mut().expect("it is piped"), "usher is running");
    child.kill().expect("killed");
    let mut out = String::new();
    child.stdout.take().expect("it is piped").read_to_string(&mut out).expect("text");
    child.wait().expect("ended");
    assert!(!log.contains(&token(folder.path())) && out.is_empty(), "{log}{out}");
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let made =
        lines.iter().find(|line| line["message"].as_str().is_some_and(|text| text.starts_with("made an admin token")));
    assert_eq!(made.expect(&log)["path"], *folder.path().join("data/admin-token").to_str().expect("text"));
}

#[test]
fn a_new_admin_token_is_shown_once_to_somebody_at_a_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    for is_new in [true, false] {
        let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&screen).expect("granted");
        unlockpt(&screen).expect("unlocked");
        let name = ptsname(&screen, Vec::new()).expect("a name").into_string().expect("text");
        let end: OwnedFd = File::options().read(true).write(true).open(&name).expect("its other end").into();
        let mut child = without_token(folder.path()).stdout(Stdio::null()).stderr(end).spawn().expect("started");
        let shown = read_until(&mut File::from(screen), "usher is running");
        child.kill().expect("killed");
        child.wait().expect("ended");
        assert_eq!(shown.contains(&token(folder.path())), is_new, "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_of_usher_s_can_be_read_by_others() {
    let ground = Ground::new(ONE).groups(&["staff", "vpn"]);
    let usher = Usher::start(&ground).await;
    let jane = Account::new("KEY1", "jane");
    ground.sandbox.put_user(ACME.product, jane.clone());
    usher.tell(ACME, Happening::Created, &jane).await;
    usher.drain().await;
    usher.terminate();
    assert!(usher.wait().0.success());
    let (mut waiting, mut files) = (vec![ground.folder().join("data")], 0);
    while let Some(path) = waiting.pop() {
        let found = fs::symlink_metadata(&path).expect("it is there");
        assert_eq!(found.permissions().mode() & 0o077, 0, "{}", path.display());
        files += usize::from(found.is_file());
        if found.is_dir() {
            waiting.extend(fs::read_dir(&path).expect("entries").map(|entry| entry.expect("an entry").path()));
        }
    }
    assert!(files > 3, "{files}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_line_says_what_is_started_and_a_run_is_one_line() {
    let ground = Ground::new(ONE).groups(&["staff", "vpn"]);
    let usher = Usher::start(&ground).await;
    let jane = Account::new("KEY1", "jane");
    ground.sandbox.put_user(ACME.product, jane.clone());
    let accepted = usher.tell(ACME, Happening::Created, &jane).await;
    usher.tell(ACME, Happening::Updated, &jane).await;
    usher.drain().await;
    usher.terminate();
    let log = usher.wait().1;
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let first = &lines[0];
    assert_eq!(first["message"], "usher starts");
    for (key, value) in [
        ("version", env!("CARGO_PKG_VERSION")),
        ("mode", "active"),
        ("log", "embedded"),
        ("sources", "acme (jira-dc), globex (jira-cloud)"),
        ("data_dir", ground.folder().join("data").to_str().expect("text")),
    ] {
        assert_eq!(first[key], value, "{first}");
    }
    let of_runs: Vec<_> = lines.iter().filter(|line| line["event.id"] == *accepted.event).collect();
    assert_eq!(of_runs.len(), 1, "{of_runs:#?}");
    let run = of_runs[0];
    assert_eq!((&run["message"], &run["scheme.id"], &run["changed"]), (&"run ended".into(), &"one".into(), &2.into()));
    assert!(!log.contains("\"step ended\"") && !log.contains("\"decided\""), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_run_over_everybody_is_one_line_too_also_where_it_was_held_across_a_restart() {
    let ground = Ground::new(&gives("staff", "acme", "staff", ", limits: { users: 1 }")).groups(&["staff"]);
    people(&ground, 3);
    let usher = Usher::start(&ground).await;
    let id = run_now(&usher, "staff").await;
    when(&usher, &id, "held").await;
    usher.terminate();
    assert!(!usher.wait().1.contains("\"run ended\""));

    let usher = Usher::start(&ground).await;
    when(&usher, &id, "held").await;
    let (status, answer) = post(&usher, &format!("runs/{id}/release")).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    eventually("the run ended", || async { usher.log().contains("\"run ended\"").then_some(()) }).await;
    usher.drain().await;
    usher.terminate();
    let log = usher.wait().1;
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let ended: Vec<_> = lines.filter(|line| line["message"] == "run ended").collect();
    assert_eq!(ended.len(), 1, "{log}");
    for (key, value) in [
        ("run.id", json!(id)),
        ("scheme.id", json!("staff")),
        ("source.id", json!("acme")),
        ("state", json!("done")),
        ("complete", json!(true)),
        ("selected", json!(3)),
        ("changed", json!(3)),
        ("failed", json!(0)),
    ] {
        assert_eq!(ended[0][key], value, "{}", ended[0]);
    }
}

#[test]
fn an_admin_listener_for_everybody_is_warned_of_when_it_is_checked_and_when_it_starts() {
    let ground = Ground::new("").tweak("USHER_ADMIN__LISTEN", "0.0.0.0:0");
    let warning = "other machines can reach this, and it speaks plain HTTP";
    let mut check = command();
    check.arg("check").arg("--config").arg(ground.config_path()).envs(ground.env());
    let (code, said) = ends(&mut check);
    assert!(code == Some(0) && said.contains(&format!("USHER_ADMIN__LISTEN: {warning}")), "{said}");
    let mut child = serve(&ground).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("started");
    let log = read_until(child.stderr.as_mut().expect("it is piped"), "usher is running");
    child.kill().expect("killed");
    child.wait().expect("ended");
    assert!(log.contains(warning) && log.contains("usher is running"), "{log}");
}
