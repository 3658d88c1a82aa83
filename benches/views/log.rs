//! A log whose records are made while they are read.

use std::{collections::HashMap, ops::Range};

use async_trait::async_trait;
use futures::StreamExt as _;
use tokio::sync::watch;
use usher::{
    domain::Timestamp,
    health::Health,
    log::{Consumer, Error, Log, Partition, Position, Record, Stored, Stream},
};

use super::records::Records;

/// See the module. It has one partition.
pub(super) struct MadeUp {
    records: Records,
    /// Where each stream ends.
    ends: watch::Sender<HashMap<Stream, u64>>,
}

impl MadeUp {
    pub(super) const PARTITION: Partition = Partition(0);

    pub(super) fn new(records: Records) -> Self {
        Self { records, ends: watch::Sender::default() }
    }

    /// From now on `stream` has `count` records.
    pub(super) fn fill(&self, stream: Stream, count: u64) {
        self.ends.send_modify(|ends| {
            ends.insert(stream, count);
        });
    }
}

#[async_trait]
impl Log for MadeUp {
    fn partitions(&self) -> u16 {
        1
    }

    fn identity(&self) -> &'static str {
        "bench"
    }

    async fn append(&self, _: Stream, _: Record) -> Result<Position, Error> {
        Err(Error::Unusable("nothing is appended".into()))
    }

    async fn bounds(&self, stream: Stream, _: Partition) -> Result<Range<u64>, Error> {
        Ok(0..self.ends.borrow().get(&stream).copied().unwrap_or(0))
    }

    async fn read(&self, stream: Stream, from: Vec<(Partition, u64)>) -> Result<usher::log::Records, Error> {
        let (records, ends) = (self.records, self.ends.subscribe());
        let next = from.first().map_or(0, |(_, next)| *next);
        let read = futures::stream::unfold((next, ends), move |(next, mut ends)| async move {
            ends.wait_for(|ends| ends.get(&stream).is_some_and(|end| next < *end)).await.ok()?;
            let Record { key, payload } = records.record(stream, next);
            let (key, position) = (key.as_str().to_owned(), Position { partition: Self::PARTITION, offset: next });
            Some((Ok(Stored { position, key, payload, appended: Timestamp::from_millis(0) }), (next + 1, ends)))
        });
        Ok(read.boxed())
    }

    async fn consume(&self, _: Stream, _: &str) -> Result<Consumer, Error> {
        Err(Error::Unusable("views join no group".into()))
    }

    async fn ready(&self) -> Result<(), Error> {
        Ok(())
    }

    fn health(&self) -> Health {
        Health::default()
    }

    async fn close(&self) {}
}
