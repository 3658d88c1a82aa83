use super::sweep::{AnyRecord, apply_all, progress, runs, scheme, sighted, started, sweep};
use crate::{
    domain::{Decision, Forecast, StepResult, SweepStep, Truth},
    views::{
        runs::*,
        testing::{outcome, steps, verdict},
    },
};

/// A sighting of `name`, whom `a` selects, with the forecast.
fn foretold(name: &str, seconds: i64, forecast: Option<Forecast>) -> Decision {
    let mut decision = sighted(name, seconds, &["a"], None);
    decision.verdicts.iter_mut().for_each(|verdict| verdict.forecast = forecast);
    decision
}

/// A sighting of `name` with an unknown verdict of `a`; `is_kept` says whether the verdict is in it.
fn open(name: &str, seconds: i64, is_kept: bool) -> Decision {
    let decision = sighted(name, seconds, &[], None);
    match is_kept {
        true => Decision { verdicts: vec![verdict("a", Truth::Unknown, &[])], ..decision },
        false => Decision { unknown: vec![scheme("a")], ..decision },
    }
}

/// A sweep over six users: one of each kind, and two with an unknown verdict of `a`.
fn six() -> Vec<AnyRecord> {
    let kinds = [
        ("changed", Some(Forecast::WouldChange), StepResult::Held),
        ("so", Some(Forecast::AlreadySo), StepResult::Unchanged),
        ("safe", Some(Forecast::Protected), StepResult::Held),
        ("old", None, StepResult::Held),
    ];
    let mut told = vec![AnyRecord::Progress(started(&["a"], "a"))];
    for (name, forecast, result) in kinds {
        let decision = foretold(name, 1, forecast);
        told.push(AnyRecord::Outcome(outcome(&steps(&decision)[0], result, 2)));
        told.push(AnyRecord::Decision(decision));
    }
    told.push(AnyRecord::Decision(open("hidden", 1, true)));
    told.push(AnyRecord::Decision(open("other", 1, false)));
    told.push(AnyRecord::Progress(progress(3, SweepStep::ListingEnded { seen: 6, incomplete: None, named: false })));
    told
}

fn users(runs: Runs<'_>, result: Option<EntryResult>) -> Vec<String> {
    let id = RunId::of_sweep(&sweep(), &scheme("a"));
    let entries = runs
        .entries(&id, &EntryFilter { result, ..EntryFilter::default() }, &Paging::default())
        .expect("read")
        .expect("a run")
        .items;
    entries.into_iter().map(|entry| entry.user).collect()
}

#[test]
fn a_run_says_how_many_would_change_are_so_already_are_protected_and_are_not_known() {
    let told = six();
    let in_order = {
        let runs = runs();
        apply_all(runs, &told);
        runs.run("a").counts
    };
    let expected = Counts {
        seen: 6,
        selected: 4,
        would_change: 2,
        already_so: 1,
        protected: 1,
        unknown: 2,
        unchanged: 1,
        held: 3,
        ..Counts::default()
    };
    assert_eq!(in_order, expected);
    let runs = runs();
    told.iter().rev().chain(&told).for_each(|told| runs.apply_any(told));
    assert_eq!(runs.run("a").counts, expected, "in any order, any number of times");
}

#[test]
fn who_is_not_known_is_told_with_the_missing_fact_and_is_not_released() {
    let runs = runs();
    apply_all(runs, &six());
    let mut unknown = users(runs, Some(EntryResult::Unknown));
    unknown.sort();
    assert_eq!(unknown, ["u-hidden", "u-other"]);
    assert_eq!(users(runs, Some(EntryResult::Step(StepResult::Unchanged))), ["u-so"]);
    assert_eq!(users(runs, None).len(), 6);
    let id = runs.run("a").id;
    let mut kept_back = runs.users(&id, None, 10).expect("read");
    kept_back.sort();
    assert_eq!(kept_back, ["u-changed", "u-old", "u-safe"].map(UserId::new));
    assert_eq!(runs.counted(&id).expect("read").map(|counts| counts.would_change), Some(2));
}

#[test]
fn a_run_of_which_everything_is_so_already_is_done_when_it_is_let_go_on() {
    let runs = runs();
    let decision = foretold("so", 1, Some(Forecast::AlreadySo));
    apply_all(
        runs,
        &[
            AnyRecord::Progress(started(&["a"], "a")),
            AnyRecord::Outcome(outcome(&steps(&decision)[0], StepResult::Unchanged, 2)),
            AnyRecord::Decision(decision),
            AnyRecord::Progress(progress(3, SweepStep::ListingEnded { seen: 1, incomplete: None, named: false })),
        ],
    );
    assert_eq!(runs.run("a").state, RunState::Running, "until somebody has compared");
    runs.apply_any(&AnyRecord::Progress(progress(4, SweepStep::Released { scheme: scheme("a"), users: 0 })));
    assert_eq!(runs.run("a").state, RunState::Done);
}
