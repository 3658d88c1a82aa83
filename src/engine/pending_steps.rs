//! What a user's decisions have set off and has not ended yet.
//!
//! An event is to be decided on what the events before it have led to: a login just after a creation finds the groups
//! that the creation gave. So the planner waits for the user's pending steps before it reads the product. They are kept
//! in the store, so that they are known after any number of restarts; the views take away those of which they read the
//! outcome, whichever process wrote it, and wake those who wait for them.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Connection, Interrupted, Overview, overview::AskedStep};
use crate::{
    domain::{Decision, StepKey, Timestamp, UserKey},
    log::RETENTION,
    store::{self, PendingStep, PendingStore},
};

/// The executor may be far behind, or a step be put off for a day. While its source may be called, a user's next event is
/// held up for so long by it.
const PATIENCE: Duration = Duration::from_mins(2);

/// The pending steps of all users. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct PendingSteps {
    store: PendingStore,
    waiting: Arc<Mutex<HashMap<UserKey, Waiting>>>,
}

/// The steps that are waited for, of one user.
#[derive(Debug)]
struct Waiting {
    left: watch::Sender<BTreeSet<StepKey>>,
    waiters: usize,
}

impl PendingSteps {
    /// Those kept in `store`.
    pub fn new(store: PendingStore) -> Self {
        Self { store, waiting: Arc::default() }
    }

    /// Notes what `decision` sets off, less what has ended already.
    pub(super) fn note(&self, decision: &Decision, known: &dyn Overview) -> Result<(), store::Error> {
        let asked = asked_steps(decision);
        if asked.is_empty() {
            return Ok(());
        }
        let pending = |AskedStep { run, key, .. }: &AskedStep| PendingStep {
            run: run.clone(),
            key: key.clone(),
            decided: decision.decided,
        };
        let user = decision.key();
        self.store.add(&user, &asked.iter().map(pending).collect::<Vec<_>>())?;
        // Only now: an outcome that is read from here on finds the step and takes it away.
        let ended: BTreeSet<_> = asked.iter().filter(|step| known.has_ended(step)).map(|step| &step.key).collect();
        if !ended.is_empty() {
            self.store.take_away(&user, |step| ended.contains(&step.key))?;
        }
        Ok(())
    }

    /// Notes that the step `key` of `user` has ended, and wakes those who wait for the last one.
    pub fn ended(&self, user: &UserKey, key: &StepKey) -> Result<(), store::Error> {
        self.end(user, &BTreeSet::from([key.clone()]))
    }

    /// Notes that those steps of `user` have ended of which `has_ended` says so.
    pub(super) fn end_those(
        &self,
        user: &UserKey,
        has_ended: impl Fn(&StepKey) -> Result<bool, store::Error>,
    ) -> Result<(), store::Error> {
        let mut ended = BTreeSet::new();
        for PendingStep { key, .. } in self.store.of(user)? {
            if has_ended(&key)? {
                ended.insert(key);
            }
        }
        if ended.is_empty() { Ok(()) } else { self.end(user, &ended) }
    }

    fn end(&self, user: &UserKey, ended: &BTreeSet<StepKey>) -> Result<(), store::Error> {
        self.store.take_away(user, |step| ended.contains(&step.key))?;
        if let Some(waiting) = self.waiting().get(user) {
            waiting.left.send_if_modified(|left| {
                let before = left.len();
                left.retain(|step| !ended.contains(step));
                left.len() < before && left.is_empty()
            });
        }
        Ok(())
    }

    /// Forgets what was asked for before `horizon`. Returns of how many users.
    pub fn prune(&self, horizon: Timestamp) -> Result<usize, store::Error> {
        self.store.prune(horizon)
    }

    /// Begins to wait for the steps of `user`; none where there are none.
    pub(super) fn begin(&self, user: &UserKey) -> Result<Option<Waiter>, store::Error> {
        let steps = self.store.of(user)?;
        if steps.is_empty() {
            return Ok(None);
        }
        // Not under the lock, which is one for all users: the store may be slow.
        let left = self.join(user, steps.iter().map(|step| step.key.clone()).collect());
        let waiter = Waiter { all: self.clone(), user: user.clone(), steps, left };
        // Once more: a step that ended in between was not among those that are waited for, one that ends later is.
        let still: BTreeSet<_> = self.store.of(user)?.into_iter().map(|step| step.key).collect();
        if let Some(waiting) = self.waiting().get(user) {
            waiting.left.send_modify(|left| left.retain(|step| still.contains(step)));
        }
        Ok(Some(waiter))
    }

    /// Adds one to those who wait for `steps` of `user`.
    fn join(&self, user: &UserKey, steps: BTreeSet<StepKey>) -> watch::Receiver<BTreeSet<StepKey>> {
        let mut waiting = self.waiting();
        let entry = waiting.entry(user.clone());
        let entry = entry.or_insert_with(|| Waiting { left: watch::Sender::default(), waiters: 0 });
        entry.waiters += 1;
        entry.left.send_replace(steps);
        entry.left.subscribe()
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<UserKey, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for the steps of a user.
pub(super) struct Waiter {
    all: PendingSteps,
    user: UserKey,
    steps: Vec<PendingStep>,
    left: watch::Receiver<BTreeSet<StepKey>>,
}

impl Waiter {
    /// Waits until all steps have ended; false where that takes too long. While the source is stopped no time passes:
    /// nothing can end then.
    pub(super) async fn wait_until_done(
        mut self,
        connection: &Connection,
        stop: &CancellationToken,
    ) -> Result<bool, Interrupted> {
        loop {
            connection.running(stop).await?;
            let stops = connection.stops();
            let all_ended = tokio::time::timeout(PATIENCE, self.left.wait_for(BTreeSet::is_empty));
            if stop.run_until_cancelled(all_ended).await.ok_or(Interrupted)?.is_ok() {
                return Ok(true);
            }
            if connection.is_running() && connection.stops() == stops {
                break;
            }
        }
        let (source, left) = (&connection.source, self.left.borrow().clone());
        warn!(source.id = %source, steps = ?left, "deciding a user's next event although steps of theirs have not ended");
        self.forget_outlived(connection.clock.now().minus(RETENTION));
        Ok(false)
    }

    /// A step whose outcome never comes must not hold up each event of the user.
    fn forget_outlived(&self, horizon: Timestamp) {
        if self.steps.iter().any(|step| step.decided < horizon)
            && let Err(error) = self.all.store.take_away(&self.user, |step| step.decided < horizon)
        {
            warn!(%error, "can't forget steps that never ended");
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut waiting = self.all.waiting();
        if let Some(entry) = waiting.get_mut(&self.user) {
            entry.waiters -= 1;
            if entry.waiters == 0 {
                waiting.remove(&self.user);
            }
        }
    }
}

fn asked_steps(decision: &Decision) -> Vec<AskedStep> {
    let of = |verdict| {
        let run = decision.run(verdict);
        let step = move |index| AskedStep {
            run: run.clone(),
            user: decision.user.clone(),
            key: decision.step_key(verdict, index),
        };
        (0..verdict.steps.len()).map(step)
    };
    decision.selected().flat_map(of).collect()
}

#[cfg(test)]
#[path = "pending_steps_tests.rs"]
mod tests;
