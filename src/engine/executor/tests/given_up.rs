//! Decisions on which the work ended by a bug each time.

use super::*;
use crate::domain::{Again, DeadLetter};

impl Scene {
    async fn give_up(&self, payload: Vec<u8>) -> Vec<DeadLetter> {
        let key = decided("e1", "jane", &[]).key().as_str().to_owned();
        let position = self.log.put(Stream::Decisions, &key, payload.clone().into());
        let record = Stored { position, key, payload: payload.into(), appended: SystemClock.now() };
        self.executor.give_up(&record, &Self::work()).await.unwrap();
        let letters = self.records(Stream::DeadLetters).await;
        letters.iter().map(|record| codec::decode(&record.payload).unwrap()).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn of_a_step_that_was_being_taken_it_is_said_that_it_is_not_known_whether_it_was_done() {
    let scene = Scene::new();
    let decision = decided("e1", "jane", &[Step::AddGroup(group("vpn")), rename(), Step::Deactivate]);
    scene.product.state().fates.push_back(Fate::Hangs { done: true });
    scene.crash_at_change(&decision, 1).await;
    let letters = scene.give_up(codec::encode(&decision).into()).await;
    let states = letters.iter().map(|letter| letter.reason.split("; ").nth(1).unwrap_or_default());
    let (unknown, not_asked) = (
        "the change may have been asked for, and it is not known whether it was made: look at the user in the product",
        "as far as usher knows the change was not asked for",
    );
    assert_eq!(states.collect::<Vec<_>>(), [unknown, not_asked, not_asked]);
    assert!(letters.iter().all(|letter| letter.reason.starts_with("a bug of usher")), "{letters:?}");
    assert!(letters.iter().all(|letter| matches!(letter.again, Some(Again::Step { .. }))), "{letters:?}");
    // Runs and later events of the user wait for outcomes.
    let results: Vec<_> = scene.outcomes(&decision).await.iter().map(|outcome| outcome.result).collect();
    assert_eq!(results, [StepResult::Failed; 3]);
    scene.carry_out(&decision).await;
    assert_eq!(scene.product.asked().len(), 1, "what was given up is not done when its record comes again");
}

#[tokio::test(start_paused = true)]
async fn steps_that_had_ended_before_the_bug_keep_their_outcomes() {
    let scene = Scene::new();
    let decision = decided("e1", "jane", &[Step::AddGroup(group("vpn")), rename()]);
    scene.carry_out(&decision).await;
    let before = scene.ended(&decision).await;
    assert_eq!(scene.give_up(codec::encode(&decision).into()).await.len(), 0);
    assert_eq!(scene.ended(&decision).await, before);
}

#[tokio::test(start_paused = true)]
async fn a_decision_that_can_not_even_be_read_is_given_up_by_its_place() {
    let letters = Scene::new().give_up(b"\xff".to_vec()).await;
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    assert!(letter.id.starts_with("decisions/") && letter.user.to_string() == "jane", "{letter:?}");
    assert!(letter.reason.contains("it is not known which steps were taken"), "{}", letter.reason);
}
