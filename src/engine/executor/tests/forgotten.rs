use super::*;
use crate::{
    runtime::replay::restore,
    store::Forgotten,
    views::testing::{outcome, steps},
};

const LONG_AGO: Timestamp = Timestamp::from_millis(1_000);

/// A scene that does not remember what was done with decisions that were appended before the second 2.
fn forgetful() -> Scene {
    let scene = Scene::new();
    let forgotten = Forgotten { before: Timestamp::from_millis(2_000), until: 1_000 };
    scene.store.ledger().unwrap().note_forgotten(&Scene::work().scope, forgotten).unwrap();
    scene
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_done_and_was_forgotten_is_not_done_again_unless_the_product_shows_that_it_is_not_so() {
    let scene = forgetful();
    let steps = [Step::AddGroup(group("staff")), Step::AddGroup(group("vpn")), password()];
    let decision = decided("e1", "jane", &steps);
    scene.carry_out_late(&decision, LONG_AGO).await;
    let ended = scene.ended(&decision).await;
    assert_eq!(ended[..2], ["add_groups unchanged: already so", "add_groups changed: made so"]);
    assert!(ended[2].starts_with("invalidate_password failed: not done: it may have been done long ago"), "{ended:?}");
    assert_eq!((scene.product.asked(), scene.dead_letters().await), (vec!["jane add_groups".to_owned()], 1));
}

#[tokio::test(start_paused = true)]
async fn what_was_appended_since_is_done() {
    let scene = forgetful();
    let decision = decided("e1", "jane", &[password()]);
    scene.carry_out_late(&decision, Timestamp::from_millis(2_000)).await;
    assert_eq!(scene.ended(&decision).await, ["invalidate_password changed: made so"]);
}

#[tokio::test(start_paused = true)]
async fn outcomes_that_were_deleted_put_young_decisions_in_doubt_and_what_is_remembered_stays() {
    let scene = Scene::new();
    let (ledger, scope, partition) = (scene.store.ledger().unwrap(), Scene::work().scope, Partition(0));
    ledger.put(&scope, "done", &Entry::Done, scene.executor.now()).unwrap();
    ledger.note_forgotten(&scope, Forgotten::NOTHING).unwrap();
    ledger.set_checkpoint(&scope, 5).unwrap();
    let log: Arc<dyn Log> = scene.log.clone();
    for number in 0..20 {
        scene.log.decide(&decided(&format!("e{number}"), &format!("user{number}"), &[password()]));
    }
    let restored = restore(&log, &ledger, &scene.executor, &scope, partition, &CancellationToken::new()).await;
    assert!(matches!(restored, Ok(0)));
    assert_eq!(ledger.get(&scope, "done").unwrap(), Some(Entry::Done));
    let until = log.bounds(Stream::Decisions, partition).await.unwrap().end;
    assert_eq!(ledger.forgotten(&scope).unwrap(), Some(Forgotten { before: scene.executor.now(), until }));
}

/// Jane is taken out of the staff, and back, and only the second is remembered. Then the first comes again.
async fn an_older_decision_comes_again(scene: &Scene, older: &[Step]) -> Vec<String> {
    let older = decided("e1", "jane", older);
    let position = scene.log.put(Stream::Decisions, older.key().as_str(), codec::encode(&older));
    let (ledger, log, work) = (scene.store.ledger().unwrap(), scene.log.clone() as Arc<dyn Log>, Scene::work());
    let stop = CancellationToken::new();
    assert!(restore(&log, &ledger, &scene.executor, &work.scope, position.partition, &stop).await.is_ok());
    let later = decided("e2", "jane", &[Step::AddGroup(group("staff")), Step::AddGroup(group("vpn"))]);
    scene.carry_out(&later).await;
    assert_eq!(scene.product.asked(), ["jane add_groups"]);
    let (key, payload) = (older.key().as_str().to_owned(), codec::encode(&older));
    let record = Stored { position, key, payload, appended: LONG_AGO };
    scene.executor.handle(&record, &work).await.unwrap();
    scene.ended(&older).await
}

#[tokio::test(start_paused = true)]
async fn an_older_decision_that_is_forgotten_does_not_undo_a_later_one() {
    let scene = forgetful();
    let steps = [Step::RemoveGroup(group("staff")), Step::RemoveAllGroups, Step::Deactivate, password()];
    let ended = an_older_decision_comes_again(&scene, &steps).await;
    for (action, ended) in
        ["remove_groups", "remove_all_groups", "deactivate", "invalidate_password"].iter().zip(&ended)
    {
        assert!(ended.starts_with(&format!("{action} unchanged: not done again: a later decision")), "{ended}");
    }
    assert_eq!((ended.len(), scene.dead_letters().await), (4, 0), "what became of it was told then");
    assert_eq!(scene.product.asked(), ["jane add_groups"], "nothing more");
}

#[tokio::test(start_paused = true)]
async fn an_older_decision_does_not_undo_a_later_one_where_the_memory_was_read_back_from_the_start() {
    let scene = Scene::new();
    let ended = an_older_decision_comes_again(&scene, &[Step::RemoveGroup(group("staff"))]).await;
    assert!(ended[0].starts_with("remove_groups unchanged: not done again"), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn decisions_that_are_forgotten_are_done_in_order_where_no_later_one_is_remembered() {
    let scene = forgetful();
    let decisions = [
        decided("e1", "jane", &[Step::RemoveGroup(group("staff"))]),
        decided("e2", "jane", &[Step::AddGroup(group("staff"))]),
        decided("e3", "joe", &[Step::AddGroup(group("staff"))]),
    ];
    scene.product.put("joe", &[]);
    let put = |decision: &Decision| scene.log.put(Stream::Decisions, decision.key().as_str(), codec::encode(decision));
    let positions: Vec<_> = decisions.iter().map(put).collect();
    for (position, decision) in positions.into_iter().zip(&decisions) {
        let (key, payload) = (decision.key().as_str().to_owned(), codec::encode(decision));
        let record = Stored { position, key, payload, appended: LONG_AGO };
        scene.executor.handle(&record, &Scene::work()).await.unwrap();
    }
    assert_eq!(scene.product.asked(), ["jane remove_groups", "jane add_groups", "joe add_groups"]);
}

/// Jane was taken out of the staff and back, and the outcomes were deleted. A process that knew nothing of it has taken her out
/// once more, and only that is told. Both come again to the one that did them first.
#[tokio::test(start_paused = true)]
async fn a_later_decision_is_done_again_behind_an_older_one_that_another_process_has_done_again() {
    let scene = Scene::new();
    let (ledger, scope, step) = (scene.store.ledger().unwrap(), Scene::work().scope, Step::AddGroup(group("staff")));
    let older = decided("e1", "jane", &[Step::RemoveGroup(group("staff"))]);
    let later = decided("e2", "jane", &[step, password()]);
    let positions =
        [&older, &later].map(|one| scene.log.put(Stream::Decisions, one.key().as_str(), codec::encode(one)));
    for step in [&older, &later].into_iter().flat_map(steps) {
        ledger.put(&scope, &step.memory_id(), &Entry::Done, scene.executor.now()).unwrap();
    }
    ledger.note_forgotten(&scope, Forgotten::NOTHING).unwrap();
    ledger.set_checkpoint(&scope, 50).unwrap();
    scene.log.end(&outcome(&steps(&older)[0], StepResult::Changed, 0));
    scene.product.put("jane", &[]);
    let (log, stop) = (scene.log.clone() as Arc<dyn Log>, CancellationToken::new());
    assert!(restore(&log, &ledger, &scene.executor, &scope, positions[0].partition, &stop).await.is_ok());
    let work = Scene::work();
    for (position, decision) in positions.into_iter().zip([&older, &later]) {
        let (key, payload) = (decision.key().as_str().to_owned(), codec::encode(decision));
        let record = Stored { position, key, payload, appended: LONG_AGO };
        scene.executor.handle(&record, &work).await.unwrap();
    }
    assert_eq!(scene.product.asked(), ["jane add_groups"], "neither the older one nor the password");
}

/// A log with 25 outcomes in partition 0, and a ledger whose checkpoint says that the first twenty were read back.
fn read_back_up_to_twenty() -> (Scene, Vec<Outcome>) {
    let scene = Scene::new();
    let decisions = (0..).map(|number| decided(&format!("e{number}"), &format!("user{number}"), &[password()]));
    let in_first = |decision: &Decision| Partition::of(decision.key().as_str(), scene.log.partitions()) == Partition(0);
    let outcomes = decisions.filter(in_first).map(|decision| outcome(&steps(&decision)[0], StepResult::Changed, 0));
    let outcomes: Vec<_> = outcomes.take(25).collect();
    outcomes.iter().for_each(|outcome| scene.log.end(outcome));
    let (ledger, scope) = (scene.store.ledger().unwrap(), Scene::work().scope);
    ledger.note_forgotten(&scope, Forgotten::NOTHING).unwrap();
    ledger.set_checkpoint(&scope, 20).unwrap();
    (scene, outcomes)
}

/// Restores the executor's memory of partition 0; how many of `outcomes` are remembered.
async fn restored(scene: &Scene, outcomes: &[Outcome]) -> usize {
    let (ledger, scope, log) = (scene.store.ledger().unwrap(), Scene::work().scope, scene.log.clone() as Arc<dyn Log>);
    let restored =
        restore(&log, &ledger, &scene.executor, &scope, Partition(0), &CancellationToken::new()).await.unwrap();
    assert_eq!((restored, ledger.checkpoint(&scope).unwrap()), (25, 25));
    let is_known = |outcome: &&Outcome| ledger.get(&scope, &outcome.step.memory_id()).unwrap().is_some();
    outcomes.iter().filter(is_known).count()
}

#[tokio::test]
async fn outcomes_that_were_deleted_and_have_grown_again_are_read_back_from_their_start() {
    let (scene, outcomes) = read_back_up_to_twenty();
    let (ledger, scope) = (scene.store.ledger().unwrap(), Scene::work().scope);
    // What was done once more is remembered from before.
    for outcome in &outcomes[..10] {
        ledger.put(&scope, &outcome.step.memory_id(), &Entry::Done, outcome.at).unwrap();
    }
    ledger.put(&scope, "done", &Entry::Done, scene.executor.now()).unwrap();
    for number in 0..20 {
        scene.log.decide(&decided(&format!("f{number}"), &format!("user{number}"), &[password()]));
    }
    assert_eq!(restored(&scene, &outcomes).await, 25);
    assert_eq!(ledger.get(&scope, "done").unwrap(), Some(Entry::Done), "that stays");
    let until = scene.log.bounds(Stream::Decisions, Partition(0)).await.unwrap().end;
    let first = scene.log.all(Stream::Outcomes).into_iter().find(|record| record.position.partition == Partition(0));
    let forgotten = Forgotten { before: first.unwrap().appended, until };
    assert_eq!(ledger.forgotten(&scope).unwrap(), Some(forgotten));
}

#[tokio::test]
async fn outcomes_that_are_remembered_are_not_read_back_once_more() {
    let (scene, outcomes) = read_back_up_to_twenty();
    let (ledger, scope) = (scene.store.ledger().unwrap(), Scene::work().scope);
    // A process that had stood still has written one late, of which this one knows nothing.
    for outcome in &outcomes[1..20] {
        ledger.put(&scope, &outcome.step.memory_id(), &Entry::Done, outcome.at).unwrap();
    }
    assert_eq!(restored(&scene, &outcomes).await, 24);
    assert_eq!(ledger.forgotten(&scope).unwrap(), Some(Forgotten::NOTHING));
}
