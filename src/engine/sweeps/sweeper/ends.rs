//! The one log line about the end of a run of a sweep. It comes long after the sweeper has finished: the executor
//! carries out the steps, and a run may be held for days.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tracing::info;

use super::{POLL_INTERVAL, Sweeper};
use crate::{
    domain::{RunId, RunOrder, SchemeId, SourceId, SweepId},
    engine::{Count, RunEnd, RunQueries},
    runtime::Work,
};

/// The runs whose end this process waits for. Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub(super) struct Ends(Arc<Mutex<HashSet<RunId>>>);

impl Ends {
    fn awaited(&self) -> MutexGuard<'_, HashSet<RunId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sweeper {
    /// Has the line written when the run has ended, unless that is waited for already. A run that ends after a restart,
    /// with its sweep done before, has no line.
    pub(super) fn report_end(&self, sweep: &SweepId, scheme: &SchemeId, work: &Work) {
        let run = RunId::of_sweep(sweep, scheme);
        if !self.ends.awaited().insert(run.clone()) {
            return;
        }
        let (ends, run_queries, stop) = (self.ends.clone(), Arc::clone(&self.run_queries), work.stop.clone());
        let (source, scheme) = (self.connection.source.clone(), scheme.clone());
        tokio::spawn(async move {
            if let Some(Some(end)) = stop.run_until_cancelled(end_of(&*run_queries, &run)).await {
                write(&run, &source, &scheme, &end);
            }
            ends.awaited().remove(&run);
        });
    }

    /// The same for a run that something is said about: it may have been held since before usher was started.
    pub(super) fn report_end_after(&self, order: &RunOrder, work: &Work) {
        if self.run_queries.sweep(&order.sweep).is_some() && !self.run_queries.is_over(&order.run()) {
            self.report_end(&order.sweep, &order.scheme, work);
        }
    }
}

/// The end of `run`, once it has ended; none if the views are gone.
async fn end_of(run_queries: &dyn RunQueries, run: &RunId) -> Option<RunEnd> {
    let mut progress = run_queries.progress();
    loop {
        progress.mark_unchanged();
        if let Some(end) = run_queries.end(run) {
            return Some(end);
        }
        progress.changed().await.ok()?;
        tokio::time::sleep(POLL_INTERVAL).await; // the views are notified of every user
    }
}

fn write(run: &RunId, source: &SourceId, scheme: &SchemeId, end: &RunEnd) {
    let RunEnd { state, why, complete, count, steps } = end;
    let Count { selected, would_change, already_so, protected, unknown, seen } = count;
    let [changed, unchanged, tested, held, failed] = steps;
    info!(run.id = %run, source.id = %source, scheme.id = %scheme, state, why, complete, seen, selected, would_change,
        already_so, protected, unknown, changed, unchanged, tested, held, failed, "run ended");
}
