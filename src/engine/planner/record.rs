//! The result of an event, written down: the decision in the log and in the memory, or the event under the user's
//! lasting id.

use std::sync::Arc;

use tracing::debug;

use super::{Planned, Planner, pending_steps::DecisionSteps};
use crate::{
    domain::{Decision, EventRecord, Redrive, UserKey},
    log::{Record, Stream, codec},
    runtime::{Interrupted, Work},
    store::Entry,
    telemetry::traces,
};

impl Planner {
    /// Carries out the answer to an event of the user `key`, before it is remembered. Returns whether it is decided,
    /// and not moved.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn follow(
        &self,
        answer: Planned,
        key: &UserKey,
        redrive: Option<Redrive>,
        work: &Work,
    ) -> Result<bool, Interrupted> {
        match answer {
            Planned::Decided(mut decision) => {
                self.mass_creations.judge(&mut decision);
                self.record(&decision, work).await?;
                self.activities.snapshot(key, work).await.map(|()| true)
            }
            Planned::Rekeyed(event) => {
                let moved = EventRecord { redrive, ..EventRecord::from(*event) };
                let record = Record { key: moved.event.key(), payload: codec::encode(&moved) };
                self.appender.append(Stream::Events, record, &work.stop).await.map(|_| false)
            }
        }
    }

    /// Appends `decision` to the log, and records it in the memory and in the metrics.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn record(&self, decision: &Decision, work: &Work) -> Result<(), Interrupted> {
        let record = Record { key: decision.key(), payload: codec::encode(decision) };
        self.appender.append_output(Stream::Decisions, record, work).await?;
        self.record_steps(decision, work).await?;
        self.activities.keep(decision, work).await?;
        self.planner_metrics.decided(decision);
        let source = decision.source.as_str();
        let (selected, schemes) = (decision.selected().count(), decision.verdicts.len());
        let (kind, via) = (decision.kind.as_str(), decision.via.as_str());
        traces::set_attribute("usher.schemes.asked", i64::try_from(schemes).unwrap_or(i64::MAX));
        traces::set_attribute("usher.schemes.selected", i64::try_from(selected).unwrap_or(i64::MAX));
        debug!(event.id = %decision.event, source.id = source, kind, via, schemes, selected, "decided");
        Ok(())
    }

    /// Records the steps of `decision`, on a thread that may wait for the disk. Until that succeeds no other event of
    /// the user is taken, because the next one would not wait for these steps.
    async fn record_steps(&self, decision: &Decision, work: &Work) -> Result<(), Interrupted> {
        let Some(asked) = DecisionSteps::by(decision).map(Arc::new) else { return Ok(()) };
        let (pending, run_queries) = (self.pending.clone(), Arc::clone(&self.run_queries));
        work.remembered_off_thread(move || pending.record(&asked, &*run_queries)).await
    }

    /// Remembers `id`. Until that succeeds no other event of the user is taken, because a repeated event would be
    /// decided again.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn done(&self, id: &str, work: &Work) -> Result<(), Interrupted> {
        work.remembered(|| self.ledger.put(&work.scope, id, &Entry::Done, self.now())).await
    }
}
