use std::{
    collections::BTreeSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use futures::StreamExt;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::*;
use crate::{
    clock::SystemClock,
    domain::{
        Event, GroupName, NewcomerOrder, SchemeRef, SourceId, Step, SweepProgress, SweepRequest, SweepStep, UserHints,
        UserId, UserRef,
    },
    engine::{Memory, Sweeper},
    health::Health,
    log::{
        Partition, Record, Stream, codec,
        embedded::{EmbeddedLog, Options},
    },
    products::{Client, Completeness, Error, User, UserPage},
    rules::VersionedScheme,
    runtime,
    source::NoControls,
    store::Store,
    views::Views,
};

const EVERY: Duration = Duration::from_millis(200);

/// A product that lists two users a page, and may be changed between two pages.
#[derive(Default)]
struct Site {
    users: Mutex<Vec<String>>,
    /// The user who leaves when the first page has been read.
    goes: Mutex<Option<String>>,
    /// The user whom a webhook reports when a page with them has been read.
    told: Mutex<Option<(String, Arc<Met>)>>,
    /// Whether the list does not go to its end.
    is_cut: AtomicBool,
    /// The number of unreadable records in the list.
    unreadable: AtomicU64,
    /// The users who are about to be deleted.
    leaving: Mutex<Vec<String>>,
    /// The number of readings of its first page.
    lists: AtomicUsize,
}

impl Site {
    fn users(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, users: impl IntoIterator<Item = String>) {
        self.users().extend(users);
    }
}

#[async_trait]
impl Client for Site {
    async fn users(&self, cursor: Option<&str>) -> Result<UserPage, Error> {
        let from: usize = cursor.map_or(0, |cursor| cursor.parse().expect("a number"));
        let all = self.users().clone();
        self.lists.fetch_add(usize::from(from == 0), Ordering::SeqCst);
        if let Some(goes) = self.goes.lock().unwrap_or_else(PoisonError::into_inner).take() {
            self.users().retain(|user| *user != goes);
        }
        if let Some((told, met)) = &*self.told.lock().unwrap_or_else(PoisonError::into_inner)
            && all.contains(told)
        {
            met.meet(UserId::new(told));
        }
        let users = all.iter().skip(from).take(2).map(|user| (UserId::new(user), UserHints::default())).collect();
        let next = (from + 2 < all.len()).then(|| (from + 2).to_string());
        let is_cut = next.is_none() && self.is_cut.load(Ordering::SeqCst);
        let leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner).iter().map(UserId::new).collect();
        let completeness = match self.unreadable.load(Ordering::SeqCst) {
            _ if is_cut => Completeness::NotProved("no more".to_owned()),
            0 => Completeness::Proved,
            records => Completeness::Unreadable(records),
        };
        Ok(UserPage { completeness, leaving, ..UserPage::new(users, next) })
    }

    async fn user(&self, _: &UserRef) -> Result<User, Error> {
        Err(Error::NoSuchUser)
    }

    async fn make_so(&self, _: &User, _: &Step) -> Result<(), Error> {
        Err(Error::NoSuchUser)
    }

    async fn group_exists(&self, _: &GroupName) -> Result<bool, Error> {
        Ok(true)
    }

    async fn groups_like(&self, _: &str) -> Result<Vec<GroupName>, Error> {
        Ok(Vec::new())
    }

    async fn myself(&self) -> Result<Option<UserId>, Error> {
        Ok(None)
    }

    async fn administrators(&self) -> Result<BTreeSet<UserId>, Error> {
        Ok(BTreeSet::new())
    }

    async fn probe(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// The users whom planners and views know.
#[derive(Default)]
struct Met(Mutex<BTreeSet<UserId>>);

impl Met {
    fn meet(&self, user: UserId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(user);
    }
}

impl KnownUsers for Met {
    fn unknown_user(&self, _: &SourceId, user: &UserId, _: Timestamp) -> Option<UnknownUser> {
        let is_met = self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(user);
        (!is_met).then(|| UnknownUser { user: user.clone(), as_of: None })
    }

    fn read_until(&self, _: Stream, _: Partition) -> u64 {
        u64::MAX
    }
}

fn source() -> SourceId {
    "acme".parse().expect("an id")
}

/// One scheme that waits for creations.
fn schemes() -> Schemes {
    let text = r#"{"id":"new","source":"acme","trigger":"on_create","select":{"everyone":true},"actions":[{"add_groups":["g"]}]}"#;
    let scheme = crate::config::read_scheme(text, "test").expect("a scheme");
    let reference = SchemeRef { id: scheme.id.clone(), version: "1".into() };
    Schemes::new([VersionedScheme { scheme, reference }])
}

/// A reconciler at work, and a planner that knows every reported user.
struct Bench {
    site: Arc<Site>,
    met: Arc<Met>,
    log: Arc<dyn Log>,
    _stop: DropGuard,
    _schemes: watch::Sender<Arc<Schemes>>,
    _dir: tempfile::TempDir,
}

impl Bench {
    fn start(site: Site) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let options = Options { partitions: 1, ..Options::default() };
        let log: Arc<dyn Log> = Arc::new(EmbeddedLog::open(&dir.path().join("log"), options).expect("a log"));
        let store = Store::open(&dir.path().join("state"), log.identity()).expect("a store");
        let memory = Memory::open(&store).expect("memory");
        let (site, met) = (Arc::new(site), Arc::<Met>::default());
        let (controls, metrics) = (Arc::new(NoControls::default()), Metrics::new().expect("metrics"));
        let client = Arc::clone(&site) as Arc<dyn Client>;
        let connection = Connection::new(source(), client, 2, Arc::new(SystemClock), controls, metrics.clone());
        let schemes = watch::Sender::new(Arc::new(schemes()));
        let views = Arc::new(Views::open(&store).expect("views"));
        let sweeper = Sweeper::new(connection, Arc::clone(&log), memory.sweeps, views, metrics).reconciling(
            Arc::clone(&met) as Arc<dyn KnownUsers>,
            schemes.subscribe(),
            Some(EVERY),
        );
        let stop = CancellationToken::new();
        tokio::spawn(runtime::run(Arc::clone(&log), memory.ledger, Arc::new(sweeper), Health::default(), stop.clone()));
        tokio::spawn(meet_everybody(Arc::clone(&log), Arc::clone(&met)));
        Self { site, met, log, _stop: stop.drop_guard(), _schemes: schemes, _dir: dir }
    }

    /// The state of the comparison, once `is_so`.
    async fn until(&self, is_so: impl Fn(&Comparison) -> bool) -> Comparison {
        let mut records = self.log.read(Stream::SweepProgress, vec![(Partition(0), 0)]).await.expect("read");
        let found = async {
            loop {
                let record = records.next().await.expect("the log goes on").expect("a record");
                match codec::decode::<SweepProgress>(&record.payload).expect("usher wrote it").step {
                    SweepStep::Compared(comparison) if is_so(&comparison) => return comparison,
                    _ => {}
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), found).await.expect("in time")
    }

    /// Waits until the comparison that was written down last `is_so`.
    async fn until_last(&self, is_so: impl Fn(&Comparison) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !is_so(&self.last_comparison().await) {
            assert!(Instant::now() < deadline, "in vain");
            sleep(Duration::from_millis(10)).await;
        }
    }

    async fn last_comparison(&self) -> Comparison {
        let end = self.log.bounds(Stream::SweepProgress, Partition(0)).await.expect("bounds").end;
        let records = self.log.read(Stream::SweepProgress, vec![(Partition(0), end - 1)]).await.expect("read");
        let record = std::pin::pin!(records).next().await.expect("there is one").expect("a record");
        match codec::decode::<SweepProgress>(&record.payload).expect("usher wrote it").step {
            SweepStep::Compared(comparison) => comparison,
            other => panic!("{other:?}"),
        }
    }

    /// Waits until all users have been listed, and the results are reported.
    async fn a_round_passes(&self) {
        let (begun, deadline) = (self.site.lists.load(Ordering::SeqCst), Instant::now() + Duration::from_secs(30));
        while self.site.lists.load(Ordering::SeqCst) < begun + 3 {
            assert!(Instant::now() < deadline, "in vain");
            sleep(Duration::from_millis(10)).await;
        }
    }

    async fn order(&self, order: NewcomerOrder) {
        let request = SweepRequest::Newcomers(order);
        let record = Record { key: request.key(), payload: codec::encode(&request) };
        self.log.append(Stream::Sweeps, record).await.expect("appended");
    }

    /// All events so far: `created a`.
    async fn events(&self) -> Vec<String> {
        let end = self.log.bounds(Stream::Events, Partition(0)).await.expect("bounds").end;
        let records = self.log.read(Stream::Events, vec![(Partition(0), 0)]).await.expect("read");
        let events = records.take(usize::try_from(end).expect("few")).map(|record| {
            let event: Event = codec::decode(&record.expect("a record").payload).expect("usher wrote it");
            format!("{} {}", event.kind.as_str(), event.user)
        });
        events.collect().await
    }

    async fn until_events(&self, is_so: impl Fn(&[String]) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !is_so(&self.events().await) {
            assert!(Instant::now() < deadline, "in vain: {:?}", self.events().await);
            sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn meet_everybody(log: Arc<dyn Log>, met: Arc<Met>) {
    let mut records = log.read(Stream::Events, vec![(Partition(0), 0)]).await.expect("read");
    while let Some(Ok(record)) = records.next().await {
        let event: Event = codec::decode(&record.payload).expect("usher wrote it");
        met.meet(event.user.id().expect("an id").clone());
    }
}

fn names(letter: char, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{letter}{number:03}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_slides_to_a_page_that_was_read_already_is_part_of_the_baseline_all_the_same() {
    let site = Site::default();
    site.put(["a", "b", "c", "d"].map(str::to_owned));
    *site.goes.lock().expect("not poisoned") = Some("a".into()); // so that `c` is on the first page
    let bench = Bench::start(site);
    let whole = bench.until(|comparison| comparison.baseline.is_some()).await;
    assert_eq!(whole.known, 3);
    let mut events = bench.events().await;
    events.sort();
    assert_eq!(events, ["sighted a", "sighted b", "sighted c", "sighted d"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_told_of_a_moment_after_the_list_was_read_is_no_newcomer() {
    let site = Site::default();
    site.put(names('a', 3));
    let bench = Bench::start(site);
    bench.until(|comparison| comparison.baseline.is_some()).await;
    *bench.site.told.lock().expect("not poisoned") = Some(("told".into(), Arc::clone(&bench.met)));
    bench.site.put(["told".to_owned(), "untold".to_owned()]);
    bench.until_events(|events| events.contains(&"created untold".to_owned())).await;
    assert_eq!(bench.events().await.len(), 4, "three of the baseline, and one newcomer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_cut_off_makes_neither_a_baseline_nor_newcomers() {
    let site = Site::default();
    site.put(names('a', 3));
    site.is_cut.store(true, Ordering::SeqCst);
    let bench = Bench::start(site);
    let cut = bench.until(|comparison| comparison.failed.is_some()).await;
    let why = "the list of users is not known to be whole: no more";
    assert_eq!((cut.baseline, cut.failed.as_deref()), (None, Some(why)));
    let list = cut.list.expect("it was read");
    assert_eq!((list.users, list.incomplete.as_deref()), (3, Some("no more")));

    bench.site.is_cut.store(false, Ordering::SeqCst);
    let whole = bench.until(|comparison| comparison.baseline.is_some()).await;
    bench.site.is_cut.store(true, Ordering::SeqCst);
    bench.site.put(["slid".to_owned()]);
    let cut = bench.until(|comparison| comparison.baseline.is_some() && comparison.failed.is_some()).await;
    assert_eq!((cut.baseline, cut.known), (whole.baseline, 3));
    bench.a_round_passes().await;
    assert!(!bench.events().await.contains(&"created slid".to_owned()));

    bench.site.is_cut.store(false, Ordering::SeqCst);
    bench.until_events(|events| events.contains(&"created slid".to_owned())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_cannot_be_read_does_not_keep_others_from_being_found() {
    let site = Site { unreadable: AtomicU64::new(1), ..Site::default() };
    site.put(names('a', 3));
    let bench = Bench::start(site);
    let whole = bench.until(|comparison| comparison.baseline.is_some()).await;
    assert_eq!(whole.list.expect("it was read").unreadable, 1);
    bench.site.put(["new".to_owned()]);
    bench.until_events(|events| events.contains(&"created new".to_owned())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_record_could_not_be_read_before_is_not_taken_for_new_when_it_can() {
    let site = Site { unreadable: AtomicU64::new(1), ..Site::default() };
    site.put(names('a', 3));
    let bench = Bench::start(site);
    bench.until(|comparison| comparison.baseline.is_some()).await;
    bench.site.put(["was there before".to_owned()]);
    bench.site.unreadable.store(0, Ordering::SeqCst);
    bench.until(|comparison| comparison.held == 1).await;
    bench.a_round_passes().await;
    assert_eq!(bench.events().await.len(), 3, "the baseline alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn newcomers_who_are_held_stay_so_when_some_of_them_go_and_until_none_is_left() {
    let site = Site::default();
    site.put(names('a', 2));
    let bench = Bench::start(site);
    bench.until(|comparison| comparison.baseline.is_some()).await;
    bench.site.put(names('b', 51));
    bench.until(|comparison| comparison.held == 51).await;
    bench.site.users().retain(|user| user.starts_with('a') || user == "b007");
    bench.until(|comparison| comparison.held == 1).await;
    bench.site.put(["c".to_owned()]);
    bench.until(|comparison| comparison.held == 2).await;
    bench.site.users().retain(|user| user.starts_with('a'));
    bench.until_last(|comparison| comparison.held == 0).await;
    assert_eq!(bench.events().await.len(), 2, "the baseline alone");

    bench.site.put(["d".to_owned()]);
    bench.until_events(|events| events.contains(&"created d".to_owned())).await;
    assert_eq!(bench.events().await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_deletion_is_cancelled_was_there_before() {
    let site = Site { leaving: Mutex::new(vec!["leaving".to_owned()]), ..Site::default() };
    site.put(names('a', 2));
    let bench = Bench::start(site);
    let whole = bench.until(|comparison| comparison.baseline.is_some()).await;
    assert_eq!(whole.known, 3);
    bench.site.leaving.lock().expect("not poisoned").clear();
    bench.site.put(["leaving".to_owned(), "new".to_owned()]);
    bench.until_events(|events| events.contains(&"created new".to_owned())).await;
    assert_eq!(bench.events().await.len(), 4, "three of the baseline, and one newcomer");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_about_as_many_newcomers_as_were_there_when_it_was_given() {
    let site = Site::default();
    site.put(names('a', 2));
    let bench = Bench::start(site);
    bench.until(|comparison| comparison.baseline.is_some()).await;
    bench.site.put(names('b', 60));
    bench.until(|comparison| comparison.held == 60).await;
    bench.site.put(names('c', 60));
    let order = NewcomerOrder { source: source(), release: true, users: 60, at: Timestamp::from_millis(1), by: None };
    bench.order(order.clone()).await;
    bench.until(|comparison| comparison.held == 120).await;
    assert_eq!(bench.events().await.len(), 2, "the baseline alone");
    bench.order(NewcomerOrder { users: 120, ..order }).await;
    let created = |events: &[String]| events.iter().filter(|event| event.starts_with("created")).count();
    bench.until_events(|events| created(events) == 120).await;
}
