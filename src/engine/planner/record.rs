//! The result of an event, written down: the decision in the log and in the memory, or the event under the user's
//! lasting id.

use std::sync::Arc;

use tracing::debug;

use super::{Planned, Planner, pending_steps::DecisionSteps};
use crate::{
    domain::{Decision, EventRecord, Redrive, UserKey},
    log::{Record, Stream, codec},
    runtime::{Interrupted, Work},
    store::{Entry, StoredActivity},
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
                match self.record(&decision, work).await? {
                    Some(seen) => self.activities.snapshot_of(key, seen, work).await?,
                    None => self.activities.snapshot(key, work).await?,
                }
                Ok(true)
            }
            Planned::Rekeyed(event) => {
                let moved = EventRecord { redrive, ..EventRecord::from(*event) };
                let record = Record { key: moved.event.key(), payload: codec::encode(&moved) };
                self.appender.append(Stream::Events, record, &work.stop).await.map(|_| false)
            }
        }
    }

    /// Appends `decision` to the log, and records it in the memory and in the metrics. Returns the user's activity, if the
    /// decision tells of it.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn record(&self, decision: &Decision, work: &Work) -> Result<Option<StoredActivity>, Interrupted> {
        let record = Record { key: decision.key(), payload: codec::encode(decision) };
        let read_before = self.run_queries.outcomes_read_until(work.partition);
        self.appender.append_output(Stream::Decisions, record, work).await?;
        self.record_steps(decision, read_before, work).await?;
        let seen = self.activities.keep(decision, work).await?;
        self.planner_metrics.decided(decision);
        let source = decision.source.as_str();
        let (selected, schemes) = (decision.selected().count(), decision.verdicts.len());
        let (kind, via) = (decision.kind.as_str(), decision.via.as_str());
        traces::set_attribute("usher.schemes.asked", i64::try_from(schemes).unwrap_or(i64::MAX));
        traces::set_attribute("usher.schemes.selected", i64::try_from(selected).unwrap_or(i64::MAX));
        debug!(event.id = %decision.event, source.id = source, kind, via, schemes, selected, "decided");
        Ok(seen)
    }

    /// Records the steps of `decision`. Until that succeeds no other event of the user is taken, because the next one
    /// would not wait for these steps. Before the decision was in the log, the views had read outcomes up to `read_before`.
    async fn record_steps(
        &self,
        decision: &Decision,
        read_before: Option<u64>,
        work: &Work,
    ) -> Result<(), Interrupted> {
        let Some(asked) = DecisionSteps::by(decision).map(Arc::new) else { return Ok(()) };
        // Steps that are taken up again may have older outcomes. So may those of an event that is decided again because its
        // decision was lost, or came from another process meanwhile: then the next event waits for two minutes at most.
        let are_new = decision.redrive.is_none() && decision.sweep.is_none();
        let is_recorded =
            are_new && read_before.is_some() && work.remembered(|| self.pending.record_new(&asked)).await?;
        // An outcome of these steps is younger than the decision, and in this partition. The views have read none since.
        if is_recorded && self.run_queries.outcomes_read_until(work.partition) == read_before {
            return Ok(());
        }
        // The views are asked on a thread that may wait for the disk.
        let (pending, run_queries) = (self.pending.clone(), Arc::clone(&self.run_queries));
        Box::pin(work.remembered_off_thread(move || pending.record(&asked, &*run_queries))).await
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
