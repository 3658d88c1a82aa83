//! Reading by oneself: chosen partitions from chosen offsets, without a group.

use std::{collections::HashMap, thread};

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
    let reader = Reader { consumer: Some(consumer), from: from.iter().copied().collect() };
    reader.assign(topic).map_err(|error| Error::Unavailable(format!("{topic} can't be read: {error}")))?;
    let records = stream::unfold(reader, |reader| async { reader.next().await.map(|record| (record, reader)) });
    Ok(records.take_until(closing.cancelled_owned()).boxed())
}

impl ConsumerContext for Voice {}

/// A consumer that is let go of on a thread of its own, because its end blocks.
struct Reader {
    /// `None` only while being dropped.
    consumer: Option<StreamConsumer<Voice>>,
    from: HashMap<Partition, u64>,
}

impl Reader {
    /// Begins to fetch. By `auto.offset.reset`, an offset that is no longer kept, or not there yet, becomes the oldest.
    fn assign(&self, topic: &str) -> Result<(), KafkaError> {
        let mut partitions = TopicPartitionList::new();
        for (partition, offset) in &self.from {
            let offset = Offset::Offset(i64::try_from(*offset).unwrap_or(i64::MAX));
            partitions.add_partition_offset(topic, i32::from(partition.0), offset)?;
        }
        self.consumer.iter().try_for_each(|consumer| consumer.assign(&partitions))
    }

    async fn next(&self) -> Option<Result<Stored, Error>> {
        let consumer = self.consumer.as_ref()?;
        loop {
            match record::read(consumer.recv().await) {
                Some(Ok(stored)) if self.is_before_start(&stored) => {}
                Some(record) => return Some(record),
                None => {}
            }
        }
    }

    fn is_before_start(&self, stored: &Stored) -> bool {
        self.from.get(&stored.position.partition).is_some_and(|start| stored.position.offset < *start)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let consumer = self.consumer.take();
        // Should there be no thread to be had, the closure, and with it the consumer, is dropped right here.
        let _ = thread::Builder::new().name("kafka-reader-end".into()).spawn(move || drop(consumer));
    }
}
