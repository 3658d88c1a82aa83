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
mod decision_steps;
mod waiter;

use std::{
    collections::{BTreeSet, HashMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use self::{
    at_hand::{AtHand, MAX_AT_HAND, StepsAtHand},
    waiter::Waiting,
};
pub(in crate::engine) use self::{decision_steps::DecisionSteps, waiter::Waiter};
use crate::{
    domain::{StepKey, Timestamp, UserKey},
    engine::{RunQueries, run_queries::AskedStep},
    store::{self, PendingRows, PendingStep},
};

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

    /// Records the steps in `asked`, none of which has ended, if that is possible without waiting: the user's steps are in
    /// memory, and no other thread changes them. Returns whether it was.
    ///
    /// # Errors
    /// Those of the state store, if sled can't write.
    pub(in crate::engine) fn record_new(&self, asked: &DecisionSteps) -> Result<bool, store::Error> {
        let Some(_turn) = self.turn_of(&asked.user).try_lock().ok() else { return Ok(false) };
        if matches!(self.memory().at_hand.of(&asked.user), StepsAtHand::AskStore) {
            return Ok(false);
        }
        self.change_in_turn(&asked.user, |steps| asked.add_to(steps)).map(|_| true)
    }

    /// Records the steps in `asked`, without those that have ended already. It waits for the disk.
    ///
    /// # Errors
    /// Those of the state store, if sled can't read or write.
    pub(in crate::engine) fn record(&self, asked: &DecisionSteps, known: &dyn RunQueries) -> Result<(), store::Error> {
        self.change(&asked.user, |steps| asked.add_to(steps))?;
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
        self.turn_of(user).lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn_of(&self, user: &UserKey) -> &Mutex<()> {
        let mut hasher = DefaultHasher::new();
        user.as_str().hash(&mut hasher);
        let turn = usize::try_from(hasher.finish() % TURNS as u64).unwrap_or(0);
        &self.0.turns[turn]
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
