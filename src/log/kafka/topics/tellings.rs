//! Reading what the stream of the settings tells of outcomes that were lost, before anything else is read.

use std::{
    collections::BTreeMap,
    thread,
    time::{Duration, Instant},
};

use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
};

use super::super::{
    context::ClientLogger,
    settings::{Settings, refusal},
};
use crate::{
    domain::{OutcomesRecreated, Setting},
    log::{Error, Partition, Stream, codec::decode},
};

/// How long it may take. What was read by then is kept.
const READ_TIMEOUT: Duration = Duration::from_secs(5);

/// What was read.
pub(super) struct Read {
    pub(super) told: Vec<OutcomesRecreated>,
    /// Where to read on, in each partition of which something was read.
    pub(super) next: BTreeMap<Partition, u64>,
    /// Whether all of it was.
    pub(super) ended: Result<(), Error>,
}

/// Reads these partitions, each from an offset up to an end.
///
/// # Errors
/// [`Error`] where it can't be begun.
pub(super) fn read(settings: &Settings, parts: &[(Partition, u64, u64)]) -> Result<Read, Error> {
    let topic = settings.topic(Stream::Settings);
    let failed =
        |error: &KafkaError| Error::Unavailable(format!("{topic} can't be read: {}", crate::words::kafka(error)));
    let mut config = settings.reader();
    // Compaction may have taken the last records before the end.
    config.set("enable.partition.eof", "true");
    let consumer: BaseConsumer<ClientLogger> =
        config.create_with_context(ClientLogger::default()).map_err(|error| refusal(&error))?;
    let mut list = TopicPartitionList::new();
    for (partition, from, _) in parts {
        let offset = Offset::Offset(i64::try_from(*from).unwrap_or(i64::MAX));
        list.add_partition_offset(&topic, i32::from(partition.0), offset).map_err(|error| failed(&error))?;
    }
    consumer.assign(&list).map_err(|error| failed(&error))?;
    let mut read = Read { told: Vec::new(), next: BTreeMap::new(), ended: Ok(()) };
    let ends = parts.iter().map(|(partition, _, end)| (*partition, *end)).collect();
    if let Err(last) = read_on(&consumer, ends, &mut read) {
        read.ended = Err(last.map_or_else(
            || Error::Unavailable(format!("{topic} was not read in {} s", READ_TIMEOUT.as_secs())),
            |error| failed(&error),
        ));
    }
    // Its end may never come, where all brokers are away. Should there be no thread to be had, it is let go of right here.
    let _ = thread::Builder::new().name("kafka-reader-end".into()).spawn(move || drop(consumer));
    Ok(read)
}

/// Reads until each partition is read up to its end. Fails at the end of the time, with the last trouble.
fn read_on(
    consumer: &BaseConsumer<ClientLogger>,
    mut ends: BTreeMap<Partition, u64>,
    read: &mut Read,
) -> Result<(), Option<KafkaError>> {
    let (deadline, mut trouble) = (Instant::now() + READ_TIMEOUT, None);
    while !ends.is_empty() {
        let left = deadline.saturating_duration_since(Instant::now());
        match consumer.poll(left) {
            Some(Ok(message)) => {
                let partition = Partition(u16::try_from(message.partition()).unwrap_or(u16::MAX));
                let next = u64::try_from(message.offset()).unwrap_or(0) + 1;
                read.next.insert(partition, next);
                if ends.get(&partition).is_some_and(|end| next >= *end) {
                    ends.remove(&partition);
                }
                if let Ok(Setting::OutcomesRecreated(told)) = decode(message.payload().unwrap_or_default()) {
                    read.told.push(told);
                }
            }
            Some(Err(KafkaError::PartitionEOF(ended))) => {
                ends.remove(&Partition(u16::try_from(ended).unwrap_or(u16::MAX)));
            }
            // librdkafka goes on by itself.
            Some(Err(error)) => trouble = Some(error),
            None => {}
        }
        if left.is_zero() && !ends.is_empty() {
            return Err(trouble);
        }
    }
    Ok(())
}
