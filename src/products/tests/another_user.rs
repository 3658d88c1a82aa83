//! A cache in front of a product gives one user's record to the call about another one.

use crate::{
    domain::{Product, UserId, UserRef},
    products::{
        Came, Error, Foreign,
        stub::{Stub, ok},
    },
};

const DIRECTORIES: &str = r#"{"data":[{"directoryId":"d1","name":"Main"}],"links":{"self":"c"}}"#;

/// The record of `mallory`, with a lasting id of the product's form, as `product` gives it.
fn mallory(product: Product) -> &'static str {
    match product {
        Product::JiraDc => r#"{"key":"JIRAUSER999","name":"mallory","active":true}"#,
        Product::JiraCloud => {
            r#"{"accountId":"7:m","accountType":"atlassian","active":true,"groups":{"size":0,"items":[]}}"#
        }
        Product::ConfluenceDc => r#"{"type":"known","username":"mallory","userKey":"999","status":"current"}"#,
        Product::ConfluenceCloud => r#"{"type":"known","accountId":"7:m","accountType":"atlassian"}"#,
        Product::BitbucketDc => {
            r#"{"values":[{"id":999,"name":"mallory","displayName":"Mallory","active":true,"type":"NORMAL"}],"size":1,"limit":1000,"start":0,"isLastPage":true}"#
        }
        Product::Crowd => r#"{"name":"mallory","key":"1:m","active":true}"#,
        Product::AtlassianOrg => {
            r#"{"data":[{"accountId":"7:m","accountStatus":"active","membershipStatus":"active"}],"links":{}}"#
        }
    }
}

/// What comes of asking for `user`, where every call is answered with `body`.
async fn asked(product: Product, user: &UserRef, body: &str) -> Result<crate::products::User, Error> {
    let before = (product == Product::AtlassianOrg).then_some(DIRECTORIES);
    let stub = Stub::answering(before.into_iter().chain([body; 4]).map(ok)).await;
    stub.client(product).user(user).await
}

fn another_user(product: Product) -> Error {
    Error::Intercepted { status: 200, instead: Foreign { came: Came::AnotherUser, product }, retry_after: None }
}

#[tokio::test]
async fn another_users_record_is_no_answer_about_the_user_with_that_id() {
    for product in Product::ALL.into_iter().filter(|product| *product != Product::BitbucketDc) {
        for id in ["JIRAUSER1", "7:M"] {
            let user = UserRef::Id(UserId::new(id));
            assert_eq!(asked(product, &user, mallory(product)).await, Err(another_user(product)), "{product} {id}");
        }
    }
}

#[tokio::test]
async fn another_users_record_is_no_answer_about_the_user_with_that_name() {
    for product in [Product::JiraDc, Product::ConfluenceDc, Product::BitbucketDc, Product::Crowd] {
        let jane = UserRef::Name("jane".to_owned());
        assert_eq!(asked(product, &jane, mallory(product)).await, Err(another_user(product)), "{product}");
        // In another case it is the same name. What the calls that follow are answered does not count here.
        let mallory_in_capitals = UserRef::Name("MALLORY".to_owned());
        let read = asked(product, &mallory_in_capitals, mallory(product)).await;
        assert_ne!(read, Err(another_user(product)), "{product}");
    }
}

#[tokio::test]
async fn where_bitbuckets_search_finds_somebody_else_the_user_does_not_count_as_gone() {
    let product = Product::BitbucketDc;
    let jane = r#"{"values":[{"id":1,"name":"jane","active":true}],"size":1,"limit":1000,"start":0,"isLastPage":true}"#;
    let stub =
        Stub::answering([jane, mallory(product), mallory(product), mallory(product), mallory(product)].map(ok)).await;
    let client = stub.client(product);
    client.users(None).await.expect("a list, by which the name is known");
    for _ in 0..2 {
        let read = client.user(&UserRef::Id(UserId::new("1"))).await;
        assert_eq!(read, Err(another_user(product)), "{:?}", stub.lines());
    }
}

#[tokio::test]
async fn another_deleted_user_does_not_make_the_user_gone() {
    let body = r#"{"key":"JIRAUSER999","name":"mallory","deleted":true}"#;
    let user = UserRef::Id(UserId::new("JIRAUSER1"));
    assert_eq!(asked(Product::JiraDc, &user, body).await, Err(another_user(Product::JiraDc)));
}

#[test]
fn the_message_names_a_cache_and_nobody() {
    let said = another_user(Product::JiraDc).to_string();
    assert_eq!(said, "another user's record came (200): does a cache in front of Jira Data Center mix up answers?");
}
