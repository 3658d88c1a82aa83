//! How far the sweeps and the comparison of a source have come: in the log, and at hand.

use std::{sync::Arc, time::Duration};

use tracing::error;

use super::{Appender, Backoff, Connection, Interrupted, Work};
use crate::{
    domain::{Comparison, SweepId, SweepProgress, SweepStep, Timestamp},
    log::{Record, Stream, codec},
    store::{self, SweepState, SweepStore},
};

const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The books of one source. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Books {
    connection: Arc<Connection>,
    appender: Appender,
    pub(super) store: SweepStore,
}

impl Books {
    /// The books of the source of `connection`.
    pub fn new(connection: Arc<Connection>, appender: Appender, store: SweepStore) -> Self {
        Self { connection, appender, store }
    }

    /// Writes down how far a sweep has come.
    pub(super) async fn record(&self, sweep: &SweepId, step: SweepStep, work: &Work) -> Result<(), Interrupted> {
        let (source, at) = (self.connection.source.clone(), self.connection.clock.now());
        let progress = SweepProgress { sweep: sweep.clone(), source, at, step };
        let record = Record { key: progress.key(), payload: codec::encode(&progress) };
        let position = self.appender.append(Stream::SweepProgress, record, &work.stop).await?;
        // Kept before anything builds on it: unlike others, a sweep asks for its state again and again.
        self.remembered(work, || self.store.apply(&work.scope, &progress)).await?;
        work.acknowledged(position.offset);
        Ok(())
    }

    /// What has become of a sweep; none where it has not begun.
    pub(super) async fn state(&self, sweep: &SweepId, work: &Work) -> Result<Option<SweepState>, Interrupted> {
        self.remembered(work, || self.store.get(&work.scope, sweep)).await
    }

    /// Writes down how the comparison stands.
    pub(super) async fn compared(&self, comparison: Comparison, work: &Work) -> Result<(), Interrupted> {
        let id = SweepId::of_comparison(&self.connection.source);
        self.record(&id, SweepStep::Compared(comparison), work).await
    }

    /// How the comparison stands, and since when that is written down.
    pub(super) async fn comparison(&self, work: &Work) -> Result<(Option<Timestamp>, Comparison), Interrupted> {
        let known = self.remembered(work, || self.store.comparison(&work.scope)).await?;
        Ok(known.map_or((None, Comparison::default()), |(at, comparison)| (Some(at), comparison)))
    }

    /// What the store gives. One that fails is waited for.
    pub(super) async fn remembered<T>(
        &self,
        work: &Work,
        mut ask: impl FnMut() -> Result<T, store::Error> + Send,
    ) -> Result<T, Interrupted> {
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        loop {
            match ask() {
                Ok(given) => return Ok(given),
                Err(error) => error!(%error, "the state store can't be used, trying again"),
            }
            work.stop.run_until_cancelled(tokio::time::sleep(backoff.next_wait())).await.ok_or(Interrupted)?;
        }
    }
}
