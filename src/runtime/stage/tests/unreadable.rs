//! A log with one record that can't be read.

use std::{
    ops::Range,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
};

use futures::{StreamExt, stream};
use tokio::sync::{Notify, mpsc};

use super::*;
use crate::log::{Consumer, Error, Position, Record, Records};

/// See the module.
pub(super) struct Unreadable {
    log: Arc<dyn Log>,
    partition: Partition,
    offset: u64,
    mended: Arc<AtomicBool>,
    met: Arc<(AtomicUsize, Notify)>,
    joined: AtomicUsize,
}

impl Unreadable {
    pub(super) fn at(log: &Arc<dyn Log>, partition: Partition, offset: u64) -> Arc<Self> {
        let (log, met) = (Arc::clone(log), Arc::new((AtomicUsize::new(0), Notify::new())));
        Arc::new(Self { log, partition, offset, mended: Arc::default(), met, joined: AtomicUsize::new(0) })
    }

    /// Makes the record readable.
    pub(super) fn mend(&self) {
        self.mended.store(true, SeqCst);
    }

    /// How often the group was joined.
    pub(super) fn joined(&self) -> usize {
        self.joined.load(SeqCst)
    }

    /// Waits until the record was met that often.
    pub(super) async fn until_met(&self, times: usize) {
        while self.met.0.load(SeqCst) < times {
            self.met.1.notified().await;
        }
    }

    /// `records` with an error in place of the record, again and again.
    fn spoil(&self, records: Records) -> Records {
        let (offset, mended, met) = (self.offset, Arc::clone(&self.mended), Arc::clone(&self.met));
        let next = async move |(mut records, mut kept): (Records, Option<Stored>)| {
            let record = match kept.take() {
                Some(record) => record,
                None => match records.next().await? {
                    Ok(record) => record,
                    Err(error) => return Some((Err(error), (records, None))),
                },
            };
            if record.position.offset != offset || mended.load(SeqCst) {
                return Some((Ok(record), (records, None)));
            }
            met.0.fetch_add(1, SeqCst);
            met.1.notify_one();
            kept = Some(record);
            Some((Err(Error::Unusable("a record can't be read".into())), (records, kept)))
        };
        let next = Arc::new(next);
        stream::unfold((records, None), move |state| {
            let next = Arc::clone(&next);
            async move { next(state).await }
        })
        .boxed()
    }
}

#[async_trait]
impl Log for Unreadable {
    fn partitions(&self) -> u16 {
        self.log.partitions()
    }

    fn identity(&self) -> &str {
        self.log.identity()
    }

    async fn append(&self, stream: Stream, record: Record) -> Result<Position, Error> {
        self.log.append(stream, record).await
    }

    async fn bounds(&self, stream: Stream, partition: Partition) -> Result<Range<u64>, Error> {
        self.log.bounds(stream, partition).await
    }

    async fn read(&self, stream: Stream, from: Vec<(Partition, u64)>) -> Result<Records, Error> {
        self.log.read(stream, from).await
    }

    async fn consume(&self, stream: Stream, group: &str) -> Result<Consumer, Error> {
        self.joined.fetch_add(1, SeqCst);
        let Consumer { mut assignments, joining, membership, left } = self.log.consume(stream, group).await?;
        let (assign, spoilt) = mpsc::channel(8);
        while let Ok(assignment) = assignments.try_recv() {
            let assignment = match assignment.partition == self.partition {
                true => Assignment { records: self.spoil(assignment.records), ..assignment },
                false => assignment,
            };
            let _taken = assign.try_send(assignment);
        }
        tokio::spawn(async move {
            while assignments.recv().await.is_some() {}
            drop(assign);
        });
        Ok(Consumer { assignments: spoilt, joining, membership, left })
    }

    async fn ready(&self) -> Result<(), Error> {
        self.log.ready().await
    }

    async fn close(&self) {
        self.log.close().await;
    }
}
