use super::*;
use crate::store::Forgotten;

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
