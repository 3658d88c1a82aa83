//! Reads the recorded losses of outcomes from the stream of the settings, before anything else is read.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use rdkafka::{consumer::BaseConsumer, error::KafkaError};

use super::super::{
    context::ClientLogger,
    fetch, record,
    settings::{Gathering, Settings},
};
use crate::{
    domain::{OutcomesRecreated, Setting},
    log::{Error, Partition, Position, Stored, Stream, codec::decode},
};

/// The time-out. Records read by then are kept.
const READ_TIMEOUT: Duration = Duration::from_secs(5);

/// The result of reading.
pub(super) struct Read {
    pub(super) told: Vec<OutcomesRecreated>,
    /// The next offset in each partition of which something was read.
    pub(super) next: BTreeMap<Partition, u64>,
    /// Whether everything was read.
    pub(super) ended: Result<(), Error>,
}

/// Reads these partitions, each from an offset up to an end.
///
/// # Errors
/// [`Error`] if reading can't begin.
pub(super) fn read(settings: &Settings, parts: &[(Partition, u64, u64)]) -> Result<Read, Error> {
    let topic = settings.topic(Stream::Settings);
    let mut config = settings.reader(Gathering::No);
    // Compaction may have taken the last records before the end.
    config.set("enable.partition.eof", "true");
    let from = parts.iter().map(|(partition, from, _)| (*partition, *from));
    let consumer: BaseConsumer<ClientLogger> = fetch::consume(&config, &topic, from)?;
    let mut read = Read { told: Vec::new(), next: BTreeMap::new(), ended: Ok(()) };
    let ends = parts.iter().map(|(partition, _, end)| (*partition, *end)).collect();
    if let Err(last) = read_on(&consumer, ends, &mut read) {
        read.ended = Err(last.map_or_else(
            || Error::Unavailable(format!("{topic} was not read in {} s", READ_TIMEOUT.as_secs())),
            |error| fetch::cant_be_read(&topic, &error),
        ));
    }
    fetch::let_go(consumer);
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
                let Stored { position: Position { partition, offset }, payload, .. } = record::stored(&message);
                read.next.insert(partition, offset + 1);
                if ends.get(&partition).is_some_and(|end| offset + 1 >= *end) {
                    ends.remove(&partition);
                }
                if let Ok(Setting::OutcomesRecreated(told)) = decode(&payload) {
                    read.told.push(told);
                }
            }
            Some(Err(KafkaError::PartitionEOF(ended))) => {
                ends.remove(&Partition(u16::try_from(ended).unwrap_or(u16::MAX)));
            }
            // librdkafka continues by itself.
            Some(Err(error)) => trouble = Some(error),
            None => {}
        }
        if left.is_zero() && !ends.is_empty() {
            return Err(trouble);
        }
    }
    Ok(())
}
