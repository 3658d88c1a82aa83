//! Lists that somebody wrote, and the users they stand for.

use super::*;
use crate::user_list::{ListedAs, ListedRow, UserList};

fn matched(kept: &Kept, of: &str, csv: &str) -> (Vec<String>, Vec<(u64, NoMatch)>) {
    let list = UserList::read(csv.as_bytes(), None).expect("a list");
    assert_eq!(list.problems, []);
    let matched = kept.roster.matched(&source(of), &list.rows).expect("read");
    let users = matched.users.iter().map(|id| id.as_str().to_owned()).collect();
    (users, matched.problems.iter().map(|problem| (problem.line, problem.why)).collect())
}

fn user(id: &str, name: Option<&str>, email: Option<&str>) -> (UserId, UserHints) {
    let profile = Profile { display_name: Some("Jane Doe".to_owned()), ..Profile::default() };
    let (name, email) = (name.map(str::to_owned), email.and_then(EmailAddress::parse));
    (UserId::new(id), UserHints { name, email, profile: Some(Box::new(profile)), ..UserHints::default() })
}

#[test]
fn each_line_finds_the_user_it_names_once() {
    let kept = Kept::new();
    kept.list("acme", 1, vec![page(&["jane", "joe", "kim"], None)]);
    kept.list("globex", 1, vec![page(&["lee"], None)]);
    let csv = "id,name,email\nid-kim,,\n,JOE,\n,,Jane@Acme.Example\n,kim,\n,lee,\nID-JANE,,\n,,nobody@acme.example\n";
    let (users, problems) = matched(&kept, "acme", csv);
    assert_eq!(users, ["id-kim", "id-joe", "id-jane"], "in the order of the list");
    let gone = NoMatch::NotThere;
    assert_eq!(problems, [(5, NoMatch::Twice { first: 2 }), (6, gone), (7, gone), (8, gone)], "ids are as they are");
}

#[test]
fn a_line_that_fits_several_takes_none_of_them() {
    let kept = Kept::new();
    let users = vec![
        user("1", Some("müller"), Some("shared@acme.example")),
        user("2", Some("muller"), Some("Shared@acme.example")),
        user("3", Some("Muller"), None),
        user("4", None, Some("x@acme.example")),
    ];
    kept.list("acme", 1, vec![UserPage::new(users, None)]);
    let csv = "name,email\nmüller,\nMULLER,\n,shared@acme.example\nJane Doe,\n";
    let (users, problems) = matched(&kept, "acme", csv);
    assert_eq!(users, ["1"], "a diacritic makes another login name");
    let wanted = [(3, NoMatch::Several), (4, NoMatch::Several), (5, NoMatch::NotThere)];
    assert_eq!(problems, wanted, "a display name names nobody");
}

#[test]
fn more_users_that_look_alike_than_are_looked_at_are_several() {
    let kept = Kept::new();
    let names = (0..30).map(|mark| format!("mu\u{308}ller{}", "\u{301}".repeat(mark)));
    let users = names.enumerate().map(|(number, name)| user(&number.to_string(), Some(&name), None)).collect();
    kept.list("acme", 1, vec![UserPage::new(users, None)]);
    assert_eq!(matched(&kept, "acme", "name\nmuller\n"), (vec![], vec![(2, NoMatch::Several)]));
}

#[test]
fn a_source_that_was_never_listed_has_nobody() {
    let kept = Kept::new();
    assert_eq!(matched(&kept, "acme", "id\n1\n"), (vec![], vec![(2, NoMatch::NotThere)]));
}

#[test]
fn no_text_of_a_line_gets_into_a_log() {
    let kept = Kept::new();
    let rows = [ListedRow { line: 2, who: ListedAs::Email("secret@acme.example".to_owned()) }];
    let shown = format!("{:?}", kept.roster.matched(&source("acme"), &rows).expect("read"));
    assert!(shown.contains("NotThere") && !shown.contains("secret"), "{shown}");
}
