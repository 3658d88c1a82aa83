//! Reading by oneself: chosen partitions from chosen offsets, without a group.

use std::thread;

use futures::{StreamExt, stream};
use rdkafka::{
    TopicPartitionList,
    consumer::{Consumer, ConsumerContext, StreamConsumer},
    error::KafkaError,
    topic_partition_list::Offset,
};
use tokio_util::sync::CancellationToken;

use super::{
    context::Voice,
    record,
    settings::{Settings, refusal},
};
use crate::log::{Error, Partition, Records, Stored};

/// Reads `from` on, until `closing` or until the stream is dropped.
pub(super) fn open(
    settings: &Settings,
    topic: &str,
    from: &[(Partition, u64)],
    closing: CancellationToken,
) -> Result<Records, Error> {
    let consumer = settings.reader().create_with_context(Voice::default()).map_err(|e| refusal(&e))?;
    let reader = Reader(Some(consumer));
    reader.assign(topic, from).map_err(|error| Error::Unavailable(format!("{topic} can't be read: {error}")))?;
    let records = stream::unfold(reader, |reader| async { reader.next().await.map(|record| (record, reader)) });
    Ok(records.take_until(closing.cancelled_owned()).boxed())
}

impl ConsumerContext for Voice {}

/// A consumer that is let go of on a thread of its own, because its end blocks. `None` only while being dropped.
struct Reader(Option<StreamConsumer<Voice>>);

impl Reader {
    /// An offset that is no longer kept moves to the oldest one that is, by `auto.offset.reset`.
    fn assign(&self, topic: &str, from: &[(Partition, u64)]) -> Result<(), KafkaError> {
        let mut partitions = TopicPartitionList::new();
        for (partition, offset) in from {
            let offset = Offset::Offset(i64::try_from(*offset).unwrap_or(i64::MAX));
            partitions.add_partition_offset(topic, i32::from(partition.0), offset)?;
        }
        self.0.iter().try_for_each(|consumer| consumer.assign(&partitions))
    }

    async fn next(&self) -> Option<Result<Stored, Error>> {
        let consumer = self.0.as_ref()?;
        loop {
            if let Some(record) = record::read(consumer.recv().await) {
                return Some(record);
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let consumer = self.0.take();
        // Should there be no thread to be had, the closure, and with it the consumer, is dropped right here.
        let _ = thread::Builder::new().name("kafka-reader-end".into()).spawn(move || drop(consumer));
    }
}
