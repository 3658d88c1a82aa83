//! Whether a step has to be taken at all, and what kind of step it is.

use super::*;

fn groups(names: &[&str]) -> Groups {
    names.iter().map(|name| GroupName::new(*name)).collect()
}

fn issue() -> Issue {
    Issue {
        project: "OPS".to_owned(),
        issue_type: "Task".to_owned(),
        summary: "s".to_owned(),
        fields: serde_json::Map::new(),
        marker: "m".to_owned(),
    }
}

/// Each step, in the order of its action in [`ActionKind::ALL`].
fn steps() -> [Step; 10] {
    [
        Step::AddGroup(GroupName::new("Staff")),
        Step::RemoveGroup(GroupName::new("Staff")),
        Step::RemoveAllGroups,
        Step::RemoveApplicationAccess(vec!["jira-software".to_owned(), "jira-core".to_owned()]),
        Step::Deactivate,
        Step::Reactivate,
        Step::Delete,
        Step::Rename { suffix: "-Left".to_owned() },
        Step::InvalidatePassword { send_reset_link: true },
        Step::CreateIssue(Box::new(issue())),
    ]
}

/// The answers for all [`steps`], a letter each: `y` it is so, `n` it is not, `?` that does not show it.
fn answers(name: Option<&str>, active: Option<bool>, own: Option<&[&str]>) -> String {
    let own = own.map(groups);
    let is_so = |step: &Step| {
        let is_in = |group: &GroupName| own.as_ref().map(|own| own.contains(group));
        step.is_so(name, active, own.as_ref(), is_in)
    };
    steps().iter().map(|step| is_so(step).map_or('?', |is_so| if is_so { 'y' } else { 'n' })).collect()
}

#[test]
fn a_step_is_so_where_the_state_that_it_asks_for_is_known_to_be_reached() {
    for (name, active, own, expected) in [
        (None, None, None, "??????n?n?"),
        (Some("jane"), Some(true), Some(&["STAFF", "vpn"][..]), "ynn?nynnn?"),
        (Some("jane"), Some(true), Some(&["vpn"]), "nyn?nynnn?"),
        (Some("jane"), Some(false), Some(&[]), "nyy?ynnnn?"),
        (Some("jane-left"), None, None, "??????nyn?"),
        (Some("JANE-LEFT"), None, None, "??????nyn?"),
        (Some("jane-left-2"), None, None, "??????nnn?"),
        (Some("left"), None, None, "??????nnn?"),
        (None, Some(false), None, "????ynn?n?"),
    ] {
        assert_eq!(answers(name, active, own), expected, "{name:?} {active:?} {own:?}");
    }
}

#[test]
fn a_deletion_and_a_new_password_are_never_so_beforehand() {
    for step in [Step::Delete, Step::InvalidatePassword { send_reset_link: false }] {
        assert_eq!(step.is_so(Some("jane"), Some(false), Some(&groups(&[])), |_| Some(false)), Some(false));
    }
}

#[test]
fn each_step_is_of_the_action_that_it_follows_from() {
    assert_eq!(steps().map(|step| step.kind()), ActionKind::ALL);
    let names = steps().map(|step| step.action());
    assert_eq!(names[3], "remove_application_access");
    let targets = ["Staff", "Staff", "", "jira-software, jira-core", "", "", "", "-Left", "", "OPS"];
    assert_eq!(steps().map(|step| step.target()), targets);
}

#[test]
fn every_step_takes_something_away_but_for_three_and_those_are_kept_back_where_they_disturb() {
    let free: Vec<&str> = steps().iter().filter(|step| !step.kind().takes_away()).map(Step::action).collect();
    assert_eq!(free, ["add_groups", "reactivate", "create_issue"]);
    let go_on: Vec<&str> =
        steps().iter().filter(|step| !step.is_kept_back_in_mass_creations()).map(Step::action).collect();
    assert_eq!(go_on, ["add_groups", "reactivate"], "while many users are created at once");
}

#[test]
fn what_can_t_be_undone_needs_a_schedule_or_a_person() {
    let with_events: Vec<&str> =
        ActionKind::ALL.into_iter().filter(|kind| kind.goes_with_events()).map(ActionKind::as_str).collect();
    assert_eq!(
        with_events,
        ["add_groups", "remove_groups", "remove_all_groups", "remove_application_access", "create_issue"]
    );
}

#[test]
fn a_part_of_a_name_is_found_anywhere_in_an_issue() {
    let template = |summary: &str, fields: Value| IssueTemplate {
        project: "OPS".to_owned(),
        issue_type: "Task".to_owned(),
        summary: summary.to_owned(),
        fields: fields.as_object().expect("an object").clone(),
    };
    let deep = serde_json::json!({ "a": [{ "b": "seen {{ user.last_login }}" }] });
    assert!(template("x", deep).may_name("login"));
    assert!(template("{{ user.login_count }}", serde_json::json!({})).may_name("login"));
    assert!(!template("{{ user.name }}", serde_json::json!({ "a": "{{ user.created }}" })).may_name("login"));
}
