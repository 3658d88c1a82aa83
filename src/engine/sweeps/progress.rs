//! The progress of the sweeps and of the comparison of a source: in the log and in the store.

use std::sync::Arc;

use crate::{
    domain::{Comparison, SweepId, SweepProgress, SweepStep, Timestamp},
    log::{Record, Stream, codec},
    runtime::{Appender, Interrupted, Work},
    source::Connection,
    store::{SweepState, SweepStore},
};

/// The progress of one source. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct ProgressLog {
    connection: Arc<Connection>,
    appender: Appender,
    pub(in crate::engine) store: SweepStore,
}

impl ProgressLog {
    /// The progress of the source of `connection`.
    pub fn new(connection: Arc<Connection>, appender: Appender, store: SweepStore) -> Self {
        Self { connection, appender, store }
    }

    /// Records the progress of a sweep.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(in crate::engine) async fn record(
        &self,
        sweep: &SweepId,
        step: SweepStep,
        work: &Work,
    ) -> Result<(), Interrupted> {
        let (source, at) = (self.connection.source.clone(), self.connection.clock.now());
        let progress = SweepProgress { sweep: sweep.clone(), source, at, step };
        let record = Record { key: progress.key(), payload: codec::encode(&progress) };
        self.appender.append_output(Stream::SweepProgress, record, work).await?;
        // Kept before anything builds on it: unlike others, a sweep asks for its state again and again.
        work.remembered(|| self.store.apply(&work.scope, &progress)).await
    }

    /// The state of a sweep; none if it has not begun.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(in crate::engine) async fn state(
        &self,
        sweep: &SweepId,
        work: &Work,
    ) -> Result<Option<SweepState>, Interrupted> {
        work.remembered(|| self.store.get(&work.scope, sweep)).await
    }

    /// Records the state of the comparison.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(in crate::engine) async fn compared(&self, comparison: Comparison, work: &Work) -> Result<(), Interrupted> {
        let id = SweepId::of_comparison(&self.connection.source);
        self.record(&id, SweepStep::Compared(comparison), work).await
    }

    /// The state of the comparison, and the time of its record.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(in crate::engine) async fn comparison(
        &self,
        work: &Work,
    ) -> Result<(Option<Timestamp>, Comparison), Interrupted> {
        let known = work.remembered(|| self.store.comparison(&work.scope)).await?;
        Ok(known.map_or((None, Comparison::default()), |(at, comparison)| (Some(at), comparison)))
    }
}
