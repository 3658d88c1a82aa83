//! Whether groups are there.

use std::collections::BTreeSet;

use usher::{
    domain::{GroupName, Product, UserRef},
    sandbox::{Account, Effect, Fault, Population},
};

use super::{ALL, Bench};

#[tokio::test]
async fn a_group_is_there_or_not_by_its_whole_name() {
    for product in ALL.iter().copied() {
        let bench = Bench::new(product);
        bench.sandbox.put_group(product, "contractors & partners");
        bench.sandbox.put_group(product, "empty");
        bench.sandbox.put_crowd(product, &Population::new(120, Account::new("id:{n}", "user {n}")).groups(&["full"]));
        for (name, there) in
            [("contractors & partners", true), ("empty", true), ("full", true), ("contractors", false), ("ful", false)]
        {
            assert_eq!(bench.client.group_exists(&GroupName::new(name)).await, Ok(there), "{product}: {name}");
        }
    }
}

#[tokio::test]
async fn groups_are_found_by_a_part_of_their_names() {
    for product in ALL.iter().copied() {
        let bench = Bench::new(product);
        for name in ["contractors", "Contracts", "other"] {
            bench.sandbox.put_group(product, name);
        }
        let mut found = bench.client.groups_like("contra").await.expect("an answer");
        found.sort();
        assert_eq!(found, ["contractors", "Contracts"].map(GroupName::new), "{product}");
        assert_eq!(bench.client.groups_like("nothing like it").await, Ok(Vec::new()), "{product}");
    }
}

#[tokio::test]
async fn a_product_that_is_down_says_nothing_about_its_groups() {
    for product in ALL.iter().copied() {
        let bench = Bench::new(product);
        bench.sandbox.inject(Fault::new(Effect::Fail { status: 503, retry_after: None, after_work: false }));
        assert!(bench.client.group_exists(&GroupName::new("staff")).await.is_err(), "{product}");
    }
}

#[tokio::test]
async fn the_members_of_a_group_are_told_page_by_page_where_the_product_has_such_a_list() {
    for product in ALL.iter().copied().filter(|product| *product != Product::AtlassianOrg) {
        let bench = Bench::new(product);
        let many = Population::new(450, Account::new("id:{n}", "user {n}")).groups(&["full & all"]);
        bench.sandbox.put_crowd(product, &many);
        bench.sandbox.put_group(product, "empty");
        let (mut members, mut start, mut pages) = (BTreeSet::new(), Some(0), 0);
        while let Some(at) = start {
            let page = bench.client.members(&GroupName::new("full & all"), at).await.expect("an answer");
            let page = page.unwrap_or_else(|| panic!("{product} has such a list"));
            assert!(page.all_readable && page.total.is_none_or(|total| total == 450), "{product}");
            members.extend(page.users);
            (start, pages) = (page.next, pages + 1);
        }
        assert_eq!(members.len(), 450, "{product}, {pages} pages");
        let one = members.first().expect("a member").clone();
        let user = bench.client.user(&UserRef::Id(one)).await.expect("a user");
        assert!(user.groups.is_some_and(|groups| groups.contains(&GroupName::new("full & all"))), "{product}");
        let empty = bench.client.members(&GroupName::new("empty"), 0).await.expect("an answer").expect("a page");
        assert_eq!((empty.users.len(), empty.next), (0, None), "{product}");
        // Bitbucket tells of a group that is not there as of one that is empty: no member is no member of either.
        let missing = bench.client.members(&GroupName::new("nowhere"), 0).await;
        assert!(missing.is_err() || product == Product::BitbucketDc, "{product}: {missing:?}");
    }
}
