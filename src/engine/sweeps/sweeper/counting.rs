//! Compares runs with their limits, and releases them.

use tracing::{info, warn};

use super::{POLL_INTERVAL, Sweeper};
use crate::{
    domain::{
        AskedSweep, Limits, RunId, RunOrder, SchemeId, SchemeRef, Sighting, SweepId, SweepRun, SweepStep, UserHints,
    },
    engine::Count,
    runtime::{Interrupted, Work, pause},
    store::{RunPhase, SweepState},
};

/// The reason for a run with a changed scheme.
const CHANGED: &str =
    "the scheme was changed, disabled or deleted since the run began; cancel the run, and run the scheme as it is now";
/// Said of a run that was held for longer than the log goes back: its sweep is forgotten.
pub const HELD_TOO_LONG: &str =
    "it was held for longer than 30 days, and its count is too old to go by; cancel the run, and run the scheme again";

impl Sweeper {
    /// Continues the run if it is within its limits, once all users are decided. Otherwise it is held.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn compare_with_limits(
        &self,
        asked: &AskedSweep,
        run: &SweepRun,
        work: &Work,
    ) -> Result<(), Interrupted> {
        let (sweep, scheme) = (&asked.sweep, &run.scheme.id);
        let Some(count) = self.counted(sweep, run, work).await? else { return Ok(()) };
        if self.phase(sweep, scheme, work).await? == RunPhase::Open {
            // Before it is held itself: after a crash in between it is compared once more.
            self.supersede_older(asked, run, work).await?;
        }
        match self.phase(sweep, scheme, work).await? {
            RunPhase::Open if run.limits.exceeded_by(count.would_change, count.seen) => {
                self.hold_counted(asked, run, count, work).await
            }
            RunPhase::Open if let Some(why) = self.obstacle(&run.scheme) => self.hold(sweep, scheme, why, work).await,
            RunPhase::Open | RunPhase::Released => self.let_go_on(sweep, scheme, count.kept_back(), work).await,
            RunPhase::Held | RunPhase::Cancelled => Ok(()),
        }
    }

    /// Releases a held run. If that is not possible, the run says so: the administrator has their answer already.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn release(&self, order: &RunOrder, work: &Work) -> Result<(), Interrupted> {
        self.report_end_after(order, work);
        let (sweep, scheme) = (&order.sweep, &order.scheme);
        let Some(state) = self.state(sweep, work).await? else {
            let is_held = self.run_queries.sweep(sweep).is_some() && !self.run_queries.is_over(&order.run());
            return if is_held { self.hold(sweep, scheme, HELD_TOO_LONG, work).await } else { Ok(()) };
        };
        match phase(&state, scheme) {
            RunPhase::Held if let Some(why) = self.obstacle_since(order) => {
                return self.hold(sweep, scheme, &format!("it was released, and stays held: {why}"), work).await;
            }
            // Released: perhaps not everybody was sighted again when usher stopped.
            RunPhase::Held | RunPhase::Released => {}
            RunPhase::Open | RunPhase::Cancelled => return Ok(()),
        }
        // It is held, so it was counted; the views of this process may be behind those of the process that held it.
        let Some(count) = self.counted_by_views(&order.run(), || self.run_cancelled(&order.run()), work).await? else {
            return Ok(());
        };
        info!(sweep.id = %sweep, scheme.id = %scheme, users = count.kept_back(), "run is released");
        self.let_go_on(sweep, scheme, count.kept_back(), work).await
    }

    /// Holds a run that would exceed its limits, with a log line that has all facts for the decision.
    async fn hold_counted(
        &self,
        asked: &AskedSweep,
        run: &SweepRun,
        count: Count,
        work: &Work,
    ) -> Result<(), Interrupted> {
        let (why, id) = (too_many(run.limits, count), RunId::of_sweep(&asked.sweep, &run.scheme.id));
        let Count { selected, would_change, already_so, protected, unknown, seen } = count;
        let (limit_users, limit_percent) = (run.limits.users, run.limits.percent);
        warn!(
            run.id = %id, scheme.id = %run.scheme.id, source.id = %asked.source, seen, selected, would_change, already_so,
            protected, unknown, limit_users, limit_percent,
            "run {id} is held: {why}; look at it with `usher runs show {id}`, then `usher runs release {id}` or `usher runs cancel {id}`"
        );
        let step = SweepStep::Held { scheme: run.scheme.id.clone(), why };
        self.record(&asked.sweep, step, work).await
    }

    async fn hold(&self, sweep: &SweepId, scheme: &SchemeId, why: &str, work: &Work) -> Result<(), Interrupted> {
        let id = RunId::of_sweep(sweep, scheme);
        warn!(run.id = %id, scheme.id = %scheme, "run {id} is held: {why}");
        self.record(sweep, SweepStep::Held { scheme: scheme.clone(), why: why.to_owned() }, work).await
    }

    /// The reason why a release would be useless: nobody would be selected again, and the run would be over.
    fn obstacle(&self, scheme: &SchemeRef) -> Option<&'static str> {
        let controls = &self.connection.controls;
        if !controls.scheme_stands(scheme) {
            return Some(CHANGED);
        }
        controls.scheme_paused(&scheme.id).then_some("the scheme is paused")
    }

    /// Like [`Self::obstacle`], for a run that an administrator releases: the obstacle came after the order.
    fn obstacle_since(&self, order: &RunOrder) -> Option<&'static str> {
        let plan = self.run_queries.sweep(&order.sweep)?;
        // If it was not kept, the planner does not use it either.
        match plan.versions.get(&order.scheme) {
            Some(version) => self.obstacle(&SchemeRef { id: order.scheme.clone(), version: version.clone() }),
            None => self.connection.controls.scheme_paused(&order.scheme).then_some("the scheme is paused"),
        }
    }

    /// Sights all users with held steps again. The planner recognises users who were already sighted again.
    async fn let_go_on(&self, sweep: &SweepId, scheme: &SchemeId, users: u64, work: &Work) -> Result<(), Interrupted> {
        let run = RunId::of_sweep(sweep, scheme);
        if self.phase(sweep, scheme, work).await? != RunPhase::Released {
            self.record(sweep, SweepStep::Released { scheme: scheme.clone(), users }, work).await?;
        }
        let mut last = None;
        loop {
            let next = self.when(|| self.run_queries.kept_back(&run, last.as_ref()), work).await?;
            let Some(user) = next.last() else { return Ok(()) };
            last = Some(user.clone());
            // Without hints: a released user is read.
            let released =
                Sighting { sweep: sweep.clone(), released: Some(scheme.clone()), memberships: None, undo: None };
            let again = next.into_iter().map(|user| (user, UserHints::default(), released.clone()));
            self.sight_all(again.collect(), work).await?;
        }
    }

    /// The number of users whom the run selects, once it is known; none if it is cancelled.
    async fn counted(&self, sweep: &SweepId, run: &SweepRun, work: &Work) -> Result<Option<Count>, Interrupted> {
        let id = RunId::of_sweep(sweep, &run.scheme.id);
        self.counted_by_views(&id, || self.is_cancelled(sweep, run), work).await
    }

    async fn counted_by_views(
        &self,
        run: &RunId,
        given_up: impl Fn() -> bool + Send + Sync,
        work: &Work,
    ) -> Result<Option<Count>, Interrupted> {
        self.when(|| if given_up() { Some(None) } else { self.run_queries.count(run).map(Some) }, work).await
    }

    /// The first result of `ask`. It is asked again when the views read on, and when administrators change settings.
    pub(super) async fn when<T>(
        &self,
        ask: impl Fn() -> Option<T> + Send + Sync,
        work: &Work,
    ) -> Result<T, Interrupted> {
        let (mut progress, mut changed) = (self.run_queries.progress(), self.connection.controls.changed());
        loop {
            progress.mark_unchanged();
            changed.mark_unchanged();
            if let Some(given) = ask() {
                return Ok(given);
            }
            tokio::select! {
                () = work.stop.cancelled() => return Err(Interrupted),
                progressed = progress.changed() => progressed.map_err(|_| Interrupted)?,
                set = changed.changed() => set.map_err(|_| Interrupted)?,
            }
            // The views are notified of every user; asking at each would slow them down.
            pause(POLL_INTERVAL, &work.stop).await?;
        }
    }

    /// The phase of a run. A run that is not known counts as cancelled.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn phase(&self, sweep: &SweepId, scheme: &SchemeId, work: &Work) -> Result<RunPhase, Interrupted> {
        let state = self.state(sweep, work).await?;
        Ok(state.map_or(RunPhase::Cancelled, |state| phase(&state, scheme)))
    }

    fn run_cancelled(&self, run: &RunId) -> bool {
        self.connection.controls.run_cancelled(run)
    }
}

fn phase(state: &SweepState, scheme: &SchemeId) -> RunPhase {
    state.runs.get(scheme).copied().unwrap_or(RunPhase::Cancelled)
}

fn too_many(limits: Limits, count: Count) -> String {
    let users = limits.users.map(|users| if users == 1 { "1 user".to_owned() } else { format!("{users} users") });
    let percent = limits.percent.map(|percent| format!("{percent} percent of them"));
    let limits = [users, percent].into_iter().flatten().collect::<Vec<_>>().join(" and ");
    let Count { selected, would_change, already_so, protected, unknown, seen } = count;
    let others = [(already_so, "so already"), (protected, "protected"), (unknown, "not known")];
    let others: String =
        others.into_iter().filter(|(users, _)| *users > 0).map(|(users, what)| format!(", {users} {what}")).collect();
    format!("it would change {would_change} of {seen} users; its limit is {limits} ({selected} selected{others})")
}
