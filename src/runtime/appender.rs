//! Appends the records that follow from a record, however long it takes.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, TryStreamExt, stream};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Backoff, Interrupted, Work};
use crate::{
    domain::Event,
    log::{self, Log, Position, Record, Stream, codec, traced},
    rate_limited_log::LogLimiter,
};

/// Events on their way into the log at once: it makes many durable together.
const CONCURRENCY: usize = 256;

/// Appends to the log until it succeeds or the work is stopped. It waits for a log that is away, because nothing can be
/// given up without it.
#[derive(Clone)]
pub struct Appender {
    log: Arc<dyn Log>,
    limiter: Arc<LogLimiter>,
}

impl Appender {
    /// Appends to `log`.
    pub fn new(log: Arc<dyn Log>) -> Self {
        Self { log, limiter: Arc::new(LogLimiter::once_a_minute()) }
    }

    /// Appends a record of the stage's own output, and records its offset: a restart reads back up to it.
    ///
    /// # Errors
    /// As [`Appender::append`].
    pub async fn append_output(&self, stream: Stream, record: Record, work: &Work) -> Result<(), Interrupted> {
        let position = self.append(stream, record, &work.stop).await?;
        work.acknowledged(position.offset);
        Ok(())
    }

    /// Appends `record`, and reports at `/readyz` while the stream can't be written. It ends without success only if an
    /// attempt has failed and `stop` is cancelled. So a change that was just made in a product is still recorded while
    /// usher is stopping.
    ///
    /// # Errors
    /// [`Interrupted`] if an attempt has failed and `stop` is cancelled. Then it is unknown whether the record was
    /// written.
    pub fn append(
        &self,
        stream: Stream,
        record: Record,
        stop: &CancellationToken,
    ) -> impl Future<Output = Result<Position, Interrupted>> {
        traced::appended(self.log.system(), stream, record, move |record| self.append_untraced(stream, record, stop))
    }

    /// A loop of its own beside [`until_ok`](super::until_ok): all appends share one limiter of lines, and a log that is
    /// overloaded does not fail.
    async fn append_untraced(
        &self,
        stream: Stream,
        record: Record,
        stop: &CancellationToken,
    ) -> Result<Position, Interrupted> {
        let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(10));
        let mut component = None;
        loop {
            match self.log.append(stream, record.clone()).await {
                Ok(position) => return Ok(position),
                Err(error) => {
                    let fails = match &error {
                        log::Error::Overloaded => false, // by its own work: it will have room in a moment
                        log::Error::Unavailable(_) | log::Error::Unusable(_) => true,
                    };
                    if fails {
                        let of_stream = || self.log.health().component(format!("stream {stream}"));
                        component.get_or_insert_with(of_stream).failing(error.to_string());
                    }
                    if let Some(suppressed) = self.limiter.permit() {
                        warn!(%stream, %error, suppressed, "the log did not take a record, trying again");
                    }
                    backoff.wait(stop).await?;
                }
            }
        }
    }

    /// Appends `events`, each of another user, and returns when all are durable; says `appended` for each of them.
    ///
    /// # Errors
    /// As [`Appender::append`]. Some of the events may have been appended.
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
        stream::iter(events.into_iter().map(append)).buffer_unordered(CONCURRENCY).try_collect().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{UserId, UserKey, UserRef},
        views::testing::MemoryLog,
    };

    #[tokio::test]
    async fn a_stream_that_can_not_be_written_is_told_until_it_can() {
        let log = MemoryLog::new();
        let health = log.health();
        log.fail_appends(true);
        let appending = tokio::spawn({
            let (appender, stop) = (Appender::new(Arc::clone(&log) as _), CancellationToken::new());
            let key = UserKey::new(&"acme".parse().unwrap(), &UserRef::Id(UserId::new("jane")));
            async move { appender.append(Stream::Decisions, Record { key, payload: "x".into() }, &stop).await }
        });
        while health.failing().is_empty() {
            tokio::task::yield_now().await;
        }
        let why = log::Error::Unavailable("for the test".into()).to_string();
        assert_eq!(health.failing(), [("stream decisions".to_owned(), why)]);
        log.fail_appends(false);
        appending.await.unwrap().unwrap();
        assert_eq!(health.failing(), []);
    }
}
