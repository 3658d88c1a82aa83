//! Actions on real sources: what each ends with, and what the product is left with.

use std::slice;

use usher::{
    domain::{GroupName, Product, Step},
    sandbox::{Account, Application, Effect, Fault, When, webhook::Happening},
};

use crate::support::{
    app::TestApp,
    decided::{decided, ended, results},
    face::eventually,
    ground::{ACME, BOTH, GLOBEX, Ground, Source},
    usher::Usher,
};

const LEAVING: &str = "
    { id: SOURCE-leave, source: SOURCE, trigger: on_create, test_mode: false, select: { everyone: true }, actions: [
      { remove_application_access: { applications: [jira-software] } }, { remove_all_groups: {} },
      { create_issue: { project: OPS, type: Task, summary: \"Somebody leaves\" } } ] }";

fn for_both(schemes: &str) -> String {
    BOTH.map(|source| schemes.replace("SOURCE", source.id)).join(",")
}

fn jane(ground: &Ground, source: Source, account: Account) -> Account {
    ground.sandbox.put_user(source.product, account.clone());
    account
}

fn effects(ground: &Ground, user: &Account) -> Vec<String> {
    let about = format!(" {} ", user.id);
    ground.effects().iter().filter_map(|line| Some(line.split_once(&about)?.1.to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_created_loses_access_and_groups_and_an_issue_is_made_once() {
    let ground = Ground::new(&for_both(LEAVING)).groups(&["developers", "vpn"]);
    for source in BOTH {
        let application = Application::new("jira-software", &["developers"]);
        ground.sandbox.put_application(source.product, application);
    }
    let app = TestApp::start(ground).await;
    for source in BOTH {
        let jane = jane(&app.ground, source, Account::new("KEY1", "jane"));
        for group in ["developers", "vpn"] {
            app.ground.sandbox.add_member(source.product, &jane.id, group).expect("both are there");
        }
        let event = app.tell(source, Happening::Created, &jane).await;
        let line = |what: &str| format!("{}-leave: {what}", source.id);
        assert_eq!(
            app.ended(&event).await,
            [
                line("remove_application_access jira-software changed"),
                line("remove_all_groups  changed"),
                line("create_issue OPS changed"),
            ]
        );
        let run = app.list(&format!("runs/{}.{}-leave/entries", event.event, source.id), &[]).await;
        assert_eq!(run[0]["before"], r#"["developers","vpn"]"#);
        assert_eq!(run[1]["before"], r#"["vpn"]"#);
        let groups = app.ground.sandbox.groups_of(source.product, &jane.id).expect("she is there");
        assert!(groups.is_empty(), "{groups:?}");
        assert_eq!(app.ground.sandbox.issues(source.product).len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_that_the_product_refuses_is_followed_by_the_actions_after_it_and_one_that_is_done_is_not() {
    let ground = Ground::new("").groups(&["staff"]);
    let account = |id: &str| Account::new(id, id.to_lowercase());
    let bound = jane(&ground, ACME, account("BOUND").undeletable());
    let free = jane(&ground, ACME, account("FREE"));
    let steps = [Step::Delete, Step::Rename { suffix: "-left".into() }, Step::Deactivate];
    let decisions = [&bound, &free].map(|user| decided(ACME, user, &steps));
    let alone = decided(ACME, &bound, &[Step::Delete]);
    ground.decide(&decisions).await;
    let mut app = TestApp::start(ground).await;
    let refused = ended(&app, &decisions[0]).await;
    assert_eq!(results(&app, &decisions[0]).await, ["unchanged", "changed", "changed"]);
    assert!(refused[0]["error"].is_string(), "{refused:?}");
    assert_eq!([&refused[1]["before"], &refused[2]["before"]], ["bound", "active"]);
    let done = ended(&app, &decisions[1]).await;
    assert_eq!(results(&app, &decisions[1]).await, ["changed", "unchanged", "unchanged"]);
    assert_eq!(done[2]["reason"], "skipped: the user is deleted");
    assert_eq!(effects(&app.ground, &bound), ["updated", "updated"]);
    assert_eq!(effects(&app.ground, &free), ["deleted"]);

    app.stop().await;
    app.ground.decide([&alone]).await;
    app.restart().await;
    assert_eq!(results(&app, &alone).await, ["failed"]);
    assert_eq!(app.dead_letters().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_cloud_too_a_delete_is_the_end_of_a_scheme() {
    let ground = Ground::new("").groups(&["staff"]);
    let user = jane(&ground, GLOBEX, Account::new("557058:jane", "jane"));
    let decision = decided(GLOBEX, &user, &[Step::Delete, Step::AddGroup(GroupName::new("staff"))]);
    ground.decide([&decision]).await;
    let app = TestApp::start(ground).await;
    assert_eq!(results(&app, &decision).await, ["changed", "unchanged"]);
    assert_eq!(effects(&app.ground, &user), ["deleted"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_action_on_an_account_is_done_once_although_its_first_answer_is_lost() {
    for (step, expected) in [
        (Step::Rename { suffix: "-left".into() }, &["updated"][..]),
        (Step::Deactivate, &["updated"]),
        (Step::Delete, &["deleted"]),
        (Step::InvalidatePassword { send_reset_link: false }, &["password changed", "password changed"]),
    ] {
        let ground = Ground::new("");
        let user = jane(&ground, ACME, Account::new("KEY1", "jane"));
        for method in ["PUT", "DELETE"] {
            let lost = Fault::new(Effect::Cut { after_work: true }).site(ACME.product).method(method);
            ground.sandbox.inject(lost.when(When::Next(1)));
        }
        let decision = decided(ACME, &user, slice::from_ref(&step));
        ground.decide([&decision]).await;
        let app = TestApp::start(ground).await;
        assert_eq!(results(&app, &decision).await, ["changed"], "{step:?}");
        assert_eq!(effects(&app.ground, &user), expected, "{step:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_is_made_once_although_usher_is_killed_before_it_has_the_answer() {
    let ground = Ground::new(&LEAVING.replace("SOURCE", "acme"));
    let user = jane(&ground, ACME, Account::new("KEY1", "jane"));
    let path = "api/2/issue";
    let late = Fault::new(Effect::Cut { after_work: true }).site(Product::JiraDc).method("POST").path(path);
    ground.sandbox.inject(late.when(When::Next(1)));
    let usher = Usher::start(&ground).await;
    let event = usher.tell(ACME, Happening::Created, &user).await;
    eventually("the issue is there", || {
        std::future::ready((!ground.sandbox.issues(Product::JiraDc).is_empty()).then_some(()))
    })
    .await;
    usher.kill(); // it waits for the search to find the issue
    let usher = Usher::start(&ground).await;
    let ended = usher.ended(&event).await;
    assert_eq!(ended.last().map(String::as_str), Some("acme-leave: create_issue OPS changed"));
    assert_eq!(ground.sandbox.issues(Product::JiraDc).len(), 1);
}
