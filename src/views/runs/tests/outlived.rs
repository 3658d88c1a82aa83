use super::sweep::{AnyRecord, apply_all, held, progress, runs, scheme, sighted, started, sweep, two_of_three};
use crate::{
    domain::{StepResult, SweepStep, Truth},
    views::{
        database::testing::rows,
        prune::step::Horizon,
        runs::*,
        testing::{at, decision, outcome, steps, verdict},
    },
};

/// Removes all that is outlived.
fn prune(runs: Runs<'_>, over: i64, open: i64) {
    let horizon = Horizon { over: at(over), open: at(open) };
    for prune in [Runs::prune as fn(_, _) -> _, Runs::prune_sweeps] {
        assert!(!prune(runs, horizon).expect("pruned").is_full());
    }
}

fn sizes(runs: Runs<'_>) -> [usize; 4] {
    ["runs", "entries", "sweeps", "sweep_marks"].map(|table| rows(runs.0, table))
}

#[test]
fn a_run_is_kept_as_long_as_the_latest_of_it() {
    let runs = runs();
    let decision = decision("e1", "jane", 0, vec![verdict("a", Truth::True, &["g"])]);
    runs.decided(&decision).expect("added");
    runs.ended(&outcome(&steps(&decision)[0], StepResult::Changed, 50)).expect("added");
    prune(runs, 50, 0);
    assert_eq!(sizes(runs), [1, 1, 0, 0]);
    prune(runs, 51, 0);
    assert_eq!(sizes(runs), [0; 4]);
}

#[test]
fn a_run_whose_steps_are_open_is_kept_longer_one_whose_decision_was_never_read_is_not() {
    let runs = runs();
    let verdicts = || vec![verdict("a", Truth::True, &["g", "h"])];
    let (open, without) = (decision("e1", "jane", 0, verdicts()), decision("e2", "joe", 0, verdicts()));
    runs.decided(&open).expect("added");
    runs.ended(&outcome(&steps(&open)[0], StepResult::Changed, 5)).expect("added");
    runs.ended(&outcome(&steps(&without)[0], StepResult::Changed, 5)).expect("added");
    prune(runs, 50, 5);
    let left = runs.list(&Filter::default(), &Paging::default()).expect("a list").items;
    assert_eq!(left.iter().map(|run| run.id.as_str()).collect::<Vec<_>>(), ["e1.a"]);
    prune(runs, 50, 6);
    assert_eq!(sizes(runs), [0; 4]);
}

#[test]
fn a_held_run_keeps_its_rows_however_old_it_is_and_its_counts() {
    let runs = runs();
    held(runs);
    let (run, before) = (runs.run("a"), sizes(runs));
    prune(runs, 1_000_000, 1_000_000);
    assert_eq!((runs.run("a"), sizes(runs)), (run.clone(), before));
    assert_eq!(runs.counted(&run.id).expect("read").map(|counts| (counts.would_change, counts.seen)), Some((2, 2)));
    assert_eq!(runs.users(&run.id, None, 10).expect("read").len(), 2);
    runs.apply_any(&AnyRecord::Progress(progress(9, SweepStep::Cancelled { scheme: scheme("a") })));
    prune(runs, 1_000_000, 1_000_000);
    assert_eq!(sizes(runs), [0; 4]);
}

#[test]
fn a_sweep_is_forgotten_with_the_last_of_its_runs() {
    let runs = runs();
    apply_all(runs, &two_of_three());
    let before = sizes(runs);
    prune(runs, 4, 0);
    assert_eq!(sizes(runs), [1, 2, before[2], before[3]], "`b` ended in second 3, `a` later");
    assert_eq!(runs.run("a").counts.seen, 3);
    assert!(runs.plan(&sweep()).expect("read").is_some());
    prune(runs, 1_000, 0);
    assert_eq!(sizes(runs), [0; 4]);
}

#[test]
fn a_cancelled_run_and_the_plan_of_its_sweep_are_kept_while_sightings_wait_to_be_decided() {
    let runs = runs();
    runs.apply_any(&AnyRecord::Progress(started(&["a"], "")));
    runs.apply_any(&AnyRecord::Progress(progress(1, SweepStep::Cancelled { scheme: scheme("a") })));
    runs.apply_any(&AnyRecord::Progress(progress(
        2,
        SweepStep::ListingEnded { seen: 2, incomplete: None, named: false },
    )));
    runs.apply_any(&AnyRecord::Decision(sighted("jane", 3, &[], None)));
    prune(runs, 1_000, 1);
    assert_eq!(runs.run("a").state, RunState::Cancelled, "it is kept as long as a run that is under way");
    prune(runs, 1_000, 3);
    assert_eq!(sizes(runs)[..2], [0; 2]);
    assert!(runs.plan(&sweep()).expect("read").is_some());
    runs.apply_any(&AnyRecord::Decision(sighted("joe", 4, &[], None)));
    prune(runs, 1_000, 3);
    assert_eq!(sizes(runs), [0; 4]);
}
