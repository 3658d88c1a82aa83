mod members;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use async_trait::async_trait;
use futures::StreamExt;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    clock::SystemClock,
    domain::{Cause, Event, GroupName, Limits, SchemeId, SchemeRef, Step, UserHints, UserId, UserRef},
    engine::{Count, Memory, testing::FakeQueries},
    health::Health,
    log::{
        Record,
        embedded::{EmbeddedLog, Options},
    },
    products::{Client, Error, MemberPage, User, UserPage},
    rules::VersionedScheme,
    runtime,
    source::controls::testing::Stopped,
    store::Store,
};

/// Lists five users on three pages; one of them is on two pages.
struct Lists {
    /// Whether the third page is a bug.
    buggy: bool,
    members: Members,
}

/// The pages of the members of any group, by where they begin.
type Members = BTreeMap<usize, Result<MemberPage, Error>>;

#[async_trait]
impl Client for Lists {
    async fn users(&self, cursor: Option<&str>) -> Result<UserPage, Error> {
        let (users, next) = match cursor {
            None => (["a", "b"], Some("2")),
            Some("2") => (["b", "c"], Some("3")),
            Some(_) => {
                assert!(!self.buggy, "a bug, on purpose");
                (["d", "e"], None)
            }
        };
        let users = users.map(|user| (UserId::new(user), UserHints::default())).to_vec();
        Ok(UserPage::new(users, next.map(str::to_owned)))
    }

    /// `a` exists, and nothing is known about `secret`.
    async fn user(&self, user: &UserRef) -> Result<User, Error> {
        match user {
            UserRef::Id(id) if id.as_str() == "a" => Ok(User::new(id.clone())),
            UserRef::Id(id) if id.as_str() == "secret" => {
                Err(Error::Refused { status: 403, message: "not for you".to_owned() })
            }
            UserRef::Id(_) => Err(Error::NoSuchUser),
            UserRef::Name(_) => Err(Error::NotSupported("login names")),
        }
    }

    async fn make_so(&self, _: &User, _: &Step) -> Result<(), Error> {
        Err(Error::NoSuchUser)
    }

    async fn members(&self, _: &GroupName, start: usize) -> Result<Option<MemberPage>, Error> {
        self.members.get(&start).cloned().transpose()
    }

    async fn group_exists(&self, _: &GroupName) -> Result<bool, Error> {
        Ok(true)
    }

    async fn groups_like(&self, _: &str) -> Result<Vec<GroupName>, Error> {
        Ok(Vec::new())
    }

    async fn myself(&self) -> Result<Option<UserId>, Error> {
        Ok(Some(UserId::new("usher")))
    }

    async fn administrators(&self) -> Result<BTreeSet<UserId>, Error> {
        Ok(BTreeSet::new())
    }

    async fn probe(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// The surroundings of a sweeper.
#[derive(Default)]
struct Scene {
    queries: FakeQueries,
    /// The pauses and cancellations of administrators.
    controls: Arc<Stopped>,
    /// The schemes.
    schemes: Option<watch::Receiver<Arc<Schemes>>>,
    /// Whether listing users ends by a bug.
    buggy: bool,
    members: Members,
}

impl From<FakeQueries> for Scene {
    fn from(queries: FakeQueries) -> Self {
        Self { queries, ..Self::default() }
    }
}

fn source() -> SourceId {
    "acme".parse().expect("an id")
}

/// A request of the clock for `schemes`, due at second `due`.
fn asked(sweep: &str, schemes: &[&str], due: i64) -> SweepRequest {
    let run = |id: &&str| SweepRun {
        scheme: SchemeRef { id: id.parse().expect("an id"), version: "1".into() },
        test_mode: false,
        limits: Limits::default(),
    };
    SweepRequest::Asked(AskedSweep {
        sweep: SweepId::new(sweep),
        source: source(),
        runs: schemes.iter().map(run).collect(),
        cause: Cause::Schedule,
        undo_of: None,
        reason: None,
        due: Some(Timestamp::from_millis(due * 1000)),
        at: Timestamp::from_millis(due * 1000),
        by: None,
    })
}

/// The first `count` records of a stream that has one partition.
async fn records<T: codec::Wire>(log: &dyn Log, stream: Stream, count: usize) -> Vec<T> {
    let records = log.read(stream, vec![(Partition(0), 0)]).await.expect("read");
    let decoded = records.map(|record| codec::decode(&record.expect("a record").payload).expect("usher wrote it"));
    tokio::time::timeout(Duration::from_secs(30), decoded.take(count).collect()).await.expect("they come")
}

/// The work of a sweeper on `requests` in the `scene`: its first `count` records, and the users it has sighted
/// by then.
async fn made_of(requests: &[SweepRequest], count: usize, scene: impl Into<Scene>) -> (Vec<SweepProgress>, Vec<Event>) {
    made_after(requests, count, &[], count, scene).await
}

/// Like [`made_of`], with `later` requests once there are `count` records, until there are `most`.
async fn made_after(
    requests: &[SweepRequest],
    count: usize,
    later: &[SweepRequest],
    most: usize,
    scene: impl Into<Scene>,
) -> (Vec<SweepProgress>, Vec<Event>) {
    let (progress, events, _) = made_with(requests, count, later, most, scene).await;
    (progress, events)
}

/// Like [`made_after`], with all requests that are in the log at the end.
async fn made_with(
    requests: &[SweepRequest],
    count: usize,
    later: &[SweepRequest],
    most: usize,
    scene: impl Into<Scene>,
) -> (Vec<SweepProgress>, Vec<Event>, Vec<SweepRequest>) {
    let dir = tempfile::tempdir().expect("a folder");
    let options = Options { partitions: 1, ..Options::default() };
    let log: Arc<dyn Log> = Arc::new(EmbeddedLog::open(&dir.path().join("log"), options).expect("a log"));
    let memory =
        Memory::open(&Store::open(&dir.path().join("state"), log.identity()).expect("a store")).expect("memory");
    for request in requests {
        let record = Record { key: request.key(), payload: codec::encode(request) };
        log.append(Stream::Sweeps, record).await.expect("appended");
    }
    let (clock, metrics) = (Arc::new(SystemClock), Metrics::new().expect("metrics"));
    let Scene { queries, controls, schemes, buggy, members } = scene.into();
    let connection = Connection::new(source(), Arc::new(Lists { buggy, members }), 2, clock, controls, metrics.clone());
    let sweeper = Sweeper::new(connection, Arc::clone(&log), memory.sweeps, Arc::new(queries), metrics);
    let sweeper = Sweeper { schemes, ..sweeper };
    let stop = CancellationToken::new();
    let running =
        tokio::spawn(runtime::run(Arc::clone(&log), memory.ledger, Arc::new(sweeper), Health::default(), stop.clone()));
    records::<SweepProgress>(&*log, Stream::SweepProgress, count).await;
    for request in later {
        let record = Record { key: request.key(), payload: codec::encode(request) };
        log.append(Stream::Sweeps, record).await.expect("appended");
    }
    let progress = records::<SweepProgress>(&*log, Stream::SweepProgress, most).await;
    stop.cancel();
    running.await.expect("no panic");
    let sighted = log.bounds(Stream::Events, Partition(0)).await.expect("bounds").end;
    let events = records::<Event>(&*log, Stream::Events, usize::try_from(sighted).expect("few")).await;
    let asked = log.bounds(Stream::Sweeps, Partition(0)).await.expect("bounds").end;
    let asked = records::<SweepRequest>(&*log, Stream::Sweeps, usize::try_from(asked).expect("few")).await;
    log.close().await;
    (progress, events, asked)
}

fn started(progress: &[SweepProgress]) -> Vec<(String, Vec<SchemeId>)> {
    let started = progress.iter().filter_map(|progress| match &progress.step {
        SweepStep::Started { runs, .. } => {
            Some((progress.sweep.to_string(), runs.iter().map(|run| run.scheme.id.clone()).collect()))
        }
        _ => None,
    });
    started.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_sighted_once_also_who_stands_on_two_pages() {
    let (progress, events) = made_of(&[asked("s1", &["one"], 1)], 4, Scene::default()).await;
    let steps: Vec<_> = progress.iter().map(|progress| &progress.step).collect();
    assert!(matches!(steps[0], SweepStep::Started { .. }));
    assert_eq!(
        steps[1..],
        [
            &SweepStep::Listed { cursor: "2".into(), seen: 2 },
            &SweepStep::Listed { cursor: "3".into(), seen: 3 },
            &SweepStep::ListingEnded { seen: 5, incomplete: None, named: false },
        ]
    );
    let mut users: Vec<_> = events.iter().map(|event| event.user.to_string()).collect();
    users.sort();
    assert_eq!(users, ["a", "b", "c", "d", "e"]);
}

/// A sweep for a scheme that names `users`.
async fn named(users: &str) -> (SweepStep, Vec<String>) {
    let text = format!(
        "{{ id: one, source: acme, trigger: manual, select: {{ users: {users} }}, actions: [{{ add_groups: [staff] }}] }}"
    );
    let scheme = crate::config::read_scheme(&text, "test").expect("a scheme");
    let SweepRequest::Asked(asked) = asked("s1", &["one"], 1) else { panic!("asked") };
    let runs = asked.runs.into_iter().map(|run| SweepRun { scheme: scheme.reference(), ..run }).collect();
    let schemes =
        watch::Sender::new(Arc::new(Schemes::new([VersionedScheme { reference: scheme.reference(), scheme }])));
    let scene = Scene { schemes: Some(schemes.subscribe()), ..Scene::default() };
    let (mut progress, events) = made_of(&[SweepRequest::Asked(AskedSweep { runs, ..asked })], 2, scene).await;
    let mut users: Vec<_> = events.iter().map(|event| event.user.to_string()).collect();
    users.sort();
    (progress.remove(1).step, users)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_users_is_complete_where_the_product_answered_for_each_also_of_who_is_not_there() {
    let (ended, users) = named("[a, nobody]").await;
    assert_eq!(ended, SweepStep::ListingEnded { seen: 2, incomplete: None, named: true });
    assert_eq!(users, ["a", "nobody"], "and not b, c, d and e, who are listed");
    let (ended, users) = named("[a, secret]").await;
    let why = "1 of the users named could not be looked up";
    assert_eq!(ended, SweepStep::ListingEnded { seen: 2, incomplete: Some(why.into()), named: true });
    assert_eq!(users, ["a", "secret"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheme_runs_once_for_each_time_it_is_due_however_many_replicas_ask_for_whatever_schemes() {
    let requests = [
        asked("s1", &["one", "two"], 1),
        asked("s1", &["one", "two"], 1),
        asked("s2", &["one", "three"], 1), // a replica that knew other schemes
        asked("s3", &["one", "two", "three"], 1),
        asked("s4", &["one"], 2),
    ];
    let (progress, events) = made_of(&requests, 3 * 4, Scene::default()).await;
    let ids = |ids: &[&str]| ids.iter().map(|id| id.parse().expect("an id")).collect::<Vec<SchemeId>>();
    let expected = [("s1", ids(&["one", "two"])), ("s2", ids(&["three"])), ("s4", ids(&["one"]))];
    assert_eq!(started(&progress), expected.map(|(sweep, schemes)| (sweep.to_owned(), schemes)));
    assert_eq!(events.len(), 3 * 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_runs_of_a_sweep_fail_whose_listing_ends_by_a_bug_each_time_and_the_next_sweep_is_run() {
    let requests = [asked("s1", &["one"], 1), asked("s2", &["two"], 2)];
    let (progress, _) = made_of(&requests, 5, Scene { buggy: true, ..Scene::default() }).await;
    let SweepStep::Failed { why } = &progress[3].step else { panic!("{progress:?}") };
    assert!(why.starts_with("a bug of usher") && why.contains("not all users were listed"), "{why}");
    let two: Vec<SchemeId> = vec!["two".parse().expect("an id")];
    assert_eq!(started(&progress)[1..], [("s2".to_owned(), two)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_times_that_had_to_wait_only_the_last_one_is_run() {
    let read = FakeQueries { asked_until: Some(Timestamp::from_millis(3000)), ..FakeQueries::default() };
    let requests = [1, 2, 3].map(|due| asked(&format!("s{due}"), &["one"], due));
    let (progress, events) = made_of(&requests, 4, read).await;
    assert_eq!(started(&progress), [("s3".to_owned(), vec!["one".parse().expect("an id")])]);
    assert_eq!(events.len(), 5);
}

/// An order about the run of `one` in the sweep `s1`.
fn order() -> RunOrder {
    let (sweep, scheme) = (SweepId::new("s1"), "one".parse().expect("an id"));
    RunOrder { sweep, scheme, source: source(), at: Timestamp::from_millis(1), superseded_by: None, by: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_a_sweep_that_is_long_forgotten_can_be_cancelled() {
    let read = FakeQueries { plan: Some(Arc::default()), ..FakeQueries::default() };
    let (progress, events) = made_of(&[SweepRequest::Cancel(order())], 1, read).await;
    assert_eq!(progress[0].step, SweepStep::Cancelled { scheme: order().scheme });
    assert!(events.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_a_sweep_that_is_long_forgotten_stays_held_and_says_why() {
    let read = FakeQueries { plan: Some(Arc::default()), ..FakeQueries::default() };
    let (progress, events) = made_of(&[SweepRequest::Release(order())], 1, read).await;
    let SweepStep::Held { scheme, why } = &progress[0].step else { panic!("{progress:?}") };
    assert_eq!(scheme, &order().scheme);
    assert!(why.contains("longer than 30 days"), "{why}");
    assert!(events.is_empty());
}

/// A request by hand for `one`, with a limit of two users.
fn limited() -> SweepRequest {
    let SweepRequest::Asked(asked) = asked("s1", &["one"], 1) else { panic!("asked") };
    let runs = asked.runs.into_iter().map(|run| SweepRun { limits: Limits { users: Some(2), percent: None }, ..run });
    SweepRequest::Asked(AskedSweep { runs: runs.collect(), cause: Cause::Manual, due: None, ..asked })
}

/// Why the run of [`limited`] is held, selecting `selected` of five users, while `stopped` is.
async fn held(selected: u64, stopped: &str) -> String {
    let count = Some(Count { selected, would_change: selected, seen: 5, ..Count::default() });
    let scene = Scene::from(FakeQueries { count, ..FakeQueries::default() });
    scene.controls.stop(stopped);
    let (progress, events) = made_of(&[limited()], 5, scene).await;
    assert_eq!(events.len(), 5, "nobody is sighted again");
    match &progress[4].step {
        SweepStep::Held { why, .. } => why.clone(),
        step => panic!("{step:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_held_that_would_select_nobody_once_more() {
    assert!(held(3, "nothing").await.contains("its limit is 2 users"));
    assert!(held(1, "one").await.contains("paused"));
    assert!(held(1, "one@1").await.contains("changed"));
}

/// The requests in the log after a run of [`limited`], which selects `selected` of five, while `s0` is held.
async fn superseded_by_run_of(selected: u64) -> Vec<SweepRequest> {
    let count = Count { selected, would_change: selected, seen: 5, ..Count::default() };
    let held = vec![SweepId::new("s0"), SweepId::new("s1")];
    let read = FakeQueries { count: Some(count), held, ..FakeQueries::default() };
    made_with(&[limited()], 5, &[], 5, read).await.2
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_takes_the_place_of_an_older_one_that_is_held_whether_it_is_held_itself_or_not() {
    for selected in [1, 3] {
        let asked = superseded_by_run_of(selected).await;
        let [_, SweepRequest::Cancel(order)] = asked.as_slice() else { panic!("{asked:?}") };
        assert_eq!((order.sweep.as_str(), order.superseded_by.clone()), ("s0", Some(RunId::new("s1.one"))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_released_before_it_could_be_superseded_goes_on() {
    let by = RunId::new("s2.one");
    let superseding = SweepRequest::Cancel(RunOrder { superseded_by: Some(by.clone()), ..order() });
    let count = Count { selected: 3, would_change: 3, seen: 5, ..Count::default() };
    let read = || FakeQueries { count: Some(count), ..FakeQueries::default() };
    // Held, then superseded: it ends, and says by which run.
    let (progress, _) = made_of(&[limited(), superseding.clone()], 5, read()).await;
    assert!(matches!(&progress[4].step, SweepStep::Held { .. }), "{progress:?}");
    let (progress, events) = made_after(&[limited()], 5, std::slice::from_ref(&superseding), 6, read()).await;
    assert_eq!(progress[5].step, SweepStep::Superseded { scheme: order().scheme, by });
    assert_eq!(events.len(), 5, "nobody is sighted again");
    // Released first: the later word is too late.
    let (progress, _) = made_after(&[limited()], 5, &[SweepRequest::Release(order()), superseding], 6, read()).await;
    assert!(matches!(&progress[5].step, SweepStep::Released { .. }), "{progress:?}");
}
