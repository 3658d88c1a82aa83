//! Commands of administrators about sweeps and their runs.

use std::sync::Arc;

use tracing::info;

use crate::{
    clock::Clock,
    domain::{
        Actor, AskedSweep, Cause, Limits, NewcomerOrder, RunId, RunOrder, Scheme, SchemeId, SchemeRef, SourceId,
        SweepId, SweepRequest, SweepRun,
    },
    engine::LetterOrders,
    log::{self, Log, Record, Stream, codec},
};

/// Writes requests into the log; the sweeper of the source takes them from there, in whichever process it is. Cheap to
/// clone.
#[derive(Clone)]
pub struct AdminCommands {
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
}

/// An administrator's request for the undo of a run.
#[derive(Debug, Clone)]
pub struct UndoRequest {
    /// The run.
    pub of: RunId,
    /// Its scheme, as it was then.
    pub scheme: SchemeRef,
    /// Its source.
    pub source: SourceId,
    /// The number of earlier undos that came to nothing.
    pub round: u64,
    /// The author.
    pub by: Actor,
    /// The author's reason.
    pub reason: Option<String>,
}

impl AdminCommands {
    /// Commands that are written to `log`.
    pub fn new(log: Arc<dyn Log>, clock: Arc<dyn Clock>) -> Self {
        Self { log, clock }
    }

    /// The writer of orders about dead letters.
    pub fn letters(&self) -> LetterOrders {
        LetterOrders::new(Arc::clone(&self.log), Arc::clone(&self.clock))
    }

    /// The id of a new sweep for `scheme`.
    pub fn new_sweep(scheme: &Scheme) -> SweepId {
        SweepId::of_request(&scheme.source, &rand::random::<[u8; 16]>())
    }

    /// Asks for the sweep `sweep` for `scheme` alone, now. To ask for one sweep twice makes one run.
    ///
    /// # Errors
    /// [`log::Error`] if the log did not take the request, or it is not known whether it did.
    pub async fn run_now(&self, sweep: SweepId, scheme: &Scheme, by: &Actor) -> Result<(), log::Error> {
        let run = RunId::of_sweep(&sweep, &scheme.id);
        let asked = AskedSweep {
            sweep,
            source: scheme.source.clone(),
            runs: vec![SweepRun::of(scheme)],
            cause: Cause::Manual,
            due: None,
            at: self.clock.now(),
            by: Some(by.clone()),
            undo_of: None,
            reason: None,
        };
        self.append(&SweepRequest::Asked(asked)).await?;
        info!(run.id = %run, scheme.id = %scheme.id, %by, "run asked for");
        Ok(())
    }

    /// Asks for the run over the users of a bulk action, which is carried out as `scheme`. To ask twice makes one run.
    ///
    /// # Errors
    /// As [`AdminCommands::run_now`].
    pub async fn bulk(&self, scheme: &Scheme, by: &Actor, reason: Option<String>) -> Result<(), log::Error> {
        let run = RunId::of_bulk(&scheme.id);
        let asked = AskedSweep {
            sweep: SweepId::of_bulk(&scheme.id),
            source: scheme.source.clone(),
            // A bulk action has no limits of its own: the requester has seen in the plan how many users it is about.
            runs: vec![SweepRun::of(scheme)],
            cause: Cause::Bulk,
            due: None,
            at: self.clock.now(),
            by: Some(by.clone()),
            undo_of: None,
            reason,
        };
        self.append(&SweepRequest::Asked(asked)).await?;
        info!(run.id = %run, source.id = %scheme.source, %by, "bulk action asked for");
        Ok(())
    }

    /// Requests the undo of a run. Gives the run of the undo, the same one for each request with this `round`.
    ///
    /// # Errors
    /// As [`AdminCommands::run_now`].
    pub async fn undo(&self, undo: UndoRequest) -> Result<RunId, log::Error> {
        let UndoRequest { of, scheme, source, round, by, reason } = undo;
        let sweep = SweepId::of_undo(&of, round);
        let run = RunId::of_sweep(&sweep, &scheme.id);
        let asked = AskedSweep {
            sweep,
            source,
            // The requester has seen how many users it changes: they were counted when the run was.
            runs: vec![SweepRun { scheme, test_mode: false, limits: Limits::default() }],
            cause: Cause::Undo,
            due: None,
            at: self.clock.now(),
            by: Some(by.clone()),
            undo_of: Some(of.clone()),
            reason,
        };
        self.append(&SweepRequest::Asked(asked)).await?;
        info!(run.id = %run, undo.of = %of, %by, "undo asked for");
        Ok(run)
    }

    /// Requests the release of a held run.
    ///
    /// # Errors
    /// As [`AdminCommands::run_now`].
    pub async fn release(&self, order: RunOrder) -> Result<(), log::Error> {
        info!(run.id = %order.run(), by = order.by.as_ref().map(tracing::field::display), "run released");
        self.append(&SweepRequest::Release(order)).await
    }

    /// Asks to end a run.
    ///
    /// # Errors
    /// As [`AdminCommands::run_now`].
    pub async fn cancel(&self, order: RunOrder) -> Result<(), log::Error> {
        self.append(&SweepRequest::Cancel(order)).await
    }

    /// The order of `by`, made now, about the run of `scheme` in `sweep`.
    pub fn order(&self, sweep: &SweepId, scheme: &SchemeId, source: &SourceId, by: Actor) -> RunOrder {
        let (sweep, scheme, source) = (sweep.clone(), scheme.clone(), source.clone());
        RunOrder { sweep, scheme, source, at: self.clock.now(), superseded_by: None, by: Some(by) }
    }

    /// Requests to treat the held newcomers of `source` as created (`release`), or as existing before. `users` is their
    /// number; the order does not apply to more.
    ///
    /// # Errors
    /// As [`AdminCommands::run_now`].
    pub async fn newcomers(&self, source: SourceId, release: bool, users: u64, by: Actor) -> Result<(), log::Error> {
        info!(source.id = %source, users, %by, "newcomers {}", if release { "released" } else { "dismissed" });
        let order = NewcomerOrder { source, release, users, at: self.clock.now(), by: Some(by) };
        self.append(&SweepRequest::Newcomers(order)).await
    }

    async fn append(&self, request: &SweepRequest) -> Result<(), log::Error> {
        self.log
            .append(Stream::Sweeps, Record { key: request.key(), payload: codec::encode(request) })
            .await
            .map(|_| ())
    }
}
