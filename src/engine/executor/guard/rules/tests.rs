use super::*;
use crate::domain::{GroupName, Issue, Product};

const ADMINS: &str = "jira-administrators";

fn protect() -> Protect {
    Protect { users: vec!["Breakglass".into(), "ID-9".into()], ..Protect::of(Product::JiraDc, None) }
}

fn user(id: &str, groups: Option<&[&str]>) -> User {
    User {
        name: Some(format!("name-of-{id}")),
        active: Some(true),
        groups: groups.map(|groups| groups.iter().map(|name| GroupName::new(*name)).collect()),
        ..User::new(UserId::new(id))
    }
}

fn steps() -> Vec<Step> {
    let issue = Issue {
        project: "OPS".into(),
        issue_type: "Task".into(),
        summary: String::new(),
        fields: serde_json::Map::new(),
        marker: "m".into(),
    };
    vec![
        Step::AddGroup(GroupName::new("staff")),
        Step::Reactivate,
        Step::CreateIssue(Box::new(issue)),
        Step::RemoveGroup(GroupName::new("staff")),
        Step::RemoveGroup(GroupName::new("Jira-Administrators")),
        Step::RemoveAllGroups,
        Step::RemoveApplicationAccess(Vec::new()),
        Step::Deactivate,
        Step::Delete,
        Step::Rename { suffix: "-left".into() },
        Step::InvalidatePassword { send_reset_link: false },
    ]
}

/// The verdicts on all [`steps`], a letter each: `.` allowed, `x` refused, `?` ask the administrators.
fn verdicts(user: &User, acting: Option<&UserId>) -> String {
    let letter = |step| match judge(&protect(), step, user, acting) {
        Verdict::Allowed => '.',
        Verdict::Refused(_) => 'x',
        Verdict::AskAdministrators => '?',
    };
    steps().iter().map(letter).collect()
}

#[test]
fn who_is_asked_about_which_step() {
    let usher = UserId::new("usher");
    let named = |name: &str| User { name: Some(name.into()), ..user("ID-1", Some(&["staff"])) };
    for (what, user, expected) in [
        ("anybody", user("ID-1", Some(&["staff"])), "....?......"),
        ("an administrator", user("ID-1", Some(&["staff", ADMINS])), "....???????"),
        ("whose groups are not told", user("ID-1", None), "....???????"),
        ("with a role of their own", User { administers: Some(true), ..user("ID-1", Some(&["staff"])) }, "...????????"),
        ("whose role is not told", User { administers: None, ..user("ID-1", Some(&["staff"])) }, "...????????"),
        ("listed by name", named("breakGlass"), "...xxxxxxxx"),
        ("listed by id", user("ID-9", Some(&[])), "...xxxxxxxx"),
        ("of an id that differs in case", user("id-9", Some(&[])), "....?......"),
        ("the acting account", user("usher", Some(&["staff"])), "...xxxxxxxx"),
    ] {
        assert_eq!(verdicts(&user, Some(&usher)), expected, "{what}");
    }
    assert_eq!(verdicts(&user("usher", Some(&["staff"])), None), "....?......", "where it is not protected");
}

/// The verdicts on all steps about an administrator, a letter each, if there are this many others.
fn verdicts_with(user: &User, administrators: &[&str]) -> String {
    let administrators = administrators.iter().map(|id| UserId::new(*id)).collect();
    let letter = |step| match judge_administrator(&protect(), step, user, &administrators) {
        Ok(()) => '.',
        Err(_) => 'x',
    };
    let asked = |step: &&Step| judge(&protect(), step, user, None) == Verdict::AskAdministrators;
    steps().iter().filter(asked).map(letter).collect()
}

#[test]
fn what_may_be_taken_from_an_administrator() {
    let admin = user("a", Some(&[ADMINS]));
    let inactive = User { active: Some(false), ..admin.clone() };
    let untold = User { administers: None, ..user("u", Some(&["staff"])) };
    // remove the group, all groups, access; deactivate, delete, rename, invalidate the password
    for (what, user, administrators, expected) in [
        ("of three", &admin, &["a", "b", "c"][..], ".x..x.."),
        ("of two", &admin, &["a", "b"], "xxxxxxx"),
        ("the only one", &admin, &["a"], "xxxxxxx"),
        ("whom the product's list has not yet", &admin, &["b", "c"], ".x..x.."),
        ("who is the first", &admin, &[], "xxxxxxx"),
        ("who is inactive", &inactive, &["b", "c"], "......."),
        ("who is inactive and listed all the same", &inactive, &["a", "b"], "xxxxxxx"),
        ("whose role is not told and who is not listed", &untold, &["a"], "........"),
        ("whose role is not told and who is listed", &untold, &["u", "b"], "xxxxxxxx"),
        ("whose groups are not told, one of three", &user("a", None), &["a", "b", "c"], ".x..x.."),
    ] {
        assert_eq!(verdicts_with(user, administrators), expected, "{what}");
    }
}
