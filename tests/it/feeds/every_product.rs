//! The log of Data Center is one resource in three products, each of which names users in its own way.

use usher::{
    domain::Product,
    sandbox::{Account, AuditAction, AuditBehaviour},
};

use super::looked;
use crate::support::{app::TestApp, face::eventually, ground::Ground};

const SCHEMES: &str = "
    { id: seen, source: acme, trigger: on_login, test_mode: false, select: { everyone: true },
      actions: [{ add_groups: [seen] }] },
    { id: new, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
      actions: [{ add_groups: [new] }] }";

fn ground(product: Product) -> Ground {
    let ground = Ground::new(SCHEMES);
    let base_url = ground.sandbox.base_url(product).to_string();
    for group in ["seen", "new"] {
        ground.sandbox.put_group(product, group);
    }
    ground
        .tweak("USHER_SOURCES__0__PRODUCT", product.as_str())
        .tweak("USHER_SOURCES__0__BASE_URL", &base_url)
        .tweak("USHER_SOURCES__0__WEBHOOK", "{}")
        .tweak("USHER_SOURCES__0__FEED", "{ kind: audit-log, every: 1s }")
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_the_log_names_is_the_user_that_the_product_knows() {
    let products = [Product::JiraDc, Product::ConfluenceDc, Product::BitbucketDc];
    for (product, author_only) in products.into_iter().flat_map(|product| [(product, false), (product, true)]) {
        let ground = ground(product);
        for (id, name) in [("20001", "ada"), ("20002", "ben")] {
            let account = Account::new(id, name).email(format!("{name}@acme.example"));
            // Ada is shown by the name that Ben logs in with.
            ground.sandbox.put_user(product, Account { display_name: "ben".to_owned(), ..account });
        }
        ground.sandbox.audit_manners(product, AuditBehaviour { author_only, ..AuditBehaviour::default() });
        let mut app = TestApp::start(ground).await;
        looked(&app.ground, 2).await; // for its newest entry, and for all that is old
        let sandbox = &app.ground.sandbox;
        sandbox.log_in(product, "20001").expect("a user");
        sandbox.audit(product, AuditAction::Created, "20002", None).expect("a user");
        for (id, group) in [("20001", "seen"), ("20002", "new")] {
            eventually(&format!("{product}: {id} is in {group}"), || async {
                sandbox.groups_of(product, id).is_some_and(|groups| groups.contains(group)).then_some(())
            })
            .await;
        }
        app.drain().await;
        app.stop().await;
        let mut effects = app.ground.effects();
        effects.sort();
        assert_eq!(effects, [format!("{product} 20001 +seen"), format!("{product} 20002 +new")]);
    }
}
