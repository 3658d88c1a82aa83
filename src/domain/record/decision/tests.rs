//! The ids of runs and steps, and what a decision says was left open.

use proptest::prelude::*;

use super::*;
use crate::domain::{GroupName, Memberships, SweepId, UserHints, UserId};

fn event(id: &str) -> Event {
    Event {
        id: EventId::new(id),
        source: "acme".parse().expect("an id"),
        kind: EventKind::Created,
        via: Via::Webhook,
        user: UserRef::Id(UserId::new("jane")),
        hints: UserHints::default(),
        occurred: None,
        accepted: Timestamp::from_millis(1),
        sweep: None,
    }
}

fn decision(event: &Event) -> Decision {
    Decision::about(event, None, Mode::Active, Timestamp::from_millis(2))
}

fn reason(truth: Truth, because: &str, parts: Vec<Reason>) -> Reason {
    Reason {
        condition: "c".to_owned(),
        truth,
        because: because.to_owned(),
        as_of: None,
        value: None,
        made_of: if parts.is_empty() { MadeOf::Fact } else { MadeOf::Any },
        change: None,
        parts,
    }
}

fn verdict(id: &str, version: &str, selected: Truth) -> SchemeVerdict {
    SchemeVerdict {
        scheme: SchemeRef { id: id.parse().expect("an id"), version: version.to_owned() },
        selected,
        test_mode: false,
        held: false,
        reasons: reason(selected, "r", Vec::new()),
        steps: Vec::new(),
        forecast: None,
        left_alone: Default::default(),
    }
}

proptest! {
    #[test]
    fn two_steps_have_one_key_only_if_they_are_one(
        one in ("[0-9a-f]{1,3}", "[a-z0-9][a-z0-9_-]{0,3}", "[0-9a-f]{1,3}", 0_usize..200_000),
        other in ("[0-9a-f]{1,3}", "[a-z0-9][a-z0-9_-]{0,3}", "[0-9a-f]{1,3}", 0_usize..200_000),
    ) {
        let key = |(id, scheme, version, index): &(String, String, String, usize)| {
            decision(&event(id)).step_key(&verdict(scheme, version, Truth::True), *index)
        };
        prop_assert_eq!(key(&one) == key(&other), one == other);
    }
}

#[test]
fn keys_of_steps_are_in_the_order_of_the_steps() {
    let (decision, verdict) = (decision(&event("e")), verdict("s", "1", Truth::True));
    let keys: Vec<_> = [0, 1, 9, 10, 99, 100, 99_999].map(|index| decision.step_key(&verdict, index)).into();
    assert_eq!(keys[1].as_str(), "e:s@1:00001");
    assert!(keys.is_sorted());
}

#[test]
fn a_run_is_of_the_sweep_where_there_is_one_and_of_the_event_otherwise() {
    let group = GroupName::new("staff");
    let memberships = Memberships { of: vec![group], not_of: Vec::new(), as_of: Timestamp::from_millis(1) };
    let sighting = Sighting { sweep: SweepId::new("s1"), released: None, memberships: Some(memberships), undo: None };
    let sighted = decision(&Event { sweep: Some(sighting.clone()), ..event("e") });
    let verdict = verdict("one", "1", Truth::True);
    assert_eq!(sighted.run(&verdict).as_str(), "s1.one");
    assert_eq!(sighted.sweep, Some(Sighting { memberships: None, ..sighting }), "memberships are not kept with it");
    let alone = decision(&event("e"));
    assert_eq!(alone.run(&verdict).as_str(), "e.one");
    let step = alone.step_ref(&verdict, 0, &Step::RemoveAllGroups);
    assert_eq!(
        (step.key.as_str(), step.run.as_str(), step.memory_id().as_str()),
        ("e:one@1:00000", "e.one", "e:one@1:00000")
    );
    assert_eq!(step.user_key(), alone.key());
}

#[test]
fn what_was_left_open_is_told_once_in_its_order_and_not_more_than_there_is_room_for() {
    let open = |because: &str| reason(Truth::Unknown, because, Vec::new());
    let whole = reason(
        Truth::Unknown,
        "whole",
        vec![
            open("the domain"),
            reason(Truth::False, "closed", vec![open("hidden in what is settled")]),
            reason(Truth::Unknown, "part", vec![open("the groups"), open("the domain"), open("the name")]),
            reason(Truth::True, "yes", Vec::new()),
        ],
    );
    assert_eq!(whole.left_open(9), "the domain; the groups; the name");
    assert_eq!(whole.left_open(2), "the domain; the groups");
    assert_eq!(reason(Truth::True, "yes", vec![open("x")]).left_open(9), "");
}

#[test]
fn an_answer_is_told_by_the_conditions_that_led_to_it() {
    let of = |condition: &str, truth, because: &str, made_of, parts| Reason {
        condition: condition.to_owned(),
        made_of,
        ..reason(truth, because, parts)
    };
    let fact = |condition: &str, truth| of(condition, truth, "told", MadeOf::Fact, Vec::new());
    let exempt = of("not", Truth::False, "", MadeOf::Not, vec![fact("exempt_users", Truth::True)]);
    let select = of("any", Truth::False, "", MadeOf::Any, vec![fact("a", Truth::False), fact("b", Truth::False)]);
    let whole = of("scheme", Truth::False, "", MadeOf::All, vec![select, exempt, fact("only_groups", Truth::True)]);
    assert_eq!(whole.decided_by(9), "a: told; b: told; exempt_users: told");
    assert_eq!(whole.decided_by(1), "a: told");
}

#[test]
fn the_schemes_that_were_left_open_are_those_that_were_kept_and_those_that_were_not() {
    let verdicts =
        vec![verdict("yes", "1", Truth::True), verdict("open", "1", Truth::Unknown), verdict("no", "1", Truth::False)];
    let unknown = vec!["more".parse().expect("an id")];
    let decision = Decision { verdicts, unknown, ..decision(&event("e")) };
    let open: Vec<_> = decision.left_open().map(|(scheme, kept)| (scheme.as_str(), kept.is_some())).collect();
    assert_eq!(open, [("open", true), ("more", false)]);
    assert_eq!(decision.selected().map(|verdict| verdict.scheme.id.as_str()).collect::<Vec<_>>(), ["yes"]);
}

#[test]
fn a_scheme_that_was_changed_meanwhile_is_told_from_one_that_says_no() {
    let of = |selected, condition: &str| {
        let part = Reason { condition: condition.to_owned(), ..reason(selected, "r", Vec::new()) };
        SchemeVerdict { reasons: reason(selected, "r", vec![part]), ..verdict("s", "1", selected) }
    };
    assert!(of(Truth::False, SchemeVerdict::CHANGED).is_of_changed_scheme());
    assert!(!of(Truth::False, "everyone").is_of_changed_scheme());
    assert!(!of(Truth::True, SchemeVerdict::CHANGED).is_of_changed_scheme());
    assert!(!verdict("s", "1", Truth::False).is_of_changed_scheme());
}
