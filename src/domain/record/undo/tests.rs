use super::*;
use crate::domain::GroupName;

fn change(action: &str, target: &str, before: &str, after: Option<&str>, seconds: i64) -> Change {
    Change {
        run: RunId::new("r1"),
        action: action.into(),
        target: target.into(),
        before: Some(before.into()),
        after: after.map(str::to_owned),
        at: Timestamp::from_millis(seconds * 1000),
        was_so: false,
    }
}

fn steps(parts: &[UndoPart]) -> Vec<Step> {
    parts.iter().filter_map(|part| part.step.clone()).collect()
}

fn add(group: &str) -> Step {
    Step::AddGroup(GroupName::new(group))
}

fn remove(group: &str) -> Step {
    Step::RemoveGroup(GroupName::new(group))
}

#[test]
fn each_change_is_put_back_and_the_newest_first() {
    let changes = [
        change("add_groups", "vpn", "not a member", Some("member"), 1),
        change("remove_groups", "staff", "member", Some("not a member"), 2),
        change("deactivate", "", "active", Some("inactive"), 3),
        change("rename", "-left", "jane", Some("jane-left"), 4),
    ];
    let back = Step::NameBack { from: "jane-left".into(), to: "jane".into() };
    let parts = undo_parts(Some(Product::JiraDc), &changes, &[]);
    assert_eq!(steps(&parts), [back, Step::Reactivate, add("staff"), remove("vpn")]);
    assert!(parts.iter().all(|part| part.verdict == UndoVerdict::Can));
}

#[test]
fn of_several_changes_of_one_thing_the_state_before_the_oldest_counts() {
    let all = change("remove_all_groups", "", r#"["a, b","vpn"]"#, Some("[]"), 1);
    let again = change("add_groups", "vpn", "not a member", Some("member"), 2);
    let other = change("add_groups", "leavers", "not a member", Some("member"), 3);
    // `vpn` was taken away and given again: nothing is to be done about it.
    assert_eq!(steps(&undo_parts(None, &[all, again, other], &[])), [remove("leavers"), add("a, b")]);
}

#[test]
fn a_later_change_of_the_same_thing_is_left_alone_and_named() {
    let later = Change { run: RunId::new("r2"), ..change("remove_all_groups", "", r#"["VPN"]"#, Some("[]"), 9) };
    let changes =
        [change("add_groups", "vpn", "not a member", None, 1), change("add_groups", "wiki", "not a member", None, 1)];
    let parts = undo_parts(None, &changes, std::slice::from_ref(&later));
    let verdicts: Vec<_> = parts.iter().map(|part| (part.target.as_str(), part.verdict)).collect();
    let expected =
        if GroupName::new("VPN") == GroupName::new("vpn") { UndoVerdict::ChangedSince } else { UndoVerdict::Can };
    assert_eq!(verdicts, [("vpn", expected), ("wiki", UndoVerdict::Can)]);
    assert_eq!(parts[0].as_step().expect("a step").left_alone.as_deref(), Some("left alone: changed since by run r2"));
}

#[test]
fn what_a_later_run_found_as_it_wanted_is_left_alone() {
    let (leaver, gone) =
        (change("deactivate", "", "active", None, 1), change("remove_groups", "vpn", "member", None, 1));
    for (wrongly, action, target) in
        [(&leaver, "deactivate", ""), (&gone, "remove_groups", "VPN"), (&gone, "remove_all_groups", "")]
    {
        let later = Change { run: RunId::new("r2"), was_so: true, ..change(action, target, "[]", None, 9) };
        let parts = undo_parts(None, std::slice::from_ref(wrongly), std::slice::from_ref(&later));
        assert_eq!(parts[0].verdict, UndoVerdict::ChangedSince, "{action}");
        assert_eq!(parts[0].why, "wanted so since by run r2");
        let before = Change { at: Timestamp::from_millis(0), ..later };
        let parts = undo_parts(None, std::slice::from_ref(wrongly), std::slice::from_ref(&before));
        assert_eq!(parts[0].verdict, UndoVerdict::Can, "{action} before the change");
    }
}

#[test]
fn no_group_is_given_back_after_all_or_nobody_knows_which_were_taken_away_since() {
    let gone = change("remove_groups", "vpn", "member", None, 1);
    for later in [
        change("remove_all_groups", "", r#"["staff"]"#, None, 9),
        change("remove_all_groups", "", "unknown", None, 9),
        change("remove_application_access", "", r#"["staff","vpn"]"#, None, 9),
        change("remove_application_access", "", r#"["vpn"]"#, Some("[]"), 9),
    ] {
        let parts = undo_parts(None, std::slice::from_ref(&gone), std::slice::from_ref(&later));
        assert_eq!(parts[0].verdict, UndoVerdict::ChangedSince, "{later:?}");
    }
    let elsewhere = change("remove_application_access", "", r#"["staff","vpn"]"#, Some(r#"["vpn"]"#), 9);
    let parts = undo_parts(None, std::slice::from_ref(&gone), std::slice::from_ref(&elsewhere));
    assert_eq!(parts[0].verdict, UndoVerdict::Can, "another group was taken away");
}

#[test]
fn what_can_not_be_put_back_says_why() {
    for (action, before, says) in [
        ("delete", "active, in []", "deleted"),
        ("invalidate_password", "n/a", "password"),
        ("create_issue", "no such issue", "issue stays"),
        ("remove_all_groups", "unknown", "did not tell"),
        ("remove_application_access", r#"["a","b"]"#, "not recorded"),
        ("rename", "unknown", "login name"),
        ("turn_into_a_frog", "jane", "does not know"),
    ] {
        let parts = undo_parts(None, &[change(action, "", before, None, 1)], &[]);
        assert_eq!((parts.len(), parts[0].verdict, &parts[0].step), (1, UndoVerdict::Cannot, &None), "{action}");
        assert!(parts[0].why.contains(says), "{action}: {}", parts[0].why);
    }
    let deactivated = change("deactivate", "", "active", None, 1);
    let parts = undo_parts(None, std::slice::from_ref(&deactivated), &[change("delete", "", "", None, 2)]);
    assert_eq!(parts[0].verdict, UndoVerdict::Cannot, "the user is gone");
    let parts = undo_parts(Some(Product::JiraCloud), &[deactivated], &[]);
    assert_eq!(parts[0].verdict, UndoVerdict::Cannot, "the product can't reactivate");
}

#[test]
fn of_access_that_was_taken_away_only_the_groups_that_went_with_it_come_back() {
    let access = change("remove_application_access", "jira", r#"["jira-users","staff"]"#, Some(r#"["staff"]"#), 1);
    assert_eq!(steps(&undo_parts(None, &[access], &[])), [add("jira-users")]);
}

#[test]
fn an_undo_of_an_undo_is_what_was_done_first() {
    let undone =
        [change("rename", "jane", "jane-left", Some("jane"), 2), change("reactivate", "", "inactive", None, 1)];
    let expected = [Step::NameBack { from: "jane".into(), to: "jane-left".into() }, Step::Deactivate];
    assert_eq!(steps(&undo_parts(None, &undone, &[])), expected);
}
