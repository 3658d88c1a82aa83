use super::{step::Step, *};
use crate::{
    domain::{StepResult, Truth, UserId, UserRef},
    log::codec::LetterRecord,
    views::{
        EntryFilter, Filter, LetterFilter, Paging, Run, RunState, database,
        testing::{Following, MemoryLog, at, decision, letter, other_version, outcome, source, steps, verdict},
    },
};

fn horizon(seconds: i64) -> Horizon {
    Horizon { over: at(seconds), open: at(seconds - 1_000_000) }
}

/// All steps of a pass, and how many rows it removed.
fn prune(views: &Views, horizon: Horizon) -> usize {
    let mut pruning = views.pruning(horizon);
    std::iter::from_fn(|| pruning.step().expect("a step")).sum()
}

/// User `user` has a finished run of one step and a dead letter, of second `user`.
fn append_decisions(log: &MemoryLog, users: std::ops::Range<i64>) {
    for user in users {
        let (event, name) = (format!("e{user}"), format!("user{user}"));
        let decision = decision(&event, &name, user, vec![verdict("a", Truth::True, &["g"])]);
        log.decide(&decision);
        log.end(&outcome(&steps(&decision)[0], StepResult::Changed, user));
        log.give_up(&letter(&event, &name, user));
    }
}

/// Everything that can be listed, once all records about `users` are applied.
fn shown(views: &Views, users: std::ops::Range<i64>) -> Option<(Vec<Run>, Vec<String>)> {
    let paging = || Paging { limit: "500".to_owned().try_into().expect("a limit"), cursor: None };
    let runs = views.runs(&Filter::default(), &paging()).expect("runs").items;
    let mut rest = Vec::new();
    for run in &runs {
        let entries =
            views.entries(&run.id, &EntryFilter::default(), &paging()).expect("entries").expect("a run").items;
        rest.extend(entries.into_iter().map(|entry| format!("entry {} {}", entry.user, entry.result)));
    }
    for user in users.clone() {
        let decisions = views.decisions(&[source()], &format!("user{user}"), &paging()).expect("decisions").items;
        rest.extend(decisions.into_iter().map(|row| format!("decision {}", row.event)));
    }
    let letters = views.dead_letters(&LetterFilter::default(), &paging()).expect("dead letters").items;
    rest.extend(letters.into_iter().map(|row| format!("dead letter {}", row.id)));
    let count = usize::try_from(users.end - users.start).expect("few");
    let complete = runs.len() == count && runs.iter().all(|run| run.state == RunState::Done);
    (complete && rest.len() == 3 * count).then_some((runs, rest))
}

fn rows(views: &Views) -> usize {
    let tables = ["runs", "entries", "sweeps", "decisions", "user_names", "dead_letters", "dead_letter_statuses"];
    let counted = views.database.read(|db| Ok(tables.map(|table| database::testing::rows(db, table)).iter().sum()));
    counted.expect("counted")
}

#[tokio::test]
async fn what_was_over_before_the_horizon_is_forgotten_and_the_rest_is_as_if_it_had_never_been() {
    let following = Following::start();
    append_decisions(&following.log, 0..40);
    following.until(|views| shown(views, 0..40)).await;
    // Of each user a run, an entry, a decision, a name and a dead letter.
    assert_eq!(rows(&following.views), 40 * 5);
    assert_eq!(prune(&following.views, horizon(30)), 30 * 5);
    let left = shown(&following.views, 30..40).expect("the last ten, and nothing else");
    assert_eq!(rows(&following.views), 10 * 5);
    assert_eq!(prune(&following.views, horizon(30)), 0);

    let fresh = Following::start();
    append_decisions(&fresh.log, 30..40);
    assert_eq!(fresh.until(|views| shown(views, 30..40)).await, left);
}

#[tokio::test]
async fn views_that_are_built_anew_after_rows_were_forgotten_are_the_same() {
    let following = Following::start();
    append_decisions(&following.log, 0..40);
    following.until(|views| shown(views, 0..40)).await;
    prune(&following.views, horizon(30));
    let left = shown(&following.views, 30..40).expect("the last ten");
    let following = following
        .restart(|_, store| {
            other_version(store);
        })
        .await;
    following.until(|views| shown(views, 0..40)).await; // the log still has them
    prune(&following.views, horizon(30));
    assert_eq!(shown(&following.views, 30..40), Some(left));
}

#[tokio::test]
async fn following_goes_on_from_its_checkpoint_after_rows_were_forgotten() {
    let following = Following::start();
    append_decisions(&following.log, 0..20);
    following.until(|views| shown(views, 0..20)).await;
    prune(&following.views, horizon(20));
    assert_eq!(rows(&following.views), 0);
    let following = following.restart(|_, _| {}).await;
    append_decisions(&following.log, 20..25);
    following.until(|views| shown(views, 20..25)).await;
}

#[tokio::test]
async fn a_pass_over_many_rows_takes_bounded_steps() {
    let following = Following::start();
    let decision = decision("e", "jane", 1, vec![verdict("a", Truth::True, &["g"])]);
    let step = &steps(&decision)[0];
    for user in 0..i64::try_from(2 * Step::MAX).expect("few") {
        let step = crate::domain::StepRef { user: UserRef::Id(UserId::new(format!("u{user}"))), ..step.clone() };
        let ended = outcome(&step, StepResult::Changed, 2);
        following.views.database.write(|db| Runs(db).ended(&ended)).expect("added");
    }
    let mut pruning = following.views.pruning(horizon(100));
    let mut removed = Vec::new();
    while let Some(dropped) = pruning.step().expect("a step") {
        assert!(dropped <= Step::MAX, "{dropped}");
        removed.push(dropped);
    }
    assert_eq!(removed.iter().sum::<usize>(), 2 * Step::MAX + 1);
    assert_eq!(rows(&following.views), 0);
}

#[test]
fn a_decision_is_as_old_as_its_making_and_a_name_stays_as_long_as_it_leads_to_one() {
    let following = tempfile::tempdir().expect("a folder");
    let store = crate::store::Store::open(following.path(), "memory").expect("a store");
    let views = Views::open(&store).expect("views");
    let late = crate::domain::Decision { decided: at(50), ..decision("e1", "jane", 1, vec![]) };
    for decision in [late, decision("e2", "jane", 2, vec![])] {
        views.database.write(|db| Decisions(db).apply(&decision)).expect("added");
    }
    let events = || {
        let page = views.decisions(&[source()], "JANE", &Paging::default()).expect("decisions");
        page.items.into_iter().map(|row| row.event.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(prune(&views, horizon(40)), 1);
    assert_eq!(events(), ["e1"]);
    assert_eq!(prune(&views, horizon(60)), 2);
    assert_eq!((events(), rows(&views)), (vec![], 0));
}

#[test]
fn a_dead_letter_that_came_again_later_is_as_old_as_the_last_time() {
    let dir = tempfile::tempdir().expect("a folder");
    let views = Views::open(&crate::store::Store::open(dir.path(), "memory").expect("a store")).expect("views");
    for (id, seconds) in [("a", 1), ("b", 2), ("a", 50)] {
        let letter = LetterRecord::Letter(Box::new(letter(id, "jane", seconds)));
        views.database.write(|db| DeadLetters(db).apply(&letter)).expect("added");
    }
    assert_eq!(prune(&views, horizon(40)), 1);
    let left = views.dead_letters(&LetterFilter::default(), &Paging::default()).expect("dead letters").items;
    assert_eq!(left.iter().map(|row| (row.id.as_str(), row.at)).collect::<Vec<_>>(), [("a", at(50))]);
    assert_eq!(rows(&views), 1);
}
