use super::sweep::{AnyRecord, apply_all, progress, runs, scheme, sighted, started, sweep};
use crate::{
    domain::{Actor, DeletedRuns, Matching, RunSelection, StepResult, SweepStep, Timestamp},
    views::{
        runs::*,
        testing::{at, decision, outcome, steps, verdict},
    },
};

fn before(seconds: i64) -> Matching {
    Matching { before: at(seconds), scheme: None, source: None, kind: None, state: None, test_mode: None }
}

fn removal(made: Timestamp, runs: RunSelection) -> DeletedRuns {
    DeletedRuns { id: "d".into(), by: Actor::default(), at: made, reason: "a test".into(), runs, except: Vec::new() }
}

/// The records of a run of one event that is done at second 3.
fn done(event: &str) -> Vec<AnyRecord> {
    let decision = decision(event, "jane", 1, vec![verdict("a", crate::domain::Truth::True, &["g"])]);
    let step = steps(&decision).remove(0);
    vec![AnyRecord::Decision(decision), AnyRecord::Outcome(outcome(&step, StepResult::Changed, 3))]
}

fn shown(runs: Runs<'_>) -> Vec<String> {
    let page = runs.list(&Filter::default(), &Paging::default()).expect("a list");
    page.items.iter().map(|run| run.id.to_string()).collect()
}

#[test]
fn a_run_that_had_ended_is_gone_whether_the_removal_is_read_before_or_after_it() {
    let removal = removal(at(10), RunSelection::All(before(2)));
    let after = runs();
    apply_all(after, &done("e1"));
    assert_eq!(shown(after).len(), 1);
    Deletions(after.0).apply(&removal).expect("applied");
    let first = runs();
    Deletions(first.0).apply(&removal).expect("applied");
    apply_all(first, &done("e1"));
    for runs in [after, first] {
        assert_eq!(shown(runs), Vec::<String>::new());
        assert_eq!(runs.get(&RunId::new("e1.a")).expect("read"), None);
        assert_eq!(runs.entries(&RunId::new("e1.a"), &EntryFilter::default(), &Paging::default()).expect("read"), None);
        while Deletions(runs.0).remove().expect("removed").dropped > 0 {}
        for table in ["runs", "entries", "runs_removed", "run_groups"] {
            assert_eq!(crate::views::database::testing::rows(runs.0, table), 0, "{table}");
        }
    }
}

#[test]
fn a_run_that_ended_after_the_removal_or_is_not_meant_by_it_stays() {
    for (made, selection) in [
        (at(2), RunSelection::All(before(2))),
        (at(10), RunSelection::All(before(1))),
        (at(10), RunSelection::All(Matching { scheme: Some(scheme("b")), ..before(9) })),
        (at(10), RunSelection::All(Matching { kind: Some("sweep".into()), ..before(9) })),
        (at(10), RunSelection::All(Matching { state: Some("failed".into()), ..before(9) })),
        (at(10), RunSelection::All(Matching { test_mode: Some(true), ..before(9) })),
        (at(10), RunSelection::These(vec![RunId::new("e2.a")])),
    ] {
        let removal = removal(made, selection);
        let (one, other) = (runs(), runs());
        apply_all(one, &done("e1"));
        Deletions(one.0).apply(&removal).expect("applied");
        Deletions(other.0).apply(&removal).expect("applied");
        apply_all(other, &done("e1"));
        for runs in [one, other] {
            assert_eq!(shown(runs), ["e1.a"], "{removal:?}");
        }
    }
}

#[test]
fn a_run_that_was_held_at_the_removal_stays_also_when_it_is_cancelled_later() {
    let records = || {
        let cancelled = SweepStep::Cancelled { scheme: scheme("a") };
        vec![
            AnyRecord::Progress(started(&["a"], "a")),
            AnyRecord::Decision(sighted("jane", 1, &["a"], None)),
            AnyRecord::Progress(progress(2, SweepStep::ListingEnded { seen: 1, incomplete: None, named: false })),
            AnyRecord::Progress(progress(3, SweepStep::Held { scheme: scheme("a"), why: "too many".into() })),
            AnyRecord::Progress(progress(20, cancelled)),
        ]
    };
    let removal = removal(at(10), RunSelection::All(before(9)));
    for place in 0..=5 {
        let runs = runs();
        let mut rest = records();
        let later = rest.split_off(place);
        apply_all(runs, &rest);
        Deletions(runs.0).apply(&removal).expect("applied");
        apply_all(runs, &later);
        assert_eq!(shown(runs), [RunId::of_sweep(&sweep(), &scheme("a")).to_string()], "read after {place} records");
    }
}

#[test]
fn what_would_stay_is_counted_by_why() {
    let runs = runs();
    apply_all(runs, &done("e1"));
    let open = decision("e2", "joe", 1, vec![verdict("a", crate::domain::Truth::True, &["g"])]);
    apply_all(runs, &[AnyRecord::Decision(open)]);
    let found = runs.deletable(&RunSelection::All(before(9))).expect("counted");
    assert_eq!(found, Deletable { deleted: 1, running: 1, ..Deletable::default() });
    let named = RunSelection::These(["e1.a", "e2.a", "none"].map(RunId::new).to_vec());
    let found = runs.deletable(&named).expect("counted");
    assert_eq!(found, Deletable { deleted: 1, running: 1, missing: 1, ..Deletable::default() });
}

#[test]
fn a_removed_run_that_did_something_is_known_to_the_undo_of_earlier_ones_in_either_order_of_reading() {
    let removal = removal(at(10), RunSelection::These(vec![RunId::new("e1.a")]));
    let (after, first) = (runs(), runs());
    apply_all(after, &done("e1"));
    let run = after.get(&RunId::new("e1.a")).expect("read").expect("a run");
    Deletions(after.0).apply(&removal).expect("applied");
    Deletions(first.0).apply(&removal).expect("applied");
    apply_all(first, &done("e1"));
    for runs in [after, first] {
        while Deletions(runs.0).remove().expect("removed").dropped > 0 {}
        for (started, known) in [(at(1), true), (at(3), true), (at(4), false)] {
            let earlier = Run { started, ..run.clone() };
            assert_eq!(runs.later_was_removed(&earlier).expect("read"), known, "{started}");
        }
        let elsewhere = Run { source: "other".parse().expect("an id"), started: at(1), ..run.clone() };
        assert!(!runs.later_was_removed(&elsewhere).expect("read"));
    }
}
