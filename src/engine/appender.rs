//! Appending what follows from a record, however long it takes.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, TryStreamExt, stream};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Backoff, Interrupted, Work};
use crate::{
    domain::Event,
    log::{Log, Position, Record, Stream, codec},
};

/// Events on their way into the log at once: it makes many durable together.
const AT_ONCE: usize = 256;

/// Appends to the log until it succeeds or the work is stopped: a log that is away is waited for, since nothing can be
/// given up without it.
#[derive(Clone)]
pub struct Appender {
    log: Arc<dyn Log>,
}

impl Appender {
    /// Appends to `log`.
    pub fn new(log: Arc<dyn Log>) -> Self {
        Self { log }
    }

    /// Appends a record of the stage's own output, and notes how far that has come: what a restart reads back.
    pub async fn append_output(&self, stream: Stream, record: Record, work: &Work) -> Result<(), Interrupted> {
        let position = self.append(stream, record, &work.stop).await?;
        work.acknowledged(position.offset);
        Ok(())
    }

    /// Appends `record`; ends without it only when an attempt has failed and `stop` is cancelled. What was just done
    /// in a product is thus still recorded while usher is stopping.
    pub async fn append(
        &self,
        stream: Stream,
        record: Record,
        stop: &CancellationToken,
    ) -> Result<Position, Interrupted> {
        let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(10));
        loop {
            match self.log.append(stream, record.clone()).await {
                Ok(position) => return Ok(position),
                Err(error) => {
                    warn!(%stream, %error, "the log did not take a record, trying again");
                    stop.run_until_cancelled(tokio::time::sleep(backoff.next_wait())).await.ok_or(Interrupted)?;
                }
            }
        }
    }

    /// Appends `events`, each of another user, and returns when all are durable; says `appended` for each of them.
    pub async fn append_events(
        &self,
        events: Vec<Event>,
        stop: &CancellationToken,
        appended: impl Fn() + Send + Sync,
    ) -> Result<(), Interrupted> {
        let appended = &appended;
        let append = |event: Event| async move {
            let record = Record { key: event.key(), payload: codec::encode(&event) };
            self.append(Stream::Events, record, stop).await?;
            appended();
            Ok(())
        };
        stream::iter(events.into_iter().map(append)).buffer_unordered(AT_ONCE).try_collect().await
    }
}
