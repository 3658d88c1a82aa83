//! Who usher is, and who administers a source.

use std::collections::BTreeSet;

use usher::{
    domain::{Product, UserId},
    products::Error,
    sandbox::{ADMIN_GROUP, Account, Crowd},
};

use super::{ALL, Bench};

#[tokio::test]
async fn the_acting_account_is_told_by_its_lasting_id() {
    for (product, id) in [(Product::JiraDc, "JIRAUSER10000"), (Product::JiraCloud, "557058:0000-usher")] {
        assert_eq!(Bench::new(product).client.myself().await, Ok(Some(UserId::new(id))));
    }
    assert_eq!(Bench::new(Product::AtlassianOrg).client.myself().await, Ok(None), "a key is nobody's account");
}

#[tokio::test]
async fn administrators_are_the_active_people_in_any_of_the_groups_page_by_page() {
    for product in ALL.iter().copied() {
        let bench = Bench::new(product);
        let admins = Crowd::new(120, Account::new("id:{n}", "user {n}"));
        bench.sandbox.put_crowd(product, &admins.groups(&[ADMIN_GROUP]));
        let retired = Crowd::new(60, Account::new("id:{n}", "user {n}").inactive()).from(1_000);
        bench.sandbox.put_crowd(product, &retired.groups(&[ADMIN_GROUP]));
        let others = Crowd::new(2, Account::new("id:{n}", "user {n}")).from(119); // one of them in both groups
        bench.sandbox.put_crowd(product, &others.groups(&["wheel"]));
        let bot = Crowd::new(1, Account::new("bot", "bot").account_type("app"));
        bench.sandbox.put_crowd(product, &bot.groups(&["wheel"]));

        let mut expected: BTreeSet<UserId> = (0..=120).map(|n| UserId::new(format!("id:{n}"))).collect();
        expected.insert(UserId::new(bench.sandbox.users(product)[0].account.id.as_str()));
        if product == Product::JiraDc {
            expected.insert(UserId::new("bot")); // there all accounts are people's
        }
        assert_eq!(bench.client.administrators().await, Ok(expected), "{product}");
    }
}

#[tokio::test]
async fn where_none_of_the_groups_is_there_nobody_is_guessed() {
    // Somebody always has the organisation's role, whatever becomes of groups.
    for product in ALL.iter().copied().filter(|product| *product != Product::AtlassianOrg) {
        let bench = Bench::new(product);
        assert!(bench.sandbox.delete_group(product, ADMIN_GROUP));
        let Err(Error::Refused { status: 404, message }) = bench.client.administrators().await else {
            panic!("{product}: not refused");
        };
        assert!(message.contains(ADMIN_GROUP) && message.contains("wheel"), "{product}: {message}");
    }
}
