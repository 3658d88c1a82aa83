use super::sweep::{AnyRecord, held, progress, runs, scheme, sighted, started};
use crate::{
    domain::{Decision, NoAction, SchemeVerdict, SweepStep, Truth},
    views::{runs::*, testing::at},
};

/// The decision on `name`, by a scheme that says something else by now.
fn passed_over(name: &str, seconds: i64, released: Option<&str>) -> Decision {
    let mut decision = sighted(name, seconds, &["a"], released);
    let verdict = &mut decision.verdicts[0];
    verdict.selected = Truth::False;
    verdict.steps.clear();
    verdict.reasons.parts[0].condition = SchemeVerdict::CHANGED.into();
    decision
}

/// As if the scheme is paused, disabled or deleted.
fn not_asked(name: &str, seconds: i64) -> Decision {
    let decision = sighted(name, seconds, &[], Some("a"));
    Decision { no_action: Some(NoAction::NoSchemeForEvent), ..decision }
}

#[test]
fn a_release_during_which_the_scheme_is_changed_fails_and_says_so() {
    for second in [passed_over("joe", 7, Some("a")), not_asked("joe", 7)] {
        let runs = runs();
        held(runs);
        assert_eq!(runs.run("a").held_since, Some(at(4)));
        // Read in whatever order: here the release after the first of its users.
        let records = [
            AnyRecord::Decision(passed_over("jane", 6, Some("a"))),
            AnyRecord::Progress(progress(5, SweepStep::Released { scheme: scheme("a"), users: 2 })),
            AnyRecord::Decision(second),
        ];
        for told in &records {
            assert_ne!(runs.run("a").state, RunState::Failed);
            runs.apply_any(told);
        }
        let run = runs.run("a");
        assert_eq!((run.state, run.counts.held, run.held_since), (RunState::Failed, 2, None));
        let why = run.why.expect("a reason");
        assert!(why.contains("the scheme was changed") && why.contains(": 2;"), "{why}");
        let entries =
            runs.entries(&run.id, &EntryFilter::default(), &Paging::default()).expect("read").expect("a run").items;
        assert!(entries.iter().all(|entry| entry.reason.contains("not what it was")), "{entries:?}");
    }
}

#[test]
fn a_sweep_during_which_the_scheme_is_changed_fails_and_says_so_in_whatever_order_it_is_read() {
    for start_is_read_first in [true, false] {
        let runs = runs();
        let start = AnyRecord::Progress(started(&["a"], ""));
        let decided =
            [AnyRecord::Decision(passed_over("jane", 1, None)), AnyRecord::Decision(sighted("joe", 2, &[], None))];
        match start_is_read_first {
            true => [&start].into_iter().chain(&decided).for_each(|told| runs.apply_any(told)),
            false => decided.iter().chain([&start]).for_each(|told| runs.apply_any(told)),
        }
        assert_eq!(runs.run("a").state, RunState::Running);
        runs.apply_any(&AnyRecord::Progress(progress(
            3,
            SweepStep::ListingEnded { seen: 2, incomplete: None, named: false },
        )));
        let run = runs.run("a");
        assert_eq!((run.state, run.counts.selected, run.counts.seen), (RunState::Failed, 0, 2));
        assert!(run.why.expect("a reason").contains(": 1;"));
    }
}

#[test]
fn a_held_run_is_held_since_the_first_time_it_was_said() {
    let runs = runs();
    held(runs);
    runs.apply_any(&AnyRecord::Progress(progress(50, SweepStep::Held { scheme: scheme("a"), why: "still".into() })));
    assert_eq!((runs.run("a").held_since, runs.run("a").why.as_deref()), (Some(at(4)), Some("still")));
}

#[test]
fn a_cancelled_run_stays_cancelled_also_where_users_were_passed_over() {
    let runs = runs();
    held(runs);
    runs.apply_any(&AnyRecord::Decision(passed_over("jane", 6, Some("a"))));
    runs.apply_any(&AnyRecord::Progress(progress(7, SweepStep::Cancelled { scheme: scheme("a") })));
    assert_eq!((runs.run("a").state, runs.run("a").why), (RunState::Cancelled, None));
}
