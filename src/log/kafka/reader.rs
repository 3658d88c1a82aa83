//! Reading by oneself: chosen partitions from chosen offsets, without a group.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use rdkafka::{
    ClientConfig,
    consumer::{Consumer as _, StreamConsumer},
};
use tokio_util::sync::CancellationToken;

use super::{
    context::ClientLogger,
    fetch::{consume, let_go},
    record,
    search::Acknowledged,
    watch::Watch,
};
use crate::log::{Error, Partition, Records, Stored, Stream};

/// The time before another attempt to make a consumer.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// The stream that is read, and its observers.
pub(super) struct Watched {
    pub(super) stream: Stream,
    pub(super) watch: Arc<Watch>,
    pub(super) acknowledged: Arc<Acknowledged>,
}

/// Reads `from` on by consumers with `config`, until `closing` or until the stream is dropped.
///
/// # Errors
/// `Error` if the consumer can't be made.
pub(super) fn open(
    config: ClientConfig,
    topic: &str,
    from: &[(Partition, u64)],
    watched: Watched,
    closing: CancellationToken,
) -> Result<Records, Error> {
    let next = from.iter().copied().collect();
    let consumer = consume(&config, topic, from.iter().copied())?;
    let reader = Reader { config, topic: topic.to_owned(), consumer: Some(consumer), next, watched };
    // One consumer reads all partitions. After an error the reader makes a new one.
    let records = stream::unfold(Some(reader), async |reader| {
        let mut reader = reader?;
        let record = reader.next().await?;
        let goes_on = record.is_ok();
        Some((record, goes_on.then_some(reader)))
    });
    Ok(records.take_until(closing.cancelled_owned()).boxed())
}

/// A consumer that is let go of on a thread of its own, because its end blocks.
struct Reader {
    config: ClientConfig,
    topic: String,
    /// `None` only while it is replaced or dropped.
    consumer: Option<StreamConsumer<ClientLogger>>,
    /// The next offset in each partition.
    next: HashMap<Partition, u64>,
    watched: Watched,
}

impl Reader {
    async fn next(&mut self) -> Option<Result<Stored, Error>> {
        loop {
            let consumer = self.consumer.as_ref()?;
            let record = tokio::select! {
                polled = consumer.recv() => {
                    if polled.as_ref().is_err_and(record::is_missing) {
                        self.watched.watch.is_missing(self.watched.stream);
                    }
                    record::read(polled)
                }
                () = consumer.context().broker_loss.noticed() => {
                    self.replace().await;
                    continue;
                }
            };
            match record {
                Some(Ok(stored)) if self.is_behind_us(&stored) => {}
                Some(Ok(stored)) => {
                    self.watched.acknowledged.record(self.watched.stream, stored.position);
                    self.next.insert(stored.position.partition, stored.position.offset + 1);
                    return Some(Ok(stored));
                }
                Some(Err(error)) => return Some(Err(error)),
                None => {}
            }
        }
    }

    fn is_behind_us(&self, stored: &Stored) -> bool {
        self.next.get(&stored.position.partition).is_some_and(|next| stored.position.offset < *next)
    }

    async fn replace(&mut self) {
        let fresh = loop {
            let next = self.next.iter().map(|(partition, next)| (*partition, *next));
            match consume(&self.config, &self.topic, next) {
                Ok(fresh) => break fresh,
                Err(error) => tracing::error!(%error, "kafka: a reader could not be replaced, trying again"),
            }
            tokio::time::sleep(RETRY_DELAY).await;
        };
        let_go(self.consumer.replace(fresh));
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let_go(self.consumer.take());
    }
}
