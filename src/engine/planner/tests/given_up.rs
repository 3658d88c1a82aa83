//! Events on which the work ended by a bug each time.

use std::sync::atomic::AtomicU64;

use super::*;
use crate::{
    domain::{Again, DeadLetter, SchemeRef, Sighting, SweepRun},
    log::ForGood,
    views::testing::MemoryLog,
};

pub(super) fn work() -> Work {
    Work {
        scope: Scope::new(Stage::Planner, &source(), Partition(0)),
        partition: Partition(0),
        stop: CancellationToken::new(),
        lease: Arc::new(ForGood),
        health: Health::default(),
        system: "test",
        acked: Arc::new(AtomicU64::new(0)),
    }
}

pub(super) async fn records<T: codec::Wire>(log: &MemoryLog, stream: Stream) -> Vec<T> {
    let mut all = Vec::new();
    for partition in (0..log.partitions()).map(Partition) {
        let end = usize::try_from(log.bounds(stream, partition).await.expect("bounds").end).expect("few");
        let records = log.read(stream, vec![(partition, 0)]).await.expect("read").take(end);
        let decoded = records.map(|record| codec::decode(&record.expect("a record").payload).expect("usher wrote it"));
        all.extend(decoded.collect::<Vec<T>>().await);
    }
    all
}

/// The records after the record with `payload` is given up. The views know a sweep of the scheme `a`.
async fn given_up(payload: Vec<u8>) -> (DeadLetter, Vec<Decision>) {
    let dir = tempfile::tempdir().expect("a folder");
    let log = MemoryLog::new();
    let memory = Memory::open(&Store::open(dir.path(), "memory").expect("a store")).expect("memory");
    let metrics = Metrics::new().expect("metrics");
    let controls = Arc::new(NoControls::default());
    let connection =
        Connection::new(source(), Arc::new(Stub::default()), 2, Arc::new(SystemClock), controls, metrics.clone());
    let (_schemes, receiver) =
        watch::channel(Arc::new(schemes("select: { everyone: true }, actions: [{ add_groups: [staff] }]")));
    let scheme = SchemeRef { id: "a".parse().expect("an id"), version: "v1".into() };
    let plan = SweepPlan::of(&[SweepRun { scheme, test_mode: false, limits: Default::default() }]);
    let run_queries = Arc::new(FakeQueries { plan: Some(Arc::new(plan)), all_ended: true, ..FakeQueries::default() });
    let planner = Planner::new(connection, receiver, Mode::Active, log.clone(), memory, metrics.clone(), run_queries);
    let key = login(1).key().as_str().to_owned();
    let position = log.put(Stream::Events, &key, payload.clone().into());
    let stored = Stored { position, key, payload: payload.into(), appended: SystemClock.now() };
    Handler::give_up(&planner, &stored, &work()).await.expect("not interrupted");
    assert_eq!(metrics.dead_letters.with_label_values(&["planner"]).get(), 1);
    let mut letters = records::<DeadLetter>(&log, Stream::DeadLetters).await;
    assert_eq!(letters.len(), 1, "{letters:?}");
    (letters.remove(0), records(&log, Stream::Decisions).await)
}

#[tokio::test]
async fn an_event_given_up_by_a_bug_can_be_taken_up_again_and_says_what_to_do() {
    let (letter, decisions) = given_up(codec::encode(&login(1)).into()).await;
    assert_eq!((letter.id.as_str(), letter.event), ("e1", Some(EventId::new("e1"))));
    assert!(matches!(letter.again, Some(Again::Event(_))));
    assert_eq!(
        letter.reason,
        "a bug of usher: its work on this ended unexpectedly 6 times; the event may not have been decided; please report the bug, \
         with the lines of usher's log about it"
    );
    assert_eq!(decisions, []);
}

#[tokio::test]
async fn a_user_of_a_sweep_given_up_by_a_bug_is_counted_as_unknown_so_that_the_run_ends() {
    let sweep = Some(Sighting { sweep: SweepId::new("s1"), released: None, memberships: None, undo: None });
    let event = Event { kind: EventKind::Sighted, via: Via::Sweep, sweep, ..login(1) };
    let (letter, decisions) = given_up(codec::encode(&event).into()).await;
    assert_eq!(letter.again, None);
    let [decision] = decisions.as_slice() else { panic!("{decisions:?}") };
    assert_eq!(decision.unknown.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a"]);
    assert_eq!((&decision.event, decision.verdicts.len()), (&EventId::new("e1"), 0));
}

#[tokio::test]
async fn an_event_that_can_not_even_be_read_is_given_up_by_its_place() {
    let (letter, decisions) = given_up(b"\xff".to_vec()).await;
    assert!(letter.id.starts_with("events/"), "{}", letter.id);
    assert!(letter.reason.starts_with("a bug of usher"), "{}", letter.reason);
    assert_eq!((letter.user.to_string().as_str(), letter.again, decisions), ("jane", None, vec![]));
}
