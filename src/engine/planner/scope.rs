//! The schemes that are evaluated for an event: those that wait for its kind, or those of its sweep.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;
use tracing::error;

use super::Planner;
use crate::{
    domain::{Bulk, Event, MadeOf, Reason, RunId, SchemeId, SchemeVerdict, Sighting, SweepPlan, Truth},
    engine::RunQueries,
    rules::{Evaluation, Schemes, Waiting},
    runtime::{Interrupted, Work},
    source::Controls,
};

/// The start of a sweep is in the log before its first sighting, and is read a moment later. If it never is, the views
/// of this process are broken: one user's sighting must not hold up the others for ever.
const START_TIMEOUT: Duration = Duration::from_mins(2);

/// See the module.
pub(in crate::engine) enum SchemeScope {
    /// The schemes that wait for such an event.
    Waiting,
    /// The schemes of a sweep that are neither paused nor cancelled.
    InSweep { schemes: Vec<SchemeId>, released: bool, plan: Arc<SweepPlan> },
    /// The sweep's start can't be found.
    Lost,
    /// No scheme, because the event may be decided already.
    Forgotten,
}

impl SchemeScope {
    /// The schemes that are asked about `event`.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(in crate::engine) async fn about(
        event: &Event,
        run_queries: &dyn RunQueries,
        controls: &dyn Controls,
        stop: &CancellationToken,
    ) -> Result<Self, Interrupted> {
        let Some(sighting) = &event.sweep else { return Ok(Self::Waiting) };
        let Some(plan) = plan(sighting, run_queries, stop).await? else { return Ok(Self::Lost) };
        let asked = |scheme: &&SchemeId| {
            sighting.released.as_ref().is_none_or(|released| released == *scheme)
                && !controls.scheme_paused(scheme)
                && !controls.run_cancelled(&RunId::of_sweep(&sighting.sweep, scheme))
        };
        let schemes = plan.schemes.iter().filter(asked).cloned().collect();
        Ok(Self::InSweep { schemes, released: sighting.released.is_some(), plan })
    }

    /// The reason why the event is given up; none if it is not.
    pub(in crate::engine) fn given_up(&self) -> Option<&'static str> {
        match self {
            Self::Waiting | Self::InSweep { .. } => None,
            Self::Lost => Some("the start of the sweep can't be found, so no scheme is asked"),
            Self::Forgotten => Some(
                "it came so long ago that usher no longer remembers whether it was decided, so no scheme is asked; take it up \
                 again if it is still to be decided",
            ),
        }
    }

    /// The schemes of a sweep that are asked; none outside a sweep.
    pub(in crate::engine) fn schemes_of_sweep(&self) -> &[SchemeId] {
        match self {
            Self::InSweep { schemes, .. } => schemes,
            Self::Waiting | Self::Lost | Self::Forgotten => &[],
        }
    }

    /// The scope in the form for the rules.
    pub(in crate::engine) fn waiting(&self) -> Waiting<'_> {
        match self {
            Self::Waiting => Waiting::ForEvent,
            Self::InSweep { schemes, released, .. } => Waiting::ForSweep { schemes, released: *released },
            Self::Lost | Self::Forgotten => Waiting::ForSweep { schemes: &[], released: false },
        }
    }

    /// The answer, adjusted by the facts about the sweep and by pauses.
    pub(in crate::engine) fn settle(&self, mut answer: Evaluation, controls: &dyn Controls) -> Evaluation {
        match self {
            Self::InSweep { released, plan, .. } => {
                answer.verdicts.iter_mut().for_each(|verdict| as_asked_for(verdict, plan, *released));
            }
            Self::Waiting => {
                let paused = |verdict: &&mut SchemeVerdict| controls.scheme_paused(&verdict.scheme.id);
                let paused = answer.verdicts.iter_mut().filter(paused);
                paused.for_each(|verdict| pass_over(verdict, "paused", "the scheme is paused", "resume the scheme"));
            }
            Self::Lost | Self::Forgotten => {}
        }
        answer
    }
}

impl Planner {
    /// `scope`, once this process has read the bulk action of its sweep: that is written before the sweep is asked for, and
    /// another process may have listed the users. Without it nobody would be selected, and nobody would know.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn with_bulk_read(
        &self,
        scope: SchemeScope,
        event: &Event,
        work: &Work,
    ) -> Result<SchemeScope, Interrupted> {
        let bulks: Vec<_> = scope.schemes_of_sweep().iter().filter(|id| Bulk::is_id(id)).collect();
        let is_read = |schemes: &Arc<Schemes>| bulks.iter().all(|id| schemes.knows(&event.source, id));
        if is_read(&self.schemes()) {
            return Ok(scope);
        }
        let mut schemes = self.schemes.clone();
        let read = async { schemes.wait_for(is_read).await.is_ok() };
        let read = tokio::time::timeout(START_TIMEOUT, read);
        let is_read = work.stop.run_until_cancelled(read).await.ok_or(Interrupted)? == Ok(true);
        if !is_read {
            error!(event.id = %event.id, "the bulk action of a sweep can't be found; nothing is done to a user of it");
        }
        Ok(if is_read { scope } else { SchemeScope::Lost })
    }
}

async fn plan(
    sighting: &Sighting,
    run_queries: &dyn RunQueries,
    stop: &CancellationToken,
) -> Result<Option<Arc<SweepPlan>>, Interrupted> {
    let mut progress = run_queries.progress();
    let known = async {
        loop {
            progress.mark_unchanged();
            if let Some(plan) = run_queries.sweep(&sighting.sweep) {
                return Some(plan);
            }
            progress.changed().await.ok()?;
        }
    };
    let known = stop.run_until_cancelled(tokio::time::timeout(START_TIMEOUT, known)).await.ok_or(Interrupted)?;
    let plan = known.ok().flatten();
    if plan.is_none() {
        error!(sweep.id = %sighting.sweep, "the start of a sweep can't be found; no scheme is asked about a user of it");
    }
    Ok(plan)
}

/// Restricts a verdict to the steps at the request. A run does only the steps that were requested and counted, even if
/// its scheme has changed since.
fn as_asked_for(verdict: &mut SchemeVerdict, plan: &SweepPlan, released: bool) {
    let id = &verdict.scheme.id;
    verdict.test_mode |= plan.tested.contains(id);
    // A run with limits is counted, although the scheme may have lost them since.
    verdict.held = !released && !verdict.test_mode && (verdict.held || plan.limited.contains(id));
    if plan.versions.get(id).is_some_and(|version| *version != verdict.scheme.version) {
        pass_over(
            verdict,
            SchemeVerdict::CHANGED,
            "the scheme was changed since the run began",
            "run the scheme as it is now",
        );
    }
}

/// Turns a verdict into one that does not select, because of `condition`.
fn pass_over(verdict: &mut SchemeVerdict, condition: &str, because: &str, change: &str) {
    let passed_over = Reason {
        condition: condition.into(),
        truth: Truth::False,
        because: because.into(),
        as_of: None,
        value: None,
        made_of: MadeOf::Fact,
        change: Some(change.into()),
        parts: Vec::new(),
    };
    let reasons = std::mem::replace(&mut verdict.reasons, passed_over.clone());
    let parts = vec![passed_over.clone(), reasons];
    verdict.reasons = Reason { condition: "scheme".into(), made_of: MadeOf::All, parts, ..passed_over };
    verdict.selected = Truth::False;
    verdict.steps.clear();
    verdict.forecast = None;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Limits, SchemeRef, SweepRun},
        source::NoControls,
        views::testing::verdict,
    };

    /// The verdict of `idle`, version `v1`, in a run that was requested with `version`.
    fn settled(version: &str, test_mode: bool, limits: Limits, released: bool) -> SchemeVerdict {
        let verdict = verdict("idle", Truth::True, &["g"]);
        let scheme = SchemeRef { id: verdict.scheme.id.clone(), version: version.into() };
        let plan = Arc::new(SweepPlan::of(&[SweepRun { scheme, test_mode, limits }]));
        let scheme_scope = SchemeScope::InSweep { schemes: plan.schemes.clone(), released, plan };
        let answer = Evaluation { no_action: None, verdicts: vec![verdict], others: 0, unknown: Vec::new() };
        scheme_scope.settle(answer, &NoControls::default()).verdicts.remove(0)
    }

    #[test]
    fn a_run_that_began_in_test_mode_stays_in_it() {
        let verdict = settled("v1", true, Limits::default(), false);
        assert_eq!((verdict.selected, verdict.test_mode, verdict.held), (Truth::True, true, false));
        assert!(!settled("v1", false, Limits::default(), false).test_mode);
    }

    #[test]
    fn a_run_with_limits_is_held_until_it_is_released() {
        let limits = Limits { users: Some(1), percent: None };
        assert!(settled("v1", false, limits, false).held);
        assert!(!settled("v1", false, limits, true).held);
    }

    #[test]
    fn a_scheme_that_was_changed_since_the_run_began_selects_nobody_in_it() {
        for released in [false, true] {
            let verdict = settled("v0", false, Limits::default(), released);
            assert_eq!((verdict.selected, verdict.steps.len()), (Truth::False, 0));
            assert!(verdict.is_of_changed_scheme());
            assert_eq!(verdict.reasons.because, "the scheme was changed since the run began");
            let verdict = settled("v1", false, Limits::default(), released);
            assert_eq!((verdict.steps.len(), verdict.is_of_changed_scheme()), (1, false));
        }
    }
}
