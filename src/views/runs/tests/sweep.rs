use crate::{
    domain::{
        Cause, Decision, EventId, EventKind, Limits, Outcome, SchemeRef, Sighting, StepResult, SweepId, SweepProgress,
        SweepRun, SweepStep, Truth,
    },
    views::{
        database::testing::in_memory,
        runs::*,
        testing::{at, decision, outcome, source, steps, verdict},
    },
};

pub(in crate::views::runs) fn runs() -> Runs<'static> {
    Runs(in_memory())
}

pub(in crate::views::runs) fn sweep() -> SweepId {
    SweepId::new("s1")
}

pub(in crate::views::runs) fn scheme(name: &str) -> SchemeId {
    name.parse().expect("an id")
}

pub(in crate::views::runs) fn progress(seconds: i64, step: SweepStep) -> SweepProgress {
    SweepProgress { sweep: sweep(), source: source(), at: at(seconds), step }
}

/// The sweep begins; `limited` has a limit of one user.
pub(in crate::views::runs) fn started(schemes: &[&str], limited: &str) -> SweepProgress {
    let run = |name: &&str| SweepRun {
        scheme: SchemeRef { id: scheme(name), version: "v1".into() },
        test_mode: false,
        limits: Limits { users: (*name == limited).then_some(1), percent: None },
    };
    let runs = schemes.iter().map(run).collect();
    progress(0, SweepStep::Started { runs, cause: Cause::Manual, due: None, from: vec![0], undo_of: None })
}

/// The decision on the sighting of a user whom `selecting` select, each for the group `g`.
pub(in crate::views::runs) fn sighted(
    name: &str,
    seconds: i64,
    selecting: &[&str],
    released: Option<&str>,
) -> Decision {
    let verdicts = selecting.iter().map(|scheme| verdict(scheme, Truth::True, &["g"])).collect();
    let released = released.map(scheme);
    let decision = decision("", name, seconds, verdicts);
    Decision {
        event: EventId::of_sighting(&sweep(), decision.user.id().expect("an id"), released.as_ref()),
        kind: EventKind::Sighted,
        sweep: Some(Sighting { sweep: sweep(), released, memberships: None, undo: None }),
        ..decision
    }
}

/// One record of any stream.
pub(in crate::views::runs) enum AnyRecord {
    Progress(SweepProgress),
    Decision(Decision),
    Outcome(Outcome),
}

impl Runs<'_> {
    pub(in crate::views::runs) fn apply_any(self, told: &AnyRecord) {
        match told {
            AnyRecord::Progress(progress) => self.progressed(progress),
            AnyRecord::Decision(decision) => self.decided(decision),
            AnyRecord::Outcome(outcome) => self.ended(outcome),
        }
        .expect("added");
    }

    pub(in crate::views::runs) fn run(self, name: &str) -> Run {
        self.get(&RunId::of_sweep(&sweep(), &scheme(name))).expect("read").expect("a run")
    }
}

pub(in crate::views::runs) fn apply_all(runs: Runs<'_>, records: &[AnyRecord]) {
    records.iter().for_each(|told| runs.apply_any(told));
}

/// Three users; `a` selects two of them, `b` nobody.
pub(in crate::views::runs) fn two_of_three() -> Vec<AnyRecord> {
    let (jane, joe) = (sighted("jane", 1, &["a"], None), sighted("joe", 2, &["a"], None));
    let changed = |decision: &Decision| outcome(&steps(decision)[0], StepResult::Changed, 5);
    vec![
        AnyRecord::Progress(started(&["a", "b"], "")),
        AnyRecord::Outcome(changed(&jane)),
        AnyRecord::Decision(jane.clone()),
        AnyRecord::Progress(progress(2, SweepStep::Listed { cursor: "2".into(), seen: 2 })),
        AnyRecord::Decision(joe.clone()),
        AnyRecord::Progress(progress(3, SweepStep::ListingEnded { seen: 3, incomplete: None, named: false })),
        AnyRecord::Outcome(changed(&joe)),
        AnyRecord::Decision(sighted("jim", 3, &[], None)),
    ]
}

#[test]
fn a_sweep_is_done_when_everybody_is_listed_and_decided_and_every_step_has_ended() {
    let runs = runs();
    let records = two_of_three();
    for record in &records[..records.len() - 1] {
        runs.apply_any(record);
        assert_eq!(runs.run("b").state, RunState::Running);
    }
    let run = runs.run("a");
    assert_eq!((run.state, run.finished), (RunState::Running, None));
    assert_eq!(run.progress, Some(Progress { listed: 3, decided: 2, read: 0, total: Some(3) }));
    runs.apply_any(&records[records.len() - 1]);

    let run = runs.run("a");
    assert_eq!((run.state, run.finished, run.trigger.as_str()), (RunState::Done, Some(at(5)), "manual"));
    assert_eq!(run.counts, Counts { seen: 3, selected: 2, would_change: 2, changed: 2, ..Counts::default() });
    assert_eq!((run.event, run.sweep), (None, Some(sweep())));
    let run = runs.run("b");
    assert_eq!((run.state, run.counts), (RunState::Done, Counts { seen: 3, ..Counts::default() }));
    assert_eq!(marks(runs, None), 0, "who is counted is noted only as long as it matters");
}

#[test]
fn records_of_a_sweep_in_any_order_of_their_streams_and_any_number_of_times_count_once() {
    let records = two_of_three();
    let of = |wanted: fn(&AnyRecord) -> bool| records.iter().filter(move |told| wanted(told)).collect::<Vec<_>>();
    let progress = of(|told| matches!(told, AnyRecord::Progress(_)));
    let decisions = of(|told| matches!(told, AnyRecord::Decision(_)));
    let outcomes = of(|told| matches!(told, AnyRecord::Outcome(_)));
    let orders = [
        [progress.clone(), decisions.clone(), outcomes.clone()].concat(),
        [outcomes.clone(), decisions.clone(), progress.clone()].concat(),
        [decisions.clone(), decisions.clone(), outcomes.clone(), progress.clone(), decisions.clone()].concat(),
        [outcomes.clone(), outcomes, progress.clone(), decisions.clone(), progress, decisions].concat(),
    ];
    let made = orders.map(|order| {
        let runs = runs();
        order.into_iter().for_each(|record| runs.apply_any(record));
        let entries = runs
            .entries(&runs.run("a").id, &EntryFilter::default(), &Paging::default())
            .expect("read")
            .expect("a run")
            .items;
        (runs.run("a").state, runs.run("a").counts, runs.run("b").state, entries)
    });
    assert!(made.iter().all(|one| *one == made[0]), "{made:#?}");
    assert_eq!((made[0].0, made[0].1.changed), (RunState::Done, 2));
}

/// A sweep over two users, both selected by `a`, which has a limit of one; their steps are held.
pub(in crate::views::runs) fn held(runs: Runs<'_>) {
    runs.apply_any(&AnyRecord::Progress(started(&["a"], "a")));
    for (name, seconds) in [("jane", 1), ("joe", 2)] {
        let decision = sighted(name, seconds, &["a"], None);
        runs.apply_any(&AnyRecord::Decision(decision.clone()));
        runs.apply_any(&AnyRecord::Outcome(outcome(&steps(&decision)[0], StepResult::Held, seconds)));
    }
    let id = runs.run("a").id;
    assert_eq!(runs.counted(&id).expect("read"), None);
    runs.apply_any(&AnyRecord::Progress(progress(
        3,
        SweepStep::ListingEnded { seen: 2, incomplete: None, named: false },
    )));
    assert_eq!(runs.counted(&id).expect("read").map(|counts| (counts.would_change, counts.seen)), Some((2, 2)));
    assert_eq!(runs.run("a").state, RunState::Running, "until somebody has compared");
    runs.apply_any(&AnyRecord::Progress(progress(4, SweepStep::Held { scheme: scheme("a"), why: "too many".into() })));
    let run = runs.run("a");
    assert_eq!((run.state, run.why.as_deref(), run.counts.held), (RunState::Held, Some("too many"), 2));
}

#[test]
fn the_entries_of_a_release_take_the_place_of_the_held_ones() {
    let runs = runs();
    held(runs);
    runs.apply_any(&AnyRecord::Progress(progress(5, SweepStep::Released { scheme: scheme("a"), users: 2 })));
    assert_eq!((runs.run("a").state, runs.run("a").why), (RunState::Running, None));
    let (jane, joe) = (sighted("jane", 6, &["a"], Some("a")), sighted("joe", 7, &[], Some("a")));
    for record in [AnyRecord::Decision(jane.clone()), AnyRecord::Decision(jane.clone()), AnyRecord::Decision(joe)] {
        runs.apply_any(&record);
        assert_eq!(runs.run("a").state, RunState::Running);
    }
    let held_before = outcome(&steps(&sighted("jane", 1, &["a"], None))[0], StepResult::Held, 1);
    let changed = outcome(&steps(&jane)[0], StepResult::Changed, 8);
    for record in [changed.clone(), held_before, changed].map(AnyRecord::Outcome) {
        runs.apply_any(&record);
    }
    let run = runs.run("a");
    assert_eq!((run.state, run.finished), (RunState::Done, Some(at(8))));
    assert_eq!(run.counts, Counts { seen: 2, selected: 2, would_change: 2, changed: 1, held: 1, ..Counts::default() });
    let entries =
        runs.entries(&run.id, &EntryFilter::default(), &Paging::default()).expect("read").expect("a run").items;
    assert_eq!(entries.iter().map(|entry| entry.result.as_str()).collect::<Vec<_>>(), ["changed", "held"]);
    assert_eq!((entries[0].user.as_str(), entries[1].user.as_str()), ("u-jane", "u-joe"));
    assert_eq!(entries[1].reason, "no longer selected since the run was held");
    assert_eq!(run.fell_out, 1);
}

/// The decision on the sighting for a release of `a`, which says `selected` and why.
fn released_anew(name: &str, seconds: i64, selected: Truth) -> Decision {
    let mut decision = sighted(name, seconds, &["a"], Some("a"));
    let verdict = &mut decision.verdicts[0];
    verdict.selected = selected;
    verdict.steps.clear();
    verdict.reasons.truth = selected;
    verdict.reasons.parts[0].truth = selected;
    decision
}

#[test]
fn who_fell_out_of_a_release_has_a_held_entry_that_says_why_in_whatever_order_it_is_read() {
    let records = |runs: Runs<'static>| {
        held(runs);
        runs.apply_any(&AnyRecord::Progress(progress(5, SweepStep::Released { scheme: scheme("a"), users: 2 })));
        runs.apply_any(&AnyRecord::Decision(released_anew("jane", 6, Truth::False)));
        runs.apply_any(&AnyRecord::Decision(released_anew("joe", 7, Truth::Unknown)));
    };
    let decisions_first = |runs: Runs<'static>| {
        for (name, seconds) in [("jane", 1), ("joe", 2)] {
            runs.apply_any(&AnyRecord::Decision(sighted(name, seconds, &["a"], None)));
        }
        runs.apply_any(&AnyRecord::Decision(released_anew("jane", 6, Truth::False)));
        runs.apply_any(&AnyRecord::Decision(released_anew("joe", 7, Truth::Unknown)));
        runs.apply_any(&AnyRecord::Progress(started(&["a"], "a")));
        let ended = SweepStep::ListingEnded { seen: 2, incomplete: None, named: false };
        runs.apply_any(&AnyRecord::Progress(progress(3, ended)));
        runs.apply_any(&AnyRecord::Progress(progress(4, SweepStep::Held { scheme: scheme("a"), why: "x".into() })));
        runs.apply_any(&AnyRecord::Progress(progress(5, SweepStep::Released { scheme: scheme("a"), users: 2 })));
        for (name, seconds) in [("jane", 1), ("joe", 2)] {
            let step = &steps(&sighted(name, seconds, &["a"], None))[0];
            runs.apply_any(&AnyRecord::Outcome(outcome(step, StepResult::Held, seconds)));
        }
    };
    for in_order in [true, false] {
        let runs = runs();
        if in_order {
            records(runs)
        } else {
            decisions_first(runs)
        }
        let run = runs.run("a");
        assert_eq!((run.state, run.fell_out, run.counts.held), (RunState::Done, 2, 2));
        let page = runs.entries(&run.id, &EntryFilter::default(), &Paging::default()).expect("read").expect("a run");
        let told: Vec<_> = page.items.iter().map(|entry| (entry.result.as_str(), entry.reason.as_str())).collect();
        assert_eq!(told[0].0, "held");
        assert!(told[0].1.starts_with("no longer selected since the run was held: "), "{told:?}");
        assert!(told[1].1.starts_with("not known any more whether the scheme selects the user: "), "{told:?}");
    }
}

#[test]
fn a_held_step_has_ended_until_it_is_asked_for_again() {
    let runs = runs();
    held(runs);
    let asked = |decision: &Decision| {
        let step = steps(decision).remove(0);
        AskedStep { run: step.run, user: step.user, key: step.key }
    };
    let (first, again) = (sighted("jane", 1, &["a"], None), sighted("jane", 6, &["a"], Some("a")));
    assert!(runs.has_ended(&asked(&first)).expect("read"));
    assert!(!runs.has_ended(&asked(&again)).expect("read"));
    runs.apply_any(&AnyRecord::Outcome(outcome(&steps(&again)[0], StepResult::Changed, 8)));
    assert!(runs.has_ended(&asked(&again)).expect("read"));
    assert!(runs.has_ended(&asked(&first)).expect("read"));
}

#[test]
fn the_users_of_a_run_are_handed_out_in_parts() {
    let runs = runs();
    held(runs);
    let id = runs.run("a").id;
    let first = runs.users(&id, None, 1).expect("read");
    assert_eq!(first, [UserId::new("u-jane")]);
    assert_eq!(runs.users(&id, first.last(), 1).expect("read"), [UserId::new("u-joe")]);
    assert_eq!(runs.users(&id, Some(&UserId::new("u-joe")), 1).expect("read"), []);
}

/// The marks of counted users.
fn marks(runs: Runs<'_>, released: Option<&str>) -> usize {
    Sweeps(runs.0).marks(&sweep(), released.map(scheme).as_ref())
}

#[test]
fn who_is_counted_is_forgotten_also_where_the_end_of_the_listing_is_read_last() {
    let runs = runs();
    held(runs);
    assert_eq!(marks(runs, None), 0);
    runs.apply_any(&AnyRecord::Decision(sighted("jane", 6, &["a"], Some("a"))));
    assert_eq!(marks(runs, Some("a")), 1);
    runs.apply_any(&AnyRecord::Progress(progress(5, SweepStep::Released { scheme: scheme("a"), users: 1 })));
    assert_eq!(marks(runs, Some("a")), 0, "a release may be read after its users");
}

#[test]
fn who_is_counted_is_forgotten_where_the_listing_fails_or_the_release_is_cancelled() {
    let runs = runs();
    runs.apply_any(&AnyRecord::Progress(started(&["a"], "")));
    runs.apply_any(&AnyRecord::Progress(progress(1, SweepStep::Listed { cursor: "2".into(), seen: 2 })));
    runs.apply_any(&AnyRecord::Decision(sighted("jane", 1, &["a"], None)));
    runs.apply_any(&AnyRecord::Progress(progress(2, SweepStep::Failed { why: "refused".into() })));
    assert_eq!(marks(runs, None), 1, "somebody was listed who is not decided yet");
    for _ in 0..2 {
        runs.apply_any(&AnyRecord::Decision(sighted("joe", 3, &["a"], None)));
        assert_eq!((marks(runs, None), runs.run("a").counts.selected), (0, 2));
    }
    let runs = self::runs();
    held(runs);
    runs.apply_any(&AnyRecord::Progress(progress(5, SweepStep::Released { scheme: scheme("a"), users: 2 })));
    runs.apply_any(&AnyRecord::Decision(sighted("jane", 6, &["a"], Some("a"))));
    runs.apply_any(&AnyRecord::Progress(progress(7, SweepStep::Cancelled { scheme: scheme("a") })));
    runs.apply_any(&AnyRecord::Decision(sighted("joe", 8, &["a"], Some("a"))));
    assert_eq!(marks(runs, Some("a")), 0);
}

#[test]
fn a_cancelled_run_stays_cancelled_and_a_failed_listing_fails_what_was_open() {
    let runs = runs();
    runs.apply_any(&AnyRecord::Progress(started(&["a", "b"], "a")));
    runs.apply_any(&AnyRecord::Progress(progress(1, SweepStep::Cancelled { scheme: scheme("a") })));
    runs.apply_any(&AnyRecord::Progress(progress(2, SweepStep::Failed { why: "refused".into() })));
    runs.apply_any(&AnyRecord::Progress(progress(2, SweepStep::Held { scheme: scheme("a"), why: "late".into() })));
    assert_eq!((runs.run("a").state, runs.run("a").why), (RunState::Cancelled, None));
    assert_eq!((runs.run("b").state, runs.run("b").why.as_deref()), (RunState::Failed, Some("refused")));
}

#[test]
fn a_list_of_users_in_a_scheme_is_not_taken_for_the_list_of_the_source() {
    let runs = runs();
    for (named, users) in [(true, None), (false, Some(3))] {
        let ended = progress(3, SweepStep::ListingEnded { seen: 3, incomplete: None, named });
        let source = ended.source.clone();
        runs.apply_any(&AnyRecord::Progress(ended));
        assert_eq!(runs.last_lists(&source).expect("read").map(|lists| lists.users), users);
    }
}
