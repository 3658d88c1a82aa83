//! Consumers without a group: they begin at chosen offsets.

use std::thread;

use rdkafka::{
    ClientConfig, TopicPartitionList,
    config::FromClientConfigAndContext,
    consumer::{Consumer, ConsumerContext},
    error::KafkaError,
    topic_partition_list::Offset,
};

use super::{context::ClientLogger, settings::refusal};
use crate::log::{Error, Partition};

impl ConsumerContext for ClientLogger {}

/// Begins to fetch, as `config` says. By `auto.offset.reset`, an offset that is no longer kept, or not there yet,
/// becomes the oldest.
///
/// # Errors
/// [`Error::Unavailable`] if the partitions can't be assigned, [`Error::Unusable`] if an option can't be used.
pub(super) fn consume<C>(
    config: &ClientConfig,
    topic: &str,
    from: impl IntoIterator<Item = (Partition, u64)>,
) -> Result<C, Error>
where
    C: Consumer<ClientLogger> + FromClientConfigAndContext<ClientLogger>,
{
    let failed = |error: KafkaError| cant_be_read(topic, &error);
    let consumer: C = config.create_with_context(ClientLogger::default()).map_err(|e| refusal(&e))?;
    let mut partitions = TopicPartitionList::new();
    for (partition, offset) in from {
        let offset = Offset::Offset(i64::try_from(offset).unwrap_or(i64::MAX));
        partitions.add_partition_offset(topic, i32::from(partition.0), offset).map_err(failed)?;
    }
    consumer.assign(&partitions).map_err(failed)?;
    Ok(consumer)
}

/// The error of a topic that can't be read now.
pub(super) fn cant_be_read(topic: &str, error: &KafkaError) -> Error {
    Error::Unavailable(format!("{topic} can't be read: {}", crate::words::kafka(error)))
}

/// Lets go of a consumer on a thread of its own: its end may never come, where all brokers are away.
pub(super) fn let_go(consumer: impl Send + 'static) {
    // Should there be no thread to be had, the closure, and with it the consumer, is dropped right here.
    let _ = thread::Builder::new().name("kafka-reader-end".into()).spawn(move || drop(consumer));
}
