use super::*;

fn refusal(line: &str) -> bool {
    line.contains(" held: protected: ")
}

#[tokio::test(start_paused = true)]
async fn of_three_administrators_deactivated_at_once_two_are_kept() {
    let scene = Scene::new();
    for admin in ["a", "b", "c"] {
        scene.product.put(admin, &[ADMINS]);
    }
    let decisions = ["a", "b", "c"].map(|admin| decided(&format!("e-{admin}"), admin, &[Step::Deactivate]));
    futures::future::join_all(decisions.iter().map(|decision| scene.carry_out(decision))).await;
    let mut held = 0;
    for decision in &decisions {
        held += scene.ended(decision).await.iter().filter(|line| refusal(line)).count();
    }
    assert_eq!(held, 2);
    assert_eq!(scene.product.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_administrator_taken_away_just_now_does_not_count_although_the_product_still_lists_them() {
    let scene = Scene::new();
    for admin in ["a", "b", "c"] {
        scene.product.put(admin, &[ADMINS]);
    }
    assert_eq!(scene.taken(&decided("e1", "a", &[Step::Deactivate])).await, ["deactivate changed: made so"]);
    scene.product.put("a", &[ADMINS]);
    let second = scene.taken(&decided("e2", "b", &[Step::Deactivate])).await;
    assert!(refusal(&second[0]), "{second:?}");
    tokio::time::advance(Duration::from_mins(11)).await;
    assert_eq!(scene.taken(&decided("e3", "b", &[Step::Deactivate])).await, ["deactivate changed: made so"]);
}

#[tokio::test(start_paused = true)]
async fn an_administrator_from_whom_part_may_have_been_taken_does_not_count() {
    for error in [
        Error::RateLimited { retry_after: None },
        Error::Refused { status: 400, message: "no".into() },
        Error::NoSuchUser,
    ] {
        let scene = Scene::new();
        for admin in ["a", "b", "c"] {
            scene.product.put(admin, &[ADMINS]);
        }
        scene.product.state().fates.push_back(Fate::DoneThen(error));
        scene.carry_out(&decided("e1", "a", &[Step::Deactivate])).await;
        assert_eq!(scene.product.asked(), ["a deactivate"]);
        scene.product.put("a", &[ADMINS]); // like a product whose list is behind
        let second = scene.taken(&decided("e2", "b", &[Step::Deactivate])).await;
        assert!(refusal(&second[0]), "{second:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_taken_from_the_acting_account_and_the_listed_users() {
    let scene = Scene::new();
    for user in [USHER, "breakglass"] {
        scene.product.put(user, &["staff"]);
        let taking = [
            Step::RemoveGroup(group("staff")),
            Step::RemoveAllGroups,
            Step::RemoveApplicationAccess(Vec::new()),
            Step::Deactivate,
            Step::Delete,
            rename(),
            password(),
        ];
        for (number, step) in taking.into_iter().enumerate() {
            for mode in ["live", "test"] {
                let decision = decided(&format!("{mode}-{user}-{number}"), user, std::slice::from_ref(&step));
                let decision = if mode == "test" { tested(decision) } else { decision };
                let ended = scene.taken(&decision).await;
                assert!(refusal(&ended[0]), "{user}, {step:?}: {ended:?}");
            }
        }
        let giving = scene.taken(&decided(&format!("give-{user}"), user, &[Step::AddGroup(group("vpn"))])).await;
        assert_eq!(giving, ["add_groups changed: made so"]);
    }
    assert_eq!(scene.product.asked(), [format!("{USHER} add_groups"), "breakglass add_groups".to_owned()]);
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_is_kept_back_keeps_back_what_was_for_its_refusal_also_after_a_crash() {
    let scene = Scene::new();
    for admin in ["a", "b", "c", "d"] {
        scene.product.put(admin, &[ADMINS]);
    }
    let first = scene.taken(&decided("e1", "a", &[Step::Delete])).await;
    assert!(refusal(&first[0]), "{first:?}");
    let scene = scene.restart().await;
    let ended = scene.taken(&decided("e1", "a", &[Step::Delete, Step::Deactivate])).await;
    assert_eq!(ended[1], "deactivate held: kept back with the delete before it");
    assert!(scene.product.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn while_the_product_does_not_tell_the_administrators_nothing_is_taken_from_one() {
    let scene = Scene::new();
    for admin in ["a", "b", "c"] {
        scene.product.put(admin, &[ADMINS]);
    }
    for (number, status) in [400, 403].into_iter().enumerate() {
        let error = match status {
            403 => Error::Unauthorized { status, message: "no".into() },
            _ => Error::Refused { status, message: "no".into() },
        };
        scene.product.state().administrators_refused = Some(error);
        let decision = decided(&format!("e-{number}"), "a", &[Step::Deactivate, Step::AddGroup(group("vpn"))]);
        let ended = scene.taken(&decision).await;
        assert_eq!(ended[0], "deactivate held: protected: the product does not tell who administers it");
        assert_eq!(scene.outcomes(&decision).await[0].error, Some(format!("the product refused ({status}): no")));
    }
    assert_eq!(scene.product.asked(), ["a add_groups"]);
    let other = scene.taken(&decided("e9", "jane", &[Step::Deactivate])).await;
    assert_eq!(other, ["deactivate changed: made so"], "who is no administrator is no matter of them");
}

#[tokio::test(start_paused = true)]
async fn a_step_kept_back_by_the_guard_is_not_a_dead_letter() {
    let scene = Scene::new();
    scene.product.put(USHER, &[]);
    scene.carry_out(&decided("e1", USHER, &[Step::Deactivate])).await;
    let outcome = scene.outcomes(&decided("e1", USHER, &[])).await.remove(0);
    assert_eq!((outcome.result, outcome.before.as_deref()), (StepResult::Held, Some("active")));
    assert_eq!(scene.dead_letters().await, 0);
}
