//! Changes that wait: for a place, for their turn, for the proof of the partition.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use tokio::time::sleep;

use super::*;
use crate::{
    domain::{AdministratorClaim, ClaimState},
    log::{Lease, Lost},
};

const MINUTE: Duration = Duration::from_mins(1);

/// Claims in the order they were made, and how each ended.
fn claims(scene: &Scene) -> Vec<ClaimState> {
    let records = scene.log.all(Stream::Claims);
    let claims = records.iter().map(|record| codec::decode::<AdministratorClaim>(&record.payload).unwrap());
    let mut last: Vec<AdministratorClaim> = Vec::new();
    for claim in claims {
        match last.iter_mut().find(|one| one.id == claim.id) {
            Some(one) => *one = claim,
            None => last.push(claim),
        }
    }
    last.into_iter().map(|claim| claim.state).collect()
}

async fn after<T>(time: Duration, then: impl FnOnce() -> T) -> T {
    sleep(time).await;
    then()
}

/// Takes all places of the scene for `time`.
async fn all_places_for(scene: &Scene, time: Duration) {
    let stop = CancellationToken::new();
    let connection = &scene.executor.connection;
    let places = (connection.place(&stop).await.unwrap(), connection.place(&stop).await.unwrap());
    sleep(time).await;
    drop(places);
}

#[tokio::test(start_paused = true)]
async fn a_claim_is_released_where_the_user_has_changed_while_the_step_waited() {
    let scene = Scene::new();
    for admin in ["a", "b", "c", "d"] {
        scene.product.put(admin, &[ADMINS]);
    }
    let decision = decided("e1", "a", &[Step::Deactivate]);
    let changed = after(MINUTE, || scene.product.put("a", &["staff"]));
    tokio::join!(all_places_for(&scene, 2 * MINUTE), scene.carry_out(&decision), changed);
    assert_eq!(scene.ended(&decision).await, ["deactivate changed: made so"]);
    assert!(!claims(&scene).contains(&ClaimState::Made), "{:?}", claims(&scene));
}

#[tokio::test(start_paused = true)]
async fn a_claim_does_not_run_out_while_the_step_waits_for_a_place() {
    let scene = Scene::new();
    for admin in ["a", "b", "c"] {
        scene.product.put(admin, &[ADMINS]);
    }
    let decision = decided("e1", "a", &[Step::Deactivate]);
    tokio::join!(all_places_for(&scene, 6 * MINUTE), scene.carry_out(&decision));
    assert_eq!(scene.ended(&decision).await, ["deactivate changed: made so"]);
    assert_eq!((claims(&scene), scene.product.state().withheld), (vec![ClaimState::Used], 0));
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_ran_out_before_the_turn_came_is_released() {
    let scene = Scene::new();
    for admin in ["a", "b", "c"] {
        scene.product.put(admin, &[ADMINS]);
    }
    scene.product.state().turns.push_back(15 * MINUTE);
    assert_eq!(scene.taken(&decided("e1", "a", &[Step::Deactivate])).await, ["deactivate changed: made so"]);
    assert_eq!(claims(&scene), [ClaimState::Released, ClaimState::Used]);
}

#[tokio::test(start_paused = true)]
async fn a_user_who_is_protected_by_the_time_the_turn_comes_is_left_alone() {
    for limited in [false, true] {
        let scene = Scene::new();
        let turns = if limited { vec![Duration::ZERO, 15 * MINUTE] } else { vec![15 * MINUTE] };
        scene.product.state().turns.extend(turns);
        if limited {
            scene.product.state().fates.push_back(Fate::Answered(Error::RateLimited { retry_after: None }));
        }
        let decision = decided("e1", "jane", &[Step::Deactivate]);
        let promoted = after(5 * MINUTE, || scene.product.put("jane", &[ADMINS]));
        tokio::join!(scene.carry_out(&decision), promoted);
        let ended = scene.ended(&decision).await;
        assert!(ended[0].contains(" held: protected: "), "{ended:?}");
        assert_eq!(scene.product.asked().len(), usize::from(limited));
    }
}

#[tokio::test(start_paused = true)]
async fn in_a_source_whose_turns_always_come_late_changes_are_made_still() {
    let scene = Scene::new();
    scene.product.state().turns.extend([4 * MINUTE; 20]);
    assert_eq!(scene.taken(&decided("e1", "jane", &[rename()])).await, ["rename changed: made so"]);
    assert_eq!(scene.product.state().withheld, 2, "after 90 and 180 seconds");
}

/// A lease that can't be proved while the coordinator is away.
#[derive(Default)]
struct Coordinator {
    away: AtomicBool,
}

#[async_trait]
impl Lease for Coordinator {
    async fn hold(&self) -> Result<Option<Instant>, Lost> {
        while self.away.load(SeqCst) {
            sleep(Duration::from_millis(50)).await;
        }
        Ok(Some(Instant::now() + MINUTE))
    }
}

#[tokio::test(start_paused = true)]
async fn the_turn_is_given_back_while_nothing_proves_the_partition() {
    let (scene, lease) = (Scene::new(), Arc::<Coordinator>::default());
    let work = Work { lease: lease.clone(), ..Scene::work() };
    scene.product.state().turns.push_back(Duration::from_secs(2));
    let decision = decided("e1", "jane", &[rename()]);
    let outage = async {
        after(Duration::from_secs(1), || lease.away.store(true, SeqCst)).await;
        sleep(2 * MINUTE).await;
        assert_eq!(scene.product.state().withheld, 1);
        assert!(scene.product.asked().is_empty());
        assert!(scene.records(Stream::Outcomes).await.is_empty(), "no attempt either");
        lease.away.store(false, SeqCst);
    };
    tokio::join!(scene.carry_out_as(&work, &decision, SystemClock.now()), outage);
    assert_eq!(scene.ended(&decision).await, ["rename changed: made so"]);
}

#[tokio::test(start_paused = true)]
async fn the_turn_is_given_back_while_the_log_does_not_take_the_attempt() {
    let scene = Scene::new();
    scene.log.fail_appends(true);
    let decision = decided("e1", "jane", &[rename()]);
    let outage = async {
        sleep(2 * MINUTE).await;
        assert_eq!(scene.product.state().withheld, 1);
        assert!(scene.product.asked().is_empty());
        scene.log.fail_appends(false);
    };
    tokio::join!(scene.carry_out(&decision), outage);
    assert_eq!(scene.ended(&decision).await, ["rename changed: made so"]);
    assert_eq!(scene.records(Stream::Outcomes).await.len(), 2, "one attempt, one outcome");
}
