//! The steps of a scheme, in order. Groups that are given one after the other are given by one call, where the product
//! has one.

use std::{collections::HashMap, time::Instant};

use super::{Executor, Plan, Progress, RunLine, StepContext};
use crate::{
    domain::{Step, StepKey},
    runtime::{Interrupted, Work},
    store::Entry,
    telemetry::traces::{self, Kind},
};

/// The highest number of groups in one call.
const MAX_TOGETHER: usize = 50;

impl Executor {
    /// Carries out `plans`, the steps of one scheme.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn take_steps(
        &self,
        plans: &[Plan<'_>],
        context: &mut StepContext,
        line: &mut RunLine,
        work: &Work,
    ) -> Result<(), Interrupted> {
        let (mut taken, mut tried) = (HashMap::new(), 0);
        for (index, plan) in plans.iter().enumerate() {
            if index >= tried {
                let groups = groups_ahead(&plans[index..]);
                if groups > 1 && self.connection.client.joins_many_groups() {
                    let together = &plans[index..index + groups];
                    // In a box, so that no other step has to make room for it.
                    taken = Box::pin(self.join_together(together, context, line, work)).await?;
                }
                tried = index + groups.max(1);
            }
            let entry = match taken.remove(&plan.step.key) {
                Some(entry) => entry,
                None => self.step(plan, context, line, work).await?,
            };
            context.record(&plan.step.step, &entry);
        }
        Ok(())
    }

    /// Takes the steps of `plans`, all of which give a group, by one call, as far as that can be done. The others are
    /// to be taken one by one: those that were begun before, are so already, or were not made so.
    async fn join_together(
        &self,
        plans: &[Plan<'_>],
        context: &mut StepContext,
        line: &mut RunLine,
        work: &Work,
    ) -> Result<HashMap<StepKey, Entry>, Interrupted> {
        let mut taken = HashMap::new();
        let mut fresh = Vec::new();
        for plan in plans.iter().filter(|plan| is_to_be_done(plan)) {
            if self.outcomes.recall(&plan.step, work).await?.is_none() {
                fresh.push(plan);
            }
        }
        let [first, _, ..] = fresh.as_slice() else { return Ok(taken) };
        let began = Instant::now();
        let span = traces::part(Kind::Internal, || format!("steps {}", first.step.step.action())).map(|span| {
            span.with("usher.source", first.step.source.to_string())
                .with("usher.event.id", first.step.event.to_string())
                .with("usher.scheme", first.step.scheme.id.to_string())
                .with("usher.action", first.step.step.action())
        });
        let progress = Progress::new(self, first, context, work, None);
        let joined = traces::within(span, progress.join_together(&fresh)).await?;
        for (plan, ended) in joined {
            line.count(ended.result);
            let entry = self.outcomes.record(plan, ended, began.elapsed(), work).await?;
            taken.insert(plan.step.key.clone(), entry);
        }
        Ok(taken)
    }
}

/// The number of steps at the beginning of `plans` that give a group, as far as one call has room for them.
fn groups_ahead(plans: &[Plan<'_>]) -> usize {
    plans.iter().take(MAX_TOGETHER).take_while(|plan| matches!(plan.step.step, Step::AddGroup(_))).count()
}

/// Whether nothing keeps the step back before the user is read.
fn is_to_be_done(plan: &Plan<'_>) -> bool {
    plan.held.is_none() && !plan.dry_run && !plan.so_already && !plan.in_doubt
}
