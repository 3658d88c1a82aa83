//! Decisions that were carried out, although the memory of that is lost: the user's next one was begun.
//!
//! Decisions about one user are carried out in order. So where a later one was begun, those before it had ended, whatever
//! became of the records that told so. Done once more, they would undo what the later one has done.

use std::{collections::HashMap, sync::OnceLock};

use tokio::sync::OnceCell;

use super::{
    Executor, Interrupted, Retry, Work,
    pump::{MAX_BEYOND, is_of},
    restore::{Reading, Stopped},
};
use crate::{
    domain::{Decision, Stage},
    log::{Partition, Stored, Stream, codec},
    store::Forgotten,
};

/// So many decisions are looked at from the first one that was given. What was begun lies no farther beyond the lowest one that
/// had not ended; and that one lies before what was committed last, or not far behind it.
const LOOKED_AT: u64 = 2 * MAX_BEYOND as u64;

/// What is remembered of a decision that is to be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Memory {
    /// What is not remembered was not done.
    Whole,
    /// It may be done without being remembered: it is older than what is remembered.
    InDoubt,
    /// It was done with, since a later one about the user was begun.
    Passed,
}

/// What of a partition was given to be worked on.
#[derive(Debug, Default)]
pub(super) struct Given {
    /// The offset of the first record.
    from: OnceLock<u64>,
    /// By user, where the last decision stands that was begun before this partition was given.
    begun: OnceCell<HashMap<String, u64>>,
}

impl Given {
    /// Notes that the record at `offset` was given. Only the first one counts.
    pub(super) fn begins_at(&self, offset: u64) {
        self.from.get_or_init(|| offset);
    }
}

impl Executor {
    /// What is remembered of the `decision` in `record`.
    pub(super) async fn memory_of(
        &self,
        decision: &Decision,
        record: &Stored,
        work: &Work,
    ) -> Result<Memory, Interrupted> {
        let ledger = &self.outcomes.ledger;
        let forgotten = work.remembered(|| ledger.forgotten(&work.scope)).await?.unwrap_or(Forgotten::NOTHING);
        let offset = record.position.offset;
        // By the offset alone: a clock may have been wrong.
        let may_lack = offset < forgotten.until && !self.log.keeps_what_tells_of_unconsumed();
        if may_lack && !self.has_ended(decision, work).await? {
            let begun = work.given.begun.get_or_try_init(|| self.begun(record, work)).await?;
            if begun.get(&record.key).is_some_and(|last| *last > offset) {
                return Ok(Memory::Passed);
            }
        }
        Ok(if forgotten.covers(offset, record.appended) { Memory::InDoubt } else { Memory::Whole })
    }

    /// Whether it is remembered of each step that it has ended.
    async fn has_ended(&self, decision: &Decision, work: &Work) -> Result<bool, Interrupted> {
        for plan in decision.selected().flat_map(|verdict| self.plans(decision, verdict, Memory::Whole)) {
            if !self.outcomes.recall(&plan.step, work).await?.is_some_and(|known| known.is_done()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether anything is remembered of any step.
    async fn is_begun(&self, decision: &Decision, work: &Work) -> Result<bool, Interrupted> {
        for plan in decision.selected().flat_map(|verdict| self.plans(decision, verdict, Memory::Whole)) {
            if self.outcomes.recall(&plan.step, work).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// By user, where the last decision stands that was begun, from the first one on that was given with `record`; however long
    /// it takes to read them.
    async fn begun(&self, record: &Stored, work: &Work) -> Result<HashMap<String, u64>, Interrupted> {
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

    async fn begun_from(&self, from: u64, partition: Partition, work: &Work) -> Result<HashMap<String, u64>, Stopped> {
        let (stream, mut begun) = (Stream::Decisions, HashMap::new());
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
            if self.is_begun(&decision, work).await.map_err(|Interrupted| Stopped::Interrupted)? {
                begun.insert(record.key, record.position.offset);
            }
        }
        Ok(begun)
    }
}
