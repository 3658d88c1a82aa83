use std::{
    ops::Range,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;

use super::*;
use crate::{
    domain::{Timestamp, UserHints, UserId, UserRef},
    log::{Consumer, Partition, Position, Records},
};

/// Keeps the appended records by key; a user called `bad` can't be written.
#[derive(Default)]
struct Notebook {
    kept: Mutex<Vec<(String, EventId)>>,
}

#[async_trait]
impl Log for Notebook {
    fn partitions(&self) -> u16 {
        1
    }

    fn identity(&self) -> &'static str {
        "notebook"
    }

    async fn append(&self, _: Stream, record: Record) -> Result<Position, log::Error> {
        tokio::task::yield_now().await; // so that others come in between
        if record.key.as_str().ends_with("/bad") {
            return Err(log::Error::Overloaded);
        }
        let event: Event = codec::decode(&record.payload).expect("an event");
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push((record.key.as_str().to_owned(), event.id));
        Ok(Position { partition: Partition(0), offset: kept.len() as u64 - 1 })
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

fn source() -> SourceId {
    "acme".parse().expect("an id")
}

fn told(user: &str, millis: i64, entry: &str) -> ReportedEvent {
    ReportedEvent {
        kind: EventKind::LoggedIn,
        user: UserRef::Id(UserId::new(user)),
        hints: UserHints::default(),
        occurred: Some(Timestamp::from_millis(millis)),
        odd_time: None,
        entry: Some(entry.to_owned()),
    }
}

fn events(logins_by_second: bool, told: Vec<ReportedEvent>) -> Vec<Event> {
    let source = source();
    let origin = Origin { source: &source, via: Via::Webhook, logins_by_second, delivery: None, body: b"" };
    origin.events(told, &crate::clock::SystemClock)
}

#[tokio::test]
async fn all_events_of_a_delivery_are_kept_those_of_one_user_in_their_order() {
    let log = Notebook::default();
    let told = (0..300).map(|n| told(&format!("user{}", n % 7), n * 1000, &n.to_string())).collect();
    let events = events(false, told);
    let wanted: Vec<_> = events.iter().map(|event| (event.key().as_str().to_owned(), event.id.clone())).collect();
    let metrics = Metrics::new().expect("metrics");
    let ids = append(events, &log, &metrics).await.unwrap_or_default();
    assert_eq!(ids, wanted.iter().map(|(_, id)| id.clone()).collect::<Vec<_>>());
    let kept = log.kept.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(kept.len(), 300);
    for user in 0..7 {
        let key = format!("acme/id/user{user}");
        let of_user = |all: &[(String, EventId)]| {
            all.iter().filter(|(own, _)| *own == key).map(|(_, id)| id.clone()).collect::<Vec<_>>()
        };
        assert_eq!(of_user(&kept), of_user(&wanted), "{key}");
    }
}

#[tokio::test]
async fn a_delivery_is_not_taken_when_one_of_its_events_is_not() {
    let metrics = Metrics::new().expect("metrics");
    for bad in [0, 5, 9] {
        let user = |n| if n == bad { "bad".to_owned() } else { format!("user{n}") };
        let told = (0..10).map(|n| told(&user(n), 0, &n.to_string())).collect();
        let outcome = append(events(false, told), &Notebook::default(), &metrics).await;
        assert!(matches!(outcome, Err(Error::Overloaded)));
    }
}

#[test]
fn an_entry_that_comes_twice_in_a_delivery_is_one_event() {
    let twice = || vec![told("jane", 0, "1"), told("jane", 999, "2"), told("jane", 0, "1"), told("jane", 1000, "3")];
    assert_eq!(events(false, twice()).len(), 3);
    let by_second = events(true, twice());
    assert_eq!(by_second.len(), 2, "the first two are in one second");
    let listener = ReportedEvent { entry: None, ..told("jane", 500, "") };
    assert_eq!(events(true, vec![listener])[0].id, by_second[0].id, "whoever tells of it");
    let created = ReportedEvent { kind: EventKind::Created, ..told("jane", 0, "1") };
    assert_ne!(events(true, vec![created])[0].id, by_second[0].id);
}

/// The event of the same body when it is accepted at `millis`.
fn accepted_at(millis: i64, told: ReportedEvent, delivery: Option<&str>) -> Event {
    struct At(i64);
    impl Clock for At {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(self.0)
        }
    }
    let source = source();
    let origin = Origin { source: &source, via: Via::Webhook, logins_by_second: false, delivery, body: b"the same" };
    origin.events(vec![told], &At(millis)).remove(0)
}

#[test]
fn a_login_with_the_same_bytes_without_a_time_is_a_new_one_in_another_minute() {
    const MINUTE: i64 = 1_700_000_040_000;
    let untimed = || ReportedEvent { entry: None, occurred: None, ..told("jane", 0, "") };
    let id = |millis| accepted_at(millis, untimed(), None).id;
    assert_eq!(id(MINUTE), id(MINUTE + 59_999));
    assert_ne!(id(MINUTE), id(MINUTE + 60_000));
    assert_ne!(
        id(MINUTE),
        accepted_at(MINUTE, ReportedEvent { user: UserRef::Id(UserId::new("joe")), ..untimed() }, None).id
    );
    let by_delivery = |millis| accepted_at(millis, untimed(), Some("7")).id;
    assert_eq!(by_delivery(MINUTE), by_delivery(MINUTE + 3_600_000), "the sender's number counts");
    let timed = |millis| accepted_at(millis, ReportedEvent { entry: None, ..told("jane", 5, "") }, None).id;
    assert_eq!(timed(MINUTE), timed(MINUTE + 3_600_000), "the time in the body counts");
    for kind in [EventKind::Created, EventKind::Updated, EventKind::Removed] {
        let id = |millis| accepted_at(millis, ReportedEvent { kind, ..untimed() }, None).id;
        assert_eq!(id(MINUTE), id(MINUTE + 3_600_000), "{kind:?}");
    }
}

#[test]
fn texts_as_long_as_products_allow_them_fit_and_longer_ones_do_not() {
    let event = |length: usize| {
        let text = "\u{10348}".repeat(length);
        let hints = UserHints {
            name: Some(text.clone()),
            email: crate::domain::EmailAddress::parse(&text),
            ..UserHints::default()
        };
        Event {
            id: EventId::from_body(&source(), b"1"),
            source: "s".repeat(63).parse().expect("an id"),
            kind: EventKind::Created,
            via: Via::Webhook,
            user: UserRef::Id(UserId::new(text)),
            hints,
            occurred: Some(Timestamp::from_millis(1_700_000_000_000)),
            accepted: Timestamp::from_millis(1_700_000_000_000),
            sweep: None,
        }
    };
    assert!(fit(&[event(255)], 1024 * 1024));
    assert!(!fit(&[event(255), event(700)], 1024 * 1024));
}
