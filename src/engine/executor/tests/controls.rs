use super::*;

#[tokio::test(start_paused = true)]
async fn a_run_kept_back_calls_nothing() {
    let scene = Scene::new();
    let mut decision = decided("e1", "jane", &[Step::Delete, Step::Deactivate]);
    decision.verdicts[0].held = true;
    assert_eq!(
        scene.taken(&decision).await,
        [
            "delete held: kept back until the run's limits are checked",
            "deactivate held: kept back until the run's limits are checked",
        ]
    );
    assert_eq!(scene.product.state().reads, 0);
}

#[tokio::test(start_paused = true)]
async fn the_steps_of_a_paused_scheme_and_of_a_cancelled_run_are_kept_back_and_others_are_not() {
    let scene = Scene::new();
    let schemes: [(&str, &[Step]); 3] = [
        ("paused", &[Step::Delete, Step::Deactivate]),
        ("cancelled", &[rename()]),
        ("going", &[Step::AddGroup(group("vpn"))]),
    ];
    let decision = of_schemes("e1", "jane", &schemes);
    scene.controls.stop("paused");
    scene.controls.stop("e1.cancelled");
    assert_eq!(
        scene.taken(&decision).await,
        [
            "rename held: the run was cancelled",
            "add_groups changed: made so",
            "delete held: the scheme is paused",
            "deactivate held: the scheme is paused",
        ]
    );
    assert_eq!(scene.product.state().reads, 1);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_may_have_been_done_before_its_run_was_cancelled_is_told_as_it_is() {
    for (done, expected) in [
        (true, "deactivate changed: made so; the product's answer was lost, reading showed it"),
        (false, "deactivate held: the run was cancelled"),
    ] {
        let scene = Scene::new();
        scene.product.state().fates.push_back(Fate::Hangs { done });
        let decision = decided("e1", "jane", &[Step::Deactivate]);
        scene.crash_at_change(&decision, 1).await;
        let scene = scene.restart().await;
        scene.controls.stop("e1.tidy");
        assert_eq!(scene.taken(&decision).await, [expected]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_paused_source_is_not_called_until_it_is_resumed() {
    let scene = Scene::new();
    scene.controls.stop("acme");
    let decision = decided("e1", "jane", &[Step::Deactivate]);
    let pausing = async {
        tokio::time::sleep(Duration::from_hours(1)).await;
        assert_eq!(scene.product.state().reads, 0);
        assert!(scene.outcomes(&decision).await.is_empty());
        scene.controls.resume("acme");
    };
    let ((), ended) = tokio::join!(pausing, scene.taken(&decision));
    assert_eq!(ended, ["deactivate changed: made so"]);
}

#[tokio::test(start_paused = true)]
async fn who_becomes_an_administrator_while_the_source_is_paused_is_guarded_as_one() {
    let scene = Scene::new();
    let decision = decided("e1", "jane", &[password(), Step::Deactivate]);
    let pausing = async {
        while !scene.product.has_been_asked(1) {
            tokio::task::yield_now().await;
        }
        scene.controls.stop("acme");
        tokio::time::sleep(Duration::from_mins(1)).await;
        scene.product.put("jane", &["staff", ADMINS]);
        scene.controls.resume("acme");
    };
    let ((), ended) = tokio::join!(biased; pausing, scene.taken(&decision));
    assert_eq!(ended[0], "invalidate_password changed: made so");
    assert!(ended[1].starts_with("deactivate held: protected: "), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn the_time_that_a_source_is_paused_does_not_use_up_the_patience_with_it() {
    let scene = Scene::new();
    let busy = || Fate::Answered(Error::RateLimited { retry_after: None });
    scene.product.state().fates.extend([busy(), busy()]);
    let decision = decided("e1", "jane", &[Step::Deactivate]);
    let pausing = async {
        while !scene.product.has_been_asked(1) {
            tokio::task::yield_now().await;
        }
        scene.controls.stop("acme");
        tokio::time::sleep(Duration::from_hours(30)).await;
        scene.controls.resume("acme");
    };
    let ((), ended) = tokio::join!(biased; pausing, scene.taken(&decision));
    assert_eq!(ended, ["deactivate changed: made so"]);
    assert_eq!(scene.product.asked().len(), 3);
    assert_eq!(scene.dead_letters().await, 0);
}

#[tokio::test(start_paused = true)]
async fn pausing_a_source_stops_all_changes_but_those_that_are_under_way() {
    let scene = Scene::new();
    let users = ["a", "b", "c", "d", "e"];
    for user in users {
        scene.product.put(user, &["staff"]);
    }
    let decisions = users.map(|user| decided(&format!("e-{user}"), user, &[Step::Deactivate]));
    let pausing = async {
        while !scene.product.has_been_asked(1) {
            tokio::task::yield_now().await;
        }
        scene.controls.stop("acme");
        tokio::time::sleep(Duration::from_hours(1)).await;
        assert!(scene.product.asked().len() <= 2, "{:?}", scene.product.asked());
        scene.controls.resume("acme");
    };
    let carrying_out = futures::future::join_all(decisions.iter().map(|decision| scene.carry_out(decision)));
    tokio::join!(biased; pausing, carrying_out);
    assert_eq!(scene.product.asked().len(), 5);
}
