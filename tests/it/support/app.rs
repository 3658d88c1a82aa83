//! usher in this process, on the embedded log.

use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use tokio::{runtime::Handle, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use usher::{
    app::{self, App, Roles, Surroundings},
    clock::Clock,
    products::Limits,
};

use super::{face::Face, ground::Ground};

/// A call that hangs is given up after this time, not after the 20 s of a real one.
const CALL: Duration = Duration::from_secs(1);

/// usher in this process. Dropping it stops it and fails the test if there are dead letters that the test has not
/// looked at. Needs a runtime with several threads.
pub struct TestApp {
    pub ground: Ground,
    running: Option<Running>,
    letters_seen: AtomicUsize,
}

struct Running {
    face: Face,
    stop: CancellationToken,
    usher: JoinHandle<Result<(), app::Error>>,
}

impl TestApp {
    /// Starts usher on `ground`.
    pub async fn start(ground: Ground) -> Self {
        let running = Some(Running::start(&ground).await);
        Self { ground, running, letters_seen: AtomicUsize::new(0) }
    }

    /// Stops it in order.
    pub async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
    }

    /// Stops it in order and starts it on the same data.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.running = Some(Running::start(&self.ground).await);
    }

    /// The dead letters, which are now expected.
    pub async fn dead_letters(&self) -> Vec<Value> {
        let letters = self.list("dead-letters", &[]).await;
        self.letters_seen.store(letters.len(), Ordering::Relaxed);
        letters
    }
}

impl Deref for TestApp {
    type Target = Face;

    fn deref(&self) -> &Face {
        &self.running.as_ref().expect("it is running").face
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let Some(running) = self.running.take() else { return };
        if std::thread::panicking() {
            return;
        }
        let here = Handle::current();
        let stop = async {
            let letters = running.face.list("dead-letters", &[]).await;
            running.stop().await;
            letters
        };
        // On a thread of its own: waiting on this one would swallow what wakes the futures that are joined with the caller.
        let stopped =
            tokio::task::block_in_place(|| std::thread::scope(|scope| scope.spawn(|| here.block_on(stop)).join()));
        let letters = stopped.expect("it stops");
        let seen = self.letters_seen.load(Ordering::Relaxed);
        assert!(letters.len() <= seen, "dead letters that the test did not expect: {letters:#?}");
    }
}

impl Running {
    async fn start(ground: &Ground) -> Self {
        let surroundings = Surroundings {
            limits: Limits { call: CALL, ..Limits::default() },
            clock: Arc::clone(&ground.clock) as Arc<dyn Clock>,
            clock_was_set: Arc::clone(&ground.clock.was_set),
            look_ups: ground.look_ups,
            ..Surroundings::default()
        };
        let app = App::build_in(surroundings, ground.config(), Roles::ALL).await.expect("usher starts");
        let webhooks = app.webhooks_address().expect("all roles");
        let face = Face::new(webhooks, app.admin_address(), ground.ledger());
        let stop = CancellationToken::new();
        let usher = tokio::spawn(app.run_until_stopped(stop.clone()));
        Self { face, stop, usher }
    }

    async fn stop(self) {
        drop(self.face); // with its idle connections, which usher would wait for
        self.stop.cancel();
        self.usher.await.expect("no panic").expect("a clean end");
    }
}
