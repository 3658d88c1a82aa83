//! Giving up, on record.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    domain::{DeadLetter, Stage, UserKey, UserRef},
    log::{Record, Stored, Stream, codec},
    metrics::Metrics,
    runtime::{Appender, Interrupted},
    source::Connection,
};

/// The writer of dead letters of a stage.
pub(super) struct DeadLetters {
    pub(super) stage: Stage,
    pub(super) connection: Arc<Connection>,
    pub(super) appender: Appender,
    pub(super) metrics: Metrics,
}

impl DeadLetters {
    /// Appends `letter` to the dead letters.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn append(&self, letter: &DeadLetter, stop: &CancellationToken) -> Result<(), Interrupted> {
        let event = letter.event.as_ref().map(tracing::field::display);
        if letter.held {
            let (source, reason) = (&letter.source, &letter.reason);
            info!(event.id = event, source.id = %source, letter.id, reason, "kept back: release or dismiss it");
        } else {
            warn!(event.id = event, source.id = %letter.source, letter.id, reason = letter.reason, "dead letter");
        }
        let record = Record { key: UserKey::new(&letter.source, &letter.user), payload: codec::encode(letter) };
        self.appender.append(Stream::DeadLetters, record, stop).await?;
        if !letter.held {
            self.metrics.dead_letters.with_label_values(&[self.stage.as_str()]).inc();
        }
        Ok(())
    }

    /// Sets aside a record of `stream` that can't be read: it never will be.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn unreadable(
        &self,
        stream: Stream,
        record: &Stored,
        error: &codec::Error,
        stop: &CancellationToken,
    ) -> Result<(), Interrupted> {
        self.set_aside(stream, record, error.to_string(), stop).await
    }

    /// Writes a dead letter for a record of `stream`, with the `reason`. It uses only the key of the record.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn set_aside(
        &self,
        stream: Stream,
        record: &Stored,
        reason: String,
        stop: &CancellationToken,
    ) -> Result<(), Interrupted> {
        let user = UserKey::parse(&record.key).map_or_else(|| UserRef::Name(record.key.clone()), |key| key.user());
        let letter = DeadLetter {
            id: format!("{stream}/{}/{}", record.position.partition, record.position.offset),
            stage: self.stage,
            source: self.connection.source.clone(),
            user,
            event: None,
            step: None,
            reason,
            at: self.connection.clock.now(),
            again: None,
            held: false,
        };
        self.append(&letter, stop).await
    }
}
