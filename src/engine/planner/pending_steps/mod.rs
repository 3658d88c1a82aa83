//! Pending steps: steps of a user's decisions that have not ended.
//!
//! An event is to be decided on the effects of the events before it: a login just after a creation finds the groups
//! that the creation gave. So the planner waits for the user's pending steps before it reads the product. They are kept
//! in the store, so that they survive restarts. The views remove a step when they read its outcome, whichever process
//! wrote it, and wake the waiting events.
//!
//! The steps are in memory too, which is read at the start and follows each write. The store is only asked if there are
//! more than [`MAX_AT_HAND`] of them. Methods that may do that say so: they must not be called on async threads.

mod at_hand;

use std::{
    collections::{BTreeSet, HashMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use self::at_hand::{AtHand, MAX_AT_HAND, StepsAtHand};
use crate::{
    domain::{Decision, StepKey, Timestamp, UserKey},
    engine::{RunQueries, run_queries::AskedStep},
    runtime::Interrupted,
    source::Connection,
    store::{self, PendingRows, PendingStep},
};

/// The time for which an event waits for the steps of the user's earlier events, while its source may be called. The
/// executor may be far behind, or a step may be delayed for a day. The next event does not wait for these steps again.
const WAIT_TIMEOUT: Duration = Duration::from_mins(2);
/// The wait is counted in pieces; one in which the source was stopped does not count.
const PIECE: Duration = Duration::from_secs(5);
/// Steps kept of one user at most, the latest ones.
const MAX_OF_ONE: usize = 1_000;
/// Locks for writing. Users with different ones are written at the same time.
const TURNS: usize = 32;

/// The pending steps of all users. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct PendingSteps(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    rows: Box<dyn PendingRows>,
    /// A user's steps are changed by one thread at a time, in the store first and then in memory: so both stay alike.
    turns: [Mutex<()>; TURNS],
    /// The memory. It is never locked while the store is used, which may be slow: async threads wait for this lock.
    memory: Mutex<Memory>,
}

#[derive(Debug)]
struct Memory {
    at_hand: AtHand,
    waiting: HashMap<UserKey, Waiting>,
}

/// The steps that are waited for, of one user.
#[derive(Debug)]
struct Waiting {
    left: watch::Sender<BTreeSet<StepKey>>,
    waiters: usize,
}

/// The steps of a decision.
#[derive(Debug)]
pub(in crate::engine) struct DecisionSteps {
    user: UserKey,
    decided: Timestamp,
    steps: Vec<AskedStep>,
}

impl DecisionSteps {
    /// The steps of `decision`; none if it has none.
    pub(in crate::engine) fn by(decision: &Decision) -> Option<Self> {
        let steps = asked_steps(decision);
        (!steps.is_empty()).then(|| Self { user: decision.key(), decided: decision.decided, steps })
    }

    fn pending(&self) -> impl Iterator<Item = PendingStep> {
        let pending = |AskedStep { run, key, .. }: &AskedStep| PendingStep {
            run: run.clone(),
            key: key.clone(),
            decided: self.decided,
        };
        self.steps.iter().map(pending)
    }
}

impl PendingSteps {
    /// Reads the steps kept in `rows`.
    ///
    /// # Errors
    /// Those of the store.
    pub fn open(rows: impl PendingRows + 'static) -> Result<Self, store::Error> {
        Self::open_within(MAX_AT_HAND, rows)
    }

    /// The same, with room for `most` steps in memory.
    fn open_within(most: usize, rows: impl PendingRows + 'static) -> Result<Self, store::Error> {
        let mut at_hand = AtHand::new(most);
        rows.walk(&mut |user, steps| {
            at_hand.set(&user, false, steps);
            Ok(())
        })?;
        let memory = Mutex::new(Memory { at_hand, waiting: HashMap::new() });
        Ok(Self(Arc::new(Shared { rows: Box::new(rows), turns: [const { Mutex::new(()) }; TURNS], memory })))
    }

    /// Whether `user` certainly has no pending steps, by memory alone.
    pub(in crate::engine) fn certainly_none(&self, user: &UserKey) -> bool {
        self.memory().at_hand.of(user) == StepsAtHand::All(&[])
    }

    /// Records the steps in `asked`, without those that have ended already. It waits for the disk.
    ///
    /// # Errors
    /// Those of the state store, if sled can't read or write.
    pub(in crate::engine) fn record(&self, asked: &DecisionSteps, known: &dyn RunQueries) -> Result<(), store::Error> {
        self.change(&asked.user, |steps| {
            steps.retain(|known| asked.steps.iter().all(|step| step.key != known.key));
            steps.extend(asked.pending());
            steps.drain(..steps.len().saturating_sub(MAX_OF_ONE));
        })?;
        // Only now: an outcome that is read from here on finds the step and takes it away.
        let ended = asked.steps.iter().filter(|step| known.has_ended(step)).map(|step| step.key.clone());
        let ended: BTreeSet<_> = ended.collect();
        if ended.is_empty() { Ok(()) } else { self.end(&asked.user, &ended) }
    }

    /// Records that the step `key` of `user` has ended, and wakes the waiters for the last one. It waits for the disk.
    ///
    /// # Errors
    /// Those of the store.
    pub fn ended(&self, user: &UserKey, key: &StepKey) -> Result<(), store::Error> {
        self.end(user, &BTreeSet::from([key.clone()]))
    }

    /// Records the end of those steps of `user` for which `has_ended` is true. It waits for the disk.
    ///
    /// # Errors
    /// Those of the state store, if sled can't read or write.
    pub(in crate::engine) fn end_those(
        &self,
        user: &UserKey,
        has_ended: impl Fn(&StepKey) -> Result<bool, store::Error>,
    ) -> Result<(), store::Error> {
        let mut ended = BTreeSet::new();
        for PendingStep { key, .. } in self.change(user, |_| {})? {
            if has_ended(&key)? {
                ended.insert(key);
            }
        }
        if ended.is_empty() { Ok(()) } else { self.end(user, &ended) }
    }

    /// Records the end of all steps for which `has_ended` is true. It waits for the disk.
    ///
    /// # Errors
    /// Those of the store.
    pub fn end_all(&self, has_ended: impl Fn(&AskedStep) -> bool) -> Result<(), store::Error> {
        self.0.rows.walk(&mut |user, steps| {
            let asked = steps.into_iter().map(|step| AskedStep { run: step.run, user: user.user(), key: step.key });
            let ended: BTreeSet<_> = asked.filter(|step| has_ended(step)).map(|step| step.key).collect();
            if ended.is_empty() { Ok(()) } else { self.end(&user, &ended) }
        })
    }

    fn end(&self, user: &UserKey, ended: &BTreeSet<StepKey>) -> Result<(), store::Error> {
        self.change(user, |steps| steps.retain(|step| !ended.contains(&step.key)))?;
        if let Some(waiting) = self.memory().waiting.get(user) {
            waiting.left.send_if_modified(|left| {
                let before = left.len();
                left.retain(|step| !ended.contains(step));
                left.len() < before && left.is_empty()
            });
        }
        Ok(())
    }

    /// Removes the steps from before `horizon`. Returns the number of users. It waits for the disk.
    ///
    /// # Errors
    /// Those of the store.
    pub fn prune(&self, horizon: Timestamp) -> Result<usize, store::Error> {
        let mut dropped = 0;
        self.0.rows.walk(&mut |user, steps| {
            if steps.iter().all(|step| step.decided < horizon) {
                self.forget_before(&user, horizon)?;
                dropped += 1;
            }
            Ok(())
        })?;
        Ok(dropped)
    }

    fn forget_before(&self, user: &UserKey, horizon: Timestamp) -> Result<(), store::Error> {
        self.change(user, |steps| steps.retain(|step| step.decided >= horizon)).map(|_| ())
    }

    /// Begins to wait for the steps of `user`; none if there are none. It may wait for the disk.
    ///
    /// # Errors
    /// Those of the state store, if sled can't read or write.
    pub(in crate::engine) fn begin(&self, user: &UserKey) -> Result<Option<Waiter>, store::Error> {
        // The steps are read in the user's turn: a step that ends later is among the awaited ones.
        let _turn = self.turn(user);
        let steps = self.change_in_turn(user, |_| {})?;
        Ok((!steps.is_empty()).then(|| {
            let left = self.memory().join(user, steps.into_iter().map(|step| step.key).collect());
            Waiter { all: self.clone(), user: user.clone(), left }
        }))
    }

    /// Changes the steps of `user`, in the store if they differ, and in memory. Returns them.
    fn change(
        &self,
        user: &UserKey,
        change: impl FnOnce(&mut Vec<PendingStep>),
    ) -> Result<Vec<PendingStep>, store::Error> {
        let _turn = self.turn(user);
        self.change_in_turn(user, change)
    }

    fn change_in_turn(
        &self,
        user: &UserKey,
        change: impl FnOnce(&mut Vec<PendingStep>),
    ) -> Result<Vec<PendingStep>, store::Error> {
        let known = match self.memory().at_hand.of(user) {
            StepsAtHand::All(steps) => Some(steps.to_vec()),
            StepsAtHand::AskStore => None,
        };
        let is_at_hand = known.is_some();
        let before = known.map_or_else(|| self.0.rows.of(user), Ok)?;
        let mut steps = before.clone();
        change(&mut steps);
        let is_changed = steps != before;
        if is_changed {
            self.0.rows.put(user, &steps)?;
        }
        if is_changed || !is_at_hand {
            self.memory().at_hand.set(user, !before.is_empty(), steps.clone());
        }
        Ok(steps)
    }

    fn turn(&self, user: &UserKey) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        user.as_str().hash(&mut hasher);
        let turn = usize::try_from(hasher.finish() % TURNS as u64).unwrap_or(0);
        self.0.turns[turn].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// Adds a waiter for `steps` of `user`.
    fn join(&mut self, user: &UserKey, steps: BTreeSet<StepKey>) -> watch::Receiver<BTreeSet<StepKey>> {
        let entry = self.waiting.entry(user.clone());
        let entry = entry.or_insert_with(|| Waiting { left: watch::Sender::default(), waiters: 0 });
        entry.waiters += 1;
        entry.left.send_replace(steps);
        entry.left.subscribe()
    }
}

/// Waits for the steps of a user.
pub(in crate::engine) struct Waiter {
    all: PendingSteps,
    user: UserKey,
    left: watch::Receiver<BTreeSet<StepKey>>,
}

impl Waiter {
    /// Waits until all steps have ended; false if that takes too long. While the source is stopped no time passes,
    /// because no step can end then.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(in crate::engine) async fn wait_until_done(
        mut self,
        connection: &Connection,
        stop: &CancellationToken,
    ) -> Result<bool, Interrupted> {
        let mut waited = Duration::ZERO;
        while waited < WAIT_TIMEOUT {
            connection.running(stop).await?;
            let stops = connection.stops();
            let all_ended = tokio::time::timeout(PIECE, self.left.wait_for(BTreeSet::is_empty));
            if stop.run_until_cancelled(all_ended).await.ok_or(Interrupted)?.is_ok() {
                return Ok(true);
            }
            if connection.is_running() && connection.stops() == stops {
                waited += PIECE;
            }
        }
        let (source, left) = (&connection.source, self.left.borrow().clone());
        warn!(source.id = %source, steps = ?left, "deciding a user's next event although steps of theirs have not ended");
        self.forget(left).await;
        Ok(false)
    }

    /// Removes steps that did not end in time. Their outcomes may never come, if the stream was lost. They must not
    /// delay each event of the user.
    async fn forget(&self, steps: BTreeSet<StepKey>) {
        let (all, user) = (self.all.clone(), self.user.clone());
        let forgotten = tokio::task::spawn_blocking(move || all.end(&user, &steps)).await;
        if let Ok(Err(error)) = forgotten {
            warn!(%error, "can't forget steps that were waited for in vain");
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut memory = self.all.memory();
        if let Some(entry) = memory.waiting.get_mut(&self.user) {
            entry.waiters -= 1;
            if entry.waiters == 0 {
                memory.waiting.remove(&self.user);
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
mod tests;
