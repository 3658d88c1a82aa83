//! Checks, conflicts, next times, and the past of a scheme, at a terminal.

use super::Terminal;
use crate::support::{app::TestApp, ground::Ground};

const GIVES: &str =
    "[{ id: gives, source: acme, trigger: on_create, select: { everyone: true }, actions: [{ add_groups: [staff] }] }]";
const TAKES: &str = "[{ id: takes, source: acme, trigger: { cron: '0 3 * * *' }, select: { email_domain: [acme.example] }, actions: \
                     [{ remove_groups: [staff] }] }]";

#[tokio::test(flavor = "multi_thread")]
async fn schemes_that_undo_each_other_are_told_before_and_after_they_are_stored() {
    let app = TestApp::start(Ground::new("").groups(&["staff"])).await;
    let terminal = Terminal::of(&app);
    terminal.run_in("schemes apply -f -", GIVES, &[]).await;
    let checked = terminal.run_in("schemes check -f -", TAKES, &[]).await;
    assert_eq!((checked.code, checked.out.as_str()), (Some(0), "takes can be stored\n"), "{}", checked.err);
    let warned = "takes: `gives` adds `staff` back when a user is created, after `takes` has removed it, for example any user with an \
                  address at acme.example (warning)\n";
    assert_eq!(checked.err, warned);
    let applied = terminal.run_in("schemes apply -f -", TAKES, &[]).await;
    assert_eq!((applied.out.as_str(), applied.err.as_str()), ("takes added\n", warned));
    let conflicts = terminal.tells("schemes conflicts").await;
    assert_eq!(conflicts[0]["schemes"], serde_json::json!(["gives", "takes"]));
    let missing = terminal.run_in("schemes check -f -", &TAKES.replace("staff", "stuff"), &[]).await;
    assert_eq!((missing.code, missing.out.as_str()), (Some(1), "takes can't be used\n"));
    assert!(missing.err.contains("there is no group `stuff` in acme; did you mean `staff`?"), "{}", missing.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_version_is_compared_with_the_present_one_and_brought_back() {
    let app = TestApp::start(Ground::new("").groups(&["staff"])).await;
    let terminal = Terminal::of(&app);
    terminal.run_in("schemes apply -f -", TAKES, &[]).await;
    terminal.run_in("schemes apply -f -", &TAKES.replace("acme.example", "other.example"), &[]).await;
    let changes = terminal.run("schemes changes takes").await;
    assert!(changes.out.contains("[-acme.example-]{+other.example+}"), "{changes:?}");
    assert!(changes.err.starts_with("from revision 1 by admin (for ann) at "), "{changes:?}");
    assert_eq!(terminal.says("schemes bring-back takes 1").await, "takes is as in revision 1 again\n");
    assert_eq!(terminal.tells("schemes changes takes --from 1").await["same"], true);
    terminal.says("schemes delete takes --yes").await;
    assert_eq!(terminal.says("schemes bring-back takes 2").await, "takes is as in revision 2 again\n");
    assert_eq!(
        terminal.run("schemes bring-back takes 99").await.refused(),
        (Some(1), vec!["usher: there is no version `99 of takes`"])
    );
    let next = terminal.says("schemes next @daily --timezone Europe/Berlin -o csv").await;
    assert_eq!(next.lines().count(), 11, "{next}");
}
