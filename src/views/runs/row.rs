//! A run: made of its decision and its outcomes, in whatever order they are read.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::{
    Decision, EventId, EventKind, Mode, Outcome, RunId, SchemeId, SchemeVerdict, SourceId, StepResult, Timestamp,
    TriggerKind,
};

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Steps are open, or it is not known yet how many there are.
    Running,
    /// Every step has ended, none of them failed.
    Done,
    /// Every step has ended, some of them failed.
    Failed,
}

impl RunState {
    /// Whether every step has ended.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed)
    }
}

/// How many users a run saw and selected, and how its steps ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Users looked at.
    pub seen: u64,
    /// Users selected.
    pub selected: u64,
    /// Steps that changed something.
    pub changed: u64,
    /// Steps that found it so already.
    pub unchanged: u64,
    /// Steps recorded, not done.
    pub tested: u64,
    /// Steps kept back for an administrator.
    pub held: u64,
    /// Steps given up.
    pub failed: u64,
}

impl Counts {
    /// How many steps ended with `result`.
    pub fn of(&self, result: StepResult) -> u64 {
        match result {
            StepResult::Changed => self.changed,
            StepResult::Unchanged => self.unchanged,
            StepResult::Tested => self.tested,
            StepResult::Held => self.held,
            StepResult::Failed => self.failed,
        }
    }

    fn add(&mut self, result: StepResult) {
        *match result {
            StepResult::Changed => &mut self.changed,
            StepResult::Unchanged => &mut self.unchanged,
            StepResult::Tested => &mut self.tested,
            StepResult::Held => &mut self.held,
            StepResult::Failed => &mut self.failed,
        } += 1;
    }

    fn steps_ended(&self) -> u64 {
        StepResult::ALL.iter().map(|&result| self.of(result)).sum()
    }
}

/// What one event set off in one scheme that selected the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Names it.
    pub id: RunId,
    /// What set it off: the trigger of the scheme.
    pub trigger: String,
    /// Which scheme.
    pub scheme: SchemeId,
    /// What the scheme said then.
    pub scheme_version: String,
    /// Where.
    pub source: SourceId,
    /// The event that set it off.
    pub event: EventId,
    /// Whether nothing was to be changed: the scheme in test mode, or usher in observe mode.
    pub test_mode: bool,
    /// How far it has come.
    pub state: RunState,
    /// When its event was accepted; until its decision has been read, when its first known step began.
    pub started: Timestamp,
    /// When its last step ended; none while it is running.
    pub finished: Option<Timestamp>,
    /// Users and steps.
    pub counts: Counts,
    /// The actions asked for.
    pub actions: BTreeSet<String>,
}

/// A run as it is kept. Its decision and its outcomes are read independently, in any order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) run: Run,
    /// How many steps were asked for; none until the decision has been read.
    pub(super) planned: Option<u64>,
    /// When the latest of the ended steps did.
    last_ended: Option<Timestamp>,
}

impl Row {
    /// The run of an outcome that was read before its decision.
    pub(super) fn from_outcome(outcome: &Outcome) -> Self {
        let (step, took) = (&outcome.step, i64::try_from(outcome.took.as_millis()).unwrap_or(i64::MAX));
        let run = Run {
            id: step.run.clone(),
            trigger: trigger(step.kind).to_owned(),
            scheme: step.scheme.id.clone(),
            scheme_version: step.scheme.version.clone(),
            source: step.source.clone(),
            event: step.event.clone(),
            test_mode: outcome.test_mode,
            state: RunState::Running,
            started: Timestamp::from_millis(outcome.at.as_millis().saturating_sub(took)),
            finished: None,
            counts: Counts { seen: 1, selected: 1, ..Counts::default() },
            actions: BTreeSet::new(),
        };
        Self { run, planned: None, last_ended: None }
    }

    /// The run of `verdict`, one of `decision`'s that selected the user.
    pub(super) fn from_verdict(decision: &Decision, verdict: &SchemeVerdict) -> Self {
        let run = Run {
            id: decision.run(verdict),
            trigger: trigger(decision.kind).to_owned(),
            scheme: verdict.scheme.id.clone(),
            scheme_version: verdict.scheme.version.clone(),
            source: decision.source.clone(),
            event: decision.event.clone(),
            test_mode: verdict.test_mode || decision.mode == Mode::Observe,
            state: RunState::Running,
            started: decision.accepted,
            finished: None,
            counts: Counts { seen: 1, selected: 1, ..Counts::default() },
            actions: verdict.steps.iter().map(|step| step.action().to_owned()).collect(),
        };
        let planned = Some(u64::try_from(verdict.steps.len()).unwrap_or(u64::MAX));
        Self { run, planned, last_ended: None }.settled(decision.decided)
    }

    /// With the steps that had ended before the decision was read.
    pub(super) fn with_steps_of(mut self, earlier: &Self, decided: Timestamp) -> Self {
        self.run.counts = earlier.run.counts;
        self.last_ended = earlier.last_ended;
        self.settled(decided)
    }

    /// With one more step that ended.
    pub(super) fn with_step(mut self, outcome: &Outcome) -> Self {
        self.run.counts.add(outcome.result);
        self.run.actions.insert(outcome.step.step.action().to_owned());
        self.last_ended = self.last_ended.max(Some(outcome.at));
        self.settled(outcome.at)
    }

    /// Finished when all planned steps have ended: with the last of them, or at `otherwise` where there are none.
    fn settled(mut self, otherwise: Timestamp) -> Self {
        let counts = &self.run.counts;
        let open = self.planned.is_none_or(|planned| counts.steps_ended() < planned);
        self.run.state = match (open, counts.failed) {
            (true, _) => RunState::Running,
            (false, 0) => RunState::Done,
            (false, _) => RunState::Failed,
        };
        self.run.finished = if open { None } else { self.last_ended.or(Some(otherwise)) };
        self
    }
}

/// The trigger that waits for `kind`; the kind itself where none does.
fn trigger(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Created => TriggerKind::OnCreate.as_str(),
        EventKind::LoggedIn => TriggerKind::OnLogin.as_str(),
        EventKind::Updated | EventKind::Removed | EventKind::Sighted => kind.as_str(),
    }
}
