//! Whether groups are there.

use usher::{
    domain::GroupName,
    sandbox::{Account, Crowd, Effect, Fault},
};

use super::{ALL, Bench};

#[tokio::test]
async fn a_group_is_there_or_not_by_its_whole_name() {
    for product in ALL.iter().copied() {
        let bench = Bench::new(product);
        bench.sandbox.put_group(product, "contractors & partners");
        bench.sandbox.put_group(product, "empty");
        bench.sandbox.put_crowd(product, &Crowd::new(120, Account::new("id:{n}", "user {n}")).groups(&["full"]));
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
