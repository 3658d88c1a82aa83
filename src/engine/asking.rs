//! Which schemes are asked about an event: those that wait for its kind, or those of its sweep.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;
use tracing::error;

use super::{Controls, Interrupted, Overview};
use crate::{
    domain::{Event, MadeOf, Reason, RunId, SchemeId, SchemeVerdict, Sighting, SweepPlan, Truth},
    rules::{Answer, Waiting},
};

/// The start of a sweep is in the log before its first sighting, and is read a moment later. Where it never is, the views
/// of this process are broken: one user's sighting must not hold up the others for ever.
const PATIENCE: Duration = Duration::from_mins(2);

/// See the module.
pub(super) enum Asking {
    /// Those that wait for such an event.
    Waiting,
    /// Those of a sweep that are neither paused nor cancelled.
    InSweep { schemes: Vec<SchemeId>, released: bool, plan: Arc<SweepPlan> },
    /// Nobody knows: the sweep's start is nowhere to be found.
    Lost,
}

impl Asking {
    /// Whom to ask about `event`.
    pub(super) async fn about(
        event: &Event,
        overview: &dyn Overview,
        controls: &dyn Controls,
        stop: &CancellationToken,
    ) -> Result<Self, Interrupted> {
        let Some(sighting) = &event.sweep else { return Ok(Self::Waiting) };
        let Some(plan) = plan(sighting, overview, stop).await? else { return Ok(Self::Lost) };
        let asked = |scheme: &&SchemeId| {
            sighting.released.as_ref().is_none_or(|released| released == *scheme)
                && !controls.scheme_paused(scheme)
                && !controls.run_cancelled(&RunId::of_sweep(&sighting.sweep, scheme))
        };
        let schemes = plan.schemes.iter().filter(asked).cloned().collect();
        Ok(Self::InSweep { schemes, released: sighting.released.is_some(), plan })
    }

    /// As the rules want it.
    pub(super) fn waiting(&self) -> Waiting<'_> {
        match self {
            Self::Waiting => Waiting::ForEvent,
            Self::InSweep { schemes, released, .. } => Waiting::ForSweep { schemes, released: *released },
            Self::Lost => Waiting::ForSweep { schemes: &[], released: false },
        }
    }

    /// The answer by what is known of the sweep and of pauses beside the schemes.
    pub(super) fn settle(&self, mut answer: Answer, controls: &dyn Controls) -> Answer {
        match self {
            Self::InSweep { released: false, plan, .. } => {
                for verdict in &mut answer.verdicts {
                    // The run is counted, although the scheme may have lost its limits since.
                    verdict.held |= plan.limited.contains(&verdict.scheme.id) && !verdict.test_mode;
                }
            }
            Self::Waiting => {
                let paused = |verdict: &&mut SchemeVerdict| controls.scheme_paused(&verdict.scheme.id);
                answer.verdicts.iter_mut().filter(paused).for_each(pass_over);
            }
            Self::InSweep { .. } | Self::Lost => {}
        }
        answer
    }
}

async fn plan(
    sighting: &Sighting,
    overview: &dyn Overview,
    stop: &CancellationToken,
) -> Result<Option<Arc<SweepPlan>>, Interrupted> {
    let mut progress = overview.progress();
    let known = async {
        loop {
            progress.mark_unchanged();
            if let Some(plan) = overview.sweep(&sighting.sweep) {
                return Some(plan);
            }
            progress.changed().await.ok()?;
        }
    };
    let known = stop.run_until_cancelled(tokio::time::timeout(PATIENCE, known)).await.ok_or(Interrupted)?;
    let plan = known.ok().flatten();
    if plan.is_none() {
        error!(sweep.id = %sighting.sweep, "the start of a sweep can't be found; no scheme is asked about a user of it");
    }
    Ok(plan)
}

/// Turns a verdict into one that does not select.
fn pass_over(verdict: &mut SchemeVerdict) {
    let because = "the scheme is paused".to_owned();
    let paused = Reason {
        condition: "paused".into(),
        truth: Truth::False,
        because: because.clone(),
        as_of: None,
        value: None,
        made_of: MadeOf::Fact,
        change: Some("resume the scheme".into()),
        parts: Vec::new(),
    };
    let reasons = std::mem::replace(&mut verdict.reasons, paused.clone());
    let parts = vec![paused.clone(), reasons];
    verdict.reasons = Reason { condition: "scheme".into(), made_of: MadeOf::All, parts, ..paused };
    verdict.selected = Truth::False;
    verdict.steps.clear();
}
