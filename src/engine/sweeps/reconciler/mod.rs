//! Reconciliation: finds users without a reported creation in the list of a source's users.
//!
//! At intervals it lists the users of the source and compares them with the known users. A *newcomer* is a user whom
//! usher does not know: the user was created, and the webhook got lost. usher appends an event for them, which is
//! handled like any other. The known users are in the activity of the planners, which survives the loss of all else.
//!
//! First it makes the *baseline*: users who exist before usher has compared the users are not newcomers. They are
//! sighted, and nothing is done to them. The baseline is complete when usher knows all users of a complete list. If a
//! list is cut short, or contains a user who moved from one page to another in the last one, it is read again.
//!
//! An interrupted round begins anew, and not where it stopped: the event for a listed user is always the same, and a
//! known user costs only a look into the store. The list is only read if a scheme waits for creations. If none does any
//! more, the baseline is forgotten: usher does not act later on users who come meanwhile.

mod events;
mod known;
mod list;
mod newcomers;
mod orders;

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Mutex, MutexGuard, watch},
    time::{Instant, sleep},
};
use tracing::{info, warn};

pub use known::{KnownUsers, UnknownUser};

use self::{list::Error, newcomers::Newcomers};
use super::progress::ProgressLog;
use crate::{
    domain::{Comparison, EventKind, Timestamp, UserList},
    log::Log,
    metrics::Metrics,
    rules::Schemes,
    runtime::{Appender, Interrupted, Work, pause},
    source::Connection,
};

/// The time until the baseline is checked again.
const BASELINE_RETRY_DELAY: Duration = Duration::from_secs(30);
/// The shortest interval between two records of an unchanged comparison.
const WRITE_INTERVAL: Duration = Duration::from_mins(5);
/// The time for webhooks under way to arrive, before a user counts as a newcomer.
const UNDER_WAY: Duration = Duration::from_secs(30);
/// The longest wait while no scheme waits for creations.
const IDLE: Duration = Duration::from_hours(24);

/// Compares the users of one source with those that usher knows, in the process that has its sweeps.
pub struct Reconciler {
    connection: Arc<Connection>,
    log: Arc<dyn Log>,
    appender: Appender,
    progress_log: ProgressLog,
    known: Arc<dyn KnownUsers>,
    schemes: watch::Receiver<Arc<Schemes>>,
    /// The interval; none: never.
    every: Option<Duration>,
    metrics: Metrics,
    /// Held by who compares: by the clock, or because an administrator has ordered something.
    turn: Mutex<()>,
}

impl Reconciler {
    /// A reconciler for the source of `connection` that begins a round `every` so often, where any of the `schemes`
    /// waits for creations.
    pub fn new(
        connection: Arc<Connection>,
        log: Arc<dyn Log>,
        progress_log: ProgressLog,
        known: Arc<dyn KnownUsers>,
        schemes: watch::Receiver<Arc<Schemes>>,
        every: Option<Duration>,
        metrics: Metrics,
    ) -> Self {
        let appender = Appender::new(Arc::clone(&log));
        Self { connection, log, appender, progress_log, known, schemes, every, metrics, turn: Mutex::default() }
    }

    /// Runs one round after the other until the work is to stop.
    pub(in crate::engine) async fn attend(&self, work: &Work) {
        while self.go_round(work).await.is_ok() {}
        self.held_metric().set(0); // another process may continue
    }

    async fn go_round(&self, work: &Work) -> Result<(), Interrupted> {
        let (begun, waiting) = (Instant::now(), self.waiting());
        let turn = self.turn(work).await?;
        let pause = match waiting {
            Some(every) => self.round(every, work).await?,
            None => self.idle(work).await?,
        };
        drop(turn);
        self.rest(pause.saturating_sub(begun.elapsed()), waiting, work).await
    }

    /// The interval of comparisons; none if no scheme waits for creations.
    fn waiting(&self) -> Option<Duration> {
        self.every.filter(|_| self.schemes.borrow().wait_for_creations(&self.connection.source))
    }

    async fn turn(&self, work: &Work) -> Result<MutexGuard<'_, ()>, Interrupted> {
        work.stop.run_until_cancelled(self.turn.lock()).await.ok_or(Interrupted)
    }

    /// Compares once. Gives from when on to do so again.
    async fn round(&self, every: Duration, work: &Work) -> Result<Duration, Interrupted> {
        self.catch_up(work).await?;
        let (at, before) = self.progress_log.comparison(work).await?;
        let after = match before.baseline {
            None => self.extend_baseline(&before, work).await?,
            Some(_) => self.compare(&before, every, work).await?,
        };
        let is_half_done = after.baseline.is_none() && after.failed.is_none();
        let pause = if is_half_done { every.min(BASELINE_RETRY_DELAY) } else { every };
        self.record(at, &before, after, work).await?;
        Ok(pause)
    }

    /// Compares nothing. Users who come meanwhile are part of the next baseline.
    async fn idle(&self, work: &Work) -> Result<Duration, Interrupted> {
        let (at, before) = self.progress_log.comparison(work).await?;
        self.record(at, &before, Comparison::default(), work).await?;
        Ok(IDLE)
    }

    /// Sights all users whom usher does not know. The baseline is complete when there is none.
    async fn extend_baseline(&self, before: &Comparison, work: &Work) -> Result<Comparison, Interrupted> {
        let (mut known, mut strangers) = (0, 0);
        let mut list = self.list(work);
        while let Some(page) = list.next().await? {
            let page = match page {
                Ok(page) => page,
                Err(error) => return Ok(self.cut_short(before, &error)),
            };
            let unknown_user: Vec<_> = page.iter().filter_map(|(user, _)| self.unknown_user(user)).collect();
            known += (page.len() - unknown_user.len()) as u64;
            strangers += unknown_user.len() as u64;
            // Page by page, so that what webhooks tell meanwhile waits behind one page at most.
            self.append_events(EventKind::Sighted, &unknown_user, work).await?;
            self.until_known(&unknown_user, work).await?;
        }
        let list = Some(list.read());
        let baseline = (strangers == 0).then(|| self.now());
        let source = &self.connection.source;
        info!(source.id = %source, known, strangers, whole = baseline.is_some(), "baseline: whoever is there by now was not created just now");
        Ok(Comparison { baseline, known, list, ..Comparison::default() })
    }

    /// Appends an event for each newcomer, unless they are too many at once.
    async fn compare(&self, before: &Comparison, every: Duration, work: &Work) -> Result<Comparison, Interrupted> {
        let mut found = match self.find(work).await? {
            Ok(found) => found,
            Err(error) => return Ok(self.cut_short(before, &error)),
        };
        if !found.is_empty() {
            // A user who is just being created is in the list before the webhook comes.
            pause(UNDER_WAY.min(every / 4), &work.stop).await?;
            found.retain(|user| self.unknown_user(user).is_some());
        }
        let after = found.compared(before);
        let is_on_hold = !found.is_empty() && (before.held > 0 || found.may_be_old(before));
        if is_on_hold || found.total() > found.most() {
            return Ok(self.hold(before, after, &found));
        }
        self.append_events(EventKind::Created, &found.unknown_user(), work).await?;
        Ok(after)
    }

    /// Holds the newcomers. So many at once are not lost webhooks, and an administrator has to decide. Until then all
    /// are held, also later ones, and those who are left when some go: a smaller number is not better understood.
    fn hold(&self, before: &Comparison, after: Comparison, found: &Newcomers) -> Comparison {
        let (held, known, most) = (found.total(), found.known, found.most());
        if before.held != held {
            warn!(
                source.id = %self.connection.source, held, known, most,
                "so many users of whom nothing told are not taken for new: release or dismiss them",
            );
        }
        Comparison { held, ..after }
    }

    /// The state after an incomplete list, which shows nothing.
    fn cut_short(&self, before: &Comparison, error: &Error) -> Comparison {
        warn!(source.id = %self.connection.source, %error, "the users can't all be listed, so nobody's creation is found");
        let list = error.list().or_else(|| before.list.clone());
        Comparison { failed: Some(error.to_string()), list, ..before.clone() }
    }

    /// Records the changed state; and at intervals the unchanged one.
    async fn record(
        &self,
        at: Option<Timestamp>,
        before: &Comparison,
        after: Comparison,
        work: &Work,
    ) -> Result<(), Interrupted> {
        self.held_metric().set(i64::try_from(after.held).unwrap_or(i64::MAX));
        let is_idle = after == Comparison::default();
        let is_same = without_numbers(before) == without_numbers(&after);
        let is_recent = at.is_some_and(|at| at.until(self.now()) < WRITE_INTERVAL);
        if is_same && (is_idle || is_recent) {
            return Ok(());
        }
        self.progress_log.compared(after, work).await
    }

    /// Waits for the next round, or until schemes begin to wait for creations, or end.
    async fn rest(&self, pause: Duration, waiting: Option<Duration>, work: &Work) -> Result<(), Interrupted> {
        let (mut schemes, pause) = (self.schemes.clone(), sleep(pause));
        tokio::pin!(pause);
        loop {
            schemes.mark_unchanged();
            if self.waiting() != waiting {
                return Ok(());
            }
            tokio::select! {
                () = work.stop.cancelled() => return Err(Interrupted),
                () = &mut pause => return Ok(()),
                changed = schemes.changed() => changed.map_err(|_| Interrupted)?,
            }
        }
    }

    fn held_metric(&self) -> prometheus::IntGauge {
        self.metrics.reconciliation_held.with_label_values(&[self.connection.source.as_str()])
    }

    fn now(&self) -> Timestamp {
        self.connection.clock.now()
    }
}

/// The part of the state whose change is recorded at once.
fn without_numbers(comparison: &Comparison) -> Comparison {
    let list = comparison.list.clone().map(|list| UserList { users: 0, ..list });
    Comparison { known: 0, list, ..comparison.clone() }
}

#[cfg(test)]
mod tests;
