//! Decisions that were carried out, although the memory of that is lost: the user's next one was begun.
//!
//! Decisions about one user are carried out in order. So where a later one was begun, those before it had ended, whatever
//! became of the records that told so. Done once more, they would undo what the later one has done.

use std::collections::HashMap;

use super::step::Plan;
use crate::{
    domain::{Decision, Stage, Step},
    engine::Executor,
    log::{Partition, Stored, Stream, codec},
    runtime::{
        Interrupted, Retry, Work,
        given::Begun,
        partition_worker::{MAX_BEYOND, is_of},
        replay::{Reading, Stopped},
    },
    store::{Entry, Forgotten},
};

/// So many decisions are looked at from the first one that was given. What was begun lies no farther beyond the lowest one that
/// had not ended; and that one lies before what was committed last, or not far behind it.
const LOOKED_AT: u64 = 2 * MAX_BEYOND as u64;

/// What is remembered of a decision that is to be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) struct Memory {
    /// It may be done without being remembered: it is older than what is remembered.
    pub(in crate::engine) in_doubt: bool,
    /// It was done with, since a later one about the user was begun.
    pub(in crate::engine) passed: bool,
    /// One before it was done once more. What it did is perhaps undone, if it was done before that.
    pub(in crate::engine) overtaken: bool,
}

impl Memory {
    /// What is not remembered was not done.
    pub(in crate::engine) const WHOLE: Self = Self { in_doubt: false, passed: false, overtaken: false };
}

impl Executor {
    /// What is remembered of the `decision` in `record`.
    pub(in crate::engine) async fn memory_of(
        &self,
        decision: &Decision,
        record: &Stored,
        work: &Work,
    ) -> Result<Memory, Interrupted> {
        let ledger = &self.outcomes.ledger;
        let forgotten = work.remembered(|| ledger.forgotten(&work.scope)).await?.unwrap_or(Forgotten::NOTHING);
        let offset = record.position.offset;
        // By the offset alone: a clock may have been wrong.
        let in_doubt = forgotten.covers(offset, record.appended);
        let may_lack = offset < forgotten.until && !self.log.keeps_what_tells_of_unconsumed();
        if !may_lack {
            return Ok(Memory { in_doubt, ..Memory::WHOLE });
        }
        // Before anything is done here: what is done from here on is remembered.
        let begun = work.given.begun.get_or_try_init(|| self.begun(record, work)).await?;
        let Some(begun) = begun.get(&record.key) else { return Ok(Memory { in_doubt, ..Memory::WHOLE }) };
        let passed = begun.is_passed(offset) && !self.has_ended(decision, work).await?;
        Ok(Memory { in_doubt, passed, overtaken: begun.is_overtaken(offset) })
    }

    /// What is remembered of the step of `plan`.
    pub(in crate::engine) async fn remembered_of(
        &self,
        plan: &Plan<'_>,
        work: &Work,
    ) -> Result<Option<Entry>, Interrupted> {
        let entry = self.outcomes.recall(&plan.step, work).await?;
        // What decisions before it have undone since is done again. Passwords and issues are not undone.
        let is_lasting = matches!(plan.step.step, Step::InvalidatePassword { .. } | Step::CreateIssue(_));
        let is_undone = plan.memory.overtaken && !is_lasting && self.is_from_before(plan, work).await?;
        Ok(entry.filter(|_| !is_undone))
    }

    async fn is_from_before(&self, plan: &Plan<'_>, work: &Work) -> Result<bool, Interrupted> {
        let (ledger, id) = (&self.outcomes.ledger, plan.step.memory_id());
        work.remembered(|| ledger.is_from_before(&work.scope, &id)).await
    }

    /// Whether it is remembered of each step that it has ended.
    async fn has_ended(&self, decision: &Decision, work: &Work) -> Result<bool, Interrupted> {
        for plan in decision.selected().flat_map(|verdict| self.plans(decision, verdict, Memory::WHOLE)) {
            if !self.outcomes.recall(&plan.step, work).await?.is_some_and(|known| known.is_done()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Notes what is remembered of the steps of `decision`, which stands at `offset`.
    async fn note(&self, begun: &mut Begun, decision: &Decision, offset: u64, work: &Work) -> Result<(), Interrupted> {
        for plan in decision.selected().flat_map(|verdict| self.plans(decision, verdict, Memory::WHOLE)) {
            if self.outcomes.recall(&plan.step, work).await?.is_none() {
                continue;
            }
            if self.is_from_before(&plan, work).await? {
                begun.last_before = Some(offset);
            } else {
                begun.first_told.get_or_insert(offset);
                begun.last_told = Some(offset);
            }
        }
        Ok(())
    }

    /// By user, what was begun, from the first decision on that was given with `record`; however long it takes to read them.
    async fn begun(&self, record: &Stored, work: &Work) -> Result<HashMap<String, Begun>, Interrupted> {
        let from = *work.given.from.get_or_init(|| record.position.offset);
        let component = work.health.component(format!("{} {}", Stage::Executor.as_str(), self.connection.source));
        let mut retry = Retry::new(component);
        loop {
            match self.begun_from(from, record.position.partition, work).await {
                Ok(begun) => return Ok(begun),
                Err(Stopped::Interrupted) => return Err(Interrupted),
                Err(Stopped::Failed(cause)) => {
                    retry.after("decisions that may be done can't be read", &cause, &work.stop).await?;
                }
            }
        }
    }

    async fn begun_from(
        &self,
        from: u64,
        partition: Partition,
        work: &Work,
    ) -> Result<HashMap<String, Begun>, Stopped> {
        let (stream, mut begun) = (Stream::Decisions, HashMap::<String, Begun>::new());
        let bounds = self.log.bounds(stream, partition).await?;
        let (mut next, end) = (from.max(bounds.start), bounds.end.min(from.saturating_add(LOOKED_AT)));
        if next >= end {
            return Ok(begun);
        }
        let reading =
            Reading { log: &self.log, ledger: &self.outcomes.ledger, partition, stop: &work.stop, turn: None };
        let mut records = self.log.read(stream, vec![(partition, next)]).await?;
        while next < end {
            let record = reading.next(stream, end, &mut records).await?;
            next = record.position.offset + 1;
            if !is_of(&record, &self.connection.source) {
                continue;
            }
            let Ok(decision) = codec::decode::<Decision>(&record.payload) else { continue };
            let of_user = begun.entry(record.key).or_default();
            let noted = self.note(of_user, &decision, record.position.offset, work).await;
            noted.map_err(|Interrupted| Stopped::Interrupted)?;
        }
        Ok(begun)
    }
}
