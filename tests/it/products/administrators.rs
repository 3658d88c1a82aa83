//! Who usher is, and who administers a source.

use std::collections::BTreeSet;

use usher::{
    domain::{Product, UserId},
    products::Error,
    sandbox::{ADMIN_GROUP, Account, Effect, Fault, Population, When},
};

use super::{ALL, Bench, id_of, quirks::Quirks};

#[tokio::test]
async fn the_acting_account_is_told_by_its_lasting_id() {
    for product in ALL.iter().copied() {
        let id = match product {
            Product::JiraDc => "JIRAUSER10000",
            Product::ConfluenceDc => "4028d0000000000000000000c0ffee00",
            Product::BitbucketDc => "101",
            Product::JiraCloud | Product::ConfluenceCloud => "557058:0000-usher",
            Product::Crowd | Product::AtlassianOrg => continue,
        };
        assert_eq!(Bench::new(product).client.myself().await, Ok(Some(UserId::new(id))), "{product}");
    }
    for product in [Product::Crowd, Product::AtlassianOrg] {
        // An application is no user, and a key is nobody's account.
        assert_eq!(Bench::new(product).client.myself().await, Ok(None), "{product}");
    }
}

#[tokio::test]
async fn administrators_are_the_active_people_in_any_of_the_groups_page_by_page() {
    for product in ALL.iter().copied() {
        let bench = Bench::new(product);
        let admins = Population::new(120, Account::new("id:{n}", "user {n}"));
        bench.sandbox.put_crowd(product, &admins.groups(&[ADMIN_GROUP]));
        let retired = Population::new(60, Account::new("id:{n}", "user {n}").inactive()).from(1_000);
        bench.sandbox.put_crowd(product, &retired.groups(&[ADMIN_GROUP]));
        let others = Population::new(2, Account::new("id:{n}", "user {n}")).from(119); // one of them in both groups
        bench.sandbox.put_crowd(product, &others.groups(&["wheel"]));
        let bot = Population::new(1, Account::new("bot", "bot").account_type("app"));
        bench.sandbox.put_crowd(product, &bot.groups(&["wheel"]));

        let mut expected: BTreeSet<UserId> = (0..=120).map(|n| id_of(product, &format!("id:{n}"))).collect();
        expected.insert(id_of(product, &bench.sandbox.users(product)[0].account.id));
        if !Quirks::of(product).knows_people {
            expected.insert(id_of(product, "bot"));
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
        let told = bench.client.administrators().await;
        if product == Product::BitbucketDc {
            // There, without the group usher's own account is no administrator, and is not told who is.
            assert!(matches!(told, Err(Error::Unauthorized { status: 401, .. })), "{told:?}");
            continue;
        }
        let Err(Error::Refused { status: 404, message }) = told else { panic!("{product}: not refused") };
        assert!(message.contains(ADMIN_GROUP) && message.contains("wheel"), "{product}: {message}");
    }
}

#[tokio::test]
async fn a_search_for_a_group_that_fails_does_not_show_that_there_is_no_such_group() {
    let product = Product::ConfluenceCloud;
    let bench = Bench::new(product);
    let admins = Population::new(1, Account::new("id:{n}", "user {n}"));
    for group in [ADMIN_GROUP, "wheel"] {
        bench.sandbox.put_crowd(product, &admins.clone().groups(&[group]));
    }
    let missing = Effect::Fail { status: 404, retry_after: None, after_work: false };
    bench.sandbox.inject(Fault::new(missing).path("group/picker").when(When::Next(1)));
    let told = bench.client.administrators().await;
    assert!(matches!(told, Err(Error::Unreadable(_))), "{told:?}");
}
