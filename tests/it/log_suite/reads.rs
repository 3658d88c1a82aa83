//! What a reader sees.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use futures::StreamExt;
use usher::log::{Partition, Position, Stream};

use super::{
    Fixture, all, record,
    support::{append_many, take, within},
};

pub async fn a_reader_started_at_an_offset_sees_exactly_the_rest_and_then_follows<F: Fixture>() {
    let fixture = F::new().await;
    let log = fixture.open().await;
    // One after the other, and together: what is written together may be stored together.
    for number in 0..10 {
        within(log.append(Stream::Decisions, record(1, number.to_string()))).await.expect("appended");
    }
    let partition = append_many(&*log, Stream::Decisions, 1, 1).await[0].0.partition;
    let end = within(log.bounds(Stream::Decisions, partition)).await.expect("bounds").end;
    append_many(&*log, Stream::Decisions, 40, 10).await;
    let end_now = within(log.bounds(Stream::Decisions, partition)).await.expect("bounds").end;

    for from in (0..=end_now).step_by(7).chain([end, end_now]) {
        let mut records = within(log.read(Stream::Decisions, vec![(partition, from)])).await.expect("records");
        let rest = take(&mut records, usize::try_from(end_now - from).expect("a count")).await;
        assert!(rest.iter().map(|stored| stored.position.offset).eq(from..end_now), "from {from}");
    }

    let mut records = within(log.read(Stream::Decisions, vec![(partition, end_now - 1)])).await.expect("records");
    take(&mut records, 1).await;
    let waiting = tokio::spawn(async move { take(&mut records, 2).await });
    let key = all(&*log, Stream::Decisions).await.into_iter().find(|stored| stored.position.partition == partition);
    let key = usher::domain::UserKey::parse(&key.expect("a record").key).expect("a key");
    for payload in ["new", "newer"] {
        let record = usher::log::Record { key: key.clone(), payload: payload.into() };
        within(log.append(Stream::Decisions, record)).await.expect("appended");
    }
    let followed = within(waiting).await.expect("no panic");
    let seen: Vec<_> = followed.iter().map(|stored| (stored.position.offset, &stored.payload[..])).collect();
    assert_eq!(seen, [(end_now, &b"new"[..]), (end_now + 1, &b"newer"[..])]);
    log.close().await;
}

pub async fn a_reader_that_gathers_sees_the_same_and_a_single_record_soon<F: Fixture>() {
    let fixture = F::new().await;
    let log = fixture.open().await;
    append_many(&*log, Stream::Outcomes, 40, 10).await;
    let from = (0..log.partitions()).map(|number| (Partition(number), 0)).collect();
    let place = |position: Position| (position.partition, position.offset);
    let mut records = within(log.read_gathered(Stream::Outcomes, from)).await.expect("records");
    let seen: BTreeSet<_> = take(&mut records, 400).await.into_iter().map(|stored| place(stored.position)).collect();
    let all: BTreeSet<_> =
        all(&*log, Stream::Outcomes).await.into_iter().map(|stored| place(stored.position)).collect();
    assert_eq!(seen, all);
    for number in 0..3 {
        let began = Instant::now();
        let appended = within(log.append(Stream::Outcomes, record(1, number.to_string()))).await.expect("appended");
        assert_eq!(take(&mut records, 1).await[0].position, appended);
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
    log.close().await;
}

pub async fn a_reader_waits_for_an_offset_that_is_yet_to_come<F: Fixture>() {
    let fixture = F::new().await;
    let log = fixture.open().await;
    let first = within(log.append(Stream::Events, record(1, "0"))).await.expect("appended");
    let mut records = within(log.read(Stream::Events, vec![(first.partition, 3)])).await.expect("records");
    for number in 1..5 {
        within(log.append(Stream::Events, record(1, number.to_string()))).await.expect("appended");
    }
    let seen: Vec<_> = take(&mut records, 2).await.into_iter().map(|stored| stored.payload).collect();
    assert_eq!(seen, ["3", "4"]);
    log.close().await;
}

pub async fn a_reader_ends_when_the_log_is_closed<F: Fixture>() {
    let fixture = F::new().await;
    let log = fixture.open().await;
    within(log.append(Stream::Events, record(1, "x"))).await.expect("appended");
    let from = (0..log.partitions()).map(|number| (Partition(number), 0)).collect();
    let mut records = within(log.read(Stream::Events, from)).await.expect("records");
    take(&mut records, 1).await;
    log.close().await;
    assert!(within(records.next()).await.is_none());
}

pub async fn bounds_are_from_the_oldest_to_one_past_the_newest<F: Fixture>() {
    let fixture = F::new().await;
    let mut log = fixture.open().await;
    for number in 0..log.partitions() {
        assert_eq!(within(log.bounds(Stream::DeadLetters, Partition(number))).await.expect("bounds"), 0..0);
    }
    let partition = within(log.append(Stream::DeadLetters, record(1, "x"))).await.expect("appended").partition;
    for end in 2..5 {
        let position = within(log.append(Stream::DeadLetters, record(1, "x"))).await.expect("appended");
        assert_eq!(position.offset, end - 1);
        assert_eq!(within(log.bounds(Stream::DeadLetters, partition)).await.expect("bounds"), 0..end);
        log = fixture.reopen(log).await;
        assert_eq!(within(log.bounds(Stream::DeadLetters, partition)).await.expect("bounds"), 0..end);
    }
    let none = Partition(log.partitions());
    assert!(within(log.bounds(Stream::DeadLetters, none)).await.is_err());
    log.close().await;
}

pub async fn streams_are_apart<F: Fixture>() {
    let fixture = F::new().await;
    let log = fixture.open().await;
    for stream in Stream::ALL {
        within(log.append(stream, record(1, stream.as_str()))).await.expect("appended");
    }
    for stream in Stream::ALL {
        let payloads: Vec<_> = all(&*log, stream).await.into_iter().map(|stored| stored.payload).collect();
        assert_eq!(payloads, [stream.as_str()]);
    }
    log.close().await;
}

pub async fn the_log_stays_the_same_one_when_reopened<F: Fixture>() {
    let fixture = F::new().await;
    let log = fixture.open().await;
    within(log.ready()).await.expect("ready");
    let (identity, partitions) = (log.identity().to_owned(), log.partitions());
    assert!(!identity.is_empty());
    let log = fixture.reopen(log).await;
    assert_eq!((log.identity(), log.partitions()), (identity.as_str(), partitions));
    let other = F::new().await.open().await;
    assert_ne!(other.identity(), identity);
    other.close().await;
    log.close().await;
}
