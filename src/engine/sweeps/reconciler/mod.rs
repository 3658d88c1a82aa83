//! Reconciliation: whose creation nothing told of, found in the list of a source's users.
//!
//! Every so often the users of the source are listed and compared with those that usher knows. A *newcomer*, whom usher
//! does not know, was created, and the webhook got lost: an event says so, and takes the same road as any other. Whom
//! usher knows stands in what the planners have seen of users, which outlives everything else of usher.
//!
//! First comes the *baseline*: whoever is there before usher has compared the users is no newcomer. They are sighted, and
//! nothing is done to them. It is whole when usher knows everybody in a whole list; a list that is cut short, or in which
//! somebody stood who slid from one page to another in the last one, is read again.
//!
//! A round that is cut short is begun anew, and not where it was: what follows from a user in the list is the same event
//! however often it is read, and whom usher knows costs no more than a look into its store. The list is only read where
//! a scheme waits for creations. Where none does any more, the baseline is forgotten: whoever comes while no scheme
//! waits is not acted on when one does again.

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
    runtime::{Appender, Interrupted, Work},
    source::Connection,
};

/// How long it waits before it looks again whether the baseline is whole.
const BASELINE_AGAIN: Duration = Duration::from_secs(30);
/// Where nothing has changed, it is written down no more often than this that the users were compared.
const WRITE_EVERY: Duration = Duration::from_mins(5);
/// Webhooks that are under way have this long to arrive before somebody is taken for a newcomer.
const UNDER_WAY: Duration = Duration::from_secs(30);
/// Where no scheme waits for creations there is nothing to do until one does.
const IDLE: Duration = Duration::from_hours(24);

/// Compares the users of one source with those that usher knows, in the process that has its sweeps.
pub struct Reconciler {
    connection: Arc<Connection>,
    log: Arc<dyn Log>,
    appender: Appender,
    progress_log: ProgressLog,
    known: Arc<dyn KnownUsers>,
    schemes: watch::Receiver<Arc<Schemes>>,
    /// None: never.
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

    /// One round after the other until the work is to stop.
    pub(in crate::engine) async fn attend(&self, work: &Work) {
        while self.go_round(work).await.is_ok() {}
        self.held_metric().set(0); // another process may go on
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

    /// How often to compare; none where nobody waits for creations.
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
        let pause = if is_half_done { every.min(BASELINE_AGAIN) } else { every };
        self.note(at, &before, after, work).await?;
        Ok(pause)
    }

    /// Nothing is compared: who comes meanwhile is part of the next baseline.
    async fn idle(&self, work: &Work) -> Result<Duration, Interrupted> {
        let (at, before) = self.progress_log.comparison(work).await?;
        self.note(at, &before, Comparison::default(), work).await?;
        Ok(IDLE)
    }

    /// Sights everybody whom usher does not know. The baseline is whole when there is nobody.
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
            self.tell(EventKind::Sighted, &unknown_user, work).await?;
            self.until_known(&unknown_user, work).await?;
        }
        let list = Some(list.read());
        let baseline = (strangers == 0).then(|| self.now());
        let source = &self.connection.source;
        info!(source.id = %source, known, strangers, whole = baseline.is_some(), "baseline: whoever is there by now was not created just now");
        Ok(Comparison { baseline, known, list, ..Comparison::default() })
    }

    /// Tells of everybody who has come, unless they are too many at once.
    async fn compare(&self, before: &Comparison, every: Duration, work: &Work) -> Result<Comparison, Interrupted> {
        let mut found = match self.find(work).await? {
            Ok(found) => found,
            Err(error) => return Ok(self.cut_short(before, &error)),
        };
        if !found.is_empty() {
            // Who is created just now stands in the list before the webhook has come.
            work.stop.run_until_cancelled(sleep(UNDER_WAY.min(every / 4))).await.ok_or(Interrupted)?;
            found.retain(|user| self.unknown_user(user).is_some());
        }
        let after = found.compared(before);
        let is_on_hold = !found.is_empty() && (before.held > 0 || found.may_be_old(before));
        if is_on_hold || found.total() > found.most() {
            return Ok(self.hold(before, after, &found));
        }
        self.tell(EventKind::Created, &found.unknown_user(), work).await?;
        Ok(after)
    }

    /// Too many at once are no lost webhooks: somebody has to look. Until then all are held, also those who come later and
    /// those who are left when some go: fewer of them are no better understood.
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

    /// A list that can't be read whole says nothing.
    fn cut_short(&self, before: &Comparison, error: &Error) -> Comparison {
        warn!(source.id = %self.connection.source, %error, "the users can't all be listed, so nobody's creation is found");
        let list = error.list().or_else(|| before.list.clone());
        Comparison { failed: Some(error.to_string()), list, ..before.clone() }
    }

    /// Writes down what has changed; and now and then that nothing has.
    async fn note(
        &self,
        at: Option<Timestamp>,
        before: &Comparison,
        after: Comparison,
        work: &Work,
    ) -> Result<(), Interrupted> {
        self.held_metric().set(i64::try_from(after.held).unwrap_or(i64::MAX));
        let is_idle = after == Comparison::default();
        let is_same = without_numbers(before) == without_numbers(&after);
        let is_recent = at.is_some_and(|at| at.until(self.now()) < WRITE_EVERY);
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

/// What is worth a record at once when it changes.
fn without_numbers(comparison: &Comparison) -> Comparison {
    let list = comparison.list.clone().map(|list| UserList { users: 0, ..list });
    Comparison { known: 0, list, ..comparison.clone() }
}

#[cfg(test)]
mod tests;
