//! What a user's last decision set off and has not ended yet.
//!
//! An event is to be decided on what the events before it have led to: a login just after a creation finds the groups
//! that the creation gave. So the planner waits for the steps of the user's last decision before it reads the product.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Interrupted, Overview, overview::AskedStep};
use crate::domain::{Decision, UserKey};

/// An outcome that never comes (its decision could not be read) must not hold up a user for ever.
const PATIENCE: Duration = Duration::from_mins(2);
/// Users noted before it is looked for the first time which of them have settled since.
const FIRST_LOOK: usize = 1_000;
/// Users remembered at most. More are only restored after a long absence, when their steps have long ended.
const MOST: usize = 100_000;

/// The steps of each user's last decision.
#[derive(Default)]
pub(super) struct Unsettled(Mutex<Users>);

struct Users {
    steps: HashMap<UserKey, Vec<AskedStep>>,
    /// With so many users it is looked for those who have settled: a sweep passes many who have no further event.
    look_at: usize,
}

impl Default for Users {
    fn default() -> Self {
        Self { steps: HashMap::new(), look_at: FIRST_LOOK }
    }
}

impl Unsettled {
    /// Notes what `decision` sets off.
    pub(super) fn note(&self, decision: &Decision, known: &dyn Overview) {
        let steps = asked_steps(decision);
        if steps.is_empty() {
            return;
        }
        let mut users = self.users();
        if users.steps.len() >= users.look_at {
            users.steps.retain(|_, steps| !steps.iter().all(|step| known.has_ended(step)));
            users.look_at = FIRST_LOOK.max(users.steps.len() * 2);
        }
        if users.steps.len() >= MOST {
            *users = Users::default();
        }
        users.steps.insert(decision.key(), steps);
    }

    /// Waits until what was noted last for `user` has ended.
    pub(super) async fn settled(
        &self,
        user: &UserKey,
        known: &dyn Overview,
        stop: &CancellationToken,
    ) -> Result<(), Interrupted> {
        let Some(steps) = self.users().steps.remove(user) else { return Ok(()) };
        let mut progress = known.progress();
        let all_ended = progress.wait_for(|_| steps.iter().all(|step| known.has_ended(step)));
        match stop.run_until_cancelled(tokio::time::timeout(PATIENCE, all_ended)).await {
            Some(Ok(_)) => Ok(()),
            Some(Err(_)) => {
                warn!(?steps, "deciding a user's next event although the last one's steps have not ended");
                Ok(())
            }
            None => Err(Interrupted),
        }
    }

    fn users(&self) -> MutexGuard<'_, Users> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
mod tests {
    use std::{collections::BTreeSet, sync::Arc};

    use tokio::sync::watch;

    use super::*;
    use crate::{
        domain::{Heard, LastLists, RunId, SchemeId, SourceId, SweepId, SweepPlan, Timestamp, Truth, UserId},
        engine::Count,
        views::testing::{decision as decided, verdict},
    };

    struct Known {
        ended: Mutex<BTreeSet<String>>,
        progress: watch::Sender<u64>,
    }

    impl Known {
        fn end(&self, step: &str) {
            self.ended.lock().expect("not poisoned").insert(step.to_owned());
            self.progress.send_modify(|count| *count += 1);
        }
    }

    impl Overview for Known {
        fn has_ended(&self, step: &AskedStep) -> bool {
            self.ended.lock().expect("not poisoned").contains(step.key.as_str())
        }

        fn heard(&self, _: &SourceId) -> Option<Heard> {
            None
        }

        fn sweep(&self, _: &SweepId) -> Option<Arc<SweepPlan>> {
            None
        }

        fn asked_until(&self, _: &SchemeId) -> Option<Timestamp> {
            None
        }

        fn is_over(&self, _: &RunId) -> bool {
            false
        }

        fn count(&self, _: &RunId) -> Option<Count> {
            None
        }

        fn kept_back(&self, _: &RunId, _: Option<&UserId>) -> Option<Vec<UserId>> {
            None
        }

        fn last_lists(&self, _: &SourceId) -> Option<LastLists> {
            None
        }

        fn last_reads(&self, _: &SchemeId) -> Option<u64> {
            None
        }

        fn held(&self, _: &SchemeId) -> Vec<SweepId> {
            Vec::new()
        }

        fn progress(&self) -> watch::Receiver<u64> {
            self.progress.subscribe()
        }
    }

    fn decision(schemes: &[&str]) -> Decision {
        decided("e", "jane", 0, schemes.iter().map(|scheme| verdict(scheme, Truth::True, &["g"])).collect())
    }

    fn known() -> Known {
        Known { ended: Mutex::default(), progress: watch::Sender::new(0) }
    }

    #[tokio::test]
    async fn the_next_event_waits_until_every_step_of_the_last_one_has_ended() {
        let known = Arc::new(known());
        let unsettled = Arc::new(Unsettled::default());
        unsettled.note(&decision(&["a", "b"]), &*known);
        let waiting = tokio::spawn({
            let (known, unsettled) = (Arc::clone(&known), Arc::clone(&unsettled));
            async move { unsettled.settled(&decision(&[]).key(), &*known, &CancellationToken::new()).await }
        });
        tokio::task::yield_now().await;
        known.end("e:a@v1:00000");
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        known.end("e:b@v1:00000");
        assert_eq!(waiting.await.expect("no panic"), Ok(()));
    }

    #[tokio::test]
    async fn a_user_without_steps_does_not_wait() {
        let known = known();
        let unsettled = Unsettled::default();
        unsettled.note(&decision(&[]), &known);
        assert_eq!(unsettled.settled(&decision(&[]).key(), &known, &CancellationToken::new()).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn an_outcome_that_never_comes_does_not_hold_up_a_user_for_ever() {
        let known = known();
        let unsettled = Unsettled::default();
        unsettled.note(&decision(&["a"]), &known);
        assert_eq!(unsettled.settled(&decision(&[]).key(), &known, &CancellationToken::new()).await, Ok(()));
    }

    #[tokio::test]
    async fn stopping_ends_the_wait() {
        let known = known();
        let unsettled = Unsettled::default();
        unsettled.note(&decision(&["a"]), &known);
        let stop = CancellationToken::new();
        stop.cancel();
        assert_eq!(unsettled.settled(&decision(&[]).key(), &known, &stop).await, Err(Interrupted));
    }

    #[test]
    fn who_has_settled_is_forgotten_before_there_are_many() {
        let (known, unsettled) = (known(), Unsettled::default());
        for user in 0..10 * FIRST_LOOK {
            let event = format!("e{user}");
            unsettled.note(&decided(&event, &event, 0, vec![verdict("a", Truth::True, &["g"])]), &known);
            if user > 0 {
                known.end(&format!("{event}:a@v1:00000"));
            }
        }
        let users = unsettled.users();
        assert!(users.steps.len() <= FIRST_LOOK + 1, "{} users are kept", users.steps.len());
        assert!(users.steps.contains_key(&decided("e0", "e0", 0, vec![]).key()), "this one has not settled");
    }
}
