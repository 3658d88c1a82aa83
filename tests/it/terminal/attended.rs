//! What asks before it does something, and what comes from standard input.

use std::{
    fs::File,
    io::{Read, Write},
    os::fd::OwnedFd,
    process::Child,
};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::Terminal;
use crate::support::{app::TestApp, ground::Ground};

const TWO: &str = "\
- { id: one, source: acme, trigger: manual, select: { everyone: true }, actions: [{ add_groups: [staff] }] }
- { id: two, source: acme, trigger: manual, select: { everyone: true }, actions: [{ add_groups: [staff] }] }
";

async fn app() -> TestApp {
    TestApp::start(Ground::new("").groups(&["staff"])).await
}

/// A command at a real terminal.
struct Attended {
    screen: File,
    child: Child,
}

impl Attended {
    fn start(terminal: &Terminal, words: &str) -> Self {
        let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&screen).expect("granted");
        unlockpt(&screen).expect("unlocked");
        let name = ptsname(&screen, Vec::new()).expect("a name").into_string().expect("text");
        let end = || -> OwnedFd { File::options().read(true).write(true).open(&name).expect("its other end").into() };
        let mut command = terminal.command(words);
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().expect("started");
        Self { screen: screen.into(), child }
    }

    /// Reads until `what` is on the screen.
    fn shows(&mut self, what: &str) -> String {
        let mut shown = Vec::new();
        let mut byte = [0];
        while !String::from_utf8_lossy(&shown).contains(what) {
            let read = self.screen.read(&mut byte).expect("it goes on");
            shown.extend(&byte[..read]);
        }
        String::from_utf8(shown).expect("text")
    }

    fn answer(&mut self, text: &str) {
        writeln!(self.screen, "{text}").expect("typed");
    }

    fn code(mut self) -> Option<i32> {
        self.child.wait().expect("it ends").code()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheme_is_deleted_when_that_is_confirmed_and_not_otherwise() {
    let app = app().await;
    let terminal = Terminal::of(&app);
    terminal.write("two.yaml", TWO);
    terminal.says("schemes apply -f two.yaml").await;
    let unasked = terminal.run("schemes delete one").await;
    let (code, lines) = unasked.refused();
    assert_eq!(code, Some(2));
    assert_eq!(
        lines,
        ["usher: This deletes the stored scheme one: nobody can be asked here; write --yes if you want that"]
    );
    for (answer, code, left) in [("n", 1, 2), ("", 1, 2), ("y", 0, 1)] {
        let mut asked = Attended::start(&terminal, "schemes delete one");
        asked.shows("This deletes the stored scheme one. Do you want that? [y/N] ");
        asked.answer(answer);
        assert_eq!(asked.code(), Some(code), "{answer:?}");
        assert_eq!(app.list("schemes", &[]).await.len(), left, "{answer:?}");
    }
    assert_eq!(terminal.says("schemes delete two --yes").await, "two deleted\n");
    assert_eq!(
        terminal.run("schemes delete two -y").await.refused(),
        (Some(1), vec!["usher: there is no scheme `two`"])
    );
    let history = terminal.says("schemes history two").await;
    assert!(history.contains("deleted  admin (for ann)") && history.contains("created  admin (for ann)"), "{history}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prune_of_everything_asks_and_one_of_some_does_not() {
    let app = app().await;
    let terminal = Terminal::of(&app);
    terminal.write("two.yaml", TWO);
    terminal.write("none.yaml", "schemes: []\n");
    terminal.write("one.yaml", TWO.lines().next().expect("a line"));
    terminal.says("schemes apply -f two.yaml").await;
    let prune = "schemes apply --prune -f none.yaml";
    assert_eq!(terminal.says(&format!("{prune} --dry-run")).await, "one would be deleted\ntwo would be deleted\n");
    let unasked = terminal.run(prune).await;
    let (code, lines) = unasked.refused();
    assert!(
        code == Some(2) && lines[0].contains("--prune deletes all 2 of them: nobody can be asked here"),
        "{lines:?}"
    );
    let mut asked = Attended::start(&terminal, prune);
    asked.shows("[y/N] ");
    asked.answer("no");
    assert_eq!((asked.code(), app.list("schemes", &[]).await.len()), (Some(1), 2));
    assert_eq!(terminal.says("schemes apply --prune -f one.yaml").await, "one unchanged\ntwo deleted\n");
    assert_eq!(terminal.says(&format!("{prune} --yes")).await, "one deleted\n");
    assert_eq!(terminal.says(prune).await, "", "there is nothing to ask about");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_may_come_from_standard_input() {
    let app = app().await;
    let terminal = Terminal::of(&app);
    let applied = terminal.run_in("schemes apply -f -", TWO, &[]).await;
    assert_eq!((applied.code, applied.out.as_str(), applied.err.as_str()), (Some(0), "one added\ntwo added\n", ""));
    assert_eq!(terminal.run_in("schemes diff -f -", TWO, &[]).await.code, Some(0));
    let wrong = terminal.run_in("schemes apply -f -", &TWO.replace("manual", "by_hand"), &[]).await;
    let (code, lines) = wrong.refused();
    assert!(code == Some(2) && lines[0].starts_with("stdin:1:"), "{lines:?}");
    let preview = terminal.run_in("schemes preview two -f -", TWO, &[]).await;
    assert_eq!((preview.code, preview.err.as_str()), (Some(0), ""), "{}", preview.out);
    assert!(preview.out.contains(" would be selected") && preview.out.contains("add_groups staff"), "{}", preview.out);
    let several = terminal.run_in("schemes preview -f -", TWO, &[]).await;
    assert_eq!(several.refused(), (Some(2), vec!["usher: -: there are 2 schemes in it; name one of them"]));
    let stored = terminal.tells("schemes preview one").await;
    assert_eq!((&stored["complete"], stored["selected"].as_u64()), (&serde_json::json!(true), stored["seen"].as_u64()));
}
