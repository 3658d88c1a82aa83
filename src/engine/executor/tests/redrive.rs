//! A step that was given up, taken up again by order of an administrator.

use super::*;
use crate::{
    domain::{Actor, DeadLetter},
    engine::LetterOrders,
    log::codec::LetterRecord,
};

impl Scene {
    async fn letters(&self) -> Vec<DeadLetter> {
        let letter = |record: &Stored| match codec::decode(&record.payload).unwrap() {
            LetterRecord::Letter(letter) => Some(*letter),
            LetterRecord::Order(_) => None,
        };
        self.records(Stream::DeadLetters).await.iter().filter_map(letter).collect()
    }

    /// Orders a redrive of `letter`; returns the decision that is then in the log.
    async fn order(&self, letter: &DeadLetter) -> Decision {
        let orders = LetterOrders::new(self.log.clone(), Arc::new(TokioClock(Instant::now())));
        let before = self.records(Stream::Decisions).await.len();
        orders.redrive(vec![letter.clone()], &"ann".parse::<Actor>().unwrap()).await.unwrap();
        let records = self.records(Stream::Decisions).await;
        assert_eq!(records.len(), before + 1);
        let decisions = records.iter().map(|record| codec::decode::<Decision>(&record.payload).unwrap());
        decisions.max_by_key(|decision| decision.redrive.as_ref().map(|redrive| (redrive.of, redrive.at))).unwrap()
    }

    async fn redrive(&self, decision: &Decision) {
        let record = Stored {
            position: self.records(Stream::Decisions).await[0].position,
            key: decision.key().as_str().to_owned(),
            payload: codec::encode(decision),
            appended: SystemClock.now(),
        };
        self.executor.handle(&record, &Self::work()).await.unwrap();
    }
}

fn add(name: &str) -> Step {
    Step::AddGroup(group(name))
}

/// A scene in which the second of three steps was given up, and the first one was so already.
async fn given_up() -> (Scene, Decision, DeadLetter) {
    let scene = Scene::new();
    scene.product.state().fates.push_back(refused());
    let decision = decided("e1", "jane", &[add("staff"), add("wiki"), add("last")]);
    scene.carry_out(&decision).await;
    let letter = scene.letters().await.remove(0);
    (scene, decision, letter)
}

#[tokio::test(start_paused = true)]
async fn a_step_that_was_given_up_is_done_once_when_it_is_taken_up_again_however_often_that_is_ordered() {
    let (scene, decision, letter) = given_up().await;
    assert_eq!(letter.id, "e1:tidy@v1:00001");
    let order = scene.order(&letter).await;
    let twice = scene.order(&letter).await;
    scene.redrive(&order).await;
    scene.redrive(&twice).await;
    let scene = scene.restart().await;
    scene.redrive(&order).await;
    scene.carry_out(&decision).await;
    assert_eq!(scene.product.asked().len(), 3, "two at first, and one of them again: {:?}", scene.product.asked());
    let results: Vec<_> = scene.outcomes(&decision).await.iter().map(|outcome| outcome.result).collect();
    assert_eq!(results.iter().filter(|result| **result == StepResult::Changed).count(), 2, "{results:?}");
    assert_eq!(scene.letters().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_so_meanwhile_is_not_done_again() {
    let (scene, decision, letter) = given_up().await;
    scene.product.put("jane", &["staff", "wiki", "last"]);
    let order = scene.order(&letter).await;
    scene.redrive(&order).await;
    assert_eq!(scene.product.asked().len(), 2);
    let outcomes = scene.outcomes(&decision).await;
    let again: Vec<_> = outcomes.iter().filter(|outcome| outcome.step.redrive.is_some()).collect();
    assert_eq!(again.iter().map(|outcome| outcome.result).collect::<Vec<_>>(), [StepResult::Unchanged]);
    assert_eq!(again[0].step.redrive.as_ref().unwrap().by.to_string(), "ann");
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_given_up_again_can_be_taken_up_again() {
    let (scene, decision, letter) = given_up().await;
    scene.product.state().fates.push_back(refused());
    let order = scene.order(&letter).await;
    tokio::time::advance(Duration::from_secs(1)).await;
    scene.redrive(&order).await;
    let letters = scene.letters().await;
    let [_, again] = letters.as_slice() else { panic!("{letters:?}") };
    assert_eq!(again.id, letter.id);
    assert!(again.at > letter.at);
    let order = scene.order(again).await;
    scene.redrive(&order).await;
    let outcomes = scene.outcomes(&decision).await;
    let last =
        outcomes.iter().filter(|outcome| outcome.step.key.as_str() == letter.id).max_by_key(|outcome| outcome.at);
    assert_eq!(last.unwrap().result, StepResult::Changed);
}

#[tokio::test(start_paused = true)]
async fn usher_may_be_killed_while_a_step_is_taken_up_again() {
    let (scene, decision, letter) = given_up().await;
    scene.product.state().fates.push_back(Fate::Hangs { done: true });
    let order = scene.order(&letter).await;
    tokio::select! {
        () = scene.redrive(&order) => panic!("it was to hang"),
        () = async { while !scene.product.has_been_asked(3) { tokio::time::sleep(Duration::from_millis(1)).await } } => {}
    }
    let scene = scene.restart().await;
    scene.redrive(&order).await;
    assert_eq!(scene.product.asked().len(), 3, "it was done, so it is not asked for again");
    let outcomes = scene.outcomes(&decision).await;
    let again = outcomes.iter().find(|outcome| outcome.step.redrive.is_some()).unwrap();
    assert_eq!((again.result, again.before.as_deref()), (StepResult::Changed, Some("not a member")));
}

#[tokio::test(start_paused = true)]
async fn a_step_whose_scheme_is_not_what_it_was_is_not_taken_up_again_but_stays_among_the_letters() {
    let (scene, decision, letter) = given_up().await;
    scene.controls.stop("tidy@v1");
    let order = scene.order(&letter).await;
    tokio::time::advance(Duration::from_secs(1)).await;
    scene.redrive(&order).await;
    assert_eq!(scene.product.asked().len(), 2);
    let outcomes = scene.outcomes(&decision).await;
    let again = outcomes.iter().find(|outcome| outcome.step.redrive.is_some()).unwrap();
    assert_eq!(again.result, StepResult::Held);
    let letters = scene.letters().await;
    assert_eq!(letters.iter().map(|letter| letter.held).collect::<Vec<_>>(), [false, true]);
}

#[tokio::test(start_paused = true)]
async fn what_takes_something_away_or_creates_issues_is_kept_back_in_a_mass_creation_until_it_is_released() {
    let scene = Scene::new();
    let why = Some("60 users were created within 10 minutes".to_owned());
    let steps = [add("vpn"), Step::RemoveGroup(group("staff"))];
    let decision = Decision { mass_creation: why, ..decided("e1", "jane", &steps) };
    assert_eq!(
        scene.taken(&decision).await,
        ["add_groups changed: made so", "remove_groups held: 60 users were created within 10 minutes"],
    );
    let letter = scene.letters().await.remove(0);
    assert!(letter.held);
    let order = scene.order(&letter).await;
    scene.redrive(&order).await;
    assert_eq!(scene.product.asked(), ["jane add_groups", "jane remove_groups"]);
    let tried = tested(Decision { mass_creation: decision.mass_creation.clone(), ..decided("e2", "jane", &steps) });
    scene.carry_out(&tried).await;
    assert!(scene.outcomes(&tried).await.iter().all(|outcome| outcome.result != StepResult::Held), "test mode");
}

#[tokio::test(start_paused = true)]
async fn what_a_step_that_is_kept_back_would_take_away_again_is_not_given_before_it() {
    let scene = Scene::new();
    let why = Some("60 users were created within 10 minutes".to_owned());
    let steps = [add("wiki"), Step::RemoveAllGroups, add("vpn")];
    let decision = Decision { mass_creation: why, ..decided("e1", "jane", &steps) };
    let taken = scene.taken(&decision).await;
    assert!(taken[0].starts_with("add_groups changed"), "{taken:?}");
    assert!(taken[1].starts_with("remove_all_groups held") && taken[2].starts_with("add_groups held"), "{taken:?}");
    assert_eq!(scene.letters().await.iter().filter(|letter| letter.held).count(), 2, "both can be released");
    assert_eq!(scene.product.asked(), ["jane add_groups"]);
}

#[tokio::test(start_paused = true)]
async fn steps_of_one_user_are_taken_up_again_in_the_order_in_which_they_were_given_up() {
    let scene = Scene::new();
    for event in ["e9", "e1"] {
        scene.product.state().fates.extend([refused(), refused()]);
        scene.carry_out(&decided(event, "jane", &[add("wiki"), add("last")])).await;
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    let mut letters = scene.letters().await;
    letters.reverse(); // as a page of the API has them
    let orders = LetterOrders::new(scene.log.clone(), Arc::new(TokioClock(Instant::now())));
    orders.redrive(letters, &"ann".parse::<Actor>().unwrap()).await.unwrap();
    let records = scene.records(Stream::Decisions).await;
    let decisions = records.iter().map(|record| codec::decode::<Decision>(&record.payload).unwrap());
    let ordered: Vec<_> = decisions.filter_map(|decision| decision.redrive.map(|redrive| redrive.letter)).collect();
    assert_eq!(ordered, ["e9:tidy@v1:00000", "e9:tidy@v1:00001", "e1:tidy@v1:00000", "e1:tidy@v1:00001"]);
}
