//! What a compacted stream keeps, however old it is.

use std::{
    collections::BTreeMap,
    ops::Range,
    time::{Duration, Instant},
};

use bytes::Bytes;
use usher::log::{Log, Record, Stored, Stream};

use super::{
    Fixture, all_kept, key, record,
    support::{append_many, within},
};

/// Keys that are written many times.
const USERS: usize = 20;

/// Compaction takes its time: on Kafka a cleaner looks around every so often.
const WAIT_TIMEOUT: Duration = Duration::from_secs(120);

pub async fn the_latest_record_of_each_key_of_a_compacted_stream_is_never_forgotten<F: Fixture>() {
    let fixture = F::new().await;
    let log = fixture.open().await;
    for stream in [Stream::Settings, Stream::Activity] {
        append_many(&*log, stream, USERS, 30).await;
        // Never written again, and among the oldest in the end.
        within(log.append(stream, record(USERS, "once"))).await.expect("appended");
        append_some(&*log, stream, 0..USERS).await;
    }
    log.close().await;
    drop(log);

    let log = fixture.open_later().await;
    for stream in [Stream::Settings, Stream::Activity] {
        let (kept, last) = forgotten(&*log, stream, |stored| stored.payload.ends_with(b":0")).await;
        let mut expected: BTreeMap<_, _> =
            (0..USERS).map(|user| (key(user).as_str().to_owned(), last.clone())).collect();
        expected.insert(key(USERS).as_str().to_owned(), Bytes::from_static(b"once"));
        assert_eq!(latest(&kept), expected, "{stream}");
    }
    let log = fixture.reopen(log).await;
    for stream in [Stream::Settings, Stream::Activity] {
        assert_eq!(latest(&all_kept(&*log, stream).await).len(), USERS + 1, "{stream}");
    }
    log.close().await;
}

pub async fn what_was_taken_back_stays_taken_back<F: Fixture>() {
    let fixture = F::new().await;
    let log = fixture.open().await;
    append_many(&*log, Stream::Settings, USERS, 3).await;
    for user in 0..USERS / 2 {
        let nothing = Record { key: key(user), payload: Bytes::new() };
        within(log.append(Stream::Settings, nothing)).await.expect("appended");
    }
    // Theirs are not the newest records, which may stay for other reasons.
    let log = fixture.reopen(log).await;
    append_some(&*log, Stream::Settings, USERS / 2..USERS).await;
    log.close().await;
    drop(log);
    let log = fixture.open_later().await;
    let deadline = Instant::now() + WAIT_TIMEOUT;
    loop {
        append_some(&*log, Stream::Settings, USERS / 2..USERS).await;
        let kept = all_kept(&*log, Stream::Settings).await;
        for stored in &kept {
            let number = (0..USERS).find(|user| key(*user).as_str() == stored.key).expect("a user");
            let taken_back = latest(&kept).get(&stored.key).is_none_or(Bytes::is_empty);
            assert_eq!(taken_back, number < USERS / 2, "{}", stored.key);
        }
        if !kept.iter().any(|stored| stored.payload.ends_with(b":0")) {
            break;
        }
        assert!(Instant::now() < deadline, "nothing is forgotten");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    log.close().await;
}

async fn append_some(log: &dyn Log, stream: Stream, users: Range<usize>) {
    for user in users {
        within(log.append(stream, record(user, "again"))).await.expect("appended");
    }
}

/// Waits until nothing is `old`, while the keys are written again and again. Gives what is kept, and what was written
/// last of every key.
async fn forgotten(log: &dyn Log, stream: Stream, old: impl Fn(&Stored) -> bool) -> (Vec<Stored>, Bytes) {
    let deadline = Instant::now() + WAIT_TIMEOUT;
    for round in 1.. {
        let last = format!("last:{round}");
        for user in 0..USERS {
            within(log.append(stream, record(user, last.clone()))).await.expect("appended");
        }
        let kept = all_kept(log, stream).await;
        assert_eq!(latest(&kept).len(), USERS + 1, "at any time all keys are there");
        if !kept.iter().any(&old) {
            return (kept, last.into());
        }
        assert!(Instant::now() < deadline, "nothing is forgotten");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    unreachable!("it ends by the deadline")
}

/// The latest record of each key.
fn latest(kept: &[Stored]) -> BTreeMap<String, Bytes> {
    kept.iter().map(|stored| (stored.key.clone(), stored.payload.clone())).collect()
}
