//! A run: made of its decisions, its outcomes and the progress of its sweep, in whatever order they are read.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Actions, Counts,
    sweeps::{progress::Progress, sweep::Tally},
};
use crate::{
    domain::{
        Cause, Decision, Estimate, EventId, EventKind, Mode, Outcome, RunId, SchemeId, SchemeRef, SchemeVerdict,
        SourceId, Step, StepResult, SweepId, Timestamp, TriggerKind, Via,
    },
    views,
};

/// The state of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Users or steps are open, or it is not known yet how many there are.
    Running,
    /// The run would exceed a limit of its scheme, and waits for an administrator.
    Held,
    /// Every step has ended, none of them failed.
    Done,
    /// Every step has ended, some of them failed; or the users could not be listed, or were skipped because the scheme
    /// was changed meanwhile.
    Failed,
    /// An administrator has ended it.
    Cancelled,
}

impl RunState {
    /// The word used in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Held => "held",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether the run has ended.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// The cause of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// One event about one user.
    Scheme,
    /// A schedule, over all users of a source.
    Sweep,
    /// An administrator, over all users of a source.
    Manual,
    /// An administrator, to put back what another run did.
    Undo,
    /// An administrator, over picked users.
    Bulk,
}

impl RunKind {
    /// The word used in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheme => "scheme",
            Self::Sweep => "sweep",
            Self::Manual => "manual",
            Self::Undo => "undo",
            Self::Bulk => "bulk",
        }
    }

    /// The kind of a run that is part of a sweep with this cause.
    pub(super) const fn of(cause: Cause) -> Self {
        match cause {
            Cause::Schedule => Self::Sweep,
            Cause::Manual => Self::Manual,
            Cause::Undo => Self::Undo,
            Cause::Bulk => Self::Bulk,
        }
    }

    /// The kind of the run of such an event, as far as the event tells.
    const fn of_event(kind: EventKind) -> Self {
        match kind {
            EventKind::Sighted => Self::Sweep, // until the sweep's start has been read
            EventKind::Undo => Self::Undo,
            EventKind::Created | EventKind::LoggedIn | EventKind::Updated | EventKind::Removed => Self::Scheme,
        }
    }
}

/// One scheme's part of one event or one sweep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Run {
    /// Names it.
    pub id: RunId,
    /// The cause of the run.
    pub kind: RunKind,
    /// The trigger of the scheme, or `manual` if an administrator started it.
    pub trigger: String,
    /// The scheme.
    pub scheme: SchemeId,
    /// The version of the scheme at that time.
    pub scheme_version: String,
    /// The source.
    pub source: SourceId,
    /// The user: the lasting id, or the login name if only that is known; none for a sweep.
    #[serde(default)]
    pub user: Option<String>,
    /// The login name, if it is known.
    #[serde(default)]
    pub user_name: Option<String>,
    /// The event that started it; none for a sweep.
    pub event: Option<EventId>,
    /// The way by which usher learnt of that event; none until the decision has been read.
    pub via: Option<Via>,
    /// The sweep that it is part of.
    pub sweep: Option<SweepId>,
    /// The requester: an administrator by the name they gave, or `schedule`. None if an event started it.
    #[serde(default)]
    pub by: Option<String>,
    /// The requester's reason, if one was given.
    #[serde(default)]
    pub reason: Option<String>,
    /// The run that it undoes, if it is an undo.
    #[serde(default)]
    pub undo_of: Option<RunId>,
    /// The run that undoes it, if there is one that was not cancelled.
    #[serde(default)]
    pub undone_by: Option<RunId>,
    /// The order that released it, if there was one.
    #[serde(default)]
    pub released: Option<views::Order>,
    /// The order that cancelled it, if there was one.
    #[serde(default)]
    pub cancelled: Option<views::Order>,
    /// Whether nothing was to be changed, because the scheme was in test mode, or usher in observe mode.
    pub test_mode: bool,
    /// The state.
    pub state: RunState,
    /// Why it is held, or why it failed as a whole.
    pub why: Option<String>,
    /// The time at which its event was accepted or its sweep requested; until that has been read, the begin of its
    /// first known step.
    pub started: Timestamp,
    /// Since when it is held, if it is.
    #[serde(default)]
    pub held_since: Option<Timestamp>,
    /// The end of its last step; none while it runs.
    pub finished: Option<Timestamp>,
    /// Users and steps.
    pub counts: Counts,
    /// Of the users of a released run, those whom the scheme did not select any more by then. Their entries are `held`,
    /// with the reason.
    #[serde(default)]
    pub fell_out: u64,
    /// Whether all users were examined. False: the source's list of users is not known to be complete. None: the list
    /// is still being read.
    #[serde(default)]
    pub complete: Option<bool>,
    /// The reason why users may be missing, if it is not complete.
    #[serde(default)]
    pub incomplete_why: Option<String>,
    /// The progress of the sweep.
    pub progress: Option<Progress>,
    /// The estimated calls of the sweep, from before its users are listed. None if the source was never listed before.
    #[serde(default)]
    pub estimate: Option<Estimate>,
    /// The actions, in the scheme's order.
    #[schema(value_type = Vec<String>)]
    pub actions: Actions,
}

impl Run {
    /// A run that has begun at `started`, of which nothing else is known.
    pub(super) fn begun(id: RunId, trigger: &str, scheme: &SchemeRef, source: &SourceId, started: Timestamp) -> Self {
        Self {
            id,
            kind: RunKind::Scheme,
            trigger: trigger.to_owned(),
            scheme: scheme.id.clone(),
            scheme_version: scheme.version.clone(),
            source: source.clone(),
            user: None,
            user_name: None,
            event: None,
            via: None,
            sweep: None,
            by: None,
            reason: None,
            undo_of: None,
            undone_by: None,
            released: None,
            cancelled: None,
            test_mode: false,
            state: RunState::Running,
            why: None,
            started,
            held_since: None,
            finished: None,
            counts: Counts::default(),
            fell_out: 0,
            complete: None,
            incomplete_why: None,
            progress: None,
            estimate: None,
            actions: Actions::default(),
        }
    }
}

/// A run as it is stored. Its parts are read independently, in any order.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) run: Run,
    /// The number of steps; none until the decision has been read.
    pub(super) planned: Option<u64>,
    /// The time of the latest known record about it.
    pub(super) last_ended: Option<Timestamp>,
    /// Its part in a sweep.
    pub(super) sweep: Option<Part>,
}

/// The further data of a run in a sweep.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Part {
    /// Whether its steps wait until users are counted.
    pub(super) waits: bool,
    /// The order about it as a whole.
    pub(super) order: Order,
    /// Users whose release is decided.
    pub(super) decided: u64,
    /// The number of steps of the release.
    pub(super) planned: u64,
    /// The number of them that have ended.
    pub(super) ended: u64,
    /// The number of users whom the run skipped because the scheme was changed since the run began.
    #[serde(default)]
    pub(super) passed_over: u64,
    /// The number of users whom the scheme did not select any more when the run was released.
    #[serde(default)]
    pub(super) fell_out: u64,
}

/// The order about a run as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Order {
    #[default]
    Open,
    Held,
    /// The run is released, for this number of users.
    Released(u64),
    Cancelled,
    Failed,
}

impl Row {
    /// The run of an outcome that was read before its decision.
    pub(super) fn from_outcome(outcome: &Outcome) -> Self {
        let (step, took) = (&outcome.step, i64::try_from(outcome.took.as_millis()).unwrap_or(i64::MAX));
        let in_sweep = matches!(step.kind, EventKind::Sighted | EventKind::Undo);
        let started = Timestamp::from_millis(outcome.at.as_millis().saturating_sub(took));
        let run = Run {
            kind: RunKind::of_event(step.kind),
            user: (!in_sweep).then(|| step.user.to_string()),
            user_name: step.user_name.clone().filter(|_| !in_sweep),
            event: (!in_sweep).then(|| step.event.clone()),
            sweep: step.run.as_str().rsplit_once('.').filter(|_| in_sweep).map(|(sweep, _)| SweepId::new(sweep)),
            test_mode: outcome.test_mode,
            counts: if in_sweep { Counts::default() } else { Counts { seen: 1, selected: 1, ..Counts::default() } },
            ..Run::begun(step.run.clone(), trigger(step.kind), &step.scheme, &step.source, started)
        };
        let planned = in_sweep.then_some(0);
        Self { run, planned, last_ended: None, sweep: in_sweep.then(Part::default) }
    }

    /// The run of `verdict`, one of `decision`'s that selected the user; for a sweep still without users.
    pub(super) fn from_verdict(decision: &Decision, verdict: &SchemeVerdict) -> Self {
        let in_sweep = decision.sweep.is_some();
        let run = Run {
            kind: RunKind::of_event(decision.kind),
            user: (!in_sweep).then(|| decision.user.to_string()),
            user_name: decision.user_name.clone().filter(|_| !in_sweep),
            event: (!in_sweep).then(|| decision.event.clone()),
            via: (!in_sweep).then_some(decision.via),
            sweep: decision.sweep.as_ref().map(|sighting| sighting.sweep.clone()),
            test_mode: verdict.test_mode || decision.mode == Mode::Observe,
            counts: if in_sweep { Counts::default() } else { Counts { seen: 1, selected: 1, ..Counts::default() } },
            actions: actions(verdict),
            ..Run::begun(
                decision.run(verdict),
                trigger(decision.kind),
                &verdict.scheme,
                &decision.source,
                decision.accepted,
            )
        };
        let planned = Some(if in_sweep { 0 } else { steps_of(verdict) });
        Self { run, planned, last_ended: None, sweep: in_sweep.then(Part::default) }
    }

    /// The run of `scheme` in `sweep`, whose answer for the user of `decision` is unknown. The other data come with the
    /// sweep's start.
    pub(super) fn from_left_open(decision: &Decision, sweep: &SweepId, scheme: &SchemeId) -> Self {
        let (id, no_version) =
            (RunId::of_sweep(sweep, scheme), SchemeRef { id: scheme.clone(), version: String::new() });
        let begun = Run::begun(id, trigger(decision.kind), &no_version, &decision.source, decision.accepted);
        let kind = RunKind::of_event(decision.kind);
        let run = Run { kind, sweep: Some(sweep.clone()), ..begun };
        Self { run, planned: Some(0), last_ended: None, sweep: Some(Part::default()) }
    }

    /// Adds the steps that had ended before the decision was read.
    pub(super) fn with_steps_of(mut self, earlier: &Self) -> Self {
        self.run.counts = earlier.run.counts;
        self.last_ended = earlier.last_ended;
        self
    }

    /// Adds a step that ended, in place of one with the result `instead_of`; it `ends_release` if it is the first
    /// result of its step in a released run.
    pub(super) fn with_step(mut self, outcome: &Outcome, ends_release: bool, instead_of: Option<StepResult>) -> Self {
        if let Some(before) = instead_of {
            self.run.counts.remove(before);
        }
        self.run.counts.add(outcome.result);
        self.run.actions.insert(outcome.step.step.action());
        if let Some(part) = self.sweep.as_mut().filter(|_| ends_release) {
            part.ended += 1;
        }
        self.last_ended = self.last_ended.max(Some(outcome.at));
        self
    }

    /// Sets its state; `tally` is the progress of its sweep. If nothing had to be done it ended at `otherwise`.
    pub(super) fn settled(mut self, tally: Option<&Tally>, otherwise: Timestamp) -> Self {
        self.run.state = self.state(tally);
        if let (RunState::Failed, passed_over @ 1..) = (self.run.state, self.passed_over()) {
            self.run.why = Some(format!(
                "users passed over, because the scheme was changed, paused, disabled or deleted since the run began: \
                 {passed_over}; run the scheme as it is now"
            ));
        }
        self.run.finished = if self.run.state.is_final() { self.last_ended.or(Some(otherwise)) } else { None };
        self
    }

    fn state(&self, tally: Option<&Tally>) -> RunState {
        let counted = tally.is_some_and(Tally::is_complete);
        let open = match &self.sweep {
            None => self.has_open_steps(),
            Some(part) => match part.order {
                Order::Held => return RunState::Held,
                Order::Cancelled => return RunState::Cancelled,
                Order::Failed => return RunState::Failed,
                Order::Open => part.waits || !counted || self.has_open_steps(),
                Order::Released(users) => !counted || part.decided < users || part.ended < part.planned,
            },
        };
        match (open, self.run.counts.failed + self.passed_over()) {
            (true, _) => RunState::Running,
            (false, 0) => RunState::Done,
            (false, _) => RunState::Failed,
        }
    }

    fn passed_over(&self) -> u64 {
        self.sweep.as_ref().map_or(0, |part| part.passed_over)
    }

    /// Whether it has ended, and no outcome of a step is to come.
    pub(super) fn is_settled(&self) -> bool {
        let released = self.sweep.as_ref().is_none_or(|part| part.ended >= part.planned);
        self.run.state.is_final() && !self.has_open_steps() && released
    }

    /// Whether steps have no outcome yet.
    pub(super) fn has_open_steps(&self) -> bool {
        self.planned.is_none_or(|planned| self.run.counts.steps_ended() < planned)
    }
}

pub(super) fn actions(verdict: &SchemeVerdict) -> Actions {
    verdict.steps.iter().map(Step::action).collect()
}

pub(super) fn steps_of(verdict: &SchemeVerdict) -> u64 {
    u64::try_from(verdict.steps.len()).unwrap_or(u64::MAX)
}

/// The trigger that waits for `kind`; the kind itself where none does.
fn trigger(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Created => TriggerKind::OnCreate.as_str(),
        EventKind::LoggedIn => TriggerKind::OnLogin.as_str(),
        EventKind::Sighted => TriggerKind::Schedule.as_str(), // until the sweep's start has been read
        EventKind::Updated | EventKind::Removed | EventKind::Undo => kind.as_str(),
    }
}
