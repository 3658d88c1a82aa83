//! What only the log on Kafka does; what every log does is tested for all of them alike.
#![allow(clippy::unwrap_used, clippy::panic)]

mod groups;
mod joining;
mod outages;
mod static_members;
mod suite;
mod topics;

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use bytes::Bytes;
use usher::{
    domain::UserKey,
    log::{Log, Record, Stream, kafka::KafkaLog},
};

/// As long as anything here may take.
const SOON: Duration = Duration::from_secs(30);

fn record(user: usize) -> Record {
    let key = UserKey::parse(&format!("acme/id/{user}")).unwrap();
    Record { key, payload: Bytes::from(format!("payload {user}")) }
}

async fn append(log: &KafkaLog, users: Range<usize>) {
    for user in users {
        log.append(Stream::Events, record(user)).await.unwrap();
    }
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, what).await.expect("in time")
}

async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + SOON;
    while !condition() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
