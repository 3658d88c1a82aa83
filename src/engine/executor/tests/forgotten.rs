use bytes::Bytes;

use super::*;
use crate::{
    log::{ForGood, Lease, Lost, Position},
    runtime::replay::{recreation::record_whole, restore},
    store::Forgotten,
    views::testing::{outcome, steps},
};

const LONG_AGO: Timestamp = Timestamp::from_millis(1_000);

/// A scene that has forgotten the work on decisions that were appended before second 2.
fn forgetful() -> Scene {
    let scene = Scene::new();
    let forgotten = Forgotten { before: Timestamp::from_millis(2_000), until: 1_000 };
    scene.store.ledger().unwrap().record_forgotten(&Scene::work().scope, forgotten).unwrap();
    scene
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_done_and_was_forgotten_is_not_done_again() {
    let scene = forgetful();
    let steps = [Step::AddGroup(group("staff")), Step::AddGroup(group("vpn")), password()];
    let decision = decided("e1", "jane", &steps);
    scene.carry_out_late(&decision, LONG_AGO).await;
    let ended = scene.ended(&decision).await;
    assert_eq!(ended[0], "add_groups unchanged: already so");
    assert!(ended[1].starts_with("add_groups failed: not done: it may have been done before"), "{ended:?}");
    assert!(ended[2].starts_with("invalidate_password failed: not done: it may have been done before"), "{ended:?}");
    assert_eq!((scene.product.asked(), scene.dead_letters().await), (Vec::<String>::new(), 2));
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
    ledger.record_forgotten(&scope, Forgotten::NOTHING).unwrap();
    ledger.set_checkpoint(&scope, 5).unwrap();
    let log: Arc<dyn Log> = scene.log.clone();
    for number in 0..20 {
        scene.log.decide(&decided(&format!("e{number}"), &format!("user{number}"), &[password()]));
    }
    let restored = restore(&log, &ledger, &scene.executor, &scope, partition, &CancellationToken::new()).await;
    assert!(matches!(restored, Ok(0)));
    assert_eq!(ledger.get(&scope, "done").unwrap(), Some(Entry::Done));
    let until = log.bounds(Stream::Decisions, partition).await.unwrap().end;
    assert_eq!(are_in_doubt(&scene, until), (true, false));
}

/// Whether the decision before `offset` in partition 0 is in doubt, and the one there, whatever the clock said.
fn are_in_doubt(scene: &Scene, offset: u64) -> (bool, bool) {
    let (ledger, scope) = (scene.store.ledger().unwrap(), Scene::work().scope);
    let in_doubt = |offset| {
        let position = Position { partition: Partition(0), offset };
        let appended = Timestamp::from_millis(i64::MAX);
        let record = Stored { position, key: String::new(), payload: Bytes::new(), appended };
        ledger.is_in_doubt(&scope, &record).unwrap()
    };
    (in_doubt(offset - 1), in_doubt(offset))
}

#[tokio::test(start_paused = true)]
async fn of_decisions_that_are_forgotten_nothing_is_done_that_is_not_so() {
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
    assert_eq!(
        (scene.product.asked(), scene.dead_letters().await),
        (Vec::<String>::new(), 2),
        "jane is in the staff, joe is not"
    );
}

/// Restores the executor's memory of partition 0; how many of `outcomes` are remembered.
async fn restored(scene: &Scene, outcomes: &[Outcome]) -> usize {
    let (ledger, scope, log) = (scene.store.ledger().unwrap(), Scene::work().scope, scene.log.clone() as Arc<dyn Log>);
    let stop = CancellationToken::new();
    assert!(restore(&log, &ledger, &scene.executor, &scope, Partition(0), &stop).await.is_ok());
    let is_known = |outcome: &&Outcome| ledger.get(&scope, &outcome.step.memory_id()).unwrap().is_some();
    outcomes.iter().filter(is_known).count()
}

/// Outcomes in partition 0, which are not in the log.
fn some_outcomes(scene: &Scene) -> Vec<Outcome> {
    let decisions = (0..).map(|number| decided(&format!("e{number}"), &format!("user{number}"), &[password()]));
    let in_first = |decision: &Decision| Partition::of(decision.key().as_str(), scene.log.partitions()) == Partition(0);
    decisions.filter(in_first).map(|one| outcome(&steps(&one)[0], StepResult::Changed, 0)).take(25).collect()
}

/// Lets the ledger have read `checkpoint` outcomes of the first topic; one of them is that of `done`.
fn has_read(scene: &Scene, checkpoint: u64) {
    let (ledger, scope) = (scene.store.ledger().unwrap(), Scene::work().scope);
    ledger.put(&scope, "done", &Entry::Done, scene.executor.now()).unwrap();
    ledger.record_forgotten(&scope, Forgotten::NOTHING).unwrap();
    ledger.record_recreation(&scope, 0, None).unwrap();
    ledger.set_checkpoint(&scope, checkpoint).unwrap();
}

fn is_done(scene: &Scene) -> bool {
    scene.store.ledger().unwrap().get(&Scene::work().scope, "done").unwrap() == Some(Entry::Done)
}

#[tokio::test]
async fn a_process_that_never_had_the_partition_knows_that_its_outcomes_were_lost() {
    let scene = Scene::new();
    let outcomes = some_outcomes(&scene);
    scene.log.recreate_outcomes(1, 7);
    outcomes.iter().for_each(|outcome| scene.log.end(outcome));
    assert_eq!(restored(&scene, &outcomes).await, 25);
    assert_eq!(are_in_doubt(&scene, 7), (true, false));
}

#[tokio::test]
async fn of_outcomes_that_were_never_lost_nothing_is_in_doubt() {
    let scene = Scene::new();
    let outcomes = some_outcomes(&scene);
    outcomes.iter().for_each(|outcome| scene.log.end(outcome));
    assert_eq!(restored(&scene, &outcomes).await, 25);
    assert_eq!(are_in_doubt(&scene, 1), (false, false));
}

#[tokio::test]
async fn outcomes_that_were_created_again_and_have_grown_are_read_back_from_their_start() {
    let scene = Scene::new();
    let outcomes = some_outcomes(&scene);
    has_read(&scene, 20);
    scene.log.recreate_outcomes(1, 7);
    outcomes.iter().for_each(|outcome| scene.log.end(outcome));
    assert_eq!(restored(&scene, &outcomes).await, 25);
    assert!(is_done(&scene), "that stays");
    assert_eq!(are_in_doubt(&scene, 7), (true, false));
}

#[tokio::test]
async fn outcomes_of_a_creation_that_is_known_are_read_back_from_the_checkpoint_on() {
    let scene = Scene::new();
    let outcomes = some_outcomes(&scene);
    has_read(&scene, 20);
    scene.store.ledger().unwrap().record_recreation(&Scene::work().scope, 1, Some(7)).unwrap();
    scene.log.recreate_outcomes(1, 7);
    outcomes.iter().for_each(|outcome| scene.log.end(outcome));
    assert_eq!(restored(&scene, &outcomes).await, 5);
}

/// The lease of a process that has lost the partition.
struct Gone;

#[async_trait::async_trait]
impl Lease for Gone {
    async fn hold(&self) -> Result<Option<Instant>, Lost> {
        Err(Lost)
    }
}

#[tokio::test]
async fn a_process_that_had_the_partition_all_the_time_doubts_nothing_unless_it_lost_the_partition_in_between() {
    let own: [(&dyn Lease, (bool, bool)); 2] = [(&ForGood, (false, false)), (&Gone, (true, false))];
    for (lease, in_doubt) in own {
        let scene = Scene::new();
        let outcomes = some_outcomes(&scene);
        has_read(&scene, 20);
        scene.log.recreate_outcomes(1, 7);
        let (ledger, scope) = (scene.store.ledger().unwrap(), Scene::work().scope);
        record_whole(scene.log.as_ref(), &ledger, &scope, Partition(0), lease).await;
        outcomes.iter().for_each(|outcome| scene.log.end(outcome));
        assert_eq!(restored(&scene, &outcomes).await, 25, "from the start");
        assert!(is_done(&scene));
        assert_eq!(are_in_doubt(&scene, 7), in_doubt);
    }
}
