//! The pending steps in memory: a copy of the store, as far as there is room.

use std::collections::HashMap;

use crate::{domain::UserKey, store::PendingStep};

/// Steps in memory at most, of all users: some 20 MB.
pub(super) const MAX_AT_HAND: usize = 50_000;

/// The memory's answer about one user.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum StepsAtHand<'a> {
    /// All steps of the user, maybe none.
    All(&'a [PendingStep]),
    /// The memory does not know. Only the store may have steps of the user.
    AskStore,
}

/// See the module.
#[derive(Debug)]
pub(super) struct AtHand {
    steps: HashMap<UserKey, Vec<PendingStep>>,
    /// The number of steps.
    count: usize,
    most: usize,
    /// The number of users with steps in the store that are not in `steps`.
    beyond: usize,
}

impl AtHand {
    /// Room for `most` steps.
    pub(super) fn new(most: usize) -> Self {
        Self { steps: HashMap::new(), count: 0, most, beyond: 0 }
    }

    /// The answer about `user`.
    pub(super) fn of(&self, user: &UserKey) -> StepsAtHand<'_> {
        match self.steps.get(user) {
            Some(steps) => StepsAtHand::All(steps),
            None if self.beyond == 0 => StepsAtHand::All(&[]),
            None => StepsAtHand::AskStore,
        }
    }

    /// Takes in the steps that the store has of `user` now. `had_some`: it had steps of the user before.
    pub(super) fn set(&mut self, user: &UserKey, had_some: bool, steps: Vec<PendingStep>) {
        match self.steps.remove(user) {
            Some(before) => self.count -= before.len(),
            None if had_some => self.beyond = self.beyond.saturating_sub(1),
            None => {}
        }
        if steps.is_empty() {
            return;
        }
        if self.count + steps.len() > self.most {
            self.beyond += 1;
            return;
        }
        self.count += steps.len();
        self.steps.insert(user.clone(), steps);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{RunId, StepKey, Timestamp};

    fn steps(count: usize) -> Vec<PendingStep> {
        let step = |n| PendingStep {
            run: RunId::new("run"),
            key: StepKey::new(format!("step-{n}")),
            decided: Timestamp::from_millis(0),
        };
        (0..count).map(step).collect()
    }

    fn user(name: &str) -> UserKey {
        UserKey::parse(&format!("acme/id/{name}")).expect("a key")
    }

    #[test]
    fn a_user_without_steps_is_known_to_have_none_as_long_as_all_others_are_in_memory() {
        let mut at_hand = AtHand::new(3);
        at_hand.set(&user("jane"), false, steps(2));
        assert_eq!(at_hand.of(&user("jane")), StepsAtHand::All(&steps(2)));
        assert_eq!(at_hand.of(&user("joe")), StepsAtHand::All(&[]));
    }

    #[test]
    fn a_user_for_whom_there_is_no_room_is_left_to_the_store_until_there_is() {
        let mut at_hand = AtHand::new(3);
        at_hand.set(&user("jane"), false, steps(2));
        at_hand.set(&user("joe"), false, steps(2));
        assert_eq!(at_hand.of(&user("joe")), StepsAtHand::AskStore);
        assert_eq!(at_hand.of(&user("nobody")), StepsAtHand::AskStore);
        at_hand.set(&user("joe"), true, steps(1));
        assert_eq!(at_hand.of(&user("joe")), StepsAtHand::All(&steps(1)));
        assert_eq!(at_hand.of(&user("nobody")), StepsAtHand::All(&[]));
        // One that grows beyond the room goes too, and comes back when it has ended.
        at_hand.set(&user("jane"), true, steps(3));
        assert_eq!(at_hand.of(&user("jane")), StepsAtHand::AskStore);
        at_hand.set(&user("jane"), true, Vec::new());
        assert_eq!(at_hand.of(&user("jane")), StepsAtHand::All(&[]));
        assert_eq!((at_hand.count, at_hand.beyond), (1, 0));
    }
}
