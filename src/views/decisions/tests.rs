use super::*;
use crate::{
    domain::{NoAction, Truth},
    views::{
        database::testing::in_memory,
        testing::{at, decision, source, verdict},
    },
};

fn decisions() -> Decisions<'static> {
    Decisions(in_memory())
}

fn list(decisions: Decisions<'_>, user: &str) -> Vec<DecisionRow> {
    decisions.list(&source(), user, &Paging::default()).expect("a list").items
}

fn events(decisions: Decisions<'_>, user: &str) -> Vec<String> {
    list(decisions, user).into_iter().map(|row| row.event.to_string()).collect()
}

#[test]
fn a_users_decisions_are_found_by_id_and_by_name_in_any_case_newest_first() {
    let decisions = decisions();
    for (event, name, seconds) in [("e1", "Jane", 1), ("e3", "Jane", 3), ("e2", "Jane", 2), ("e4", "Jan", 4)] {
        decisions.apply(&decision(event, name, seconds, vec![])).expect("added");
    }
    for user in ["u-Jane", "Jane", "jane", "JANE"] {
        assert_eq!(events(decisions, user), ["e3", "e2", "e1"], "{user}");
    }
    assert_eq!(events(decisions, "nobody"), Vec::<String>::new());
    let other = "other".parse().expect("an id");
    assert!(decisions.list(&other, "jane", &Paging::default()).expect("a list").items.is_empty());
}

#[test]
fn a_user_known_by_name_only_is_found_by_it() {
    let decisions = decisions();
    let nameless = Decision { user: UserRef::Name("Joe".into()), user_name: None, ..decision("e1", "x", 1, vec![]) };
    decisions.apply(&nameless).expect("added");
    let rows = list(decisions, "joe");
    assert_eq!((rows[0].user.as_str(), rows[0].user_name.as_deref()), ("Joe", Some("Joe")));
}

#[test]
fn a_name_given_to_somebody_else_leads_to_whoever_had_it_last() {
    let decisions = decisions();
    let as_jane = |event, id: &str, seconds| Decision {
        user: UserRef::Id(UserId::new(id)),
        ..decision(event, "jane", seconds, vec![])
    };
    decisions.apply(&as_jane("e2", "second", 2)).expect("added");
    decisions.apply(&as_jane("e1", "first", 1)).expect("added"); // read later, from another partition
    assert_eq!(events(decisions, "jane"), ["e2"]);
    assert_eq!(events(decisions, "first"), ["e1"]);
}

#[test]
fn a_decision_applied_twice_is_one_and_the_first_on_an_event_counts() {
    let decisions = decisions();
    let first = decision("e1", "jane", 1, vec![verdict("a", Truth::True, &["g"])]);
    decisions.apply(&first).expect("added");
    decisions.apply(&first).expect("ignored");
    decisions.apply(&Decision { decided: at(9), verdicts: vec![], ..first.clone() }).expect("ignored");
    assert_eq!(list(decisions, "jane"), [DecisionRow::from(&first)]);
}

#[test]
fn a_decision_is_shown_with_all_its_reasons() {
    let decisions = decisions();
    let verdicts = vec![verdict("a", Truth::True, &["staff"]), verdict("b", Truth::Unknown, &[])];
    decisions.apply(&decision("e1", "jane", 1, verdicts)).expect("added");
    insta::assert_json_snapshot!(list(decisions, "jane"));
}

#[test]
fn why_no_scheme_was_asked_is_shown() {
    let decisions = decisions();
    for (event, why) in [("e1", NoAction::NoSchemeForEvent), ("e2", NoAction::NotAPerson("app".into()))] {
        let decision = Decision { no_action: Some(why), ..decision(event, "bot", 1, vec![]) };
        decisions.apply(&decision).expect("added");
    }
    let rows = list(decisions, "bot");
    let shown: Vec<_> = rows.iter().map(|row| serde_json::to_string(&row.no_action).expect("JSON")).collect();
    assert_eq!(shown, [r#"{"why":"no_scheme_for_event"}"#, r#"{"why":"not_a_person","account_type":"app"}"#]);
}

#[test]
fn the_decisions_of_several_sources_are_paged_as_one_list() {
    let decisions = decisions();
    let other: SourceId = "other".parse().expect("an id");
    for (event, seconds) in [("e1", 1), ("e4", 4), ("e5", 5)] {
        decisions.apply(&decision(event, "Jane", seconds, vec![])).expect("added");
    }
    for (event, seconds) in [("e2", 2), ("e3", 3)] {
        let elsewhere = Decision { source: other.clone(), ..decision(event, "Jane", seconds, vec![]) };
        decisions.apply(&elsewhere).expect("added");
    }
    let limit = crate::views::Limit::try_from("2".to_owned()).expect("a limit");
    let (mut seen, mut cursor) = (Vec::new(), None);
    for _ in 0..10 {
        let page = decisions.list_all(&[source(), other.clone()], "jane", &Paging { limit, cursor }).expect("a page");
        seen.extend(page.items.into_iter().map(|row| row.event.to_string()));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["e5", "e4", "e3", "e2", "e1"]);
}
