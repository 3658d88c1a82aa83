//! Sweeps: all users of a source, page by page, each as a separate event.
//!
//! One process works on the sweeps of a source, one sweep after the other. From the sighting on the way is the same as
//! for webhooks. Orders of an administrator about a run do not wait for the present sweep.

mod counting;
mod ends;
mod estimating;
mod listing;
mod memberships;
mod named;
mod sighted;
mod superseding;
mod undoing;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::watch;
use tracing::{info, warn};

pub use self::counting::HELD_TOO_LONG;
use self::{ends::Ends, listing::ListingEnd};
use super::progress::ProgressLog;
use crate::{
    domain::{
        AskedSweep, Product, RunId, RunOrder, SourceId, Stage, SweepId, SweepProgress, SweepRequest, SweepRun,
        SweepStep, Timestamp, UserKey,
    },
    engine::{KnownUsers, Reconciler, RunQueries, dead_letters::DeadLetters},
    health::Component,
    log::{Log, Partition, Stored, Stream, codec},
    metrics::Metrics,
    rules::Schemes,
    runtime::{Appender, Handler, Interrupted, Work, bugs, until_ok},
    source::Connection,
    store::{self, Listing, RunPhase, Scope, SweepState, SweepStore},
};

/// The shortest interval for asking the views whether all users are decided.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// The text for a request on which the sweeper panics.
const NOT_CARRIED_OUT: &str = "what was asked for may not have been carried out";
/// The text for a sweep whose listing panics.
const NOT_ALL_LISTED: &str = "not all users were listed";

/// Works on the sweeps of one source.
pub struct Sweeper {
    connection: Arc<Connection>,
    log: Arc<dyn Log>,
    appender: Appender,
    dead_letters: DeadLetters,
    progress_log: ProgressLog,
    /// Compares users besides the sweeps; none: there are no comparisons.
    reconciler: Option<Reconciler>,
    run_queries: Arc<dyn RunQueries>,
    /// The present schemes, for the groups that are read and for named users; none: no groups, and all users.
    schemes: Option<watch::Receiver<Arc<Schemes>>>,
    /// The product, for what it can't put back; none: it is unknown.
    product: Option<Product>,
    /// The highest number of calls a second; none: it is unknown.
    per_second: Option<f64>,
    ends: Ends,
    metrics: Metrics,
}

impl Sweeper {
    /// A sweeper for the source of `connection`; `run_queries` shows when the users of a sweep are decided.
    pub fn new(
        connection: Arc<Connection>,
        log: Arc<dyn Log>,
        store: SweepStore,
        run_queries: Arc<dyn RunQueries>,
        metrics: Metrics,
    ) -> Self {
        let appender = Appender::new(Arc::clone(&log));
        let dead_letters = DeadLetters {
            stage: Stage::Sweeper,
            connection: Arc::clone(&connection),
            appender: appender.clone(),
            metrics: metrics.clone(),
        };
        let progress_log = ProgressLog::new(Arc::clone(&connection), appender.clone(), store);
        Self {
            connection,
            log,
            appender,
            dead_letters,
            progress_log,
            reconciler: None,
            run_queries,
            schemes: None,
            product: None,
            per_second: None,
            ends: Ends::default(),
            metrics,
        }
    }

    /// The same, with `known` users compared with the list `every` so often, where any of the `schemes` waits for
    /// creations; none: never. Sweeps read the members of the groups that their schemes name.
    #[must_use]
    pub fn reconciling(
        self,
        known: Arc<dyn KnownUsers>,
        schemes: watch::Receiver<Arc<Schemes>>,
        every: Option<Duration>,
    ) -> Self {
        let (connection, log) = (Arc::clone(&self.connection), Arc::clone(&self.log));
        let (progress_log, metrics) = (self.progress_log.clone(), self.metrics.clone());
        let reconciler = Reconciler::new(connection, log, progress_log, known, schemes.clone(), every, metrics);
        Self { reconciler: Some(reconciler), schemes: Some(schemes), ..self }
    }

    /// The same, of a source of this `product`.
    #[must_use]
    pub fn of_product(self, product: Product) -> Self {
        Self { product: Some(product), ..self }
    }

    /// The same, where at most `per_second` calls are made: by that it says beforehand how long a sweep takes.
    #[must_use]
    pub fn at_most(self, per_second: f64) -> Self {
        Self { per_second: Some(per_second), ..self }
    }

    /// The highest number of calls a second, if it is known.
    fn per_second(&self) -> Option<f64> {
        self.per_second.or_else(|| self.connection.calls_per_second())
    }

    fn now(&self) -> Timestamp {
        self.connection.clock.now()
    }

    /// Lists all users, then compares runs with their limits; continues at its place after a stop of usher.
    async fn sweep(&self, asked: &AskedSweep, work: &Work) -> Result<(), Interrupted> {
        let state = match self.state(&asked.sweep, work).await? {
            Some(state) => state,
            None => match self.start(asked, work).await? {
                Some(state) => state,
                None => return Ok(()),
            },
        };
        for scheme in state.runs.keys() {
            self.report_end(&asked.sweep, scheme, work);
        }
        match &state.listing {
            Listing::Failed => return Ok(()),
            Listing::Ended => {}
            Listing::Open { cursor } => match self.list_users(asked, &state, cursor.clone(), work).await? {
                ListingEnd::All => {}
                ListingEnd::Failed => return Ok(()),
            },
        }
        for run in asked.runs.iter().filter(|run| state.runs.contains_key(&run.scheme.id)) {
            if !run.limits.is_empty() {
                self.compare_with_limits(asked, run, work).await?;
            } else if asked.undo_of.is_none() && !self.is_cancelled(&asked.sweep, run) {
                self.supersede_older(asked, run, work).await?;
            }
        }
        Ok(())
    }

    /// Sights all users of the sweep: those of the source, or those whom the undone run has changed.
    async fn list_users(
        &self,
        asked: &AskedSweep,
        state: &SweepState,
        cursor: Option<String>,
        work: &Work,
    ) -> Result<ListingEnd, Interrupted> {
        match (&asked.undo_of, asked.runs.first()) {
            (Some(of), Some(run)) => self.list_undo(asked, of, &run.scheme, cursor, work).await,
            _ => self.list(asked, state, cursor, work).await,
        }
    }

    /// Begins a sweep for those of its runs that have not run for that due time yet; none if there is no such run.
    async fn start(&self, asked: &AskedSweep, work: &Work) -> Result<Option<SweepState>, Interrupted> {
        let mut runs: Vec<SweepRun> = Vec::new();
        for run in &asked.runs {
            if self.is_to_run(asked, run, work).await? {
                runs.push(run.clone());
            }
        }
        if runs.is_empty() {
            return Ok(None);
        }
        info!(sweep.id = %asked.sweep, source.id = %asked.source, schemes = runs.len(), cause = asked.cause.as_str(), "sweep begins");
        let from = self.ends_of_events(work).await?;
        let undo_of = asked.undo_of.clone();
        let step = SweepStep::Started { runs, cause: asked.cause, due: asked.due, from, undo_of };
        self.record(&asked.sweep, step, work).await?;
        self.end_cancelled(asked, work).await?; // while they had to wait for another sweep
        self.state(&asked.sweep, work).await
    }

    /// Writes down which runs are cancelled, before anything makes them look done.
    pub(super) async fn end_cancelled(&self, asked: &AskedSweep, work: &Work) -> Result<(), Interrupted> {
        for run in asked.runs.iter().filter(|run| self.is_cancelled(&asked.sweep, run)) {
            self.record(&asked.sweep, SweepStep::Cancelled { scheme: run.scheme.id.clone() }, work).await?;
        }
        Ok(())
    }

    /// Ends the runs in `record` as failed, if their users are not all listed: no other part ends them.
    async fn fail_listing(&self, record: &Stored, work: &Work) -> Result<(), Interrupted> {
        let Ok(SweepRequest::Asked(asked)) = codec::decode(&record.payload) else { return Ok(()) };
        let state = self.state(&asked.sweep, work).await?;
        if state.is_some_and(|state| matches!(state.listing, Listing::Open { .. })) {
            self.record(&asked.sweep, SweepStep::Failed { why: bugs::reason(NOT_ALL_LISTED) }, work).await?;
        }
        Ok(())
    }

    async fn is_to_run(&self, asked: &AskedSweep, run: &SweepRun, work: &Work) -> Result<bool, Interrupted> {
        let Some(due) = asked.due else { return Ok(true) };
        if self.run_queries.asked_until(&run.scheme.id) > Some(due) {
            // It had to wait, for a source that was halted or for other sweeps: of the times missed the last one
            // counts.
            info!(sweep.id = %asked.sweep, scheme.id = %run.scheme.id, %due, "scheme is passed over, it is due again");
            return Ok(false);
        }
        let last = work.remembered(|| self.progress_log.store.last_due(&work.scope, &run.scheme.id)).await?;
        Ok(last < Some(due))
    }

    fn component(&self) -> Component {
        self.log.health().component(format!("sweeper {}", self.connection.source))
    }

    /// The offset of the next event by partition.
    async fn ends_of_events(&self, work: &Work) -> Result<Vec<u64>, Interrupted> {
        let mut ends = Vec::new();
        for partition in (0..self.log.partitions()).map(Partition) {
            let ask = || self.log.bounds(Stream::Events, partition);
            let bounds = until_ok(|| self.component(), "can't tell where events end", &work.stop, ask).await?;
            ends.push(bounds.end);
        }
        Ok(ends)
    }

    /// Ends a run, unless it has ended. Its steps are kept back by the executor, which knows already.
    async fn cancel(&self, order: &RunOrder, work: &Work) -> Result<(), Interrupted> {
        self.report_end_after(order, work);
        if let Some(by) = &order.superseded_by {
            return self.give_way(order, by, work).await;
        }
        let Some(state) = self.state(&order.sweep, work).await? else {
            // It has not begun: it will see the cancellation when it does. Or it began so long ago that it is
            // forgotten.
            let is_forgotten =
                self.run_queries.sweep(&order.sweep).is_some() && !self.run_queries.is_over(&order.run());
            return if is_forgotten { self.end(order, work).await } else { Ok(()) };
        };
        if state.runs.get(&order.scheme) == Some(&RunPhase::Cancelled) || self.run_queries.is_over(&order.run()) {
            return Ok(());
        }
        self.end(order, work).await
    }

    async fn end(&self, order: &RunOrder, work: &Work) -> Result<(), Interrupted> {
        self.record(&order.sweep, SweepStep::Cancelled { scheme: order.scheme.clone() }, work).await
    }

    async fn record(&self, sweep: &SweepId, step: SweepStep, work: &Work) -> Result<(), Interrupted> {
        self.progress_log.record(sweep, step, work).await
    }

    async fn state(&self, sweep: &SweepId, work: &Work) -> Result<Option<SweepState>, Interrupted> {
        self.progress_log.state(sweep, work).await
    }

    fn is_cancelled(&self, sweep: &SweepId, run: &SweepRun) -> bool {
        self.connection.controls.run_cancelled(&RunId::of_sweep(sweep, &run.scheme.id))
    }
}

#[async_trait]
impl Handler for Sweeper {
    fn stage(&self) -> Stage {
        Stage::Sweeper
    }

    fn metrics(&self) -> Option<&Metrics> {
        Some(&self.metrics)
    }

    fn source(&self) -> &SourceId {
        &self.connection.source
    }

    fn input(&self) -> Stream {
        Stream::Sweeps
    }

    fn output(&self) -> Stream {
        Stream::SweepProgress
    }

    /// The lane of a record. Sweeps come one after the other. An order about a run, or about newcomers, waits only for
    /// earlier orders about them.
    fn lane(&self, record: &Stored) -> String {
        match codec::decode::<SweepRequest>(&record.payload) {
            Ok(SweepRequest::Release(order) | SweepRequest::Cancel(order)) => order.run().to_string(),
            Ok(SweepRequest::Newcomers(_)) => format!("{}newcomers", record.key),
            Ok(SweepRequest::Asked(_) | SweepRequest::Armed(_)) | Err(_) => record.key.clone(),
        }
    }

    fn remember(&self, scope: &Scope, record: &Stored) -> Result<(), store::Error> {
        match codec::decode::<SweepProgress>(&record.payload) {
            Ok(progress) => self.progress_log.store.apply(scope, &progress),
            Err(error) => {
                warn!(position = %record.position, %error, "the progress of a sweep can't be read back");
                Ok(())
            }
        }
    }

    async fn attend(&self, partition: Partition, work: &Work) {
        let own = Partition::of(UserKey::of_source(&self.connection.source).as_str(), self.log.partitions());
        if let Some(reconciler) = self.reconciler.as_ref().filter(|_| partition == own) {
            reconciler.attend(work).await;
        }
    }

    async fn handle(&self, record: &Stored, work: &Work) -> Result<(), Interrupted> {
        match codec::decode::<SweepRequest>(&record.payload) {
            Ok(SweepRequest::Asked(asked)) => self.sweep(&asked, work).await,
            Ok(SweepRequest::Release(order)) => self.release(&order, work).await,
            Ok(SweepRequest::Cancel(order)) => self.cancel(&order, work).await,
            Ok(SweepRequest::Armed(_)) => Ok(()), // it concerns the clock
            Ok(SweepRequest::Newcomers(order)) => match &self.reconciler {
                Some(reconciler) => reconciler.carry_out(&order, work).await,
                None => Ok(()),
            },
            Err(error) => self.dead_letters.unreadable(self.input(), record, &error, &work.stop).await,
        }
    }

    async fn give_up(&self, record: &Stored, work: &Work) -> Result<(), Interrupted> {
        if let Some(Err(Interrupted)) = bugs::caught(self.fail_listing(record, work)).await {
            return Err(Interrupted);
        }
        self.dead_letters.set_aside(self.input(), record, bugs::reason(NOT_CARRIED_OUT), &work.stop).await
    }
}

#[cfg(test)]
mod tests;
