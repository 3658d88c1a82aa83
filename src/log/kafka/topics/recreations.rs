//! The losses of outcomes with their topic, as recorded in the stream of the settings. So each process knows which
//! decisions may be forgotten, even a new owner of a partition.
//!
//! A loss is recorded before the topic is created again. Otherwise a process could end in between, and the others would
//! find an empty topic and take all decisions for undone.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{
    super::{
        blocking,
        producer::{Producer, Refused},
        settings::Settings,
    },
    QUERY_TIMEOUT, loss_records,
};
use crate::{
    clock::{Clock, SystemClock},
    domain::{OutcomesRecreated, Setting},
    log::{Error, Partition, Stream, codec::encode},
};

/// The state of one partition, as far as it was read.
#[derive(Debug, Default, Clone, Copy)]
struct PartitionState {
    /// The next offset in the settings.
    next: u64,
    /// The loss with the highest number: a process that stood still may record an earlier one late.
    last: Option<OutcomesRecreated>,
}

/// Reads and tells how the topic of the outcomes was created again.
pub(in crate::log::kafka) struct Recreations {
    settings: Settings,
    producer: Arc<Producer>,
    known: Mutex<Vec<PartitionState>>,
    /// One reads at a time.
    reading: tokio::sync::Mutex<()>,
}

impl Recreations {
    pub(in crate::log::kafka) fn new(settings: Settings, producer: Arc<Producer>) -> Self {
        Self { settings, producer, known: Mutex::default(), reading: tokio::sync::Mutex::default() }
    }

    /// The last one of `partition`, as far as it was read.
    pub(in crate::log::kafka) fn known(&self, partition: Partition) -> Option<OutcomesRecreated> {
        self.lock().get(usize::from(partition.0)).and_then(|known| known.last)
    }

    /// The last loss in `partition`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the brokers don't answer in time.
    pub(in crate::log::kafka) async fn last(&self, partition: Partition) -> Result<Option<OutcomesRecreated>, Error> {
        self.refresh(&[partition]).await?;
        Ok(self.known(partition))
    }

    /// Records in each of the `partitions` that its outcomes are lost. Each record counts as a separate loss.
    ///
    /// # Errors
    /// [`Error`] if it can't be read or written now. It may be recorded in some partitions.
    pub(in crate::log::kafka) async fn record_loss(&self, partitions: u16) -> Result<(), Error> {
        self.refresh_all(partitions).await?;
        for partition in (0..partitions).map(Partition) {
            self.record_loss_in(partition).await?;
        }
        self.refresh_all(partitions).await
    }

    /// Records it in each of the `partitions` that has fewer decisions than were recorded as in doubt. Then the topic
    /// of the decisions was created again, and the present decisions are other ones.
    ///
    /// # Errors
    /// As [`Self::record_loss`].
    pub(in crate::log::kafka) async fn follow_decisions(&self, partitions: u16) -> Result<(), Error> {
        self.refresh_all(partitions).await?;
        for partition in (0..partitions).map(Partition) {
            let told = self.known(partition).map_or(0, |told| told.decisions_until);
            if told > 0 && told > self.end(Stream::Decisions, partition).await? {
                self.record_loss_in(partition).await?;
            }
        }
        self.refresh_all(partitions).await
    }

    async fn record_loss_in(&self, partition: Partition) -> Result<(), Error> {
        // The number must be new, even if the settings were lost with all earlier numbers.
        let now = u64::try_from(SystemClock.now().as_millis()).unwrap_or(0);
        let number = self.known(partition).map_or(0, |told| told.number + 1).max(now);
        let decisions_until = self.end(Stream::Decisions, partition).await?;
        if decisions_until == 0 && self.known(partition).is_none() {
            return Ok(()); // there was nothing to lose
        }
        let setting = Setting::OutcomesRecreated(OutcomesRecreated { partition: partition.0, number, decisions_until });
        let topic = self.settings.topic(Stream::Settings);
        let told = self.producer.append(&topic, partition, setting.key().as_str(), &encode(&setting)).await;
        told.map(|_| ()).map_err(|refused| match refused {
            Refused::Missing => Error::Unavailable(format!("the topic {topic} is missing")),
            Refused::TooLong => Error::Unusable(format!("the topic {topic} takes no records")),
            Refused::Otherwise(error) => error,
        })
    }

    /// Reads the new records in each of the `partitions`.
    ///
    /// # Errors
    /// As [`Self::last`].
    pub(in crate::log::kafka) async fn refresh_all(&self, partitions: u16) -> Result<(), Error> {
        self.refresh(&(0..partitions).map(Partition).collect::<Vec<_>>()).await
    }

    /// The number of the last loss in each of the `partitions`, as far as it was read.
    pub(in crate::log::kafka) fn numbers(&self, partitions: u16) -> Vec<Option<u64>> {
        (0..partitions).map(|partition| self.known(Partition(partition)).map(|told| told.number)).collect()
    }

    /// Reads the new records in `partitions`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the brokers don't answer in time. Records read by then count.
    async fn refresh(&self, partitions: &[Partition]) -> Result<(), Error> {
        if self.behind(partitions).await?.is_empty() {
            return Ok(());
        }
        let _alone = self.reading.lock().await;
        // Another one may have read it meanwhile.
        let behind = self.behind(partitions).await?;
        if behind.is_empty() {
            return Ok(());
        }
        let settings = self.settings.clone();
        let read = blocking(move || loss_records::read(&settings, &behind)).await?;
        let mut known = self.lock();
        for (partition, next) in read.next {
            place(&mut known, partition).next = next;
        }
        for told in read.told {
            let known = place(&mut known, Partition(told.partition));
            known.last = known.last.into_iter().chain([told]).max_by_key(|told| told.number);
        }
        drop(known);
        read.ended
    }

    /// Those of the `partitions` in which something was not read yet: from where, and up to where.
    async fn behind(&self, partitions: &[Partition]) -> Result<Vec<(Partition, u64, u64)>, Error> {
        let mut behind = Vec::new();
        for partition in partitions.iter().copied() {
            let bounds = self.bounds(Stream::Settings, partition).await?;
            let mut known = self.lock();
            let known = place(&mut known, partition);
            if known.next > bounds.end {
                // Another topic.
                *known = PartitionState::default();
            }
            let from = known.next.max(bounds.start);
            if from < bounds.end {
                behind.push((partition, from, bounds.end));
            }
        }
        Ok(behind)
    }

    async fn end(&self, stream: Stream, partition: Partition) -> Result<u64, Error> {
        Ok(self.bounds(stream, partition).await?.end)
    }

    async fn bounds(&self, stream: Stream, partition: Partition) -> Result<std::ops::Range<u64>, Error> {
        let (client, topic) = (self.producer.client(), self.settings.topic(stream));
        blocking(move || client.bounds(&topic, partition, QUERY_TIMEOUT)).await
    }

    fn lock(&self) -> MutexGuard<'_, Vec<PartitionState>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place(known: &mut Vec<PartitionState>, partition: Partition) -> &mut PartitionState {
    let place = usize::from(partition.0);
    if known.len() <= place {
        known.resize(place + 1, PartitionState::default());
    }
    &mut known[place]
}
