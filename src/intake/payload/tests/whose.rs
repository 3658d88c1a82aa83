//! The user of a delivery: the one in `user` and nobody else, whatever else stands in it and in whatever order.

use proptest::{prelude::*, sample::select};

use super::*;

/// Fields that products and listeners send beside the user, in which other people are named.
const BESIDE: [&str; 12] = [
    r#""userKey":"admin""#,
    r#""actor":{"key":"admin","name":"admin","accountId":"7:admin"}"#,
    r#""issue":{"fields":{"reporter":{"key":"admin","name":"admin"}}}"#,
    r#""atlassianId":"7:admin""#,
    r#""users":[{"key":"admin"}]"#,
    r#""User":{"key":"admin"}"#,
    r#""group":{"name":"admins","user":{"key":"admin"}}"#,
    r#""changelog":null"#,
    r#""x":"\ud800""#,
    r#""y":[1e300,{"user":{"key":"admin"}}]"#,
    r#""z":{"user":{"user":{"accountId":"7:admin"}}}"#,
    r#""name":"admin""#,
];

/// A user as the product writes one, and whom it names.
fn user_of(product: Product) -> (&'static str, UserRef) {
    let id = |id: &str| UserRef::Id(UserId::new(id));
    match product {
        Product::JiraDc => (r#"{"key":"k1","name":"jane","accountId":"not-in-dc"}"#, id("k1")),
        Product::ConfluenceDc => (r#"{"userKey":"k1","username":"jane"}"#, id("k1")),
        Product::BitbucketDc | Product::Crowd => (r#"{"name":"jane","key":"k1"}"#, UserRef::Name("jane".to_owned())),
        Product::JiraCloud | Product::ConfluenceCloud | Product::AtlassianOrg => {
            (r#"{"accountId":"7:j","key":"old-key","name":"old-name"}"#, id("7:j"))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn nobody_beside_the_user_is_taken_for_the_user(
        product in select(&Product::ALL[..]),
        event in select(&["user_created", "user_login", "user_updated", "user_deleted"][..]),
        (beside, order) in (prop::sample::subsequence(&BESIDE[..], 0..6), any::<u64>()),
    ) {
        let (user, named) = user_of(product);
        let mut fields: Vec<String> = beside.iter().map(|field| (*field).to_owned()).collect();
        fields.push(format!(r#""webhookEvent":"{event}""#));
        fields.push(format!(r#""user":{user}"#));
        let times = usize::try_from(order % 7).expect("few");
        let places = fields.len();
        fields.rotate_left(times % places);
        if order % 2 == 0 {
            fields.reverse();
        }
        let body = format!("{{{}}}", fields.join(","));
        let told = told(product, &body);
        prop_assert_eq!(&told.user, &named, "{}", body);
        let is_cloud = product.is_cloud();
        prop_assert_eq!(told.hints.name.is_none(), is_cloud, "accounts have no login names: {}", body);
    }

    #[test]
    fn a_delivery_without_its_user_names_nobody(
        product in select(&Product::ALL[..]), beside in prop::sample::subsequence(&BESIDE[..], 1..6),
        user in select(&["", r#","user":null"#, r#","user":"admin""#, r#","user":["admin"]"#, r#","user":{}"#, r#","user":7"#][..]),
    ) {
        let body = format!(r#"{{"webhookEvent":"user_created",{}{user}}}"#, beside.join(","));
        prop_assert_eq!(read(product, &body), DeliveryContent::Ignored(Ignored::NoUser), "{}", body);
    }
}

#[test]
fn the_id_of_another_product_is_not_this_ones() {
    for (product, user) in [
        (Product::JiraDc, r#"{"accountId":"7:j"}"#),
        (Product::JiraDc, r#"{"userKey":"k"}"#),
        (Product::JiraCloud, r#"{"key":"k","name":"jane"}"#),
        (Product::ConfluenceCloud, r#"{"userKey":"k","username":"jane"}"#),
        (Product::AtlassianOrg, r#"{"name":"jane"}"#),
        (Product::BitbucketDc, r#"{"id":7,"slug":"jane"}"#),
        (Product::Crowd, r#"{"key":"32769:1"}"#),
        (Product::ConfluenceDc, r#"{"accountId":"7:j"}"#),
    ] {
        let body = format!(r#"{{"webhookEvent":"user_created","user":{user}}}"#);
        assert_eq!(read(product, &body), DeliveryContent::Ignored(Ignored::NoUser), "{product}: {user}");
    }
}

#[test]
fn an_id_that_is_a_number_is_the_same_id_and_one_that_is_empty_or_a_fraction_is_none() {
    let read = |id: &str| read(Product::JiraDc, &format!(r#"{{"webhookEvent":"user_created","user":{{"key":{id}}}}}"#));
    for (id, named) in
        [("10100", "10100"), ("-1", "-1"), ("18446744073709551615", "18446744073709551615"), ("true", "true")]
    {
        let DeliveryContent::Events(told) = read(id) else { panic!("ignored: {id}") };
        assert_eq!(told[0].user, UserRef::Id(UserId::new(named)));
    }
    for nobody in [r#""""#, "1.5", "null", "[]", "{}", r#""\ud800""#] {
        assert_eq!(read(nobody), DeliveryContent::Ignored(Ignored::NoUser), "{nobody}");
    }
}
