use super::*;
use crate::{engine::restore::restore, store::Forgotten};

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
