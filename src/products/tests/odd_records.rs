//! Records with odd contents: what they say of a user, and what is not to be concluded from them.

use crate::{
    domain::{Product, UserId, UserRef},
    products::{
        Completeness, Error,
        stub::{Stub, ok},
    },
};

const DIRECTORIES: &str = r#"{"data":[{"directoryId":"d1"}],"links":{}}"#;

/// A list of these records, as the product writes its last page; what it answers before that, and what behind it.
fn list(product: Product, beans: &str) -> (Vec<String>, String, Vec<String>) {
    let none = Vec::new();
    match product {
        Product::JiraDc => (none.clone(), format!(r#"{{"values":[{beans}],"isLast":true}}"#), none),
        Product::ConfluenceDc | Product::ConfluenceCloud => {
            (none.clone(), format!(r#"{{"results":[{beans}],"_links":{{}}}}"#), none)
        }
        Product::BitbucketDc => (none.clone(), format!(r#"{{"values":[{beans}],"isLastPage":true}}"#), none),
        Product::AtlassianOrg => (vec![DIRECTORIES.to_owned()], format!(r#"{{"data":[{beans}],"links":{{}}}}"#), none),
        Product::JiraCloud => {
            (none, format!("[{beans}]"), vec!["[]".to_owned(), format!("[{}]", good(Product::JiraCloud))])
        }
        Product::Crowd => {
            let users = |beans: &str| format!(r#"{{"expand":"user","users":[{beans}]}}"#);
            (none, users(beans), vec![users(""), users(&good(product))])
        }
    }
}

fn good(product: Product) -> String {
    let bean = match product {
        Product::JiraDc => r#"{"key":"1","name":"jane","active":true}"#,
        Product::JiraCloud => r#"{"accountId":"1","active":true}"#,
        Product::ConfluenceDc => r#"{"type":"known","userKey":"1","username":"jane"}"#,
        Product::ConfluenceCloud => r#"{"user":{"type":"known","accountId":"1"}}"#,
        Product::BitbucketDc => r#"{"id":1,"name":"jane","active":true}"#,
        Product::Crowd => r#"{"name":"jane","key":"1","active":true}"#,
        Product::AtlassianOrg => {
            r#"{"accountId":"1","accountStatus":"active","membershipStatus":"active","claimStatus":"managed"}"#
        }
    };
    bean.to_owned()
}

/// A record that names nobody.
fn nameless(product: Product) -> &'static str {
    match product {
        Product::JiraDc => r#"{"key":"","name":"","active":true}"#,
        Product::JiraCloud => r#"{"accountId":"","active":true}"#,
        Product::ConfluenceDc => r#"{"type":"known","userKey":"","username":""}"#,
        Product::ConfluenceCloud => r#"{"user":{"type":"known","accountId":""}}"#,
        Product::BitbucketDc => r#"{"id":2,"name":"","active":true}"#,
        Product::Crowd => r#"{"name":"","key":"","active":true}"#,
        Product::AtlassianOrg => {
            r#"{"accountId":"","accountStatus":"active","membershipStatus":"active","claimStatus":"managed"}"#
        }
    }
}

/// Reads the list to its end: who is in it, and whether it is whole.
async fn listed(product: Product, beans: &str) -> Result<(Vec<String>, Completeness), Error> {
    let (before, page, after) = list(product, beans);
    let stub = Stub::answering(before.iter().chain([&page]).chain(&after).map(|body| ok(body))).await;
    let client = stub.client(product);
    let (mut users, mut cursor) = (Vec::new(), None);
    loop {
        let page = client.users(cursor.as_deref()).await?;
        users.extend(page.users.iter().map(|(id, _)| id.to_string()));
        cursor = page.next;
        if cursor.is_none() {
            return Ok((users, page.completeness));
        }
    }
}

#[tokio::test]
async fn a_record_that_names_nobody_is_nobody_and_the_list_is_not_whole() {
    for product in Product::ALL {
        let beans = format!("{},{}", nameless(product), good(product));
        let (users, completeness) = listed(product, &beans).await.unwrap();
        assert_eq!(users, ["1"], "{product}");
        assert_eq!(completeness, Completeness::Unreadable(1), "{product}");
    }
}

#[tokio::test]
async fn a_list_of_good_records_is_whole_and_each_is_named() {
    for product in Product::ALL {
        assert_eq!(
            listed(product, &good(product)).await,
            Ok((vec!["1".to_owned()], Completeness::Proved)),
            "{product}"
        );
    }
}

#[tokio::test]
async fn an_account_whose_state_is_told_in_a_new_word_is_neither_active_nor_not() {
    let read = async |account: &str, membership: &str| {
        let bean = format!(
            r#"{{"data":[{{"accountId":"7:j","accountStatus":{account},"membershipStatus":{membership},
                "claimStatus":"managed"}}],"links":{{}}}}"#
        );
        let stub = Stub::answering([DIRECTORIES, &bean, r#"{"data":[],"links":{}}"#].map(ok)).await;
        stub.client(Product::AtlassianOrg).user(&UserRef::Id(UserId::new("7:j"))).await.map(|user| user.active)
    };
    for (account, membership, active) in [
        (r#""active""#, r#""active""#, Some(true)),
        (r#""active""#, r#""suspended""#, Some(false)),
        (r#""inactive""#, r#""active""#, Some(false)),
        (r#""inactive""#, r#""suspended""#, Some(false)),
        (r#""pending""#, r#""active""#, None),
        (r#""""#, r#""active""#, None),
        ("null", r#""active""#, None),
    ] {
        assert_eq!(read(account, membership).await, Ok(active), "{account} {membership}");
    }
    assert_eq!(read(r#""closed""#, r#""active""#).await, Err(Error::NoSuchUser));
    assert_eq!(read(r#""pending""#, r#""suspended""#).await, Ok(Some(false)), "suspended, whatever else");
}
