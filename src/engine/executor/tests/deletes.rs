use super::*;

const SKIPPED: &str = "skipped: the user is deleted";

#[tokio::test(start_paused = true)]
async fn after_a_delete_nothing_more_is_done_by_any_scheme() {
    let scene = Scene::new();
    let decision = of_schemes("e1", "jane", &[("a", &[Step::Delete, rename()]), ("b", &[Step::Deactivate])]);
    assert_eq!(
        scene.taken(&decision).await,
        [
            "delete changed: made so".into(),
            format!("rename unchanged: {SKIPPED}"),
            format!("deactivate unchanged: {SKIPPED}")
        ]
    );
    assert_eq!(scene.product.asked(), ["jane delete"]);
    assert_eq!(scene.product.state().reads, 1);
    assert_eq!(scene.outcomes(&decision).await[0].before.as_deref(), Some(r#"active, in ["staff"]"#));
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_is_refused_is_followed_by_the_actions_after_it() {
    let scene = Scene::new();
    scene.product.state().fates.push_back(refused());
    let decision = decided("e1", "jane", &[Step::Delete, Step::RemoveAllGroups, Step::Deactivate, rename()]);
    assert_eq!(
        scene.taken(&decision).await,
        [
            "delete unchanged: the product refused to delete; the actions after it are performed",
            "remove_all_groups changed: made so",
            "deactivate changed: made so",
            "rename changed: made so",
        ]
    );
    assert_eq!(scene.outcomes(&decision).await[0].error.as_deref(), Some("the product refused (400): no"));
    assert_eq!(scene.dead_letters().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_is_refused_with_nothing_after_it_has_failed() {
    let scene = Scene::new();
    scene.product.state().fates.push_back(refused());
    let decision = of_schemes("e1", "jane", &[("a", &[Step::Delete]), ("b", &[Step::Deactivate])]);
    assert_eq!(scene.taken(&decision).await, ["delete failed: the product refused", "deactivate changed: made so"]);
    assert_eq!(scene.dead_letters().await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_user_who_is_gone_already_is_not_deleted_and_the_rest_is_skipped() {
    let scene = Scene::new();
    let decision = decided("e1", "nobody", &[Step::Delete, Step::Deactivate]);
    let expected = ["delete unchanged: already gone".into(), format!("deactivate unchanged: {SKIPPED}")];
    assert_eq!(scene.taken(&decision).await, expected);
    let decision = tested(decided("e2", "nobody", &[Step::Delete, Step::Deactivate]));
    assert_eq!(scene.taken(&decision).await, expected, "in test mode too");
    assert!(scene.product.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_404_to_a_delete_is_a_refusal_as_long_as_the_user_is_there() {
    let scene = Scene::new();
    let missing = || Fate::Answered(Error::Refused { status: 404, message: "no".into() });
    scene.product.state().fates.extend([missing(), Fate::Answered(Error::NoSuchUser)]);
    let decision = of_schemes("e1", "jane", &[("a", &[Step::Delete, Step::Deactivate]), ("b", &[Step::Delete])]);
    assert_eq!(
        scene.taken(&decision).await,
        [
            "delete unchanged: the product refused to delete; the actions after it are performed",
            "deactivate failed: the product refused",
            "delete changed: made so",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_delete_whose_answer_is_lost_is_done_once() {
    for fate in [Fate::AnswerLost, Fate::Hangs { done: true }] {
        let mut scene = Scene::new();
        let crashes = matches!(fate, Fate::Hangs { .. });
        scene.product.state().fates.push_back(fate);
        let decision = decided("e1", "jane", &[Step::Delete, Step::Deactivate]);
        if crashes {
            scene.crash_at_change(&decision, 1).await;
            scene = scene.restart().await;
        }
        assert_eq!(
            scene.taken(&decision).await,
            [
                "delete changed: made so; the product's answer was lost, reading showed it".into(),
                format!("deactivate unchanged: {SKIPPED}")
            ]
        );
        assert_eq!(scene.product.asked(), ["jane delete"]);
    }
}

#[tokio::test(start_paused = true)]
async fn that_the_user_is_deleted_is_remembered_over_a_crash() {
    let scene = Scene::new();
    scene.carry_out(&decided("e1", "jane", &[Step::Delete])).await;
    let scene = scene.restart().await;
    scene.product.put("jane", &["staff"]); // like a product whose answers are behind
    let decision = decided("e1", "jane", &[Step::Delete, Step::Deactivate]);
    assert_eq!(
        scene.taken(&decision).await,
        ["delete changed: made so".into(), format!("deactivate unchanged: {SKIPPED}")]
    );
    assert_eq!(scene.product.asked(), ["jane delete"]);
}

#[tokio::test(start_paused = true)]
async fn in_test_mode_both_ways_are_told_and_nothing_is_done() {
    let scene = Scene::new();
    let decision = tested(decided("e1", "jane", &[Step::Deactivate, Step::Delete, rename(), password()]));
    assert_eq!(
        scene.taken(&decision).await,
        [
            "deactivate tested: would deactivate",
            "delete tested: would delete",
            "rename tested: would put `-left` behind the login name if the product refuses to delete",
            "invalidate_password tested: would replace the password if the product refuses to delete",
        ]
    );
    assert!(scene.product.asked().is_empty());
    assert_eq!(scene.product.state().reads, 1);
}
