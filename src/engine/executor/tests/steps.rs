use super::*;
use crate::source::recent_readings::RecentReading;

#[tokio::test(start_paused = true)]
async fn each_step_acts_on_what_the_one_before_has_left() {
    let scene = Scene::new();
    scene.product.put("jane", &["staff", "vpn"]);
    let steps = [
        Step::AddGroup(group("guests")),
        Step::RemoveAllGroups,
        Step::RemoveGroup(group("vpn")),
        Step::AddGroup(group("leavers")),
        Step::RemoveApplicationAccess(Vec::new()),
        Step::AddGroup(group("leavers")),
        rename(),
        rename(),
        Step::Deactivate,
        Step::Deactivate,
    ];
    let decision = decided("e1", "jane", &steps);
    assert_eq!(
        scene.taken(&decision).await,
        [
            "add_groups changed: made so",
            "remove_all_groups changed: made so",
            "remove_groups unchanged: already so",
            "add_groups changed: made so",
            "remove_application_access changed: made so",
            "add_groups changed: made so",
            "rename changed: made so",
            "rename unchanged: already so",
            "deactivate changed: made so",
            "deactivate unchanged: already so",
        ]
    );
    let befores: Vec<_> = scene.outcomes(&decision).await.into_iter().map(|one| one.before.unwrap()).collect();
    assert_eq!(
        befores,
        [
            "not a member",
            r#"["guests","staff","vpn"]"#,
            "not a member",
            "not a member",
            r#"["leavers"]"#,
            "not a member",
            "jane",
            "jane-left",
            "active",
            "inactive",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_rename_whose_answer_is_lost_is_done_once() {
    let scene = Scene::new();
    scene.product.state().fates.push_back(Fate::Hangs { done: true });
    let decision = decided("e1", "jane", &[rename()]);
    scene.crash_at_change(&decision, 1).await;
    let scene = scene.restart().await;
    assert_eq!(
        scene.taken(&decision).await,
        ["rename changed: made so; the product's answer was lost, reading showed it"]
    );
    assert_eq!(scene.outcomes(&decision).await[0].before.as_deref(), Some("jane"), "the name of before the attempt");
    assert_eq!(scene.product.user_named("jane").unwrap().name.as_deref(), Some("jane-left"));
}

#[tokio::test(start_paused = true)]
async fn a_password_whose_answer_is_lost_is_replaced_again() {
    let scene = Scene::new();
    scene.product.state().fates.push_back(Fate::AnswerLost);
    let decision = decided("e1", "jane", &[password()]);
    assert_eq!(
        scene.taken(&decision).await,
        ["invalidate_password changed: made so; perhaps again, since an answer was lost: that does no harm"]
    );
    assert_eq!(scene.product.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_was_done_before_an_error_of_a_later_call_is_not_told_as_already_so() {
    let errors = || {
        let unauthorized = Error::Unauthorized { status: 401, message: "no".into() };
        [Error::RateLimited { retry_after: None }, Error::Unreachable("for the test".into()), unauthorized]
    };
    for step in [Step::RemoveGroup(group("staff")), Step::RemoveAllGroups, Step::Deactivate, Step::Delete] {
        for error in errors() {
            let scene = Scene::new();
            scene.product.state().fates.push_back(Fate::DoneThen(error.clone()));
            let ended = scene.taken(&decided("e1", "jane", std::slice::from_ref(&step))).await;
            let action = step.action();
            let expected = format!("{action} changed: made so; the product's answer was lost, reading showed it");
            assert_eq!(ended, [expected], "{error:?}");
            assert_eq!(scene.product.asked().len(), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_refused_has_failed_and_the_next_one_is_taken() {
    let scene = Scene::new();
    scene.product.state().fates.push_back(refused());
    let decision = decided("e1", "jane", &[Step::Deactivate, rename()]);
    assert_eq!(scene.taken(&decision).await, ["deactivate failed: the product refused", "rename changed: made so"]);
    assert_eq!(scene.dead_letters().await, 1);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_can_tell_has_failed_and_says_what() {
    let scene = Scene::new();
    for user in scene.product.state().users.values_mut() {
        *user = crate::products::User::new(user.id.clone());
    }
    let all = [Step::RemoveAllGroups, Step::RemoveApplicationAccess(Vec::new()), Step::Deactivate, rename()];
    assert_eq!(
        scene.taken(&decided("e1", "jane", &all)).await,
        [
            "remove_all_groups failed: the product tells only some of the user's groups",
            "remove_application_access failed: the product does not tell what the user has access to",
            "deactivate failed: the product does not tell whether the account is active",
            "rename failed: the account has no login name",
        ]
    );
    assert!(scene.product.asked().is_empty());
}

/// Keeps a reading of Jane as the planner's for the decision of `event`.
fn read_by_planner(scene: &Scene, event: &str) {
    keep_for(scene, event, scene.product.user_named("jane").unwrap());
}

fn keep_for(scene: &Scene, event: &str, user: crate::products::User) {
    let connection = &scene.executor.connection;
    let event = crate::domain::EventId::new(event);
    let begun = connection.recent_readings.begin(&user.id, &event);
    begun.keep(RecentReading::now(user.clone(), connection.stops()));
}

#[tokio::test(start_paused = true)]
async fn a_user_whom_the_planner_has_just_read_is_not_read_again() {
    let scene = Scene::new();
    read_by_planner(&scene, "e1");
    let decision = decided("e1", "jane", &[Step::AddGroup(group("vpn")), Step::RemoveGroup(group("staff"))]);
    let made_so = ["add_groups changed: made so", "remove_groups changed: made so"];
    assert_eq!(scene.taken(&decision).await, made_so);
    assert_eq!(scene.product.state().reads, 0);
}

#[tokio::test(start_paused = true)]
async fn a_user_is_read_again_if_anything_has_happened_since_the_planner_read_them() {
    let add = |event: &str, name: &str| decided(event, "jane", &[Step::AddGroup(group(name))]);
    let reads = |scene: &Scene| scene.product.state().reads;

    let scene = Scene::new();
    read_by_planner(&scene, "e1");
    tokio::time::advance(Duration::from_secs(11)).await;
    scene.carry_out(&add("e1", "late")).await;
    assert_eq!(reads(&scene), 1, "the reading was old");

    let scene = Scene::new();
    read_by_planner(&scene, "e2");
    scene.carry_out(&add("e1", "before")).await;
    scene.carry_out(&add("e2", "after")).await;
    assert_eq!(reads(&scene), 2, "usher has changed the user since");

    let scene = Scene::new();
    read_by_planner(&scene, "e1");
    scene.executor.connection.revise();
    scene.carry_out(&add("e1", "revised")).await;
    assert_eq!(reads(&scene), 1, "credentials or protected users have changed since");
}

#[tokio::test(start_paused = true)]
async fn a_step_that_may_be_done_is_judged_by_a_reading_of_its_own() {
    let scene = Scene::new();
    scene.product.state().fates.push_back(Fate::Hangs { done: true });
    let decision = decided("e1", "jane", &[rename()]);
    read_by_planner(&scene, "e1");
    scene.crash_at_change(&decision, 1).await;
    let scene = scene.restart().await;
    let before = crate::products::User { name: Some("jane".into()), ..scene.product.user_named("jane").unwrap() };
    keep_for(&scene, "e1", before);
    assert_eq!(
        scene.taken(&decision).await,
        ["rename changed: made so; the product's answer was lost, reading showed it"]
    );
    assert_eq!(scene.product.user_named("jane").unwrap().name.as_deref(), Some("jane-left"), "it was renamed once");
}

#[tokio::test(start_paused = true)]
async fn a_reading_of_the_planner_during_a_change_of_usher_is_not_used() {
    let scene = Scene::new();
    scene.product.state().turns.push_back(Duration::from_secs(5));
    let first = decided("e1", "jane", &[Step::AddGroup(group("vpn"))]);
    let meanwhile = async {
        tokio::time::sleep(Duration::from_secs(2)).await; // the change waits for its turn
        read_by_planner(&scene, "e2");
    };
    tokio::join!(scene.carry_out(&first), meanwhile);
    let second = decided("e2", "jane", &[Step::RemoveGroup(group("vpn"))]);
    assert_eq!(scene.taken(&second).await, ["remove_groups changed: made so"], "Jane was in the group by then");
}
