//! Users of a bulk action that this process reads after their sightings.

use super::{given_up::work, *};
use crate::{
    domain::{Bulk, Sighting, SweepRun},
    views::testing::MemoryLog,
};

#[tokio::test]
async fn a_user_of_a_bulk_action_that_is_read_late_is_not_passed_over() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = MemoryLog::new();
    let memory = Memory::open(&Store::open(dir.path(), "memory").expect("a store")).expect("memory");
    let (metrics, stub) = (Metrics::new().expect("metrics"), Arc::new(Stub::default()));
    stub.put("jane", &[]);
    let controls = Arc::new(NoControls::default());
    let connection = Connection::new(source(), stub, 2, Arc::new(SystemClock), controls, metrics.clone());
    let text = "schemes: [{ id: a, source: acme, trigger: manual, test_mode: false, select: { users: [jane] }, \
        actions: [{ add_groups: [staff] }] }]";
    let mut scheme = config::read_schemes(text, "schemes.yaml").expect("a scheme").remove(0);
    scheme.id = Bulk::new_id([7; 8]);
    let reference = scheme.reference();
    let plan = SweepPlan::of(&[SweepRun { scheme: reference.clone(), test_mode: false, limits: Default::default() }]);
    let run_queries = Arc::new(FakeQueries { plan: Some(Arc::new(plan)), all_ended: true, ..FakeQueries::default() });
    let (publish, receiver) = watch::channel(Arc::new(Schemes::default()));
    let planner = Arc::new(Planner::new(connection, receiver, Mode::Active, log.clone(), memory, metrics, run_queries));
    let sweep = Some(Sighting { sweep: SweepId::new("s1"), released: None, memberships: None, undo: None });
    let event = Event { kind: EventKind::Sighted, via: Via::Sweep, sweep, ..login(1) };
    let (key, payload) = (event.key().as_str().to_owned(), codec::encode(&event));
    let position = log.put(Stream::Events, &key, payload.clone());
    let stored = Stored { position, key, payload, appended: SystemClock.now() };
    let deciding = tokio::spawn({
        let planner = Arc::clone(&planner);
        async move { Handler::handle(&*planner, &stored, &work()).await.expect("not interrupted") }
    });
    tokio::task::yield_now().await;
    publish.send_replace(Arc::new(Schemes::new([VersionedScheme { reference, scheme }])));
    tokio::time::timeout(Duration::from_secs(30), deciding).await.expect("it is decided").expect("no panic");
    let decisions = given_up::records::<Decision>(&log, Stream::Decisions).await;
    let [decision] = decisions.as_slice() else { panic!("{decisions:?}") };
    assert_eq!(decision.selected().count(), 1, "{decision:?}");
}
