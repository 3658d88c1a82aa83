//! What a user's last decision set off and has not ended yet.
//!
//! An event is to be decided on what the events before it have led to: a login just after a creation finds the groups
//! that the creation gave. So the planner waits for the runs of the user's last decision before it reads the product.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::Interrupted;
use crate::domain::{Decision, RunId, UserKey};

/// Knows which runs have ended.
pub trait Runs: Send + Sync + 'static {
    /// Whether every step of `run` has an outcome. False where that can't be told.
    fn has_ended(&self, run: &RunId) -> bool;

    /// Changes whenever a step has ended.
    fn progress(&self) -> watch::Receiver<u64>;
}

/// An outcome that never comes (its decision could not be read) must not hold up a user for ever.
const PATIENCE: Duration = Duration::from_mins(2);
/// Users remembered at most. More are only restored after a long absence, when their runs have long ended.
const MOST: usize = 100_000;

/// The runs of each user's last decision.
#[derive(Default)]
pub(super) struct Unsettled {
    runs: Mutex<HashMap<UserKey, Vec<RunId>>>,
}

impl Unsettled {
    /// Notes what `decision` sets off.
    pub(super) fn note(&self, decision: &Decision) {
        let set_off: Vec<_> = decision.selected().map(|verdict| decision.run(verdict)).collect();
        if set_off.is_empty() {
            return;
        }
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        if runs.len() >= MOST {
            runs.clear();
        }
        runs.insert(decision.key(), set_off);
    }

    /// Waits until what was noted last for `user` has ended.
    pub(super) async fn settled(
        &self,
        user: &UserKey,
        known: &dyn Runs,
        stop: &CancellationToken,
    ) -> Result<(), Interrupted> {
        let Some(set_off) = self.runs.lock().unwrap_or_else(PoisonError::into_inner).remove(user) else {
            return Ok(());
        };
        let mut progress = known.progress();
        let all_ended = progress.wait_for(|_| set_off.iter().all(|run| known.has_ended(run)));
        match stop.run_until_cancelled(tokio::time::timeout(PATIENCE, all_ended)).await {
            Some(Ok(_)) => Ok(()),
            Some(Err(_)) => {
                warn!(runs = ?set_off, "deciding a user's next event although the last one's steps have not ended");
                Ok(())
            }
            None => Err(Interrupted),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Arc};

    use super::*;
    use crate::domain::{
        Event, EventId, EventKind, MadeOf, Mode, Reason, SchemeRef, SchemeVerdict, Timestamp, Truth, UserHints, UserId,
        UserRef,
    };

    struct Known {
        ended: Mutex<BTreeSet<String>>,
        progress: watch::Sender<u64>,
    }

    impl Known {
        fn end(&self, run: &str) {
            self.ended.lock().expect("not poisoned").insert(run.to_owned());
            self.progress.send_modify(|count| *count += 1);
        }
    }

    impl Runs for Known {
        fn has_ended(&self, run: &RunId) -> bool {
            self.ended.lock().expect("not poisoned").contains(run.as_str())
        }

        fn progress(&self) -> watch::Receiver<u64> {
            self.progress.subscribe()
        }
    }

    fn decision(schemes: &[&str]) -> Decision {
        let at = Timestamp::from_millis(0);
        let event = Event {
            id: EventId::new("e"),
            source: "acme".parse().expect("an id"),
            kind: EventKind::Created,
            user: UserRef::Id(UserId::new("u")),
            hints: UserHints::default(),
            occurred: None,
            accepted: at,
            sweep: None,
        };
        let reasons = Reason {
            condition: String::new(),
            truth: Truth::True,
            because: String::new(),
            as_of: None,
            value: None,
            made_of: MadeOf::Fact,
            change: None,
            parts: Vec::new(),
        };
        let verdict = |scheme: &&str| SchemeVerdict {
            scheme: SchemeRef { id: scheme.parse().expect("an id"), version: "1".into() },
            selected: Truth::True,
            test_mode: false,
            held: false,
            reasons: reasons.clone(),
            steps: Vec::new(),
        };
        let verdicts = schemes.iter().map(verdict).collect();
        Decision { verdicts, ..Decision::about(&event, None, Mode::Active, at) }
    }

    #[tokio::test]
    async fn the_next_event_waits_until_every_run_of_the_last_one_has_ended() {
        let known = Arc::new(Known { ended: Mutex::default(), progress: watch::Sender::new(0) });
        let unsettled = Arc::new(Unsettled::default());
        unsettled.note(&decision(&["a", "b"]));
        let waiting = tokio::spawn({
            let (known, unsettled) = (Arc::clone(&known), Arc::clone(&unsettled));
            async move { unsettled.settled(&decision(&[]).key(), &*known, &CancellationToken::new()).await }
        });
        tokio::task::yield_now().await;
        known.end("e.a");
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        known.end("e.b");
        assert_eq!(waiting.await.expect("no panic"), Ok(()));
    }

    #[tokio::test]
    async fn a_user_without_runs_does_not_wait() {
        let known = Known { ended: Mutex::default(), progress: watch::Sender::new(0) };
        let unsettled = Unsettled::default();
        unsettled.note(&decision(&[]));
        assert_eq!(unsettled.settled(&decision(&[]).key(), &known, &CancellationToken::new()).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn an_outcome_that_never_comes_does_not_hold_up_a_user_for_ever() {
        let known = Known { ended: Mutex::default(), progress: watch::Sender::new(0) };
        let unsettled = Unsettled::default();
        unsettled.note(&decision(&["a"]));
        assert_eq!(unsettled.settled(&decision(&[]).key(), &known, &CancellationToken::new()).await, Ok(()));
    }

    #[tokio::test]
    async fn stopping_ends_the_wait() {
        let known = Known { ended: Mutex::default(), progress: watch::Sender::new(0) };
        let unsettled = Unsettled::default();
        unsettled.note(&decision(&["a"]));
        let stop = CancellationToken::new();
        stop.cancel();
        assert_eq!(unsettled.settled(&decision(&[]).key(), &known, &stop).await, Err(Interrupted));
    }
}
