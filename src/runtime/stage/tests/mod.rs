use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::future::join_all;
use tokio::sync::{Notify, Semaphore};

use super::*;
use crate::{
    domain::{UserId, UserKey, UserRef},
    log::{
        Record,
        embedded::{EmbeddedLog, Options},
    },
    store::Store,
};

mod unreadable;

use unreadable::Unreadable;

/// Records its input while its gate is open. The payload `bug` makes it panic, once; `stop` has it stopped in the
/// middle of that record when another one is done, once; `stuck` never ends; `slow` takes many short waits. `poison`
/// makes it panic each time.
struct Noting {
    source: SourceId,
    gate: Semaphore,
    begun: Mutex<Vec<String>>,
    seen: Mutex<Vec<String>>,
    progress: Notify,
    bug_met: Mutex<bool>,
    stopped: Mutex<bool>,
}

impl Noting {
    fn new(open: usize) -> Arc<Self> {
        Arc::new(Self {
            source: "acme".parse().expect("an id"),
            gate: Semaphore::new(open),
            begun: Mutex::default(),
            seen: Mutex::default(),
            progress: Notify::new(),
            bug_met: Mutex::default(),
            stopped: Mutex::default(),
        })
    }

    fn list(of: &Mutex<Vec<String>>) -> Vec<String> {
        of.lock().unwrap().clone()
    }

    async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !holds(self) {
                self.progress.notified().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap_or_else(|_| panic!("waited for {what}"));
    }
}

#[async_trait]
impl Handler for Noting {
    fn stage(&self) -> Stage {
        Stage::Planner
    }

    fn source(&self) -> &SourceId {
        &self.source
    }

    fn input(&self) -> Stream {
        Stream::Events
    }

    fn output(&self) -> Stream {
        Stream::Decisions
    }

    fn remember(&self, _: &Scope, _: &Stored) -> Result<(), store::Error> {
        Ok(())
    }

    async fn handle(&self, record: &Stored, work: &Work) -> Result<(), Interrupted> {
        let payload = String::from_utf8_lossy(&record.payload).into_owned();
        assert_ne!(payload, "poison", "a bug, on purpose");
        if payload == "bug" && !std::mem::replace(&mut *self.bug_met.lock().unwrap(), true) {
            panic!("a bug, on purpose");
        }
        self.begun.lock().unwrap().push(payload.clone());
        self.progress.notify_one();
        if payload == "stop" && !std::mem::replace(&mut *self.stopped.lock().unwrap(), true) {
            while self.seen.lock().unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
            work.stop.cancel();
            return Err(Interrupted);
        }
        if payload == "stuck" {
            work.stop.cancelled().await;
            return Err(Interrupted);
        }
        for _ in 0..if payload == "slow" { 20 } else { 0 } {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        work.stop.run_until_cancelled(self.gate.acquire()).await.ok_or(Interrupted)?.unwrap().forget();
        self.seen.lock().unwrap().push(payload);
        self.progress.notify_one();
        Ok(())
    }

    async fn give_up(&self, record: &Stored, _: &Work) -> Result<(), Interrupted> {
        self.seen.lock().unwrap().push(format!("given up: {}", String::from_utf8_lossy(&record.payload)));
        self.progress.notify_one();
        Ok(())
    }
}

/// A log and a store in a folder, and a stage on them.
struct Ground {
    dir: tempfile::TempDir,
    log: Arc<dyn Log>,
    store: Store,
}

impl Ground {
    fn new() -> Self {
        Self::with(1)
    }

    fn with(partitions: u16) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = Options { partitions, ..Default::default() };
        let log: Arc<dyn Log> = Arc::new(EmbeddedLog::open(&dir.path().join("log"), options).unwrap());
        let store = Store::open(&dir.path().join("state"), log.identity()).unwrap();
        Self { dir, log, store }
    }

    async fn append(&self, source: &str, user: &str, payload: &str) {
        let key = UserKey::new(&source.parse().unwrap(), &UserRef::Id(UserId::new(user)));
        let record = Record { key, payload: Bytes::copy_from_slice(payload.as_bytes()) };
        self.log.append(Stream::Events, record).await.unwrap();
    }

    /// Tells of many users at once.
    async fn append_all(&self, users: impl Iterator<Item = String>) {
        join_all(users.map(|user| async move { self.append("acme", &user, &user).await })).await;
    }

    fn start(&self, handler: &Arc<Noting>) -> (CancellationToken, tokio::task::JoinHandle<()>) {
        self.start_on(Arc::clone(&self.log), handler)
    }

    fn start_on(&self, log: Arc<dyn Log>, handler: &Arc<Noting>) -> (CancellationToken, tokio::task::JoinHandle<()>) {
        self.start_with(log, handler, Health::default())
    }

    fn start_with(
        &self,
        log: Arc<dyn Log>,
        handler: &Arc<Noting>,
        health: Health,
    ) -> (CancellationToken, tokio::task::JoinHandle<()>) {
        let stop = CancellationToken::new();
        let ledger = self.store.ledger().unwrap();
        let running = tokio::spawn(run(log, ledger, Arc::clone(handler), health, stop.clone()));
        (stop, running)
    }
}

#[tokio::test]
async fn records_of_one_user_are_worked_on_in_turn_and_those_of_others_meanwhile() {
    let (ground, handler) = (Ground::new(), Noting::new(0));
    for (user, payload) in [("jane", "jane-1"), ("jane", "jane-2"), ("joe", "joe-1")] {
        ground.append("acme", user, payload).await;
    }
    let (stop, running) = ground.start(&handler);
    handler.until("the first of each", |handler| Noting::list(&handler.begun).len() == 2).await;
    assert_eq!(Noting::list(&handler.begun), ["jane-1", "joe-1"], "jane-2 waits for jane-1");
    handler.gate.add_permits(3);
    handler.until("all", |handler| Noting::list(&handler.seen).len() == 3).await;
    assert_eq!(Noting::list(&handler.begun)[2], "jane-2");
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn what_was_interrupted_comes_again_and_so_does_what_stands_behind_it() {
    let (ground, first) = (Ground::new(), Noting::new(1));
    for (user, payload) in [("a", "1"), ("b", "2"), ("b", "3")] {
        ground.append("acme", user, payload).await;
    }
    let (stop, running) = ground.start(&first);
    first
        .until("one done, one begun", |handler| {
            Noting::list(&handler.seen).len() == 1 && Noting::list(&handler.begun).len() == 2
        })
        .await;
    stop.cancel();
    running.await.unwrap();
    let done = Noting::list(&first.seen);

    let second = Noting::new(100);
    let (stop, running) = ground.start(&second);
    second.until("the last", |handler| Noting::list(&handler.seen).contains(&"3".to_owned())).await;
    let again = Noting::list(&second.seen);
    for payload in ["1", "2", "3"] {
        let times = done.iter().chain(&again).filter(|seen| *seen == payload).count();
        assert!(times >= 1, "{payload} is lost: {done:?}, then {again:?}");
    }
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn what_was_interrupted_comes_again_also_where_one_behind_it_was_done_before() {
    let (ground, handler) = (Ground::new(), Noting::new(100));
    for (user, payload) in [("a", "stop"), ("b", "done")] {
        ground.append("acme", user, payload).await;
    }
    let (stop, running) = ground.start(&handler);
    handler.until("the interrupted one", |handler| Noting::list(&handler.seen).contains(&"stop".to_owned())).await;
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn records_of_other_sources_are_passed_over() {
    let (ground, handler) = (Ground::new(), Noting::new(100));
    for (source, payload) in [("other", "not ours"), ("acme", "ours")] {
        ground.append(source, "jane", payload).await;
    }
    let (stop, running) = ground.start(&handler);
    handler.until("ours", |handler| !Noting::list(&handler.seen).is_empty()).await;
    assert_eq!(Noting::list(&handler.seen), ["ours"]);
    stop.cancel();
    running.await.unwrap();
    drop(ground.dir);
}

#[tokio::test]
async fn a_bug_in_a_handler_does_not_end_the_work() {
    let (ground, handler) = (Ground::new(), Noting::new(100));
    for payload in ["bug", "behind it"] {
        ground.append("acme", "jane", payload).await;
    }
    let (stop, running) = ground.start(&handler);
    handler.until("both", |handler| Noting::list(&handler.seen).len() == 2).await;
    assert_eq!(Noting::list(&handler.seen), ["bug", "behind it"]);
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_record_that_ends_the_work_by_a_bug_each_time_is_given_up_and_the_stage_works_again() {
    let (ground, handler, health) = (Ground::new(), Noting::new(100), Health::default());
    for (user, payload) in [("jane", "poison"), ("jane", "behind it"), ("joe", "beside it")] {
        ground.append("acme", user, payload).await;
    }
    let (stop, running) = ground.start_with(Arc::clone(&ground.log), &handler, health.clone());
    handler.until("the other user", |handler| !Noting::list(&handler.seen).is_empty()).await;
    while health.failing().is_empty() {
        tokio::task::yield_now().await;
    }
    handler.until("all", |handler| Noting::list(&handler.seen).len() == 3).await;
    assert_eq!(Noting::list(&handler.seen), ["beside it", "given up: poison", "behind it"]);
    tokio::time::timeout(Duration::from_secs(20), async {
        while !health.failing().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("it works again");
    stop.cancel();
    running.await.unwrap();

    // It is passed for good.
    let second = Noting::new(100);
    ground.append("acme", "jane", "later").await;
    let (stop, running) = ground.start(&second);
    second.until("the next one", |handler| !Noting::list(&handler.seen).is_empty()).await;
    assert_eq!(Noting::list(&second.seen), ["later"]);
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_user_who_is_stuck_does_not_stop_the_others() {
    let (ground, handler) = (Ground::new(), Noting::new(10_000));
    ground.append("acme", "jane", "stuck").await;
    for number in 0..300 {
        ground.append("acme", "jane", &format!("behind {number}")).await;
    }
    ground.append_all((0..1_000).map(|number| format!("other {number}"))).await;
    let (stop, running) = ground.start(&handler);
    handler.until("all others", |handler| Noting::list(&handler.seen).len() == 1_000).await;
    assert!(Noting::list(&handler.seen).iter().all(|payload| payload.starts_with("other")), "nobody is overtaken");
    stop.cancel();
    running.await.unwrap();

    // The offset has not passed the record of the blocked user.
    let second = Noting::new(10_000);
    let (stop, running) = ground.start(&second);
    second.until("the stuck one", |handler| Noting::list(&handler.begun).contains(&"stuck".to_owned())).await;
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn an_unreadable_record_stops_its_partition_alone_until_it_can_be_read() {
    let (ground, handler) = (Ground::with(2), Noting::new(10_000));
    ground.append_all((0..100).map(|number| number.to_string())).await;
    let log = Unreadable::at(&ground.log, Partition(0), 5);
    let ends = [0, 1].map(|partition| ground.log.bounds(Stream::Events, Partition(partition)));
    let ends = join_all(ends).await.into_iter().map(|bounds| usize::try_from(bounds.unwrap().end).unwrap());
    let ends: Vec<_> = ends.collect();
    let (stop, running) = ground.start_on(Arc::clone(&log) as _, &handler);
    handler.until("what can be read", |handler| Noting::list(&handler.seen).len() == 5 + ends[1]).await;
    log.until_met(3).await;
    ground.append_all((100..200).map(|number| number.to_string())).await;
    let end = ground.log.bounds(Stream::Events, Partition(1)).await.unwrap().end;
    let there = 5 + usize::try_from(end).unwrap();
    handler.until("the other partition goes on", |handler| Noting::list(&handler.seen).len() == there).await;
    assert_eq!(log.joined(), 1, "nobody leaves the group for it");
    log.mend();
    handler.until("all of it", |handler| Noting::list(&handler.seen).len() == 200).await;
    assert_eq!(log.joined(), 1);
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn what_is_in_the_works_goes_on_while_a_partition_can_not_be_read() {
    let (ground, handler) = (Ground::new(), Noting::new(10_000));
    for payload in ["slow", "never read"] {
        ground.append("acme", "jane", payload).await;
    }
    let log = Unreadable::at(&ground.log, Partition(0), 1);
    let began = Instant::now();
    let (stop, running) = ground.start_on(log, &handler);
    handler.until("the slow one", |handler| !Noting::list(&handler.seen).is_empty()).await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    stop.cancel();
    running.await.unwrap();
}
