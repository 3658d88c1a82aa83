//! Whom usher takes nothing from, on real sources.

use std::slice;

use serde_json::Value;
use usher::{
    domain::{GroupName, Step},
    sandbox::{ADMIN_GROUP, Account, Effect, Fault},
};

use crate::support::{
    app::TestApp,
    decided::{decided, ended, kept_back, tested},
    ground::{ACME, GLOBEX, Ground, Source},
};

/// People in the administrators' group, besides usher's own account.
fn administrators(ground: &Ground, source: Source, names: &[&str]) -> Vec<Account> {
    let put = |name: &&str| {
        let account = Account::new(format!("KEY-{name}"), *name);
        ground.sandbox.put_user(source.product, account.clone());
        ground.sandbox.add_member(source.product, &account.id, ADMIN_GROUP).expect("both are there");
        account
    };
    names.iter().map(put).collect()
}

/// usher's own account.
fn acting(ground: &Ground, source: Source) -> Account {
    let first = ground.sandbox.users(source.product).remove(0);
    Account::new(first.account.id, first.account.name)
}

fn is_protected(entry: &Value) -> bool {
    entry["result"] == "held" && entry["reason"].as_str().is_some_and(|reason| reason.starts_with("protected: "))
}

#[tokio::test(flavor = "multi_thread")]
async fn of_administrators_deactivated_at_once_two_are_kept() {
    let ground = Ground::new("");
    let admins = administrators(&ground, ACME, &["a", "b", "c"]); // usher's account is the fourth
    let decisions: Vec<_> = admins.iter().map(|user| decided(ACME, user, &[Step::Deactivate])).collect();
    ground.decide(&decisions).await;
    let app = TestApp::start(ground).await;
    let mut held = 0;
    for decision in &decisions {
        held += ended(&app, decision).await.iter().filter(|entry| is_protected(entry)).count();
    }
    assert_eq!(held, 1);
    assert_eq!(app.ground.effects().len(), 2);
    assert_eq!(app.list("dead-letters", &[]).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_taken_from_the_acting_account_and_from_listed_users_also_in_test_mode() {
    for (source, index) in [(ACME, 0), (GLOBEX, 1)] {
        let ground = Ground::new("").groups(&["staff"]);
        let listed = Account::new("KEY-glass", "glass");
        ground.sandbox.put_user(source.product, listed.clone());
        let ground = ground.tweak(&format!("USHER_SOURCES__{index}__PROTECT__USERS"), "[KEY-glass]");
        let acting = acting(&ground, source);
        let mut decisions = Vec::new();
        for user in [&listed, &acting] {
            ground.sandbox.add_member(source.product, &user.id, "staff").expect("both are there");
            for step in [Step::RemoveGroup(GroupName::new("staff")), Step::RemoveAllGroups, Step::Delete] {
                decisions.push(decided(source, user, slice::from_ref(&step)));
                decisions.push(tested(decided(source, user, slice::from_ref(&step))));
            }
        }
        ground.decide(&decisions).await;
        let app = TestApp::start(ground).await;
        for decision in &decisions {
            let outcomes = ended(&app, decision).await;
            assert!(outcomes.iter().all(is_protected), "{}: {outcomes:?}", source.id);
        }
        assert!(app.ground.effects().is_empty(), "{}", source.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_is_never_deleted_and_loses_no_groups_at_once_however_many_there_are() {
    let ground = Ground::new("");
    let admins = administrators(&ground, ACME, &["a", "b", "c", "d", "e"]);
    let steps = [Step::RemoveAllGroups, Step::Delete, Step::Deactivate];
    let decision = decided(ACME, &admins[0], &steps);
    ground.decide([&decision]).await;
    let app = TestApp::start(ground).await;
    let outcomes = ended(&app, &decision).await;
    assert!(is_protected(&outcomes[0]) && is_protected(&outcomes[1]), "{outcomes:?}");
    assert_eq!(outcomes[2]["reason"], "kept back with the delete before it");
    assert!(app.ground.effects().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_administrators_are_not_told_nothing_is_taken_from_one() {
    let ground = Ground::new("");
    let admins = administrators(&ground, ACME, &["a", "b", "c"]);
    ground.sandbox.inject(Fault::new(Effect::Forbidden).site(ACME.product).path("group/member"));
    let decision = decided(ACME, &admins[0], &[Step::Deactivate]);
    ground.decide([&decision]).await;
    let app = TestApp::start(ground).await;
    let outcomes = ended(&app, &decision).await;
    assert!(is_protected(&outcomes[0]) && outcomes[0]["error"].is_string(), "{outcomes:?}");
    assert!(app.ground.effects().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_steps_of_a_run_kept_back_call_nothing() {
    let ground = Ground::new("");
    let user = Account::new("KEY1", "jane");
    ground.sandbox.put_user(ACME.product, user.clone());
    let decision = kept_back(decided(ACME, &user, &[Step::Delete, Step::Deactivate]));
    ground.decide([&decision]).await;
    let app = TestApp::start(ground).await;
    let outcomes = ended(&app, &decision).await;
    let expected = "kept back until the run's limits are checked";
    assert!(outcomes.iter().all(|one| one["result"] == "held" && one["reason"] == expected), "{outcomes:?}");
    assert_eq!(app.ground.sandbox.requests().iter().map(|request| request.count).sum::<u64>(), 0);
}
