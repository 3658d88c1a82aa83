//! Names that the product does not have, in every product: what protects nobody holds what it can't protect from.

use std::time::Duration;

use serde_json::{Value, json};
use usher::{
    config::Auth,
    domain::Product,
    engine::LookUps,
    sandbox::{Account, ORGANIZATION},
};

use super::sweeps::{run_now, when};
use crate::{
    products::ALL,
    support::{app::TestApp, face::eventually, ground::Ground},
};

const OFTEN: LookUps = LookUps {
    starting: Duration::from_millis(50),
    every: Duration::from_secs(3600),
    missing_every: Duration::from_millis(500),
    missing_trusted_for: Duration::from_millis(100),
};

/// usher with a source `it` of `product`, where Jane and Root are staff, and a scheme `tidy` that is asked about everybody
/// but those whom `exempt` names.
async fn start(product: Product, exempt: &str) -> TestApp {
    let scheme = format!(
        "{{ id: tidy, source: it, trigger: manual, test_mode: false, select: {{ everyone: true }}, exempt: {exempt}, \
         actions: [{{ add_groups: [left] }}, {{ remove_groups: [staff] }}] }}"
    );
    let mut ground = Ground::new(&scheme);
    ground.look_ups = OFTEN;
    let auth = match ground.sandbox.auth(product) {
        Auth::Bearer(_) => "{ bearer: { env: TEST_PRODUCT_TOKEN } }".to_owned(),
        Auth::Basic { username, .. } => {
            format!("{{ basic: {{ username: \"{username}\", password: {{ env: TEST_PRODUCT_TOKEN }} }} }}")
        }
    };
    let organization = match product {
        Product::AtlassianOrg => format!("organization: \"{ORGANIZATION}\", "),
        _ => String::new(),
    };
    let source = format!(
        "{{ id: it, product: {product}, base_url: \"{}\", auth: {auth}, {organization}reconcile: off, \
         rate: {{ per_second: 1000, concurrency: 8 }} }}",
        ground.sandbox.base_url(product)
    );
    let ground = ground.tweak("USHER_SOURCES__2", &source);
    for group in ["staff", "left", "break-glass"] {
        ground.sandbox.put_group(product, group);
    }
    for name in ["jane", "root"] {
        ground.sandbox.put_user(product, Account::new(id(name), name).email(format!("{name}@acme.example")));
        ground.sandbox.add_member(product, &id(name), "staff").expect("both are there");
    }
    TestApp::start(ground).await
}

fn id(name: &str) -> String {
    format!("id-{name}")
}

/// Has the scheme run; what became of `action` and why, each once.
async fn ran(app: &TestApp, action: &str) -> Vec<(String, String)> {
    let run = run_now(app, "tidy").await;
    when(app, &run, "done").await;
    let entries = app.list(&format!("runs/{run}/entries"), &[]).await;
    let text = |entry: &Value, field: &str| entry[field].as_str().unwrap_or_default().to_owned();
    let of_action = entries.iter().filter(|entry| entry["action"] == action);
    let mut ended: Vec<_> = of_action.map(|entry| (text(entry, "result"), text(entry, "reason"))).collect();
    ended.retain(|(_, reason)| !reason.contains("usher acts as this account"));
    ended.sort();
    ended.dedup();
    ended
}

fn took_from(app: &TestApp, product: Product, name: &str) -> bool {
    let id = crate::products::id_of(product, &id(name));
    let effects = app.ground.effects();
    let raw = format!("{product} {} -staff", self::id(name));
    effects.iter().any(|effect| *effect == raw || *effect == format!("{product} {id} -staff"))
}

async fn unresolved(app: &TestApp, path: &str) -> Value {
    let (_, shown) = app.ask(path, &[]).await;
    shown["references"]["unresolved"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistyped_break_glass_group_holds_what_takes_something_away_until_it_is_mended_in_every_product() {
    for product in ALL.iter().copied() {
        let app = start(product, "{ groups: [brake-glass] }").await;
        app.ground.sandbox.add_member(product, &id("root"), "break-glass").expect("both are there");

        let ended = ran(&app, "remove_groups").await;
        let why = "protected: `brake-glass` in `exempt.groups` protects nobody: there is no such group, did you mean \
                   `break-glass`?; mend the name, or take it out";
        let held = ("held".to_owned(), why.to_owned());
        assert!(ended.contains(&held), "{product}: {ended:?}");
        assert!(ended.iter().all(|(result, _)| result != "changed"), "{product}: {ended:?}");
        assert!(!took_from(&app, product, "root") && !took_from(&app, product, "jane"), "{product}");
        let added = ran(&app, "add_groups").await;
        assert!(added.iter().all(|(result, _)| result != "held"), "{product}: what gives goes on: {added:?}");

        let told = json!([{
            "scheme": "tidy", "where": "exempt.groups", "kind": "group", "name": "brake-glass",
            "why": "there is no such group", "suggestion": "break-glass", "holds": true,
        }]);
        assert_eq!(unresolved(&app, "schemes/tidy").await, told, "{product}");
        assert_eq!(unresolved(&app, "sources/it").await, told, "{product}");
        let series = "usher_references_unresolved{kind=\"group\",source=\"it\"}";
        // A round sets it at its end, and looks up some names a second.
        eventually("the gauge is 1", || async { (app.metric(series).await == Some(1.0)).then_some(()) }).await;

        app.ground.sandbox.put_group(product, "brake-glass");
        app.ground.sandbox.add_member(product, &id("root"), "brake-glass").expect("both are there");
        eventually("the mended name is found", || async {
            (unresolved(&app, "sources/it").await == json!([])).then_some(())
        })
        .await;
        eventually("the gauge is 0", || async { (app.metric(series).await == Some(0.0)).then_some(()) }).await;
        let ended = ran(&app, "remove_groups").await;
        assert!(ended.iter().any(|(result, _)| result == "changed"), "{product}: {ended:?}");
        assert!(took_from(&app, product, "jane") && !took_from(&app, product, "root"), "{product}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exempt_user_is_found_by_every_name_that_the_product_has_for_them() {
    for product in ALL.iter().copied() {
        let by_id = crate::products::id_of(product, &id("root")).to_string();
        let other = if product.is_cloud() { "ROOT@acme.example" } else { "Root" };
        for name in [by_id.as_str(), other] {
            let app = start(product, &format!("{{ users: [{name:?}] }}")).await;
            let ended = ran(&app, "remove_groups").await;
            assert!(ended.iter().all(|(result, _)| result != "held"), "{product}: {ended:?}");
            assert!(took_from(&app, product, "jane") && !took_from(&app, product, "root"), "{product}: {name}");
            let added = app.ground.effects().iter().filter(|effect| effect.ends_with("+left")).count();
            assert!(
                added >= 1 && !app.ground.effects().iter().any(|one| one.contains("root") && one.ends_with("+left"))
            );
        }
        let wrong = if product.is_cloud() { "roott@acme.example" } else { "roott" };
        let app = start(product, &format!("{{ users: [{wrong}] }}")).await;
        let ended = ran(&app, "remove_groups").await;
        assert!(
            ended.iter().any(|(result, reason)| result == "held" && reason.contains("protects nobody")),
            "{ended:?}"
        );
        assert!(!ended.iter().any(|(_, reason)| reason.contains("roott@")), "no address is recorded: {ended:?}");
        assert!(!took_from(&app, product, "jane") && !took_from(&app, product, "root"), "{product}");
    }
}
