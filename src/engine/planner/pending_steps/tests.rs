use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};

use futures::future::join_all;
use tokio_util::sync::CancellationToken;

use super::{
    waiter::{PIECE, WAIT_TIMEOUT},
    *,
};
use crate::{
    clock::SystemClock,
    domain::{Decision, Truth},
    engine::testing::{FakeQueries, Stub},
    metrics::Metrics,
    runtime::Interrupted,
    source::{Connection, controls::testing::Stopped},
    store::Store,
    views::testing::{decision as decided, source, verdict},
};

/// Rows in memory, that count how often they are read.
#[derive(Debug, Clone, Default)]
struct Counting {
    rows: Arc<Mutex<BTreeMap<String, Vec<PendingStep>>>>,
    reads: Arc<AtomicUsize>,
}

impl Counting {
    fn reads(&self) -> usize {
        self.reads.load(SeqCst)
    }
}

impl PendingRows for Counting {
    fn of(&self, user: &UserKey) -> Result<Vec<PendingStep>, store::Error> {
        self.reads.fetch_add(1, SeqCst);
        Ok(self.rows.lock().unwrap().get(user.as_str()).cloned().unwrap_or_default())
    }

    fn put(&self, user: &UserKey, steps: &[PendingStep]) -> Result<(), store::Error> {
        let mut rows = self.rows.lock().unwrap();
        match steps {
            [] => drop(rows.remove(user.as_str())),
            steps => drop(rows.insert(user.as_str().to_owned(), steps.to_vec())),
        }
        Ok(())
    }

    fn walk(
        &self,
        each: &mut dyn FnMut(UserKey, Vec<PendingStep>) -> Result<(), store::Error>,
    ) -> Result<(), store::Error> {
        let rows = self.rows.lock().unwrap().clone();
        rows.into_iter().try_for_each(|(user, steps)| each(UserKey::parse(&user).unwrap(), steps))
    }
}

/// The lane of a user that waits for one step, and that step.
fn lane(number: usize) -> (Decision, UserKey, StepKey) {
    let decision = decided(&format!("e{number}"), &format!("joe-{number}"), 0, vec![verdict("a", Truth::True, &["g"])]);
    let (user, step) = (decision.key(), decision.step_key(&decision.verdicts[0], 0));
    (decision, user, step)
}

struct Scene {
    known: FakeQueries,
    pending: PendingSteps,
    controls: Arc<Stopped>,
    connection: Arc<Connection>,
    store: Store,
    _dir: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), "log").unwrap();
        let controls = Arc::<Stopped>::default();
        let (product, clock, metrics) = (Arc::<Stub>::default(), Arc::new(SystemClock), Metrics::new().unwrap());
        let connection = Connection::new(source(), product, 2, clock, controls.clone(), metrics);
        let pending = PendingSteps::open(store.pending().unwrap()).unwrap();
        Self { known: FakeQueries::default(), pending, controls, connection, store, _dir: dir }
    }

    /// As after a restart that reads nothing back.
    fn restart(self) -> Self {
        self.over(|store| PendingSteps::open(store.pending().unwrap()))
    }

    /// The same with other pending steps.
    fn over(self, open: impl FnOnce(&Store) -> Result<PendingSteps, store::Error>) -> Self {
        Self { pending: open(&self.store).unwrap(), ..self }
    }

    fn record(&self, decision: &Decision) {
        self.pending.record(&DecisionSteps::by(decision).unwrap(), &self.known).unwrap();
    }

    fn end(&self, step: &str) {
        self.pending.ended(&jane(), &StepKey::new(step)).unwrap();
    }

    async fn wait(&self) -> Result<bool, Interrupted> {
        self.wait_or(&CancellationToken::new()).await
    }

    async fn wait_or(&self, stop: &CancellationToken) -> Result<bool, Interrupted> {
        self.wait_for(&jane(), stop).await
    }

    async fn wait_for(&self, user: &UserKey, stop: &CancellationToken) -> Result<bool, Interrupted> {
        match self.pending.begin(user).unwrap() {
            Some(waiter) => waiter.wait_until_done(&self.connection, stop).await,
            None => Ok(true),
        }
    }

    /// Whether Jane's next event would wait now.
    async fn waits(&self) -> bool {
        futures::FutureExt::now_or_never(self.wait()).is_none()
    }
}

fn decision(schemes: &[&str]) -> Decision {
    decided("e", "jane", 0, schemes.iter().map(|scheme| verdict(scheme, Truth::True, &["g"])).collect())
}

fn jane() -> UserKey {
    decision(&[]).key()
}

#[tokio::test]
async fn the_next_event_waits_until_every_step_of_the_ones_before_has_ended() {
    let scene = Scene::new();
    scene.record(&decision(&["a", "b"]));
    scene.record(&decided("f", "jane", 1, vec![verdict("c", Truth::True, &["g"])]));
    let (waited, ()) = tokio::join!(scene.wait(), async {
        for step in ["e:a@v1:00000", "e:b@v1:00000"] {
            scene.end(step);
            assert!(scene.waits().await, "{step} is not the last one");
        }
        scene.end("f:c@v1:00000");
    });
    assert_eq!(waited, Ok(true));
    assert!(!scene.waits().await);
}

#[tokio::test]
async fn pending_steps_are_known_after_any_number_of_restarts() {
    let mut scene = Scene::new();
    scene.record(&decision(&["a"]));
    for _ in 0..3 {
        scene = scene.restart();
        assert!(scene.waits().await);
    }
    scene.end("e:a@v1:00000");
    scene = scene.restart();
    assert!(!scene.waits().await);
}

#[tokio::test]
async fn what_has_ended_before_it_is_noted_is_not_waited_for() {
    let scene = Scene::new();
    scene.known.ended.lock().unwrap().insert("e:a@v1:00000".into());
    scene.record(&decision(&["a"]));
    assert!(!scene.waits().await);
}

#[tokio::test]
async fn what_the_executor_remembers_as_done_is_not_waited_for_although_no_outcome_is_read() {
    let scene = Scene::new();
    scene.record(&decision(&["a", "b"]));
    let done = |step: &StepKey| Ok(step.as_str() == "e:a@v1:00000");
    let (waited, ()) = tokio::join!(scene.wait(), async {
        scene.pending.end_those(&jane(), done).unwrap();
        assert!(scene.waits().await, "the other one has not ended");
        scene.pending.end_those(&jane(), |_| Ok(true)).unwrap();
    });
    assert_eq!(waited, Ok(true));
    assert!(!scene.waits().await);
}

#[tokio::test]
async fn nobody_is_asked_while_others_steps_end() {
    let scene = Scene::new();
    scene.record(&decision(&["a"]));
    let asked = scene.known.ended_asked.load(SeqCst);
    let (waited, ()) = tokio::join!(scene.wait(), async {
        for other in 0..1_000 {
            let joe = decided(&format!("e{other}"), &format!("joe-{other}"), 0, vec![]).key();
            scene.pending.ended(&joe, &StepKey::new(format!("e{other}:a@v1:00000"))).unwrap();
            scene.known.progress.send_modify(|count| *count += 1);
            tokio::task::yield_now().await;
        }
        scene.end("e:a@v1:00000");
    });
    assert_eq!((waited, scene.known.ended_asked.load(SeqCst)), (Ok(true), asked));
}

#[tokio::test(start_paused = true)]
async fn a_step_whose_outcome_does_not_come_holds_up_one_event_for_two_minutes_and_no_more() {
    let scene = Scene::new();
    let now = scene.connection.clock.now();
    scene.record(&Decision { decided: now, ..decision(&["a"]) });
    assert_eq!(scene.wait().await, Ok(false));
    assert!(!scene.waits().await, "its outcome may be lost");
    let scene = scene.restart();
    assert!(!scene.waits().await, "nor after a restart");
    scene.record(&Decision { decided: now, ..decision(&["b"]) });
    assert!(scene.waits().await, "for what was decided since");
}

#[tokio::test(start_paused = true)]
async fn while_the_source_is_stopped_no_time_passes() {
    let scene = Scene::new();
    scene.record(&decision(&["a"]));
    let (waited, ()) = tokio::join!(scene.wait(), async {
        tokio::time::sleep(WAIT_TIMEOUT / 2).await;
        scene.controls.stop("acme");
        tokio::time::sleep(WAIT_TIMEOUT * 100).await;
        scene.controls.resume("acme");
        tokio::time::sleep(WAIT_TIMEOUT / 2).await;
        scene.end("e:a@v1:00000");
    });
    assert_eq!(waited, Ok(true));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_was_stopped_for_a_moment_does_not_have_all_be_waited_for_anew() {
    let scene = Scene::new();
    scene.record(&decision(&["a"]));
    let began = tokio::time::Instant::now();
    let (waited, ()) = tokio::join!(scene.wait(), async {
        tokio::time::sleep(WAIT_TIMEOUT - PIECE).await;
        scene.controls.stop("acme");
        assert!(!scene.connection.is_running());
        tokio::time::sleep(PIECE).await;
        scene.controls.resume("acme");
    });
    assert_eq!(waited, Ok(false));
    assert!(began.elapsed() <= WAIT_TIMEOUT + PIECE * 3, "{:?}", began.elapsed());
}

#[tokio::test]
async fn stopping_ends_the_wait() {
    let scene = Scene::new();
    scene.record(&decision(&["a"]));
    let stop = CancellationToken::new();
    stop.cancel();
    assert_eq!(scene.wait_or(&stop).await, Err(Interrupted));
}

#[tokio::test]
async fn lanes_that_wait_read_nothing_from_the_store_at_any_outcome() {
    let (rows, stop) = (Counting::default(), CancellationToken::new());
    let lanes: Vec<_> = (0..200).map(lane).collect();
    for restarted in [false, true] {
        let scene = Scene::new().over(|_| PendingSteps::open(rows.clone()));
        if !restarted {
            lanes.iter().for_each(|(decision, ..)| scene.record(decision));
        }
        assert!(scene.pending.certainly_none(&jane()));
        let waits = join_all(lanes.iter().map(|(_, user, _)| scene.wait_for(user, &stop)));
        let outcomes = async {
            // The steps of other users, of whom no step is known.
            for number in 200..400 {
                let (_, user, step) = lane(number);
                scene.pending.ended(&user, &step).unwrap();
                tokio::task::yield_now().await;
            }
            for (_, user, step) in lanes.iter().filter(|_| restarted) {
                scene.pending.ended(user, step).unwrap();
                tokio::task::yield_now().await;
            }
        };
        if restarted {
            let (waited, ()) = tokio::join!(waits, outcomes);
            assert!(waited.iter().all(|waited| *waited == Ok(true)));
        } else {
            tokio::pin!(waits);
            tokio::select! { biased; _ = &mut waits => unreachable!("none has ended"), () = outcomes => {} }
        }
        assert_eq!(rows.reads(), 0);
    }
    assert!(rows.rows.lock().unwrap().is_empty());
}

#[tokio::test]
async fn steps_for_which_memory_has_no_room_are_waited_for_all_the_same() {
    let (rows, stop) = (Counting::default(), CancellationToken::new());
    let mut scene = Scene::new().over(|_| PendingSteps::open_within(2, rows.clone()));
    let lanes: Vec<_> = (0..5).map(lane).collect();
    lanes.iter().for_each(|(decision, ..)| scene.record(decision));
    for _ in 0..2 {
        for (_, user, _) in &lanes {
            assert!(futures::FutureExt::now_or_never(scene.wait_for(user, &stop)).is_none(), "{user:?}");
        }
        assert!(!scene.pending.certainly_none(&jane()), "the store has to be asked");
        assert!(!scene.waits().await);
        scene = scene.over(|_| PendingSteps::open_within(2, rows.clone()));
    }
    let waits = join_all(lanes.iter().map(|(_, user, _)| scene.wait_for(user, &stop)));
    let (waited, ()) = tokio::join!(waits, async {
        for (_, user, step) in &lanes {
            scene.pending.ended(user, step).unwrap();
        }
    });
    assert!(waited.iter().all(|waited| *waited == Ok(true)));
    let reads = rows.reads();
    assert!(reads > 0 && scene.pending.certainly_none(&jane()), "all are in memory again, as there are none");
    assert!(!scene.waits().await);
    assert_eq!(rows.reads(), reads);
}

#[test]
fn memory_and_store_stay_alike_whoever_writes_when() {
    let rows = Counting::default();
    let pending = PendingSteps::open_within(20, rows.clone()).unwrap();
    let known = FakeQueries::default();
    let of_thread = |thread: usize| {
        for round in 0..2_000 {
            let number = (round * 7 + thread * 13) % 40;
            let (decision, user, step) = lane(number);
            match (round + thread) % 3 {
                0 => pending.ended(&user, &step).unwrap(),
                1 => pending.record(&DecisionSteps::by(&decision).unwrap(), &known).unwrap(),
                _ => drop(pending.begin(&user).unwrap()),
            }
        }
    };
    std::thread::scope(|scope| (0..4).for_each(|thread| drop(scope.spawn(move || of_thread(thread)))));
    for (_, user, step) in (0..40).map(lane) {
        let kept = rows.of(&user).unwrap();
        match pending.memory().at_hand.of(&user) {
            StepsAtHand::All(steps) => assert_eq!(steps, kept, "{user:?}"),
            StepsAtHand::AskStore => {}
        }
        pending.ended(&user, &step).unwrap();
    }
    assert!(pending.certainly_none(&jane()), "nobody is left that only the store knows");
    assert!(pending.memory().waiting.is_empty());
}

#[tokio::test]
async fn a_partition_that_was_elsewhere_comes_back_with_what_is_pending_and_no_more() {
    let scene = Scene::new();
    let [before, ended_elsewhere, pending_elsewhere] = [("e", "a"), ("f", "b"), ("g", "c")]
        .map(|(event, scheme)| decided(event, "jane", 0, vec![verdict(scheme, Truth::True, &["g"])]));
    scene.record(&before);
    // While another process has it, the views here still read every outcome.
    for step in ["e:a@v1:00000", "f:b@v1:00000"] {
        scene.known.ended.lock().unwrap().insert(step.into());
        scene.end(step);
    }
    assert!(!scene.waits().await, "what was noted here has ended elsewhere");
    // It comes back: all that was decided since the checkpoint is read back, here twice.
    for decision in [&before, &ended_elsewhere, &pending_elsewhere].repeat(2) {
        scene.record(decision);
    }
    assert!(scene.waits().await);
    scene.end("g:c@v1:00000");
    assert!(!scene.waits().await);
    assert!(!scene.restart().waits().await);
}

#[tokio::test]
async fn steps_that_have_outlived_the_log_are_forgotten_in_the_store_and_in_memory() {
    let scene = Scene::new();
    scene.record(&decision(&["a"])); // in 1970
    assert_eq!(scene.pending.prune(scene.connection.clock.now()).unwrap(), 1);
    assert!(!scene.waits().await);
    assert!(!scene.restart().waits().await);
}
