//! An audit log in memory with changeable behaviour, and the events made from it.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use serde_json::json;

use crate::{
    clock::Clock,
    config::{self, Auth, Source},
    domain::{DeadLetter, Event, FeedPlace, Product, Timestamp, Via},
    engine::testing::Stub,
    intake::feed::Feed,
    json_record::Unread,
    log::{self, Consumer, Log, Partition, Position, Record, Records, Stream, codec},
    metrics::Metrics,
    products::{
        Error,
        audit::{AuditEntry, AuditLog, AuditPage, Order, Span},
    },
    secret::Secret,
    source::{Arrivals, Connection, NoControls},
};

/// The behaviour of the log.
#[derive(Debug, Clone)]
pub(super) struct Moods {
    pub page: usize,
    pub repeat: usize,
    pub empty: u32,
    pub expire: u32,
    /// The status with which a cursor is refused.
    pub refusal: u16,
    pub keep_cursor: bool,
}

impl Default for Moods {
    fn default() -> Self {
        Self { page: 100, repeat: 0, empty: 0, expire: 0, refusal: 400, keep_cursor: false }
    }
}

#[derive(Clone)]
struct Login {
    number: u64,
    user: u8,
    at: Timestamp,
    /// By the machine's clock.
    visible: Timestamp,
    old: bool,
}

/// The time, the audit log, and usher's own log.
pub(super) struct Scene {
    order: Order,
    world: Arc<World>,
}

struct World {
    now: AtomicI64,
    logins: Mutex<Vec<Login>>,
    moods: Mutex<Moods>,
    events: Mutex<Vec<Event>>,
    letters: Mutex<Vec<DeadLetter>>,
    /// The unreadable entries on each page that has an entry.
    unread: Mutex<Vec<Unread>>,
    place: Mutex<Option<FeedPlace>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Scene {
    pub fn new(order: Order) -> Self {
        let world = World {
            now: AtomicI64::new(1_700_000_000_000),
            logins: Mutex::default(),
            moods: Mutex::default(),
            events: Mutex::default(),
            letters: Mutex::default(),
            unread: Mutex::default(),
            place: Mutex::default(),
        };
        Self { order, world: Arc::new(world) }
    }

    pub fn feed(&self) -> Arc<Feed> {
        let base = "http://127.0.0.1:1".parse().expect("a URL");
        let id = "acme".parse().expect("an id");
        let mut source = Source::new(id, Product::JiraDc, base, Auth::Bearer(Secret::new("t")));
        source.feed = Some(config::Feed { every: Duration::from_secs(1), overlap: Duration::from_secs(600) });
        let metrics = Metrics::new().expect("metrics");
        let (clock, controls) = (Arc::clone(&self.world) as Arc<dyn Clock>, Arc::new(NoControls::default()));
        let connection =
            Connection::new(source.id.clone(), Arc::new(Stub::default()), 1, clock, controls, metrics.clone());
        let arrivals = Arrivals::new([&source.id], metrics.clone(), Arc::clone(&self.world) as Arc<dyn Clock>);
        Feed::of(&source, connection, Arc::clone(&self.world) as Arc<dyn Log>, metrics, arrivals).expect("it has one")
    }

    pub fn log(&self) -> Fake {
        Fake { order: self.order, world: Arc::clone(&self.world) }
    }

    pub fn saved_place(&self) -> Option<FeedPlace> {
        lock(&self.world.place).clone()
    }

    pub fn wait(&self, seconds: i64) {
        self.world.now.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    pub fn behave(&self, moods: Moods) {
        *lock(&self.world.moods) = moods;
    }

    pub fn log_in(&self, user: u8, skew: i64, late: i64, old: bool) {
        let now = self.world.now.fetch_add(1, Ordering::SeqCst); // no two within a millisecond
        let (at, visible) = (Timestamp::from_millis(now + skew * 1000), Timestamp::from_millis(now + late * 1000));
        let mut logins = lock(&self.world.logins);
        let number = logins.len() as u64;
        logins.push(Login { number, user, at, visible, old });
    }

    /// Fails the test unless every login was taken in once; more often only after a crash.
    pub fn judge(&self, crashed: bool) {
        assert!(lock(&self.world.events).iter().all(|event| event.via == Via::Feed));
        let times = self.times_taken_in();
        let expected = lock(&self.world.logins).iter().filter(|login| !login.old).count();
        assert_eq!(times.len(), expected, "so many different logins were taken in");
        if !crashed {
            assert!(times.iter().all(|times| *times == 1), "one was taken in more than once");
            self.judge_order();
        }
    }

    /// From now on each page has an entry that can't be read.
    pub fn cant_be_read(&self, unread: Unread) {
        lock(&self.world.unread).push(unread);
    }

    /// The dead letters.
    pub fn letters(&self) -> Vec<DeadLetter> {
        lock(&self.world.letters).clone()
    }

    /// How often each entry was taken in.
    pub fn times_taken_in(&self) -> Vec<u32> {
        let mut times = BTreeMap::<_, u32>::new();
        for event in lock(&self.world.events).iter() {
            *times.entry(event.id.to_string()).or_default() += 1;
        }
        times.into_values().collect()
    }

    /// Entries that were there between two polls are in order, if the clocks agree.
    fn judge_order(&self) {
        let skewed = lock(&self.world.logins).iter().any(|login| {
            login.visible != login.at // late, or by another clock
        });
        if skewed {
            return;
        }
        let mut last = BTreeMap::new();
        for event in lock(&self.world.events).iter() {
            let before = last.insert(event.user.to_string(), event.occurred);
            assert!(before <= Some(event.occurred), "a login is told after a later one of the same user");
        }
    }
}

impl std::fmt::Debug for Scene {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scene").field("order", &self.order).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("World")
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::SeqCst))
    }
}

#[async_trait]
impl Log for World {
    fn partitions(&self) -> u16 {
        1
    }

    fn identity(&self) -> &'static str {
        "world"
    }

    async fn append(&self, stream: Stream, record: Record) -> Result<Position, log::Error> {
        match stream {
            Stream::Feeds => *lock(&self.place) = Some(codec::decode(&record.payload).expect("a place")),
            Stream::DeadLetters => lock(&self.letters).push(codec::decode(&record.payload).expect("a dead letter")),
            _ => lock(&self.events).push(codec::decode(&record.payload).expect("an event")),
        }
        Ok(Position { partition: Partition(0), offset: 0 })
    }

    async fn bounds(&self, _: Stream, _: Partition) -> Result<Range<u64>, log::Error> {
        Err(log::Error::Overloaded)
    }

    async fn read(&self, _: Stream, _: Vec<(Partition, u64)>) -> Result<Records, log::Error> {
        Err(log::Error::Overloaded)
    }

    async fn consume(&self, _: Stream, _: &str) -> Result<Consumer, log::Error> {
        Err(log::Error::Overloaded)
    }

    async fn ready(&self) -> Result<(), log::Error> {
        Ok(())
    }

    async fn close(&self) {}
}

/// The audit log.
pub(super) struct Fake {
    order: Order,
    world: Arc<World>,
}

impl Fake {
    /// The present entries in the log's order, each with its place.
    fn there(&self) -> Vec<(i64, Login)> {
        let now = self.world.now();
        let logins = lock(&self.world.logins);
        let visible = logins.iter().filter(|login| login.visible <= now).cloned();
        let place = |login: &Login| match self.order {
            // By time; of one time the later one first.
            Order::NewestFirst => -(login.at.as_millis() * 1000 + i64::try_from(login.number).expect("few")),
            Order::AsProcessed => login.visible.as_millis() * 1000 + i64::try_from(login.number).expect("few"),
        };
        let mut there: Vec<_> = visible.map(|login| (place(&login), login)).collect();
        there.sort_by_key(|(place, _)| *place);
        there
    }

    fn entry(&self, login: &Login) -> AuditEntry {
        let user = format!("user{}", login.user);
        let entry = json!({
            "id": format!("entry {}", login.number),
            "attributes": { "action": "user_login", "time": login.at.to_string(), "actor": { "id": user } },
        });
        let at = match self.order {
            Order::NewestFirst => login.at,
            Order::AsProcessed => login.at.max(login.visible),
        };
        AuditEntry { at: Some(at), entry }
    }
}

#[async_trait]
impl AuditLog for Fake {
    fn order(&self) -> Order {
        self.order
    }

    fn gap(&self) -> Duration {
        Duration::ZERO
    }

    async fn newest(&self) -> Result<Option<Timestamp>, Error> {
        Ok(self.there().iter().filter_map(|(_, login)| self.entry(login).at).max())
    }

    async fn page(&self, span: Span, cursor: Option<&str>) -> Result<AuditPage, Error> {
        let mut moods = lock(&self.world.moods);
        if cursor.is_some() && moods.expire > 0 {
            moods.expire -= 1;
            return Err(Error::Refused { status: moods.refusal, message: "not valid any more".to_owned() });
        }
        let behind = cursor.map(|text| text.split_once('/').expect("its own").0.parse::<i64>().expect("a number"));
        if moods.empty > 0 {
            moods.empty -= 1;
            // One kind of log says that there is nothing, the other that there is more.
            let next = format!("{}/{}", behind.unwrap_or(0), moods.empty);
            let next = (self.order == Order::AsProcessed).then_some(next);
            return Ok(AuditPage { entries: Vec::new(), unread: Vec::new(), next });
        }
        let time = |login: &Login| match self.order {
            Order::NewestFirst => login.at,
            Order::AsProcessed => login.visible,
        };
        let there: Vec<_> = self
            .there()
            .into_iter()
            .filter(|(_, login)| {
                let at = time(login);
                (cursor.is_some() && self.order == Order::AsProcessed)
                    || (at >= span.from && span.to.is_none_or(|to| at < to))
            })
            .collect();
        let first = there.partition_point(|(place, _)| behind.is_some_and(|behind| *place <= behind));
        let last = there.len().min(first + moods.page);
        let page = &there[first.saturating_sub(moods.repeat)..last];
        let entries: Vec<_> = page.iter().map(|(_, login)| self.entry(login)).collect();
        let end = last == there.len();
        let place = page.last().map(|(place, _)| *place).or(behind);
        let keeps = moods.keep_cursor && self.order == Order::AsProcessed;
        let next = place.filter(|_| !end || keeps).map(|place| format!("{place}/-"));
        Ok(AuditPage { unread: lock(&self.world.unread).clone(), entries, next })
    }
}
