//! One login that a listener and the audit log both tell of.

use usher::{
    domain::Product,
    sandbox::{
        Account, AuditBehaviour,
        webhook::{Delivery, Happening},
    },
};

use super::{Following, PEOPLE, ground_with_listener, looked, person};
use crate::support::ground::ACME;

/// A delivery of a listener about a login that the audit log tells of with the time `at`.
fn told_by_listener(number: usize, by_name: bool, at: usher::domain::Timestamp) -> Delivery {
    let account = Account::new(person(number), format!("person{number}"));
    let told = Delivery::at(Product::JiraDc, Happening::LoggedIn, &account, at);
    if !by_name {
        return told;
    }
    let mut body: serde_json::Value = serde_json::from_slice(told.body()).expect("JSON");
    body["user"] = serde_json::json!({ "name": account.name });
    Delivery::json(&body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_told_by_a_listener_and_by_the_audit_log_counts_once_whoever_is_first() {
    for (by_name, author_only) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut usher = Following::begin(ground_with_listener()).await;
        usher.audit_behaviour(AuditBehaviour { author_only, ..AuditBehaviour::default() });
        for number in 0..PEOPLE {
            let at = usher.ground.sandbox.log_in(Product::JiraDc, &person(number)).expect("a user");
            usher.logins.insert(person(number), 1);
            if number % 2 == 0 {
                looked(&usher.ground, 2).await;
            }
            let delivery = told_by_listener(number, by_name, at).sign(ACME.secret);
            let (status, answer) = usher.deliver_raw("/webhooks/acme", &delivery).await;
            assert_eq!(status, 200, "{answer}");
        }
        usher.each_counted_once().await;
    }
}
