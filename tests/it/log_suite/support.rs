//! What the tests of the suite have in common.

use std::{
    collections::{BTreeMap, HashMap},
    future::Future,
    time::Duration,
};

use bytes::Bytes;
use futures::{StreamExt, future, stream::SelectAll};
use tokio_util::sync::{CancellationToken, DropGuard};
use usher::{
    domain::{UserId, UserKey, UserRef},
    log::{Log, Offsets, Partition, Position, Record, Records, Stored, Stream},
};

/// What `future` gives; fails the test when that takes far too long.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("it takes far too long")
}

/// The key of user `number`.
pub fn key(number: usize) -> UserKey {
    let source = "acme".parse().expect("a source id");
    UserKey::new(&source, &UserRef::Id(UserId::new(format!("user-{number}"))))
}

/// A record about user `number`.
pub fn record(number: usize, payload: impl Into<String>) -> Record {
    Record { key: key(number), payload: Bytes::from(payload.into()) }
}

/// Appends records about `users` users, `each` of every one, and gives their places, in order of appending.
pub async fn append_many(log: &dyn Log, stream: Stream, users: usize, each: usize) -> Vec<(Position, Record)> {
    let records = (0..each).flat_map(|round| (0..users).map(move |user| record(user, format!("{user}:{round}"))));
    let appends = records.map(|record| async move {
        let position = within(log.append(stream, record.clone())).await.expect("appended");
        (position, record)
    });
    future::join_all(appends).await
}

/// The next `count` records.
pub async fn take(records: &mut Records, count: usize) -> Vec<Stored> {
    let mut taken = Vec::with_capacity(count);
    while taken.len() < count {
        taken.push(within(records.next()).await.expect("the log is open").expect("a record"));
    }
    taken
}

/// All that `stream` holds now.
pub async fn all(log: &dyn Log, stream: Stream) -> Vec<Stored> {
    let (mut from, mut count) = (Vec::new(), 0);
    for number in 0..log.partitions() {
        let bounds = within(log.bounds(stream, Partition(number))).await.expect("bounds");
        from.push((Partition(number), bounds.start));
        count += bounds.end - bounds.start;
    }
    let mut records = within(log.read(stream, from)).await.expect("records");
    take(&mut records, usize::try_from(count).expect("a count")).await
}

/// All that `stream` still holds of what it held at this moment, where some of it may have been forgotten: up to the
/// newest record of each partition.
pub async fn all_kept(log: &dyn Log, stream: Stream) -> Vec<Stored> {
    let mut kept = Vec::new();
    for partition in (0..log.partitions()).map(Partition) {
        let bounds = within(log.bounds(stream, partition)).await.expect("bounds");
        let mut records = within(log.read(stream, vec![(partition, bounds.start)])).await.expect("records");
        let mut next = bounds.start;
        while next < bounds.end {
            let stored = take(&mut records, 1).await.remove(0);
            assert!(stored.position.offset >= next, "in order");
            next = stored.position.offset + 1;
            kept.push(stored);
        }
    }
    kept
}

/// Records by their place.
pub fn by_place<'a>(records: impl IntoIterator<Item = &'a Stored>) -> BTreeMap<(Partition, u64), (String, Bytes)> {
    let mut places = BTreeMap::new();
    for Stored { position, key, payload, .. } in records {
        let before = places.insert((position.partition, position.offset), (key.clone(), payload.clone()));
        assert!(before.is_none(), "{position:?} came twice");
    }
    places
}

/// A member of a group that was given all partitions.
pub struct Member {
    records: SelectAll<Records>,
    offsets: HashMap<Partition, Box<dyn Offsets>>,
    released: Vec<DropGuard>,
    membership: DropGuard,
    /// When the member has left.
    pub left: CancellationToken,
}

impl Member {
    /// Joins `group` of `stream`.
    pub async fn join(log: &dyn Log, stream: Stream, group: &str) -> Self {
        let mut consumer = within(log.consume(stream, group)).await.expect("joined");
        let (mut records, mut offsets, mut released) = (SelectAll::new(), HashMap::new(), Vec::new());
        while offsets.len() < usize::from(log.partitions()) {
            let assignment = within(consumer.assignments.recv()).await.expect("an assignment");
            records.push(assignment.records);
            offsets.insert(assignment.partition, assignment.offsets);
            released.push(assignment.released);
        }
        Self { records, offsets, released, membership: consumer.membership, left: consumer.left }
    }

    /// The next `count` records.
    pub async fn take(&mut self, count: usize) -> Vec<Stored> {
        let mut taken = Vec::with_capacity(count);
        while taken.len() < count {
            taken.push(within(self.records.next()).await.expect("the log is open").expect("a record"));
        }
        taken
    }

    /// All of `records` are done.
    pub fn store(&self, records: &[Stored]) {
        for Stored { position, .. } in records {
            self.offsets[&position.partition].store(position.offset + 1).expect("stored");
        }
    }

    /// Says that it wants to leave, but keeps its assignments; gives the rest of the records, until they end.
    pub async fn announce_leaving(self) -> (Vec<Stored>, Vec<DropGuard>, CancellationToken) {
        let Self { records, released, membership, left, .. } = self;
        drop(membership);
        let rest = within(records.map(|record| record.expect("a record")).collect()).await;
        (rest, released, left)
    }

    /// Leaves, and returns when that is done.
    pub async fn leave(self) {
        let Self { records, offsets, released, membership, left } = self;
        drop((membership, records, offsets, released));
        within(left.cancelled()).await;
    }
}
