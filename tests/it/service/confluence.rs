//! A Confluence from end to end: its webhooks, and what comes of them.

use usher::{
    domain::Product,
    sandbox::{
        Account,
        webhook::{Delivery, Happening},
    },
};

use crate::support::{
    app::TestApp,
    ground::{Ground, Source},
};

const WIKI: Source = Source { id: "wiki", product: Product::ConfluenceDc, secret: "the-secret-of-wiki" };

const NEWCOMERS: &str = "{ id: new, source: wiki, trigger: on_create, test_mode: false, select: { everyone: true },
    actions: [{ add_groups: [staff] }, { remove_groups: [guests] }] }";

async fn start() -> TestApp {
    let ground = Ground::new(NEWCOMERS);
    let base_url = ground.sandbox.base_url(WIKI.product);
    let source = format!(
        "{{ id: wiki, product: confluence-dc, base_url: \"{base_url}\", auth: {{ bearer: {{ env: TEST_PRODUCT_TOKEN }} }}, \
         webhook: {{ hmac: [{{ env: TEST_WIKI_SECRET }}] }} }}"
    );
    let ground = ground.tweak("USHER_SOURCES__2", &source).tweak("TEST_WIKI_SECRET", WIKI.secret);
    ground.sandbox.put_group(WIKI.product, "staff");
    ground.sandbox.put_group(WIKI.product, "guests");
    TestApp::start(ground).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_created_in_confluence_gets_their_groups_once() {
    let app = start().await;
    let dana = Account::new("4028d0aa", "dana");
    app.ground.sandbox.put_user(WIKI.product, dana.clone());
    app.ground.sandbox.add_member(WIKI.product, &dana.id, "guests").expect("both are there");

    let told = Delivery::of(WIKI.product, Happening::Created, &dana);
    let accepted = app.deliver(WIKI, &told).await;
    app.deliver(WIKI, &told).await;
    let ended = app.ended(&accepted).await;
    app.drain().await;

    assert_eq!(ended, ["new: add_groups staff changed", "new: remove_groups guests changed"]);
    assert_eq!(app.ground.effects(), ["confluence-dc 4028d0aa +staff", "confluence-dc 4028d0aa -guests"]);
}
