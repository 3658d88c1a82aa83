//! Several groups given by one call.

use super::*;

const MADE_SO: &str = "add_groups changed: made so";
const ANSWER_LOST: &str = "add_groups changed: made so; the product's answer was lost, reading showed it";

/// A scene whose product gives several groups by one call.
fn scene() -> Scene {
    let scene = Scene::new();
    scene.product.state().joins_many_groups = true;
    scene
}

fn adding(groups: &[&str]) -> Decision {
    let steps: Vec<_> = groups.iter().map(|name| Step::AddGroup(group(name))).collect();
    decided("e1", "jane", &steps)
}

fn groups_of_jane(scene: &Scene) -> Vec<String> {
    let groups = scene.product.user_named("jane").unwrap().groups.unwrap();
    groups.iter().map(GroupName::to_string).collect()
}

/// The groups with an attempt in the log, in order.
async fn attempted(scene: &Scene) -> Vec<String> {
    let target = |record: &Stored| match codec::decode(&record.payload).unwrap() {
        OutcomeRecord::Attempt(attempt) => {
            assert_eq!(attempt.before, "not a member");
            Some(attempt.step.step.target())
        }
        OutcomeRecord::Outcome(_) => None,
    };
    let mut targets: Vec<_> = scene.records(Stream::Outcomes).await.iter().filter_map(target).collect();
    targets.sort();
    targets
}

#[tokio::test(start_paused = true)]
async fn several_groups_are_given_by_one_call_and_each_has_an_attempt_and_an_outcome() {
    let scene = scene();
    let decision = adding(&["a", "staff", "b", "c"]);
    scene.carry_out(&decision).await;
    assert_eq!(scene.product.asked(), ["jane a+b+c"]);
    assert_eq!(attempted(&scene).await, ["a", "b", "c"]);
    assert_eq!(groups_of_jane(&scene), ["a", "b", "c", "staff"]);
    let before = |outcome: &Outcome| (outcome.result, outcome.before.clone().unwrap());
    let mut ended: Vec<_> = scene.outcomes(&decision).await.iter().map(before).collect();
    ended.sort_by_key(|(_, before)| before.clone());
    let changed = (StepResult::Changed, "not a member".to_owned());
    let unchanged = (StepResult::Unchanged, "member".to_owned());
    assert_eq!(ended, [unchanged, changed.clone(), changed.clone(), changed]);
    assert_eq!(scene.product.state().reads, 1);

    scene.carry_out(&decision).await; // it comes again
    assert_eq!(scene.product.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn groups_are_given_in_the_place_of_their_step() {
    let scene = scene();
    let [a, b] = ["a", "b"].map(|name| Step::AddGroup(group(name)));
    scene.carry_out(&decided("e1", "jane", &[Step::RemoveAllGroups, a, b, Step::Deactivate])).await;
    assert_eq!(scene.product.asked(), ["jane remove_all_groups", "jane a+b", "jane deactivate"]);
    assert_eq!(groups_of_jane(&scene), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn one_group_and_a_product_without_such_a_call_are_taken_as_ever() {
    let scene = scene();
    scene.carry_out(&adding(&["staff", "a"])).await;
    assert_eq!(scene.product.asked(), ["jane add_groups"]);
    let scene = Scene::new();
    scene.carry_out(&adding(&["a", "b"])).await;
    assert_eq!(scene.product.asked(), ["jane add_groups", "jane add_groups"]);
}

#[tokio::test(start_paused = true)]
async fn a_group_that_a_scheme_names_twice_is_asked_for_once() {
    let scene = scene();
    let mut taken = scene.taken(&adding(&["a", "b", "B"])).await;
    taken.sort();
    assert_eq!(taken[..2], [MADE_SO, MADE_SO]);
    assert!(taken[2].starts_with("add_groups unchanged: "), "{taken:?}");
    assert_eq!(scene.product.asked(), ["jane a+b"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_given_in_test_mode_or_for_a_paused_scheme() {
    let scene = scene();
    let tested = scene.taken(&tested(adding(&["a", "b"]))).await;
    assert_eq!(tested, ["add_groups tested: would add to a", "add_groups tested: would add to b"]);
    scene.controls.stop("tidy");
    let paused = Decision { event: crate::domain::EventId::new("e2"), ..adding(&["a", "b"]) };
    assert_eq!(scene.taken(&paused).await, ["add_groups held: the scheme is paused"; 2]);
    assert_eq!(scene.product.asked(), [""; 0]);
    assert_eq!(attempted(&scene).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_settled_group_by_group() {
    let scene = scene();
    scene.product.state().fates = [Fate::AnswerLost].into();
    assert_eq!(scene.taken(&adding(&["a", "b", "c"])).await, [ANSWER_LOST; 3]);
    assert_eq!(scene.product.asked(), ["jane a+b+c"]);
}

#[tokio::test(start_paused = true)]
async fn of_a_call_that_was_carried_out_in_part_only_the_rest_is_asked_for_again() {
    let scene = scene();
    let error = Error::Unavailable { status: 502, retry_after: None, message: "no".into() };
    scene.product.state().fates = [Fate::DoneThen(error)].into();
    let mut ended = scene.taken(&adding(&["a", "b", "c"])).await;
    ended.sort();
    assert_eq!(ended, [MADE_SO, MADE_SO, ANSWER_LOST]);
    assert_eq!(scene.product.asked(), ["jane a+b+c", "jane add_groups", "jane add_groups"]);
    assert_eq!(groups_of_jane(&scene), ["a", "b", "c", "staff"]);
}

#[tokio::test(start_paused = true)]
async fn of_groups_that_were_refused_together_each_gets_its_own_answer() {
    let scene = scene();
    scene.product.state().fates = [refused(), refused()].into();
    let mut ended = scene.taken(&adding(&["a", "b"])).await;
    ended.sort();
    assert_eq!(ended, [MADE_SO, "add_groups failed: the product refused"]);
    assert_eq!(scene.dead_letters().await, 1);
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_the_groups_are_settled_by_a_reading() {
    for done in [true, false] {
        let scene = scene();
        scene.product.state().fates = [Fate::Hangs { done }].into();
        let decision = adding(&["a", "b"]);
        scene.crash_at_change(&decision, 1).await;
        assert_eq!(attempted(&scene).await, ["a", "b"]);
        let scene = scene.restart().await;
        let expected = if done { ANSWER_LOST } else { MADE_SO };
        assert_eq!(scene.taken(&decision).await, [expected; 2]);
        let calls = if done { 1 } else { 3 };
        assert_eq!(scene.product.asked().len(), calls);
        assert_eq!(groups_of_jane(&scene), ["a", "b", "staff"]);
    }
}
