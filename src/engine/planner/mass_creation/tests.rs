use super::*;
use crate::{
    domain::{Activity, GroupName, Redrive, Truth},
    engine::testing::FakeQueries,
    views::testing::{at, decision, source, verdict},
};

fn creations(bound: Option<MassCreation>, told: FakeQueries) -> MassCreations {
    MassCreations::new(source(), bound, Arc::new(told), Metrics::new().expect("metrics"))
}

/// User `number` was created at second `seconds`, and is to lose a group.
fn created(number: i64, seconds: i64) -> Decision {
    let mut verdict = verdict("a", Truth::True, &["g"]);
    verdict.steps.push(Step::RemoveGroup(GroupName::new("staff")));
    let activity = Activity { created: Some(at(seconds)), ..Activity::new(at(seconds)) };
    Decision { activity: Some(activity), ..decision(&format!("e{number:05}"), "jane", seconds, vec![verdict]) }
}

/// The `decisions` that are held in part, one after the other.
fn held(creations: &MassCreations, decisions: impl IntoIterator<Item = Decision>) -> Vec<bool> {
    let judged = decisions.into_iter().map(|mut decision| {
        creations.judge(&mut decision);
        decision.mass_creation.is_some()
    });
    judged.collect()
}

#[test]
fn the_51st_creation_within_ten_minutes_is_kept_back_in_whatever_order_they_are_told() {
    for order in [(|number| number) as fn(i64) -> i64, |number| 59 - number, |number| number * 7 % 60] {
        let creations = creations(Some(MassCreation::default()), FakeQueries::default());
        let held = held(&creations, (0..60).map(|number: i64| created(number, order(number))));
        assert_eq!(held.iter().filter(|held| **held).count(), 10);
        assert!(held[50..].iter().all(|held| *held));
        assert_eq!(creations.metrics.creations_held.with_label_values(&["acme"]).get(), 10);
    }
}

#[test]
fn of_creations_that_are_decided_at_the_same_moment_as_many_go_on_as_the_bound_allows() {
    for _ in 0..50 {
        let creations = creations(Some(MassCreation::default()), FakeQueries::default());
        let judge = |thread: i64| held(&creations, (0..15).map(|number| created(thread * 100 + number, number)));
        let held: Vec<bool> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|thread| {
                    scope.spawn({
                        let judge = &judge;
                        move || judge(thread)
                    })
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
        });
        assert_eq!(held.iter().filter(|held| **held).count(), 10, "of 60");
    }
}

#[test]
fn creations_that_are_spread_over_time_are_not_kept_back_though_they_are_decided_at_once() {
    let creations = creations(Some(MassCreation::default()), FakeQueries::default());
    assert!(!held(&creations, (0..500).map(|number| created(number, number * 30))).contains(&true));
}

#[test]
fn one_in_twenty_of_the_known_users_may_be_created_at_once() {
    let creations =
        creations(Some(MassCreation::default()), FakeQueries { known_users: 10_000, ..FakeQueries::default() });
    let held = held(&creations, (0..510).map(|number| created(number, 1)));
    assert_eq!(held.iter().filter(|held| **held).count(), 10);
}

#[test]
fn what_others_have_decided_and_what_was_decided_before_a_restart_counts() {
    let creations = creations(Some(MassCreation::default()), FakeQueries { created: 51, ..FakeQueries::default() });
    assert_eq!(held(&creations, [created(1, 1)]), [true]);
}

#[test]
fn nothing_is_kept_back_where_that_is_turned_off_or_an_administrator_has_said_so() {
    let off = creations(None, FakeQueries { created: 1_000, ..FakeQueries::default() });
    assert_eq!(held(&off, [created(1, 1)]), [false]);
    let on = creations(Some(MassCreation::default()), FakeQueries { created: 1_000, ..FakeQueries::default() });
    let redrive = Redrive { letter: "e".into(), of: at(1), by: crate::domain::Actor::default(), at: at(2) };
    assert_eq!(held(&on, [Decision { redrive: Some(redrive), ..created(1, 1) }]), [false]);
    let only_adds = Decision { verdicts: vec![verdict("a", Truth::True, &["g"])], ..created(2, 1) };
    assert_eq!(held(&on, [only_adds, created(3, 1)]), [false, true]);
}

#[test]
fn an_episode_is_told_of_once() {
    let creations = creations(Some(MassCreation::default()), FakeQueries::default());
    let mut news = Vec::new();
    for number in 0..200 {
        let (decision, at) = (created(number, number), at(number));
        news.push(creations.count(&decision, (at.minus(MassCreation::default().within), at), at, 50).1);
    }
    assert_eq!(news.iter().filter(|news| **news).count(), 1);
    let later = created(9_999, 100_000);
    let counted = creations.count(&later, (at(99_400), at(100_000)), at(100_000), 50);
    assert_eq!((counted, creations.own.lock().expect("not poisoned").is_told), ((1, false), false));
}
