//! A run that is held gives way to a later run of the same scheme, so that held runs do not pile up.

use tracing::{info, warn};

use super::Sweeper;
use crate::{
    domain::{AskedSweep, RunId, RunOrder, SweepRequest, SweepRun, SweepStep},
    log::{Record, Stream, codec},
    runtime::{Interrupted, Work},
    store::RunPhase,
};

impl Sweeper {
    /// Requests the end of every other held run of the scheme, now that `run` has finished its count. The request is
    /// handled in the same lane as a release of the other run, so only one of them takes effect.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn supersede_older(
        &self,
        asked: &AskedSweep,
        run: &SweepRun,
        work: &Work,
    ) -> Result<(), Interrupted> {
        let scheme = &run.scheme.id;
        for sweep in self.run_queries.held(scheme).into_iter().filter(|sweep| *sweep != asked.sweep) {
            let by = RunId::of_sweep(&asked.sweep, scheme);
            let (scheme, source) = (scheme.clone(), asked.source.clone());
            let order =
                RunOrder { sweep, scheme, source, at: self.now(), superseded_by: Some(by), by: asked.by.clone() };
            let request = SweepRequest::Cancel(order);
            let record = Record { key: request.key(), payload: codec::encode(&request) };
            self.appender.append(Stream::Sweeps, record, &work.stop).await?;
        }
        Ok(())
    }

    /// Ends a held run because the run `by` takes its place. A run that was released meanwhile continues.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn give_way(&self, order: &RunOrder, by: &RunId, work: &Work) -> Result<(), Interrupted> {
        let run = order.run();
        let is_held = match self.state(&order.sweep, work).await? {
            Some(state) => state.runs.get(&order.scheme) == Some(&RunPhase::Held),
            // It was held for so long that its sweep is forgotten.
            None => self.run_queries.sweep(&order.sweep).is_some() && !self.run_queries.is_over(&run),
        };
        if !is_held {
            info!(run.id = %run, by = %by, "run is not held any more, and is not superseded");
            return Ok(());
        }
        warn!(run.id = %run, scheme.id = %order.scheme, by = %by, "run {run} was held and is superseded by run {by}");
        let step = SweepStep::Superseded { scheme: order.scheme.clone(), by: by.clone() };
        self.record(&order.sweep, step, work).await
    }
}
