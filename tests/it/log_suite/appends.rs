//! What an acknowledged append means.

use std::{
    collections::{BTreeMap, HashSet},
    task::Poll,
};

use bytes::Bytes;
use futures::{FutureExt, future};
use usher::log::{Error, Partition, Record, Stream};

use super::{
    Fixture, all, key, record,
    support::{append_many, by_place, within},
};

pub async fn acknowledged_records_are_all_read_back_after_reopening<F: Fixture>() {
    let fixture = F::new().await;
    let mut log = fixture.open().await;
    let mut expected = BTreeMap::new();
    for _ in 0..3 {
        for (position, record) in append_many(&*log, Stream::Events, 20, 10).await {
            let place = (position.partition, position.offset);
            expected.insert(place, (record.key.as_str().to_owned(), record.payload));
        }
        log = fixture.reopen(log).await;
        assert_eq!(by_place(&all(&*log, Stream::Events).await), expected);
    }
    log.close().await;
}

pub async fn closing_finishes_what_was_accepted<F: Fixture>() {
    let fixture = F::new().await;
    let log = fixture.open().await;
    let mut accepted = Vec::new();
    for number in 0..500 {
        let log = log.clone();
        let mut append = async move { log.append(Stream::Events, record(number, "last words")).await }.boxed();
        // Now the log has it, and it may even be done.
        accepted.push(match futures::poll!(&mut append) {
            Poll::Ready(answer) => future::ready(answer).boxed(),
            Poll::Pending => append,
        });
    }
    let (answers, ()) = within(future::join(future::join_all(accepted), log.close())).await;
    let places: HashSet<_> =
        answers.into_iter().map(|answer| answer.expect("acknowledged")).map(|p| (p.partition, p.offset)).collect();
    let log = fixture.reopen(log).await;
    let found: HashSet<_> = by_place(&all(&*log, Stream::Events).await).into_keys().collect();
    assert_eq!(found, places);
    log.close().await;
}

pub async fn nothing_is_appended_after_closing<F: Fixture>() {
    let fixture = F::new().await;
    let log = fixture.open().await;
    within(log.append(Stream::Events, record(1, "before"))).await.expect("appended");
    log.close().await;
    let refused = within(log.append(Stream::Events, record(1, "after"))).await;
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    assert!(within(log.ready()).await.is_err());
    let log = fixture.reopen(log).await;
    assert_eq!(all(&*log, Stream::Events).await.len(), 1);
    log.close().await;
}

pub async fn offsets_are_contiguous_in_each_partition<F: Fixture>() {
    let fixture = F::new().await;
    let log = fixture.open().await;
    let mut offsets: BTreeMap<Partition, Vec<u64>> = BTreeMap::new();
    for _ in 0..3 {
        for (position, _) in append_many(&*log, Stream::Events, 50, 4).await {
            offsets.entry(position.partition).or_default().push(position.offset);
        }
    }
    for offsets in offsets.values_mut() {
        offsets.sort_unstable();
        assert!(offsets.iter().copied().eq(0..offsets.len() as u64), "{offsets:?}");
    }
    log.close().await;
}

pub async fn records_of_one_key_keep_their_order_under_concurrent_appenders<F: Fixture>() {
    const USERS: usize = 16;
    const EACH: usize = 40;
    let fixture = F::new().await;
    let log = fixture.open().await;
    let appenders = (0..USERS).map(|user| {
        let log = log.clone();
        tokio::spawn(async move {
            for number in 0..EACH {
                within(log.append(Stream::Events, record(user, number.to_string()))).await.expect("appended");
            }
        })
    });
    future::try_join_all(appenders).await.expect("no panic");

    let mut seen: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for stored in all(&*log, Stream::Events).await {
        let number = String::from_utf8_lossy(&stored.payload).parse().expect("a number");
        seen.entry(stored.key).or_default().push(number);
    }
    assert_eq!(seen.len(), USERS);
    assert!(seen.values().all(|numbers| numbers.iter().copied().eq(0..EACH)), "{seen:?}");
    log.close().await;
}

pub async fn ten_thousand_concurrent_appends_are_all_acknowledged_at_different_places<F: Fixture>() {
    let fixture = F::new().await;
    let log = fixture.open().await;
    let appenders = (0..100).map(|appender| {
        let log = log.clone();
        tokio::spawn(async move {
            let appends = (0..100).map(|number| log.append(Stream::Events, record(appender, number.to_string())));
            within(future::try_join_all(appends)).await.expect("all appended")
        })
    });
    let positions = future::try_join_all(appenders).await.expect("no panic").concat();
    let places: HashSet<_> = positions.iter().map(|position| (position.partition, position.offset)).collect();
    assert_eq!(places.len(), 10_000);
    log.close().await;
}

pub async fn the_same_key_is_always_in_the_same_partition<F: Fixture>() {
    let fixture = F::new().await;
    let mut log = fixture.open().await;
    for _ in 0..2 {
        for user in 0..30 {
            for stream in Stream::ALL {
                let position = within(log.append(stream, record(user, "x"))).await.expect("appended");
                assert_eq!(position.partition, Partition::of(key(user).as_str(), log.partitions()));
            }
        }
        log = fixture.reopen(log).await;
    }
    log.close().await;
}

pub async fn a_long_record_comes_back_whole<F: Fixture>() {
    let fixture = F::new().await;
    let log = fixture.open().await;
    let payload: Bytes = (0..900_000_u32).flat_map(|n| n.to_le_bytes()).step_by(4).collect();
    for payload in [Bytes::from_static(b"before"), payload.clone(), Bytes::new()] {
        within(log.append(Stream::Outcomes, Record { key: key(1), payload })).await.expect("appended");
    }
    let log = fixture.reopen(log).await;
    let payloads: Vec<_> = all(&*log, Stream::Outcomes).await.into_iter().map(|stored| stored.payload).collect();
    assert!(payloads == [Bytes::from_static(b"before"), payload, Bytes::new()], "they differ");
    log.close().await;
}
