use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use super::*;
use crate::{
    clock::SystemClock,
    domain::{Heard, LastLists, RunId, SchemeId, SourceId, SweepId, SweepPlan, Truth, UserId},
    engine::{Count, controls::testing::Stopped, testing::Stub},
    metrics::Metrics,
    store::Store,
    views::testing::{decision as decided, source, verdict},
};

/// What the views know: which steps have ended, and how often they are asked.
#[derive(Default)]
struct Known {
    ended: Mutex<BTreeSet<String>>,
    asked: AtomicUsize,
    progress: watch::Sender<u64>,
}

impl Overview for Known {
    fn has_ended(&self, step: &AskedStep) -> bool {
        self.asked.fetch_add(1, SeqCst);
        self.ended.lock().unwrap().contains(step.key.as_str())
    }

    fn heard(&self, _: &SourceId) -> Option<Heard> {
        None
    }

    fn sweep(&self, _: &SweepId) -> Option<Arc<SweepPlan>> {
        None
    }

    fn asked_until(&self, _: &SchemeId) -> Option<Timestamp> {
        None
    }

    fn is_over(&self, _: &RunId) -> bool {
        false
    }

    fn count(&self, _: &RunId) -> Option<Count> {
        None
    }

    fn kept_back(&self, _: &RunId, _: Option<&UserId>) -> Option<Vec<UserId>> {
        None
    }

    fn last_lists(&self, _: &SourceId) -> Option<LastLists> {
        None
    }

    fn last_reads(&self, _: &SchemeId) -> Option<u64> {
        None
    }

    fn held(&self, _: &SchemeId) -> Vec<SweepId> {
        Vec::new()
    }

    fn progress(&self) -> watch::Receiver<u64> {
        self.progress.subscribe()
    }
}

struct Scene {
    known: Known,
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
        let pending = PendingSteps::new(store.pending().unwrap());
        Self { known: Known::default(), pending, controls, connection, store, _dir: dir }
    }

    /// As after a restart that reads nothing back.
    fn restart(self) -> Self {
        Self { pending: PendingSteps::new(self.store.pending().unwrap()), ..self }
    }

    fn note(&self, decision: &Decision) {
        self.pending.note(decision, &self.known).unwrap();
    }

    fn end(&self, step: &str) {
        self.pending.ended(&jane(), &StepKey::new(step)).unwrap();
    }

    async fn wait(&self) -> Result<bool, Interrupted> {
        self.wait_or(&CancellationToken::new()).await
    }

    async fn wait_or(&self, stop: &CancellationToken) -> Result<bool, Interrupted> {
        match self.pending.begin(&jane()).unwrap() {
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
    scene.note(&decision(&["a", "b"]));
    scene.note(&decided("f", "jane", 1, vec![verdict("c", Truth::True, &["g"])]));
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
    scene.note(&decision(&["a"]));
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
    scene.note(&decision(&["a"]));
    assert!(!scene.waits().await);
}

#[tokio::test]
async fn what_the_executor_remembers_as_done_is_not_waited_for_although_no_outcome_is_read() {
    let scene = Scene::new();
    scene.note(&decision(&["a", "b"]));
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
    scene.note(&decision(&["a"]));
    let asked = scene.known.asked.load(SeqCst);
    let (waited, ()) = tokio::join!(scene.wait(), async {
        for other in 0..1_000 {
            let joe = decided(&format!("e{other}"), &format!("joe-{other}"), 0, vec![]).key();
            scene.pending.ended(&joe, &StepKey::new(format!("e{other}:a@v1:00000"))).unwrap();
            scene.known.progress.send_modify(|count| *count += 1);
            tokio::task::yield_now().await;
        }
        scene.end("e:a@v1:00000");
    });
    assert_eq!((waited, scene.known.asked.load(SeqCst)), (Ok(true), asked));
}

#[tokio::test(start_paused = true)]
async fn a_step_that_takes_long_holds_up_each_event_for_two_minutes_and_no_more() {
    let scene = Scene::new();
    let now = scene.connection.clock.now();
    scene.note(&Decision { decided: now, ..decision(&["a"]) });
    assert_eq!(scene.wait().await, Ok(false));
    assert!(scene.waits().await, "it has not ended, so the one after waits too");
    scene.end("e:a@v1:00000");
    assert_eq!(scene.wait().await, Ok(true));
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_never_comes_does_not_hold_up_each_event_for_ever() {
    let scene = Scene::new();
    scene.note(&decision(&["a"])); // in 1970
    assert_eq!(scene.wait().await, Ok(false));
    assert!(!scene.waits().await);
}

#[tokio::test(start_paused = true)]
async fn while_the_source_is_stopped_no_time_passes() {
    let scene = Scene::new();
    scene.note(&decision(&["a"]));
    let (waited, ()) = tokio::join!(scene.wait(), async {
        tokio::time::sleep(PATIENCE / 2).await;
        scene.controls.stop("acme");
        tokio::time::sleep(PATIENCE * 100).await;
        scene.controls.resume("acme");
        tokio::time::sleep(PATIENCE / 2).await;
        scene.end("e:a@v1:00000");
    });
    assert_eq!(waited, Ok(true));
}

#[tokio::test]
async fn stopping_ends_the_wait() {
    let scene = Scene::new();
    scene.note(&decision(&["a"]));
    let stop = CancellationToken::new();
    stop.cancel();
    assert_eq!(scene.wait_or(&stop).await, Err(Interrupted));
}
