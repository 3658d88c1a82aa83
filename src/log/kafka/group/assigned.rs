//! One partition in the hands of this member: its records on their way out, its offsets on their way in.

use std::{
    sync::{Arc, Weak},
    thread,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use rdkafka::{
    TopicPartitionList,
    consumer::{Consumer as _, ConsumerContext, StreamConsumer, stream_consumer::StreamPartitionQueue},
    topic_partition_list::Offset,
};
use tokio::{runtime::Handle, sync::mpsc};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::lease::{MemberLease, Proofs};
use crate::log::{Assignment, Error, Offsets, Partition, Stored, kafka::record};

/// The number of records that are ready for the reader, besides those that librdkafka has fetched ahead.
const READY: usize = 64;

/// The member's part of an assigned partition.
pub(in crate::log::kafka) struct AssignedPartition {
    revoked: CancellationToken,
    released: CancellationToken,
    emptied: CancellationToken,
    over: CancellationToken,
}

impl AssignedPartition {
    /// Asks for the partition back.
    pub(in crate::log::kafka) fn revoke(&self) {
        self.revoked.cancel();
    }

    /// Waits until nothing of the partition is in the works and its queue is let go of. `false`: not by `deadline`.
    pub(in crate::log::kafka) fn wait(&self, deadline: Instant) -> bool {
        // A plain thread, perhaps after the end of the runtime: nothing here could be awaited.
        while !(self.released.is_cancelled() && self.emptied.is_cancelled()) {
            if Instant::now() >= deadline {
                return false;
            }
            thread::sleep(Duration::from_millis(5));
        }
        true
    }
}

impl Drop for AssignedPartition {
    /// From here on, a late store of an offset could overwrite the next owner's offset.
    fn drop(&mut self) {
        self.revoked.cancel();
        self.over.cancel();
    }
}

/// Gives out one partition, whose records come through `queue`.
pub(in crate::log::kafka) fn give<C: ConsumerContext + 'static>(
    runtime: &Handle,
    partition: Partition,
    topic: &str,
    consumer: Weak<StreamConsumer<C>>,
    queue: StreamPartitionQueue<C>,
    proofs: &Arc<Proofs>,
) -> (AssignedPartition, Assignment) {
    let held = AssignedPartition {
        revoked: CancellationToken::new(),
        released: CancellationToken::new(),
        emptied: CancellationToken::new(),
        over: CancellationToken::new(),
    };
    let (ready, mut records) = mpsc::channel(READY);
    let lease = MemberLease::new(consumer.clone(), topic, partition, held.over.clone(), Arc::clone(proofs));
    let lease = Arc::new(lease);
    runtime.spawn(pump(queue, ready, held.revoked.clone(), Arc::clone(&lease), held.emptied.clone().drop_guard()));
    let records =
        stream::poll_fn(move |context| records.poll_recv(context)).take_until(held.revoked.clone().cancelled_owned());
    let offsets = PartitionOffsets {
        consumer,
        topic: topic.to_owned(),
        partition,
        over: held.over.clone(),
        lease: Arc::clone(&lease),
    };
    let assignment = Assignment {
        partition,
        records: records.boxed(),
        offsets: Box::new(offsets),
        revoked: held.revoked.clone(),
        lease,
        released: held.released.clone().drop_guard(),
    };
    (held, assignment)
}

/// Owns the partition's queue, and releases it as soon as the partition is revoked, even if the reader of the records
/// keeps its end for longer. An old owner of a queue would take the records of the next one, which would then get none.
async fn pump<C: ConsumerContext + 'static>(
    queue: StreamPartitionQueue<C>,
    ready: mpsc::Sender<Result<Stored, Error>>,
    revoked: CancellationToken,
    lease: Arc<MemberLease<C>>,
    emptied: DropGuard,
) {
    let pass_on = async {
        loop {
            let Some(record) = record::read(queue.recv().await) else { continue };
            if let Ok(stored) = &record {
                lease.begins_at(stored.position.offset);
            }
            if ready.send(record).await.is_err() {
                break;
            }
        }
    };
    revoked.run_until_cancelled(pass_on).await;
    drop(queue);
    drop(emptied);
}

struct PartitionOffsets<C: ConsumerContext + 'static> {
    consumer: Weak<StreamConsumer<C>>,
    topic: String,
    partition: Partition,
    over: CancellationToken,
    lease: Arc<MemberLease<C>>,
}

impl<C: ConsumerContext + 'static> Offsets for PartitionOffsets<C> {
    fn store(&self, next: u64) -> Result<(), Error> {
        let gone = || Error::Unavailable(format!("partition {} of {} was taken away", self.partition, self.topic));
        let failed = |error| {
            let why = crate::words::kafka(&error);
            Error::Unavailable(format!("an offset in {} can't be stored: {why}", self.topic))
        };
        if self.over.is_cancelled() {
            return Err(gone());
        }
        let consumer = self.consumer.upgrade().ok_or_else(gone)?;
        let mut offsets = TopicPartitionList::new();
        let offset = Offset::Offset(i64::try_from(next).unwrap_or(i64::MAX));
        offsets.add_partition_offset(&self.topic, i32::from(self.partition.0), offset).map_err(failed)?;
        consumer.store_offsets(&offsets).map_err(failed)?;
        self.lease.stored(next);
        Ok(())
    }
}
