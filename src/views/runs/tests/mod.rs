#[cfg(test)]
pub(super) mod deletion;
#[cfg(test)]
pub(super) mod forecast;
#[cfg(test)]
pub(super) mod outlived;
#[cfg(test)]
pub(super) mod passed_over;
#[cfg(test)]
pub(super) mod sweep;
use super::*;
use crate::{
    domain::{Decision, Mode, StepResult, Truth},
    views::{
        database::testing::in_memory,
        testing::{at, decision, outcome, steps, verdict},
    },
};

fn runs() -> Runs<'static> {
    Runs(in_memory())
}

fn only(runs: Runs<'_>) -> Run {
    let mut page = runs.list(&Filter::default(), &Paging::default()).expect("a list");
    assert_eq!(page.items.len(), 1, "one run: {page:?}");
    let run = page.items.remove(0);
    assert_eq!(runs.get(&run.id).expect("read"), Some(run.clone()), "found by id as in the list");
    run
}

fn entries(runs: Runs<'_>, id: &RunId) -> Vec<Entry> {
    runs.entries(id, &EntryFilter::default(), &Paging::default()).expect("read").expect("a run").items
}

fn two_steps() -> Decision {
    decision("e1", "jane", 0, vec![verdict("contractors", Truth::True, &["contractors", "vpn-info"])])
}

#[test]
fn a_run_is_running_until_every_planned_step_has_ended() {
    let runs = runs();
    let decision = two_steps();
    let steps = steps(&decision);

    runs.decided(&decision).expect("added");
    assert_eq!((only(runs).state, only(runs).finished), (RunState::Running, None));
    runs.ended(&outcome(&steps[0], StepResult::Changed, 5)).expect("added");
    assert_eq!((only(runs).state, only(runs).finished), (RunState::Running, None));
    runs.ended(&outcome(&steps[1], StepResult::Unchanged, 7)).expect("added");

    let run = only(runs);
    assert_eq!((run.state, run.started, run.finished), (RunState::Done, at(0), Some(at(7))));
    assert_eq!(run.id.as_str(), "e1.contractors");
    assert_eq!((run.trigger.as_str(), run.scheme_version.as_str(), run.test_mode), ("on_create", "v1", false));
    let counts = Counts { seen: 1, selected: 1, changed: 1, unchanged: 1, ..Counts::default() };
    assert_eq!(run.counts, counts);
    let entries = entries(runs, &run.id);
    assert_eq!(entries.iter().map(|entry| entry.target.as_str()).collect::<Vec<_>>(), ["contractors", "vpn-info"]);
    assert_eq!((entries[0].user.as_str(), entries[0].user_name.as_deref()), ("u-jane", Some("jane")));
    assert_eq!((entries[0].result.as_str(), entries[0].duration_ms, entries[0].at), ("changed", 40, at(5)));
}

#[test]
fn a_run_with_a_failed_step_fails_when_the_other_steps_have_ended() {
    let runs = runs();
    let decision = two_steps();
    let steps = steps(&decision);
    runs.decided(&decision).expect("added");
    runs.ended(&outcome(&steps[0], StepResult::Failed, 5)).expect("added");
    assert_eq!(only(runs).state, RunState::Running);
    runs.ended(&outcome(&steps[1], StepResult::Changed, 7)).expect("added");
    assert_eq!(only(runs).state, RunState::Failed);
    assert_eq!(entries(runs, &only(runs).id)[0].error.as_deref(), Some("the group does not exist"));
}

#[test]
fn records_in_any_order_and_any_number_of_times_make_the_same_run() {
    let decision = two_steps();
    let steps = steps(&decision);
    let outcomes = [outcome(&steps[0], StepResult::Changed, 5), outcome(&steps[1], StepResult::Failed, 7)];
    // 0 and 1 are the outcomes, 2 is the decision.
    let orders = [&[2, 0, 1][..], &[0, 2, 1], &[0, 1, 2], &[1, 0, 2], &[2, 2, 0, 0, 1, 1, 2], &[0, 0, 2, 1, 0, 2, 1]];
    let made = orders.map(|order| {
        let runs = runs();
        for &record in order {
            match record {
                2 => runs.decided(&decision).expect("added"),
                step => runs.ended(&outcomes[step]).expect("added"),
            }
        }
        (only(runs), entries(runs, &only(runs).id))
    });
    assert!(made.iter().all(|one| *one == made[0]), "{made:#?}");
    assert_eq!((made[0].0.counts.changed, made[0].0.counts.failed, made[0].1.len()), (1, 1, 2));
}

#[test]
fn a_run_known_by_its_outcome_alone_is_running_and_has_an_approximate_start() {
    let runs = runs();
    runs.ended(&outcome(&steps(&two_steps())[0], StepResult::Changed, 5)).expect("added");
    let run = only(runs);
    assert_eq!((run.state, run.counts.changed), (RunState::Running, 1));
    assert_eq!(run.started.until(at(5)), std::time::Duration::from_millis(40));
}

#[test]
fn only_schemes_that_selected_the_user_make_runs() {
    let runs = runs();
    let verdicts =
        vec![verdict("a", Truth::False, &[]), verdict("b", Truth::True, &["g"]), verdict("c", Truth::Unknown, &[])];
    runs.decided(&decision("e1", "jane", 0, verdicts)).expect("added");
    assert_eq!(only(runs).id.as_str(), "e1.b");
}

#[test]
fn observe_mode_counts_as_test_mode() {
    let runs = runs();
    runs.decided(&Decision { mode: Mode::Observe, ..two_steps() }).expect("added");
    assert!(only(runs).test_mode);
}

#[test]
fn the_second_decision_on_an_event_changes_nothing() {
    let runs = runs();
    runs.decided(&two_steps()).expect("added");
    let first = only(runs);
    let other = vec![verdict("contractors", Truth::True, &["other"])];
    runs.decided(&decision("e1", "jane", 9, other)).expect("ignored");
    assert_eq!(only(runs), first);
}

#[test]
fn filters_let_through_what_they_say_newest_first() {
    let runs = runs();
    for (event, seconds, scheme) in [("e1", 1, "a"), ("e3", 3, "b"), ("e2", 2, "a")] {
        let decision = decision(event, "jane", seconds, vec![verdict(scheme, Truth::True, &["g"])]);
        runs.decided(&decision).expect("added");
        let result = if event == "e2" { StepResult::Failed } else { StepResult::Changed };
        runs.ended(&outcome(&steps(&decision)[0], result, seconds)).expect("added");
    }
    let list = |filter: Filter| -> Vec<String> {
        let page = runs.list(&filter, &Paging::default()).expect("a list");
        page.items.into_iter().map(|run| run.event.expect("one event").to_string()).collect()
    };
    assert_eq!(list(Filter::default()), ["e3", "e2", "e1"]);
    assert_eq!(list(Filter { scheme: "a".parse().ok(), ..Filter::default() }), ["e2", "e1"]);
    assert_eq!(list(Filter { source: "acme".parse().ok(), ..Filter::default() }).len(), 3);
    assert_eq!(list(Filter { source: "other".parse().ok(), ..Filter::default() }).len(), 0);
    assert_eq!(list(Filter { result: Some(EntryResult::Step(StepResult::Failed)), ..Filter::default() }), ["e2"]);
    assert_eq!(list(Filter { action: Some("add_groups".into()), ..Filter::default() }).len(), 3);
    assert_eq!(list(Filter { action: Some("remove_groups".into()), ..Filter::default() }).len(), 0);
    assert_eq!(list(Filter { since: Some(at(2)), ..Filter::default() }), ["e3", "e2"]);
}
