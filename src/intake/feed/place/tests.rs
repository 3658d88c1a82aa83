//! A place that moves to the end of the log while it is being read.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::{StreamExt, stream};

use super::*;
use crate::{
    clock::SystemClock,
    config::{self, Auth, Source},
    domain::{Product, Timestamp},
    engine::testing::Stub,
    log::{Consumer, Log, Position, Records, Stored},
    metrics::Metrics,
    secret::Secret,
    source::{Arrivals, Connection, NoControls},
};

fn place() -> FeedPlace {
    let at = Timestamp::from_millis(1_700_000_000_000);
    FeedPlace::new("acme".parse().expect("an id"), at, at)
}

/// Holds the place at 0, and a foreign place at 1. While it is first read, the place is moved to 2.
#[derive(Default)]
struct Moving(AtomicUsize);

#[async_trait]
impl Log for Moving {
    fn partitions(&self) -> u16 {
        1
    }

    fn identity(&self) -> &'static str {
        "moving"
    }

    async fn append(&self, _: Stream, _: Record) -> Result<Position, log::Error> {
        Err(log::Error::Overloaded)
    }

    async fn bounds(&self, _: Stream, _: Partition) -> Result<Range<u64>, log::Error> {
        Ok(if self.0.load(Ordering::SeqCst) == 0 { 0..2 } else { 1..3 })
    }

    async fn read(&self, _: Stream, from: Vec<(Partition, u64)>) -> Result<Records, log::Error> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let key = place().key().as_str().to_owned();
        let records = [(1, "somebody else".to_owned()), (2, key)].into_iter().map(|(offset, key)| {
            let position = Position { partition: Partition(0), offset };
            Stored { position, key, payload: codec::encode(&place()), appended: Timestamp::from_millis(0) }
        });
        let start = from[0].1;
        let behind: Vec<_> = records.filter(|record| record.position.offset >= start).map(Ok).collect();
        Ok(stream::iter(behind).boxed())
    }

    async fn consume(&self, _: Stream, _: &str) -> Result<Consumer, log::Error> {
        Err(log::Error::Overloaded)
    }

    async fn ready(&self) -> Result<(), log::Error> {
        Ok(())
    }

    async fn close(&self) {}
}

#[tokio::test]
async fn a_place_that_is_moved_while_it_is_looked_for_is_found() {
    let base = "http://127.0.0.1:1".parse().expect("a URL");
    let mut source = Source::new("acme".parse().expect("an id"), Product::JiraDc, base, Auth::Bearer(Secret::new("t")));
    source.feed = Some(config::Feed { every: Duration::from_secs(1), overlap: Duration::from_secs(600) });
    let (metrics, controls) = (Metrics::new().expect("metrics"), Arc::new(NoControls::default()));
    let (id, clock) = (source.id.clone(), Arc::new(SystemClock));
    let connection = Connection::new(id, Arc::new(Stub::default()), 1, clock, controls, metrics.clone());
    let arrivals = Arrivals::new([&source.id], metrics.clone(), Arc::new(SystemClock));
    let feed = Feed::of(&source, connection, Arc::new(Moving::default()), metrics, arrivals).expect("it has one");
    let found = feed.place_in_log(&CancellationToken::new()).await;
    assert_eq!(found.expect("not interrupted"), Some(place()));
}
